# SPDX-License-Identifier: Apache-2.0
"""Whether a key is like a pattern with wildcards, and whether a query holds for a value."""

import operator
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from keyfleet.base.gjson.found import Found
from keyfleet.base.gjson.paths import Query
from keyfleet.base.gjson.work import Work
from keyfleet.base.jsontext import unescaped

_ORDERS: Final[dict[bytes, Callable[[Any, Any], bool]]] = {
    b"=": operator.eq, b"!=": operator.ne, b"<": operator.lt,
    b"<=": operator.le, b">": operator.gt, b">=": operator.ge,
}  # fmt: skip
_NUMBER: Final = re.compile(
    rb"[+-]?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]{1,9}+)?"
    rb"|[+-]?(?i:inf(?:inity)?)|(?i:nan)"
)
_TRUE: Final = (b"1", b"t", b"true")
_FALSE: Final = (b"0", b"f", b"false")


def holds(query: Query, found: Found | None, work: Work) -> bool:
    """Tell whether a query holds for what its path found."""
    wanted = query.value
    if wanted[:1] == b"~":
        is_so = _is_like_constant(wanted[1:], found)
        if is_so is None:
            return False
        found, wanted = Found(b"true" if is_so else b"false"), b"true"
    if found is None or not query.operator:
        return found is not None
    if found.is_string:
        return _text_holds(query.operator, unescaped(found.raw[1:-1]), wanted, work)
    order = _ORDERS.get(query.operator)
    if order is None or found.is_container or found.raw == b"null":
        return False
    if found.is_number:
        return order(float(found.raw), _number(wanted))
    return _truth_holds(query.operator, found.raw, wanted)


def _text_holds(operator: bytes, text: bytes, wanted: bytes, work: Work) -> bool:
    if operator in (b"%", b"!%"):
        return is_like(text, wanted, work) == (operator == b"%")
    return _ORDERS[operator](text, wanted)


def _truth_holds(operator: bytes, truth: bytes, wanted: bytes) -> bool:
    """Compare a boolean: true is above false, and every other text is neither."""
    if operator in (b"=", b"!="):
        return (truth == wanted) == (operator == b"=")
    is_above = truth == b"true"
    if operator in (b"<=", b">="):
        return is_above == (operator == b">=")
    return is_above == (operator == b">") and wanted == (b"false" if is_above else b"true")


def _number(text: bytes) -> float:
    return float(text) if _NUMBER.fullmatch(text) else 0.0


def _is_like_constant(name: bytes, found: Found | None) -> bool | None:
    """Tell whether a value counts as true, false, null or there at all; None: no such name."""
    match name:
        case b"*":
            return found is not None
        case b"null":
            return found is None or found.raw == b"null"
        case b"true":
            return found is not None and counts_as_true(found)
        case b"false":
            return found is None or found.raw == b"null" or _counts_as(found, _FALSE, is_zero=True)
    return None


def counts_as_true(found: Found) -> bool:
    """Tell whether a value is true, a number but zero, or a text that says so."""
    return _counts_as(found, _TRUE, is_zero=False)


def _counts_as(found: Found, texts: tuple[bytes, ...], *, is_zero: bool) -> bool:
    if found.is_number:
        return (float(found.raw) == 0) == is_zero
    if found.is_string:
        return unescaped(found.raw[1:-1]).lower() in texts
    return found.raw == texts[-1]


def is_like(text: bytes, pattern: bytes, work: Work) -> bool:
    """Tell whether a text is what a pattern says: `*` any characters, `?` one of them."""
    if pattern == b"*":
        return True
    pieces = _pieces(pattern)
    if pieces is None:
        return False
    work.pay(1 + (len(text) * (len(pieces) + pattern.count(b"?") * len(pattern)) >> 10))
    characters = text.decode("utf-8", "surrogateescape")
    first, *rest = pieces
    if not rest:
        return first.fullmatch(characters)
    *rest, last = rest
    end = len(characters) - last.size
    at = first.size
    if at > end or not first.matches(characters, 0) or not last.matches(characters, end):
        return False
    for piece in rest:
        at = piece.end_after(characters, at, end)
        if at < 0:
            return False
    return True


class _Piece:
    """What stands between two `*`: characters, and `?` for any."""

    __slots__ = ("_pattern", "size")

    def __init__(self, characters: list[str | None]) -> None:
        self.size = len(characters)
        # No repetition: it cannot backtrack.
        self._pattern = re.compile(
            "".join("." if each is None else re.escape(each) for each in characters), re.DOTALL
        )

    def fullmatch(self, text: str) -> bool:
        return self._pattern.fullmatch(text) is not None

    def matches(self, text: str, at: int) -> bool:
        return self._pattern.match(text, at) is not None

    def end_after(self, text: str, at: int, end: int) -> int:
        found = self._pattern.search(text, at, end)
        return found.end() if found else -1


@lru_cache(maxsize=128)
def _pieces(pattern: bytes) -> tuple[_Piece, ...] | None:
    """Return what stands between the `*`; None for a backslash with nothing behind it."""
    pieces: list[list[str | None]] = [[]]
    characters = iter(pattern.decode("utf-8", "surrogateescape"))
    for character in characters:
        match character:
            case "*":
                pieces.append([])
            case "?":
                pieces[-1].append(None)
            case "\\":
                escaped = next(characters, None)
                if escaped is None:
                    return None
                pieces[-1].append(escaped)
            case _:
                pieces[-1].append(character)
    return tuple(map(_Piece, pieces))
