# SPDX-License-Identifier: Apache-2.0
"""The parts of a path, read from its front; what a part is depends on what it is applied to."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from keyfleet.base.gjson.quoting import bracket_end, string_end
from keyfleet.base.jsontext import unescaped

MODIFIERS: Final = frozenset(
    b"dig flatten fromstr group join keys pretty reverse this tostr ugly valid values".split()
)

_ESCAPED_WELL: Final = re.compile(rb'(?:[^\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+')

_kept: Final = lru_cache(maxsize=512)
"""A part of a path is read once, however many elements it is applied to."""


@dataclass(frozen=True, slots=True)
class Part:
    """The first part of a path, and what follows it."""

    name: bytes
    rest: bytes | None = None
    """What to look for inside of it; None where it is what is meant."""
    pipe: bytes | None = None
    """What to apply to the result."""


@dataclass(frozen=True, slots=True)
class Key:
    """A part as an object takes it."""

    part: Part
    is_wild: bool
    """It holds `*` or `?`."""


@dataclass(frozen=True, slots=True)
class Query:
    """Which elements of an array are meant: those for which something holds."""

    path: bytes = b""
    """What of an element is compared; empty: the element."""
    operator: bytes = b""
    """Empty: it has to be there."""
    value: bytes = b""
    is_for_all: bool = False
    """All such elements, not the first."""


@dataclass(frozen=True, slots=True)
class Index:
    """A part as an array takes it: a number, `#`, or a query."""

    part: Part
    is_hash: bool
    query: Query | None = None


@_kept
def key_of(path: bytes) -> Key:
    """Return the first part of a path, for an object."""
    name = bytearray()
    is_wild = False
    at = 0
    while at < len(path):
        letter = path[at : at + 1]
        if letter in (b".", b"|"):
            return Key(_followed(bytes(name), path, at), is_wild)
        if letter == b"\\":
            at += 1
            letter = path[at : at + 1]
        elif letter in (b"*", b"?"):
            is_wild = True
        name += letter
        at += 1
    return Key(Part(bytes(name)), is_wild)


@_kept
def index_of(path: bytes) -> Index:
    """Return the first part of a path, for an array."""
    is_hash, query, at = False, None, 0
    if path.startswith((b"#(", b"#[")):
        is_hash = True
        query, at = query_of(path)
    while at < len(path):
        letter = path[at : at + 1]
        if letter in (b".", b"|"):
            return Index(_followed(path[:at], path, at, may_pipe=not is_hash), is_hash, query)
        is_hash = is_hash or letter == b"#"
        at += 1
    return Index(Part(path), is_hash, query)


def _followed(name: bytes, path: bytes, at: int, *, may_pipe: bool = True) -> Part:
    rest = path[at + 1 :]
    if path[at : at + 1] == b"|" or (may_pipe and _is_piped(rest)):
        return Part(name, pipe=rest)
    return Part(name, rest)


def _is_piped(rest: bytes) -> bool:
    """Tell whether the dot before means what a pipe means."""
    return rest[:1] in (b"[", b"{") or (rest[:1] == b"@" and modifier_end(rest) > 0)


@_kept
def modifier_end(path: bytes) -> int:
    """Return where the name of the modifier at the begin of a path ends; 0 where it is none."""
    end = next((at for at, letter in enumerate(path) if letter in b".|:"), len(path))
    return end if path[1:end] in MODIFIERS else 0


def query_of(path: bytes) -> tuple[Query, int]:
    """Return the query at the begin of a path, and where it ends; one that does not is empty."""
    end, operator_at, has_escapes = _query_ends(path)
    if end < 0:
        return Query(), len(path)
    is_for_all = path[end + 1 : end + 2] == b"#"
    if operator_at < 0:
        return Query(trimmed(path[2:end]), is_for_all=is_for_all), end + 1
    operator, value = _comparison(trimmed(path[operator_at:end]))
    if len(value) >= 2 and value[:1] == value[-1:] == b'"':
        value = _unescaped(value[1:-1]) if has_escapes else value[1:-1]
    return Query(trimmed(path[2:operator_at]), operator, value, is_for_all), end + 1


def _unescaped(text: bytes) -> bytes:
    """Return what a string in a query says, up to the first escape that JSON does not have."""
    found = _ESCAPED_WELL.match(text)
    return unescaped(found[0]) if found else b""


def _query_ends(path: bytes) -> tuple[int, int, bool]:
    """Return where a query closes, where its operator begins, and if its strings have escapes."""
    at, depth, operator_at, has_escapes = 2, 1, -1, False
    while at < len(path):
        letter = path[at]
        if depth == 1 and operator_at < 0 and letter in b"!=<>%":
            operator_at = at
        elif letter == ord("\\"):
            at += 1
        elif letter in b"[(":
            depth += 1
        elif letter in b"])":
            depth -= 1
            if depth == 0:
                return at, operator_at, has_escapes
        elif letter == ord('"'):
            end = string_end(path, at)
            has_escapes = has_escapes or b"\\" in path[at:end]
            at = end - 1
        at += 1
    return -1, operator_at, has_escapes


def _comparison(text: bytes) -> tuple[bytes, bytes]:
    """Return an operator and the value behind it."""
    if text[:2] == b"==":
        text = text[1:]
    size = 2 if text[:2] in (b"!=", b"!%", b"<=", b">=") else 1
    if text[:1] == b"!" and size == 1 and len(text) > 1:
        size = 0
    return text[:size], trimmed(text[size:])


def trimmed(text: bytes) -> bytes:
    """Return it without blanks and control characters around it."""
    return text.strip(bytes(range(0x21)))


@_kept
def split_at_pipe(path: bytes) -> tuple[bytes, bytes | None]:
    """Return what stands before the first pipe outside of brackets, and what behind it."""
    if path[:1] == b"{":
        end = bracket_end(path, 0)
        return (path[:end], path[end + 1 :]) if path[end : end + 1] == b"|" else (path, None)
    at = 0
    while at < len(path):
        letter = path[at : at + 1]
        if letter == b"|":
            return path[:at], path[at + 1 :]
        if letter == b"\\":
            at += 1
        elif path[at : at + 3] in (b".#(", b".#["):
            at = query_of(path[at + 1 :])[1] + at
        elif path[at : at + 2] == b".#":
            at += 2  # gjson does not see a pipe right behind it
        at += 1
    return path, None


@dataclass(frozen=True, slots=True)
class Selector:
    """One of the paths in a multipath."""

    path: bytes
    name: bytes
    """What an object calls it; empty: by the last key of its path."""


@_kept
def selectors_of(path: bytes) -> tuple[tuple[Selector, ...], bytes] | None:
    """Return the paths inside the brackets at the begin of a path, and what follows them."""
    found: list[Selector] = []
    start, at, depth, colon, is_modified = 1, 1, 1, 0, False
    while at < len(path):
        letter = path[at : at + 1]
        if letter == b"\\":
            at += 1
        elif letter == b"@" and path[at - 1 : at] in (b".", b"|"):
            is_modified = True
        elif letter == b":" and depth == 1 and not colon and not is_modified:
            colon = at
        elif letter == b'"':
            at = string_end(path, at) - 1
        elif letter in (b"[", b"(", b"{"):
            depth += 1
        elif letter in (b"]", b")", b"}"):
            depth -= 1
        if (letter == b"," and depth == 1) or depth == 0:
            found.append(_selector(path, start, colon, at))
            start, colon, is_modified = at + 1, 0, False
            if depth == 0:
                return tuple(found), path[at + 1 :]
        at += 1
    return None


def _selector(path: bytes, start: int, colon: int, end: int) -> Selector:
    if colon:
        return Selector(path[colon + 1 : end], path[start:colon])
    return Selector(path[start:end], b"")


def last_name(path: bytes) -> bytes:
    """Return the last key of a path; `_` where that is no key."""
    name = path
    for at in range(len(path) - 1, -1, -1):
        if path[at] in b"|." and (at == 0 or path[at - 1] != ord("\\")):
            name = path[at + 1 :]
            break
    is_plain = not any(letter < 0x20 or letter in b"[]{}()#|!" for letter in name)
    return name if is_plain else b"_"
