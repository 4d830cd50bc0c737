# SPDX-License-Identifier: Apache-2.0
"""How many bytes an answer of a provider takes, and how many it may."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import msgspec

from keyfleet.base.errors import TransformError
from keyfleet.base.secret import SecretValue
from keyfleet.plugin.stores import Answer

QUICK_BYTES = 64 << 10
"""Of answers that one reading picks from on the event loop: looking through that much takes some
ten milliseconds at worst."""
PICKED_MAX = 64 << 20
"""Of answers that one reading looks through, each counted as often as an entry asks for a part."""
ANSWER_MAX = 8 << 20
"""Bytes of one answer: templates and rewrites may choose from more than a Secret can hold."""
KEYS_MAX = 10_000
"""Keys of one answer."""

_GROWTH = 4
"""How much more memory a document takes once it is read, about."""
_ENTRY = 64
"""Bytes that a container needs for each entry, about."""


def weight(value: Any) -> int:
    """Return about how many bytes a value takes in memory.

    >>> weight({"a": SecretValue(b"12345")}) > weight({"a": b""}) > 0
    True
    """
    if isinstance(value, SecretValue):
        return value.size + _ENTRY
    if isinstance(value, str | bytes | bytearray):
        return len(value) + _ENTRY
    if (size := _told(value)) is not None:
        return size * _GROWTH + _ENTRY
    return sum(map(weight, _parts(value))) + _ENTRY


def length(value: Any) -> int:
    """Return about how many bytes have to be looked through to pick a part of an answer."""
    size = _told(value)
    return weight(value) if size is None else size


def _told(value: Any) -> int | None:
    # What was read of a document says how long that was: counting all of it takes too long.
    size = getattr(value, "size", None)
    return size if is_dataclass(value) and isinstance(size, int) else None


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        yield from value
        yield from value.values()
    elif isinstance(value, list | tuple | set | frozenset):
        yield from value
    elif is_dataclass(value):
        yield from (getattr(value, each.name) for each in fields(value))
    elif isinstance(value, msgspec.Struct):
        yield from (getattr(value, name) for name in value.__struct_fields__)


def require_bounded(answer: Answer, *, subject: str) -> None:
    """Refuse an answer that is too large.

    Raises:
        TransformError: `store.too_large`.
    """
    values = answer.values() if isinstance(answer, Mapping) else [answer]
    if len(values) > KEYS_MAX or sum(value.size for value in values) > ANSWER_MAX:
        raise TransformError(
            "store.too_large",
            "the store gives more than one manifest may take",
            subject,
            f"at most {ANSWER_MAX >> 20} MiB in {KEYS_MAX} keys: ask for less",
        )


def require_pickable(size: int, *, subject: str) -> None:
    """Refuse to look through large answers again and again.

    Raises:
        TransformError: `store.too_large`.
    """
    if size > PICKED_MAX:
        raise TransformError(
            "store.too_large",
            "the entries of the manifest ask for too many parts of large secrets",
            subject,
            f"at most {PICKED_MAX >> 20} MiB are looked through: use dataFrom.extract",
        )
