# SPDX-License-Identifier: Apache-2.0
"""Base64 as Go's `encoding/base64` reads it: line breaks anywhere, nothing else out of place."""

from base64 import b64decode, b64encode
from typing import Final

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.values import encoded

_STANDARD: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_URL: Final = _STANDARD[:-2] + b"-_"
_TO_STANDARD: Final = bytes.maketrans(b"-_", b"+/")
_BREAKS: Final = b"\r\n"


def standard(raw: bytes) -> str:
    """Return the bytes in base64."""
    return b64encode(raw).decode()


def decode_standard(text: str | bytes) -> bytes:
    """Return what is written in base64 with padding.

    Raises:
        GoError: It is something else; says at which byte.
    """
    raw = text if isinstance(text, bytes) else encoded(text)
    return _decode(raw, _STANDARD, is_padded=True)


def decode_url(text: str | bytes, *, is_padded: bool = True) -> bytes:
    """Return what is written in base64 with `-` and `_`, with padding or without.

    Raises:
        GoError: It is something else; says at which byte.
    """
    raw = text if isinstance(text, bytes) else encoded(text)
    return _decode(raw, _URL, is_padded=is_padded)


def _decode(raw: bytes, alphabet: bytes, *, is_padded: bool) -> bytes:
    end = len(raw) - len(raw.lstrip(alphabet + _BREAKS))
    digits = raw[:end].translate(None, _BREAKS)
    if end < len(raw):
        _check_padding(raw, end, len(digits) % 4, is_padded=is_padded)
    elif len(digits) % 4 and (is_padded or len(digits) % 4 == 1):
        raise _corrupt(len(raw) - len(digits) % 4)
    return b64decode(digits.translate(_TO_STANDARD) + b"==")


def _check_padding(raw: bytes, at: int, over: int, *, is_padded: bool) -> None:
    """Refuse whatever follows the digits unless it is what fills up the last four of them."""
    if not is_padded or raw[at] != ord("=") or over < 2:
        raise _corrupt(at)
    at = _after_breaks(raw, at + 1)
    if over == 2:
        if at == len(raw):
            raise _corrupt(at)
        if raw[at] != ord("="):
            raise _corrupt(at - 1)
        at = _after_breaks(raw, at + 1)
    if at < len(raw):
        raise _corrupt(at)


def _after_breaks(raw: bytes, at: int) -> int:
    return len(raw) - len(raw[at:].lstrip(_BREAKS))


def _corrupt(at: int) -> GoError:
    return GoError(f"illegal base64 data at input byte {at}")
