# SPDX-License-Identifier: Apache-2.0
"""Percent signs in URLs: which characters each part of a URL may hold as they are.

Texts here have one character for each byte (`as_bytes`, `from_bytes`).
"""

from enum import Enum
from string import ascii_letters, digits
from typing import Final

from keyfleet.transform.gotemplate.errors import Data, GoError
from keyfleet.transform.gotemplate.formats.quoting import escaped as go_escaped
from keyfleet.transform.gotemplate.values import decoded, encoded

_ALWAYS: Final = ascii_letters + digits + "-_.~"
_HEX: Final = frozenset("0123456789abcdefABCDEF")
_PERCENT: Final = "25"


class Part(Enum):
    """A part of a URL, with what stands in it as it is."""

    PATH = _ALWAYS + "$&+,/:;=@"
    USERINFO = _ALWAYS + "$&+,;="
    FRAGMENT = _ALWAYS + "$&+,/:;=?@!()*"
    HOST = _ALWAYS + "!$&'()*+,;=:[]<>\""
    ZONE = HOST + " "
    """Of an IPv6 address; the space may be there as an escape."""


def as_bytes(text: str) -> str:
    """Return a text with one character for each byte."""
    return text if text.isascii() else encoded(text).decode("latin-1")


def from_bytes(text: str) -> str:
    """Return the text of such a text."""
    return text if text.isascii() else decoded(text.encode("latin-1"))


def escaped(text: str, part: Part) -> str:
    """Return the text with escapes; at most three times as long."""
    return text.translate(_TABLES[part])


_TABLES: Final = {
    part: {code: f"%{code:02X}" for code in range(256) if chr(code) not in part.value}
    for part in Part
}


def unescaped(text: str, part: Part) -> str:
    """Return the text with its escapes resolved.

    Raises:
        GoError: An escape is broken, or a character cannot be in a host's name.
    """
    plain, *rest = text.split("%")
    found = [_checked(plain, part)]
    for piece in rest:
        code = piece[:2]
        if len(code) < 2 or not _HEX.issuperset(code) or not _is_allowed(code, part):
            raise GoError('invalid URL escape "', Data(go_escaped(from_bytes("%" + code))), '"')
        found += chr(int(code, 16)), _checked(piece[2:], part)
    return "".join(found)


def _is_allowed(code: str, part: Part) -> bool:
    """Say if an escape may stand there: in hosts only for what has to be escaped."""
    if part is Part.HOST:
        return code == _PERCENT or int(code, 16) >= 0x80
    return part is not Part.ZONE or code == _PERCENT or chr(int(code, 16)) in part.value


def _checked(plain: str, part: Part) -> str:
    if part in {Part.HOST, Part.ZONE}:
        for character in plain:
            if character < "\x80" and character not in Part.HOST.value:
                raise GoError('invalid character "', Data(go_escaped(character)), '" in host name')
    return plain
