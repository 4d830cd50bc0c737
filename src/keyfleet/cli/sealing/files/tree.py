# SPDX-License-Identifier: Apache-2.0
"""The files of a Git tree, which may be hostile: links lead nowhere, and sizes have a limit."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from keyfleet.base.errors import InvalidInputError
from keyfleet.cli.files import SIZE_MAX

MANIFESTS = (".yaml", ".yml", ".json")
CLUSTERS = "clusters"
"""Folder whose folders are named after clusters."""

_SKIPPED = frozenset({".git", ".hg", ".svn", ".venv", "node_modules"})


@dataclass(frozen=True, slots=True, order=True)
class TreeFile:
    """A file of a tree."""

    path: Path
    root: Path
    """Folder that was named; the file's own where the file was named."""

    def __str__(self) -> str:
        return str(self.path)

    @property
    def cluster(self) -> str:
        """Cluster that it is for by its place, `.../clusters/<cluster>/...`; empty: not known."""
        return cluster_of(self.path)


def cluster_of(path: Path) -> str:
    """Return the cluster of a place; empty where it says none.

    >>> cluster_of(Path("/repo/clusters/east/shop/db.yaml"))
    'east'
    """
    folders = Path(os.path.abspath(path)).parts[:-1]  # noqa: PTH100 - `resolve` would follow links
    places = [index for index, part in enumerate(folders[:-1]) if part == CLUSTERS]
    return folders[places[-1] + 1] if places else ""


def files_of(names: Iterable[str], endings: tuple[str, ...] = MANIFESTS) -> Iterator[TreeFile]:
    """Yield the files below folders, and those named, once each and in order.

    Symbolic links are left out: what they lead to is either met at its own place, or is none of
    the tree's business. So is everything that is no regular file.

    Args:
        names: Folders and files.
        endings: Of files below folders; empty: any.

    Raises:
        InvalidInputError: `input.unreadable`: a name leads to nothing.
    """
    seen: set[Path] = set()
    for name in names:
        for found in _found(Path(name), endings):
            if found.path not in seen:
                seen.add(found.path)
                yield found


def read_file(path: Path) -> bytes:
    """Return the bytes of a regular file.

    Raises:
        InvalidInputError: `input.unreadable`: it cannot be read, is a link, or is too large.
    """
    try:
        # Without blocking: somebody may have put a pipe in its place.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            raw = file.read(SIZE_MAX + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise _unreadable(path, reason.lower()) from None
    if len(raw) > SIZE_MAX:
        raise _unreadable(path, "larger than 16 MiB")
    return raw


def _found(place: Path, endings: tuple[str, ...]) -> Iterator[TreeFile]:
    if place.is_dir() and not place.is_symlink():
        yield from _below(place, endings)
    elif place.is_file() and not place.is_symlink():
        yield TreeFile(place, place.parent)
    elif not place.is_symlink():
        raise _unreadable(place, "no such file or directory")


def _below(root: Path, endings: tuple[str, ...]) -> Iterator[TreeFile]:
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED)
        for name in sorted(files):
            path = Path(folder) / name
            is_wanted = path.suffix in endings or not endings
            if is_wanted and path.is_file() and not path.is_symlink():
                yield TreeFile(path, root)


def _unreadable(path: Path, reason: str) -> InvalidInputError:
    return InvalidInputError("input.unreadable", "cannot be read", f"{path}: {reason}")
