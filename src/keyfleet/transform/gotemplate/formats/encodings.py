# SPDX-License-Identifier: Apache-2.0
"""Base32 and hexadecimal as Go's `encoding/base32` and `encoding/hex` read them.

Source: docs/compat/go-templates.md 16.2.
"""

from base64 import b32decode, b32encode
from typing import Final

from keyfleet.transform.gotemplate.errors import Data, GoError
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import decoded, encoded

_BASE32: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_BREAKS: Final = b"\r\n"
_GROUP: Final = 8
_WHOLE_BYTES: Final = frozenset({2, 4, 5, 7})
"""Digits of a last group that hold whole bytes."""
_HEXADECIMALS: Final = b"0123456789abcdefABCDEF"


def base32_encoded(run: Run, text: str) -> str:
    """Return the text's bytes in base32."""
    raw = encoded(text)
    run.walk(len(raw))
    return b32encode(raw).decode()


def base32_decoded(run: Run, text: str) -> str:
    """Return what is written in base32 with padding; line breaks do not count.

    Raises:
        GoError: It is something else; says at which byte.
    """
    run.walk(len(text))
    raw = encoded(text).translate(None, _BREAKS)
    end = len(raw) - len(raw.lstrip(_BASE32))
    over = end % _GROUP
    if end < len(raw):
        _check_padding(raw, end, over)
    elif over:
        raise _corrupt(end - over)
    return decoded(b32decode(raw[:end] + b"=" * (-over % _GROUP)))


def _check_padding(raw: bytes, at: int, over: int) -> None:
    """Refuse whatever fills up the last group of eight otherwise than Go expects.

    What follows a padding is not looked at while it is shorter than a group.
    """
    rest = len(raw) - at - 1
    if raw[at] != ord("=") or over < 2 or rest >= _GROUP:
        raise _corrupt(at)
    if over + rest < _GROUP - 1:
        raise _corrupt(len(raw))
    for offset in range(1, _GROUP - over):
        if raw[at + offset] != ord("="):
            raise _corrupt(at + offset - 1)
    if over not in _WHOLE_BYTES:
        raise _corrupt(at)


def hexadecimal_decoded(text: str) -> str:
    """Return what is written in hexadecimal.

    Raises:
        GoError: It is something else; says at which byte.
    """
    raw = encoded(text)
    if bad := raw.lstrip(_HEXADECIMALS)[:1]:
        raise GoError("encoding/hex: invalid byte: ", Data(_code_point(bad[0])))
    if len(raw) % 2:
        raise GoError("encoding/hex: odd length hex string")
    return decoded(bytes.fromhex(raw.decode()))


def _code_point(byte: int) -> str:
    character = chr(byte)
    shown = f" '{character}'" if character.isprintable() else ""
    return f"U+{byte:04X}{shown}"


def _corrupt(at: int) -> GoError:
    return GoError(f"illegal base32 data at input byte {at}")
