# SPDX-License-Identifier: Apache-2.0
"""Read manifests from files, folders and standard input."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from keyfleet.base.errors import InvalidInputError
from keyfleet.cli import stdin
from keyfleet.model.v1alpha1.reading import Manifest, read_manifests

STDIN = "-"
SIZE_MAX = 16 * 1024 * 1024
"""Bytes of one file; far above what an API server takes."""

_ENDINGS = (".yaml", ".yml", ".json")

Files = Annotated[
    tuple[str, ...],
    Parameter(
        name=["--filename", "-f"],
        consume_multiple=False,
        negative="",
        allow_leading_hyphen=True,
        metavar="FILE",
    ),
]
"""`-f FILE|DIR|-`, repeatable."""


def load_manifests(names: Iterable[str]) -> list[Manifest]:
    """Return every manifest of every file, in order.

    Raises:
        InvalidInputError: The first file that cannot be read or understood, with line and path.
    """
    return [manifest for file, raw in load_files(names) for manifest in read_manifests(raw, file)]


def load_files(names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of each file; a folder stands for the manifests below it."""
    for name in names:
        if name == STDIN:
            yield stdin.NAME, _bounded(stdin.read_bytes(SIZE_MAX + 1), name)
        elif Path(name).is_dir():
            yield from ((str(path), _read(path)) for path in _manifests_below(Path(name)))
        else:
            yield name, _read(Path(name))


def _manifests_below(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.rglob("*") if path.suffix in _ENDINGS and path.is_file())
    if not found:
        raise _unreadable(str(folder), "no .yaml, .yml or .json file in it")
    return found


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return _bounded(file.read(SIZE_MAX + 1), str(path))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise _unreadable(str(path), reason.lower()) from None


def _bounded(raw: bytes, name: str) -> bytes:
    if len(raw) > SIZE_MAX:
        raise _unreadable(name, "larger than 16 MiB")
    return raw


def _unreadable(name: str, reason: str) -> InvalidInputError:
    return InvalidInputError("input.unreadable", "cannot be read", f"{name}: {reason}")
