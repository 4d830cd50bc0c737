# SPDX-License-Identifier: Apache-2.0
"""Build a named program from pinned Go modules.

go.sum ships beside go.mod and the build may not change either, so that every byte of source is
verified and two machines build the same program (`-trimpath`, no C, fixed linker flags).
"""

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import monotonic

from keyfleet.base.errors import KeyfleetError
from keyfleet.localplane import gotargets, paths, toolchain

_TELL_EVERY_S = 2.0
_ERROR_LINES = 12


def build(names: Sequence[str], folder: Path, progress: paths.Progress) -> None:
    """Build programs of one module into `folder`, in the order given.

    Raises:
        KeyfleetError: No Go, sources that cannot be had or are not those of go.sum, or a compiler
            error; `hint` has the last lines.
    """
    module = gotargets.TARGETS[names[0]].module
    go = toolchain.find(module.go_version, progress)
    sources = folder / "src"
    shutil.copytree(module.path, sources)
    try:
        for name in names:
            _build_one(go, name, sources, folder / name, progress)
    finally:
        shutil.rmtree(sources)
    if go.scratch is not None:
        shutil.rmtree(go.scratch, ignore_errors=True)


def _build_one(
    go: toolchain.Toolchain, name: str, sources: Path, output: Path, progress: paths.Progress
) -> None:
    target = gotargets.TARGETS[name]
    progress(f"{name}: fetching sources of version {target.module.version}")
    packages = _count(go, target, sources, progress)
    command = [str(go.binary), "build", "-v", "-trimpath", "-buildvcs=false", *_tags(target)]
    command += ["-ldflags", target.module.linker_flags(), "-o", str(output), target.package]
    tell = _Ticker(progress)
    for done, _line in enumerate(_run(command, go, sources, name), start=1):
        tell(f"{name}: compiling, {done} of {packages} packages")
    progress(f"{name}: built")


def _count(
    go: toolchain.Toolchain, target: gotargets.GoTarget, sources: Path, progress: paths.Progress
) -> int:
    name = output_name(target)
    tell = _Ticker(progress)
    packages = 0
    fetched = 0
    command = [str(go.binary), "list", "-deps", *_tags(target), target.package]
    for line in _run(command, go, sources, name):
        if line.startswith("go: "):
            fetched += 1
            tell(f"{name}: fetching sources, {fetched} modules")
        else:
            packages += 1
    return packages


def _tags(target: gotargets.GoTarget) -> list[str]:
    return [f"-tags={','.join(target.module.tags)}"] if target.module.tags else []


def output_name(target: gotargets.GoTarget) -> str:
    """Return the name under which a target is listed."""
    return next(name for name, other in gotargets.TARGETS.items() if other is target)


class _Ticker:
    # Thousands of lines come by; a person wants one every other second.
    def __init__(self, progress: paths.Progress) -> None:
        self._progress = progress
        self._last = monotonic()

    def __call__(self, line: str) -> None:
        if monotonic() - self._last >= _TELL_EVERY_S:
            self._last = monotonic()
            self._progress(line)


def _run(command: list[str], go: toolchain.Toolchain, cwd: Path, name: str) -> Iterator[str]:
    lines: list[str] = []
    with subprocess.Popen(
        command,
        cwd=cwd,
        env=go.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            for line in process.stdout or ():
                lines.append(line.rstrip())
                yield lines[-1]
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise KeyfleetError(
            "localplane.build",
            "building from Go modules failed",
            f"go {command[1]} {name}",
            hint="\n".join(lines[-_ERROR_LINES:]),
        )
