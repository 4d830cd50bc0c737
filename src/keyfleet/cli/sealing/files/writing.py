# SPDX-License-Identifier: Apache-2.0
"""Write files whole or not at all; several together likewise."""

import os
import secrets
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from keyfleet.base.errors import PermanentError

PUBLIC, PRIVATE = 0o666, 0o600
"""Modes of new files, before the umask: of ciphertext, and of values."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a file shall hold."""

    path: Path
    new: bytes
    old: bytes | None = None
    """What it holds; None: it does not exist."""


def write_file(path: Path, content: bytes, *, mode: int = PUBLIC) -> None:
    """Put a file in place of what is there, if anything, in one step.

    Raises:
        PermanentError: It cannot be written; what was there still is.
    """
    write_all([Change(path, content)], mode=mode)


def write_all(changes: Sequence[Change], *, mode: int = PUBLIC) -> None:
    """Write several files: all, or none.

    Raises:
        PermanentError: One cannot be written; those that were already are as before again.
    """
    made: list[Path] = []
    staged: list[tuple[Change, Path]] = []
    done: list[Change] = []
    try:
        for change in changes:
            made += _make_folders(change.path.parent)
            staged.append((change, _staged(change, mode)))
        for change, temporary in staged:
            temporary.replace(change.path)
            done.append(change)
    except OSError as error:
        _undo(done, (temporary for _, temporary in staged), made)
        reason = (error.strerror or type(error).__name__).lower()
        place = error.filename or ""
        problem = PermanentError("output.unwritable", "cannot be written", f"{place}: {reason}")
    else:
        return
    raise problem


def _staged(change: Change, mode: int) -> Path:
    path = change.path.with_name(f".{change.path.name}.{secrets.token_hex(4)}.tmp")
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(change.new)
            file.flush()
            os.fsync(file.fileno())
        if mode == PUBLIC and change.path.exists():
            path.chmod(change.path.stat().st_mode & 0o777)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return path


def _make_folders(folder: Path) -> list[Path]:
    """Make a folder and those above it; return those that were not there, the innermost first."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing


def _undo(done: Sequence[Change], temporaries: Iterable[Path], made: Iterable[Path]) -> None:
    with suppress(OSError):
        for change in done:
            if change.old is None:
                change.path.unlink(missing_ok=True)
            else:
                _staged(Change(change.path, change.old), PUBLIC).replace(change.path)
    for path in temporaries:
        with suppress(OSError):
            path.unlink(missing_ok=True)
    for folder in made:
        with suppress(OSError):
            folder.rmdir()
