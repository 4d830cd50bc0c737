# SPDX-License-Identifier: Apache-2.0
"""Undo base64 as Go's decoders do: padded, nothing but the alphabet, line breaks ignored.

Source: compat/external-secrets.md 2.5, 10.
"""

from base64 import b64decode
from binascii import Error as Base64Error
from typing import Final

from keyfleet.model.decoding import Decoding

_BREAKS: Final = b"\r\n"
_ALPHABETS: Final = {Decoding.BASE64: b"+/", Decoding.BASE64_URL: b"-_"}
_TRIED: Final = {
    Decoding.NONE: (),
    Decoding.BASE64: (Decoding.BASE64,),
    Decoding.BASE64_URL: (Decoding.BASE64_URL,),
    Decoding.AUTO: (Decoding.BASE64, Decoding.BASE64_URL),
}


def undone(value: bytes, decoding: Decoding) -> bytes | None:
    """Return the value without its encoding; None when it is not encoded so."""
    for alphabet in _TRIED[decoding]:
        found = _decoded(value.translate(None, _BREAKS), _ALPHABETS[alphabet])
        if found is not None:
            return found
    return value if decoding in (Decoding.NONE, Decoding.AUTO) else None


def _decoded(text: bytes, signs: bytes) -> bytes | None:
    # Python takes either alphabet's signs for the other's, and looks over what follows padding.
    if any(sign in b"+/-_" and sign not in signs for sign in text):
        return None
    try:
        return b64decode(text, altchars=signs, validate=True)
    except (Base64Error, ValueError):
        return None
