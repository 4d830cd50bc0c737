# SPDX-License-Identifier: Apache-2.0
"""Where local control planes keep things on this machine, and what this machine is called."""

import fcntl
import os
import platform
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Progress = Callable[[str], None]
"""Receives one line of plain text, for a person who waits."""

_LOCK_POLL_S = 0.3

_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def silent(_line: str) -> None:
    """Report progress to nobody."""


def cache_root() -> Path:
    """Return `$KEYFLEET_CACHE`, `$XDG_CACHE_HOME/keyfleet` or `~/.cache/keyfleet`."""
    if own := os.environ.get("KEYFLEET_CACHE"):
        return Path(own).expanduser().resolve()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "keyfleet"


def state_root() -> Path:
    """Return the state folder: `$XDG_STATE_HOME/keyfleet` or `~/.local/state/keyfleet`."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "keyfleet"


def machine() -> str:
    """Return `<os>-<arch>` in Go's words, such as `linux-amd64` or `darwin-arm64`."""
    architecture = platform.machine().lower()
    return f"{sys.platform}-{_ARCHITECTURES.get(architecture, architecture)}"


@contextmanager
def locked(folder: Path, progress: Progress = silent) -> Iterator[None]:
    """Hold the folder's lock, so that two processes do not prepare the same thing.

    The kernel releases it when the process ends, in whatever way.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        _acquire(file.fileno(), progress)
        yield


def _acquire(descriptor: int, progress: Progress) -> None:
    pause = threading.Event()
    told = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not told:
                progress("another process is preparing this; waiting for it")
                told = True
            pause.wait(_LOCK_POLL_S)
        else:
            return
