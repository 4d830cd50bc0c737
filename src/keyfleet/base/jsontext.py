# SPDX-License-Identifier: Apache-2.0
r"""The text of JSON: where its values begin and end, and what a string says.

Values stay the bytes they were written as, so that what is taken out of a document is what stood in
it, to the blank. Only `is_json`, `stream` and `unescaped` take what anybody wrote; the others take
what `is_json` said yes to. All of it is linear to the text and recurses nowhere.
"""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

BLANKS: Final = b" \t\r\n"

_STRING: Final = rb'"(?:[^"\\]++|\\.)*+"'
_VALUE: Final = re.compile(
    rb"[ \t\r\n]*+(?:(" + _STRING + rb'|[^ \t\r\n,:\[\]{}"]++)|[\[{])', re.DOTALL
)
_KEY: Final = re.compile(rb"[ \t\r\n]*+(" + _STRING + rb")[ \t\r\n]*+:", re.DOTALL)
_BRACKET: Final = re.compile(
    rb'[^\[\]{}"]*+(?:' + _STRING + rb'[^\[\]{}"]*+)*+([\[\]{}])', re.DOTALL
)
_BLANKS: Final = re.compile(rb"[ \t\r\n]*+")
_NEXT: Final = re.compile(rb"[ \t\r\n]*+,?")
_STRING_OR_BLANKS: Final = re.compile(rb"(" + _STRING + rb")|[ \t\r\n]++", re.DOTALL)

_HIGH: Final = rb"[dD][89abAB][0-9a-fA-F]{2}"
_LOW: Final = rb"[dD][c-fC-F][0-9a-fA-F]{2}"
_PAIR_OR_HALF: Final = re.compile(
    rb"\\u" + _HIGH + rb"\\u" + _LOW + rb"|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.", re.DOTALL
)
_ESCAPE: Final = re.compile(
    rb"\\(?:u(" + _HIGH + rb")\\u(" + _LOW + rb")|u([0-9a-fA-F]{4})|(.))", re.DOTALL
)
STRANGERS: Final = dict.fromkeys(range(0xD800, 0xE000), "\ufffd")
"""For `str.translate`, of texts with foreign bytes as surrogates."""
_NAMED: Final = dict(zip(b'"\\/bfnrt', b'"\\/\b\f\n\r\t', strict=True))
_STRANGER: Final = "\ufffd".encode()


def is_json(document: bytes) -> bool:
    """Tell whether the whole of it is one JSON value; one nested too deeply is none.

    Strings may hold bytes that are no UTF-8, and halves of surrogate pairs, as Go lets them.
    """
    try:
        msgspec.json.decode(_paired(document), type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def mended(document: bytes) -> bytes:
    """Return JSON with U+FFFD for what is no UTF-8 and for halves of pairs, as Go reads them."""
    text = document.decode("utf-8", "surrogateescape")
    return _paired(text.translate(STRANGERS).encode())


def _paired(document: bytes) -> bytes:
    return _PAIR_OR_HALF.sub(_pair, document) if b"\\u" in document else document


def _pair(found: "re.Match[bytes]") -> bytes:
    return rb"\ufffd" if found[1] else found[0]


def stream(raw: bytes) -> Iterator[bytes]:
    """Yield each of several objects and arrays in a row; the last is whatever else stands there.

    Takes what anybody wrote; what it yields need not be JSON.

    >>> list(stream(b'{"a": 1}{}  x'))
    [b'{"a": 1}', b'{}', b'x']
    """
    at = _BLANKS.match(raw).end()  # type: ignore[union-attr]  # it always matches
    while at < len(raw):
        end = _closing(raw, at) if raw[at] in b"[{" else len(raw)
        yield raw[at:end]
        at = _BLANKS.match(raw, end).end()  # type: ignore[union-attr]


def members(raw: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield each key of an object, with its quotes, and its value; in order, repeats included."""
    at = raw.index(b"{") + 1
    while found := _KEY.match(raw, at):
        value, at = _value(raw, found.end())
        yield found[1], value


def elements(raw: bytes) -> Iterator[bytes]:
    """Yield each element of an array."""
    at = raw.index(b"[") + 1
    while _VALUE.match(raw, at):
        value, at = _value(raw, at)
        yield value


def _value(raw: bytes, at: int) -> tuple[bytes, int]:
    """Return the value that begins behind blanks, and where the next one may begin."""
    found = _VALUE.match(raw, at)
    if found is None:
        return b"null", len(raw)
    end = found.end()
    value = found[1]
    if value is None:
        end = _closing(raw, end - 1)
        value = raw[found.end() - 1 : end]
    following = _NEXT.match(raw, end)
    return value, following.end() if following else end


def _closing(raw: bytes, at: int) -> int:
    """Return the end of the object or array that begins here."""
    depth = 0
    for found in _BRACKET.finditer(raw, at):
        depth += 1 if found[1] in b"[{" else -1
        if not depth:
            return found.end()
    return len(raw)


def compacted(raw: bytes) -> bytes:
    """Return it without the blanks between its values.

    >>> compacted(b'{ "a b": [1, "x"] }')
    b'{"a b":[1,"x"]}'
    """
    return _STRING_OR_BLANKS.sub(rb"\1", raw)


def unescaped(text: bytes) -> bytes:
    r"""Return what the inside of a JSON string says; bytes that are no UTF-8 stay as they are.

    Half a surrogate pair becomes U+FFFD.

    >>> unescaped(rb"a\nb \u00e9").decode()
    'a\nb é'
    """
    return _ESCAPE.sub(_character, text) if b"\\" in text else text


def _character(found: "re.Match[bytes]") -> bytes:
    high, low, code, name = found.groups()
    if name is not None:
        return bytes([_NAMED.get(name[0], name[0])])
    if code is not None:
        point = int(code, 16)
        return _STRANGER if 0xD800 <= point < 0xE000 else chr(point).encode()
    return chr(0x10000 + ((int(high, 16) & 0x3FF) << 10) + (int(low, 16) & 0x3FF)).encode()
