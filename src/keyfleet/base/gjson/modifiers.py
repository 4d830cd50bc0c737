# SPDX-License-Identifier: Apache-2.0
"""What a path makes of a document: modifiers (`@keys`) and literals (`!"x"`).

Each modifier takes JSON or nothing, and gives JSON or nothing.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from keyfleet.base import jsontext
from keyfleet.base.gjson.found import Found, whole
from keyfleet.base.gjson.matching import counts_as_true
from keyfleet.base.gjson.paths import modifier_end
from keyfleet.base.gjson.printing import Style, pretty
from keyfleet.base.gjson.quoting import bracket_end, quoted
from keyfleet.base.gjson.work import Work
from keyfleet.base.jsontext import BLANKS, is_json, unescaped

Look = Callable[[Work, bytes, bytes], Found | None]

_LITERAL: Final = re.compile(rb"true|false|null")
_STRING: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)


def literal(path: bytes) -> tuple[bytes, bytes] | None:
    """Return the literal at the begin of a path, and what follows; None where it is none."""
    text = path[1:]
    if text[:1] in (b"{", b"["):
        end = bracket_end(text, 0)
        made = text[:end]
    elif text[:1] == b'"':
        found = _STRING.match(text)
        made, end = (found[0] if found else b"", len(text))  # nothing may follow a string
    elif text[:1] in b"+-0123456789" and text:
        made, end = text, len(text)
    else:
        word = re.split(rb"[.|]", text, maxsplit=1)[0]
        if not _LITERAL.fullmatch(word):
            return None
        made, end = word, len(word)
    return (made if is_json(made) else b""), text[end:]


def applied(work: Work, document: bytes, path: bytes, look: Look) -> tuple[bytes, bytes] | None:
    """Return what the modifier at the begin of a path makes, and what follows; None: no such."""
    end = modifier_end(path)
    if not end:
        return None
    name, rest, argument = path[1:end], path[end:], b""
    if rest[:1] == b":":
        argument, rest = _argument(rest[1:])
    if name == b"dig":
        made = _list(found.raw for found in _dug(work, document, argument, look))
    else:
        work.pay(1 + (len(document) >> 10))
        made = APPLIED[name](work, document, argument)
    return work.made(made), rest


def _argument(rest: bytes) -> tuple[bytes, bytes]:
    if rest[:1] in (b"{", b"[", b'"'):
        end = bracket_end(rest, 0)
        return rest[:end], rest[end:]
    at = 0
    while at < len(rest) and rest[at] != ord("|"):
        at = bracket_end(rest, at) if rest[at] in b'{["(' else at + 1
    return rest[:at], rest[at:]


def _options(argument: bytes) -> dict[bytes, Found]:
    argument = argument.strip(BLANKS)
    if not argument.startswith(b"{") or not is_json(argument):
        return {}
    return {unescaped(key[1:-1]): Found(raw) for key, raw in jsontext.members(argument)}


def _has(argument: bytes, name: bytes) -> bool:
    value = _options(argument).get(name)
    return value is not None and counts_as_true(value)


def _kind(document: bytes) -> bytes:
    return document.lstrip(BLANKS)[:1]


def _list(raws: Iterator[bytes]) -> bytes:
    return b"[" + b",".join(raws) + b"]"


def _object(members: Iterator[tuple[bytes, bytes]]) -> bytes:
    return b"{" + b",".join(name + b":" + value for name, value in members) + b"}"


def _dug(work: Work, document: bytes, path: bytes, look: Look) -> Iterator[Found]:
    """Yield what a path means in a value and in everything inside of it, from the outside in."""
    waiting = [found.raw for found in [whole(document)] if found]
    while waiting:
        raw = waiting.pop()
        found = look(work, raw, path)
        if found is not None:
            yield found
        inside: list[bytes] = []
        if raw[:1] == b"{":
            inside = [value for _, value in work.members(raw)]
        elif raw[:1] == b"[":
            inside = list(work.elements(raw))
        waiting += reversed(inside)


def _flattened(work: Work, document: bytes, argument: bytes) -> bytes:
    if _kind(document) != b"[":
        return document
    is_deep = _has(argument, b"deep")
    pieces: list[bytes] = []
    waiting = list(work.elements(document))[::-1]
    while waiting:
        raw = waiting.pop()
        if raw[:1] != b"[":
            pieces.append(raw)
        elif is_deep:
            waiting += list(work.elements(raw))[::-1]
        elif inner := raw[1:-1].strip(BLANKS):
            pieces.append(inner)
    return _list(iter(pieces))


def _grouped(work: Work, document: bytes, _: bytes) -> bytes:
    if _kind(document) != b"{":
        return b""
    rows: list[list[tuple[bytes, bytes]]] = []
    for name, value in work.members(document):
        if value[:1] != b"[":
            continue
        for number, element in enumerate(work.elements(value)):
            if number == len(rows):
                rows.append([])
            rows[number].append((name, element))
            work.pay(len(name) >> 6)
    return _list(_object(iter(row)) for row in rows)


def _joined(work: Work, document: bytes, argument: bytes) -> bytes:
    if _kind(document) != b"[":
        return document
    objects = [raw for raw in work.elements(document) if raw[:1] == b"{"]
    if _has(argument, b"preserve"):
        return b"{" + b",".join(raw[1:-1] for raw in objects if raw[1:-1].strip(BLANKS)) + b"}"
    members: dict[bytes, tuple[bytes, bytes]] = {}
    for raw in objects:
        for name, value in work.members(raw):
            key = unescaped(name[1:-1])
            members[key] = (members[key][0] if key in members else name, value)
    return _object(iter(members.values()))


def _keys(work: Work, document: bytes, _: bytes) -> bytes:
    match _kind(document):
        case b"":
            return b"[]"
        case b"{":
            return _list(name for name, _ in work.members(document))
        case b"[":
            return _list(b"null" for _ in work.elements(document))
    return b"[null]"


def _values(work: Work, document: bytes, _: bytes) -> bytes:
    match _kind(document):
        case b"{":
            return _list(value for _, value in work.members(document))
        case b"[":
            return document
    return b"[" + document.strip(BLANKS) + b"]"


def _reversed(work: Work, document: bytes, _: bytes) -> bytes:
    match _kind(document):
        case b"{":
            return _object(reversed(list(work.members(document))))
        case b"[":
            return _list(reversed(list(work.elements(document))))
    return document


def _from_string(_: Work, document: bytes, __: bytes) -> bytes:
    found = whole(document)
    text = found.text() if found else b""
    return text if is_json(text) else b""


def _printed(work: Work, document: bytes, argument: bytes) -> bytes:
    found = whole(document)
    return pretty(work, found.raw, Style.of(_options(argument))) if found else b""


APPLIED: Final[dict[bytes, Callable[[Work, bytes, bytes], bytes]]] = {
    b"flatten": _flattened,
    b"fromstr": _from_string,
    b"group": _grouped,
    b"join": _joined,
    b"keys": _keys,
    b"pretty": _printed,
    b"reverse": _reversed,
    b"this": lambda _, document, __: document,
    b"tostr": lambda _, document, __: quoted(document),
    b"ugly": lambda _, document, __: jsontext.compacted(document),
    b"valid": lambda _, document, __: document,
    b"values": _values,
}
