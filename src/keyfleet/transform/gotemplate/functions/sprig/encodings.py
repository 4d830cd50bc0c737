# SPDX-License-Identifier: Apache-2.0
"""Sprig's base64, base32 and hashes.

Decoding never fails: the error's text becomes the value. Source: docs/compat/go-templates.md 16.2.
"""

import hashlib
import zlib
from typing import Final

from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.formats import base64
from keyfleet.transform.gotemplate.formats.encodings import base32_decoded, base32_encoded
from keyfleet.transform.gotemplate.functions.table import STRING, Table
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import decoded, encoded

ENCODINGS: Final = Table()


@ENCODINGS.function("b64enc", params=(STRING,))
def b64enc(text: str) -> str:
    """Return the text's bytes in base64."""
    return base64.standard(encoded(text))


@ENCODINGS.function("b64dec", params=(STRING,))
def b64dec(text: str) -> str:
    """Return what is written in base64, or what is wrong with it."""
    try:
        return decoded(base64.decode_standard(text))
    except GoError as error:
        return error.go_text()


ENCODINGS.function("b32enc", params=(STRING,), run=True)(base32_encoded)


@ENCODINGS.function("b32dec", params=(STRING,), run=True)
def b32dec(run: Run, text: str) -> str:
    """Return what is written in base32, or what is wrong with it."""
    try:
        return base32_decoded(run, text)
    except BudgetError:
        raise
    except GoError as error:
        return error.go_text()


@ENCODINGS.function("sha1sum", params=(STRING,))
def sha1sum(text: str) -> str:
    """Return the SHA-1 hash in hexadecimal digits."""
    return hashlib.sha1(encoded(text), usedforsecurity=False).hexdigest()


@ENCODINGS.function("sha256sum", params=(STRING,))
def sha256sum(text: str) -> str:
    """Return the SHA-256 hash in hexadecimal digits."""
    return hashlib.sha256(encoded(text)).hexdigest()


@ENCODINGS.function("sha512sum", params=(STRING,))
def sha512sum(text: str) -> str:
    """Return the SHA-512 hash in hexadecimal digits."""
    return hashlib.sha512(encoded(text)).hexdigest()


@ENCODINGS.function("adler32sum", params=(STRING,))
def adler32sum(text: str) -> str:
    """Return the Adler-32 sum in decimal digits."""
    return str(zlib.adler32(encoded(text)))
