# SPDX-License-Identifier: Apache-2.0
"""Base32 as Go's `encoding/base32` writes and reads it.

Line breaks are dropped first, so positions in errors are those without them; what follows complete
padding within the last eight characters is ignored.
"""

from base64 import b32decode, b32encode
from typing import Final

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import encoded

_ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_GROUP: Final = 8
_IMPOSSIBLE: Final = frozenset({3, 6})
"""So many characters of the last group do not end at a byte."""


def standard(run: Run, raw: bytes) -> str:
    """Return the bytes in base32."""
    run.walk(len(raw))
    return b32encode(raw).decode()


def decode_standard(run: Run, text: str) -> bytes:
    """Return what is written in base32 with padding.

    Raises:
        GoError: It is something else; says at which byte.
    """
    run.walk(len(text))
    raw = encoded(text).translate(None, b"\r\n")
    end = len(raw) - len(raw.lstrip(_ALPHABET))
    over = end % _GROUP
    if end < len(raw):
        _check_padding(raw, end, over)
    elif over:
        raise _corrupt(end - over)
    return b32decode(raw[:end] + b"=" * (-over % _GROUP))


def _check_padding(raw: bytes, end: int, over: int) -> None:
    rest = raw[end + 1 :]
    if raw[end] != ord("=") or over < 2 or len(rest) >= _GROUP:
        raise _corrupt(end)
    missing = _GROUP - 1 - over
    if len(rest) < missing:
        raise _corrupt(len(raw))
    padding = rest[:missing]
    if padding.strip(b"="):
        raise _corrupt(end + len(padding) - len(padding.lstrip(b"=")))
    if over in _IMPOSSIBLE:
        raise _corrupt(end)


def _corrupt(at: int) -> GoError:
    return GoError(f"illegal base32 data at input byte {at}")
