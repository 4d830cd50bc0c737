# SPDX-License-Identifier: Apache-2.0
"""Find or prepare kube-apiserver and etcd, and named tools: `python -m keyfleet.localplane.assets`.

In this order: `KUBEBUILDER_ASSETS` if set, the cache, the official envtest archive, a build from
Go modules. The folder is the last line on standard output (as `setup-envtest -p path` does);
progress goes to standard error. With names as arguments (`assets kubectl`) those programs are
prepared and their folder is printed.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from keyfleet.base.errors import KeyfleetError
from keyfleet.localplane import download, gobuild, gotargets, paths

_VARIABLE = "KUBEBUILDER_ASSETS"

_EXIT_USAGE = 2
_EXIT_FAILED = 3
_EXIT_INTERRUPTED = 130


def ensure(progress: paths.Progress = paths.silent) -> Path:
    """Return a folder that holds kube-apiserver and etcd, preparing it where needed.

    Preparing takes seconds (archive) to minutes (build); it is done once per machine, and a second
    process that asks meanwhile waits for the first.

    Raises:
        KeyfleetError: `localplane.assets`; the hint names every way and why it failed.
    """
    return _ensure(gotargets.SERVERS, progress)


def ensure_tool(name: str, progress: paths.Progress = paths.silent) -> Path:
    """Return the path of one program of `gotargets.TARGETS`, preparing it where needed.

    Raises:
        KeyfleetError: As `ensure`.
    """
    if found := _complete(_configured(), [name]):
        return found / name
    return _ensure([name], progress, use_variable=False) / name


def main(arguments: Sequence[str]) -> int:
    """Run the command line; return the exit code."""
    unknown = sorted(set(arguments) - set(gotargets.TARGETS))
    if unknown:
        known = ", ".join(gotargets.TARGETS)
        return _fail(f"Error: unknown program: {unknown[0]}\nHint: one of {known}", _EXIT_USAGE)
    try:
        folder = ensure_tool(arguments[0], _tell).parent if arguments else ensure(_tell)
        for name in arguments[1:]:
            folder = ensure_tool(name, _tell).parent
    except KeyfleetError as error:
        return _fail(error.diagnostics(), _EXIT_FAILED)
    except KeyboardInterrupt:
        return _fail("interrupted", _EXIT_INTERRUPTED)
    sys.stdout.write(f"{folder}\n")
    return 0


def _tell(line: str) -> None:
    sys.stderr.write(f"assets: {line}\n")
    sys.stderr.flush()


def _fail(text: str, code: int) -> int:
    sys.stderr.write(f"{text}\n")
    return code


def _ensure(names: Sequence[str], progress: paths.Progress, *, use_variable: bool = True) -> Path:
    given = _configured() if use_variable else None
    if given is not None:
        if found := _complete(given, names):
            return found
        missing = ", ".join(name for name in names if not _is_program(given / name))
        raise _nothing_worked(names, [(_VARIABLE, f"{given} lacks {missing}")])
    if found := _in_cache(names):
        return found
    target = gotargets.TARGETS[names[0]].module.cache_folder
    with paths.locked(target.parent, progress):
        # Another process may have prepared it while this one waited for the lock.
        return _in_cache(names) or _prepare(names, target, progress)


def _configured() -> Path | None:
    value = os.environ.get(_VARIABLE)
    return Path(value).expanduser().absolute() if value else None


def _in_cache(names: Sequence[str]) -> Path | None:
    """Return the pinned version's folder, else the newest patch of the same minor (an archive)."""
    pinned = gotargets.TARGETS[names[0]].module.cache_folder
    stem = pinned.name.removesuffix(f"-{paths.machine()}").rpartition(".")[0]
    others = sorted(pinned.parent.glob(f"{stem}.*-{paths.machine()}"), key=_patch, reverse=True)
    return next((folder for folder in [pinned, *others] if _complete(folder, names)), None)


def _patch(folder: Path) -> int:
    patch = folder.name.removesuffix(f"-{paths.machine()}").rpartition(".")[2]
    return int(patch) if patch.isdecimal() else -1


def _complete(folder: Path | None, names: Sequence[str]) -> Path | None:
    return folder if folder and all(_is_program(folder / name) for name in names) else None


def _is_program(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def _prepare(names: Sequence[str], target: Path, progress: paths.Progress) -> Path:
    failures = [(_VARIABLE, "not set"), ("cache", f"{target} lacks {', '.join(names)}")]
    for way, attempt in _ways(names):
        progress(f"trying: {way}")
        try:
            return _install(attempt, target, progress)
        except KeyfleetError as error:
            progress(f"no {way}: {error}")
            failures.append((way, f"{error}\n{error.hint}".rstrip()))
    raise _nothing_worked(names, failures)


Attempt = Callable[[Path, paths.Progress], str]
"""Fills a folder with programs and returns their version."""


def _ways(names: Sequence[str]) -> list[tuple[str, Attempt]]:
    def build(folder: Path, progress: paths.Progress) -> str:
        gobuild.build(names, folder, progress)
        return gotargets.TARGETS[names[0]].module.version

    ways: list[tuple[str, Attempt]] = [("build from Go modules", build)]
    if tuple(names) == gotargets.SERVERS:
        ways.insert(0, ("official envtest archive", download.fetch))
    return ways


def _install(attempt: Attempt, target: Path, progress: paths.Progress) -> Path:
    # Files move in one by one, each whole: a folder counts only when every wanted file is there.
    for leftover in target.parent.glob(".new-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".new-") as new:
        version = attempt(Path(new), progress)
        pinned = target.name.removesuffix(f"-{paths.machine()}")
        prefix = pinned.removesuffix(pinned.rpartition("-")[2])
        folder = target.parent / f"{prefix}{version}-{paths.machine()}"
        folder.mkdir(exist_ok=True)
        for file in Path(new).iterdir():
            file.replace(folder / file.name)
    return folder


def _nothing_worked(names: Sequence[str], failures: Sequence[tuple[str, str]]) -> KeyfleetError:
    ways = [f"- {way}: " + reason.replace("\n", "\n    ") for way, reason in failures]
    return KeyfleetError(
        "localplane.assets",
        "cannot prepare the programs of a local control plane",
        ", ".join(names),
        hint="every way was tried:\n" + "\n".join(ways),
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
