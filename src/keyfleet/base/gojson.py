# SPDX-License-Identifier: Apache-2.0
"""JSON as Go's `encoding/json` writes and reads it, byte for byte.

Where manifests speak of "the JSON of" something, they mean these bytes: sorted keys, no blanks,
`<`, `>` and `&` as escapes unless told otherwise, and bytes that are no UTF-8 as U+FFFD. No error
quotes what it is about.
Source: docs/compat/go-templates.md 20.1; docs/compat/eso.md, "Values".
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from keyfleet.base import jsontext
from keyfleet.base.errors import InvalidInputError
from keyfleet.base.gofloats import format_float
from keyfleet.base.jsontext import BLANKS, STRANGERS, is_json, unescaped

_LEAST_PLAIN: Final = 1e-6
_FIRST_WITH_EXPONENT: Final = 1e21
_DEEPEST: Final = 200

ESCAPES: Final = {
    **{code: f"\\u{code:04x}" for code in (*range(0x20), 0x2028, 0x2029)},
    **{ord(char): f"\\{name}" for char, name in zip('"\\\b\f\n\r\t', '"\\bfnrt', strict=True)},
    **dict.fromkeys(range(0xD800, 0xE000), "\\ufffd"),  # invalid UTF-8, and halves of pairs
}
"""For `str.translate`, of texts with foreign bytes as surrogates."""
HTML_ESCAPES: Final = ESCAPES | {ord(char): f"\\u{ord(char):04x}" for char in "<>&"}
LONGEST_ESCAPE: Final = 6

_NUMBER: Final = re.compile(rb"-?[0-9]++(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?")
_IN_HTML: Final = re.compile(rb"[<>&]|\xe2\x80[\xa8\xa9]")


@dataclass(frozen=True, slots=True)
class Raw:
    """JSON text that goes into a document as it is, but for its blanks."""

    text: bytes


def encode(value: Any, *, escape_html: bool) -> bytes:
    """Return the value as compact JSON, the keys sorted by their bytes.

    Args:
        value: None, bool, int, float, str, bytes (a text, not base64), dict, list, tuple or `Raw`.
        escape_html: Write `<`, `>`, `&` as escapes, as Go does unless told otherwise.
    Raises:
        InvalidInputError: `input.json`: nested too deeply, or a number that JSON does not have.
        TypeError: Anything else, a `SecretValue` above all.
    """
    pieces: list[str] = []
    _write(value, pieces, HTML_ESCAPES if escape_html else ESCAPES, 0)
    return "".join(pieces).encode("utf-8", "surrogateescape")


def _write(value: Any, pieces: list[str], escapes: dict[int, str], depth: int) -> None:
    if depth > _DEEPEST:
        raise InvalidInputError("input.json", "nested too deeply")
    match value:
        case dict():
            opening = "{"
            for name, member in _sorted(value.items()):
                pieces.append(f'{opening}"{name.translate(escapes)}":')
                _write(member, pieces, escapes, depth + 1)
                opening = ","
            pieces.append("}" if value else "{}")
        case list() | tuple():
            opening = "["
            for member in value:
                pieces.append(opening)
                _write(member, pieces, escapes, depth + 1)
                opening = ","
            pieces.append("]" if value else "[]")
        case str() | bytes():
            pieces.append(f'"{_text(value).translate(escapes)}"')
        case Raw():
            compact = _compacted(value.text, escape_html=escapes is HTML_ESCAPES)
            pieces.append(_text(compact))
        case _:
            pieces.append(_scalar(value))


def _sorted(members: Iterable[tuple[str | bytes, Any]]) -> list[tuple[str, Any]]:
    texts = ((_text(name), member) for name, member in members)
    return sorted(texts, key=lambda member: member[0].encode("utf-8", "surrogatepass"))


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("utf-8", "surrogateescape")


def _scalar(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float() if math.isfinite(value):
            return float_text(value)
        case float():
            raise InvalidInputError("input.json", "a number that JSON does not have")
    message = f"{type(value).__name__} is no JSON"
    raise TypeError(message)


def text_of(value: Any) -> bytes:
    r"""Return what a Secret gets of a value inside a document.

    A text as it is, null as nothing, numbers without exponent, objects and lists as JSON. A number
    that is `Raw` is one that kept its digits. Source: docs/compat/eso.md, "Values".

    >>> text_of(Raw(b"1e3")), text_of([1, "<"]), text_of(None)
    (b'1000', b'[1,"\\u003c"]', b'')
    """
    match value:
        case None:
            return b""
        case str():
            return value.encode("utf-8", "surrogateescape")
        case float() if math.isfinite(value):
            return format_float(value, "f").encode()
        case Raw(text=text) if _NUMBER.fullmatch(text):
            number = float(text)
            return format_float(number, "f").encode() if math.isfinite(number) else text
    return encode(value, escape_html=True)


def float_text(number: float) -> str:
    """Return the number as JSON has it.

    >>> float_text(1e20), float_text(1e21), float_text(1e-7)
    ('100000000000000000000', '1e+21', '1e-7')
    """
    if number == 0 or _LEAST_PLAIN <= abs(number) < _FIRST_WITH_EXPONENT:
        return format_float(number, "f")
    text = format_float(number, "e")
    return text[:-2] + text[-1] if text[-4:-1] == "e-0" else text


def _compacted(raw: bytes, *, escape_html: bool) -> bytes:
    compact = jsontext.compacted(raw)
    return _IN_HTML.sub(_html_escape, compact) if escape_html else compact


def _html_escape(found: "re.Match[bytes]") -> bytes:
    return f"\\u{ord(found[0].decode()):04x}".encode()


def members(document: bytes) -> dict[str, bytes] | None:
    """Return the raw text of each member of a JSON object, the last where a key comes twice.

    None: it is no JSON, or no object; `null` is none either.
    """
    if not document.lstrip(BLANKS).startswith(b"{") or not is_json(document):
        return None
    return {_unquoted(name): raw for name, raw in jsontext.members(document)}


def plain(raw: bytes) -> bytes:
    r"""Return what a Secret gets of a JSON value: the text of a string, nothing for null.

    Everything else stays as written; foreign bytes in a string become U+FFFD.
    Source: docs/compat/eso.md, "Values".

    >>> plain(b'"a\\nb"'), plain(b"null"), plain(b'{ "a": 1 }')
    (b'a\nb', b'', b'{ "a": 1 }')
    """
    raw = raw.strip(BLANKS)
    if raw == b"null":
        return b""
    return _unquoted(raw).encode() if raw.startswith(b'"') else raw


def _unquoted(raw: bytes) -> str:
    text = unescaped(raw[1:-1])
    return text.decode("utf-8", "surrogateescape").translate(STRANGERS)
