# SPDX-License-Identifier: Apache-2.0
"""consul-template's base64 and hashes. Source: docs/compat/go-templates.md 19."""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from typing import Final

from keyfleet.transform.gotemplate.formats import base64
from keyfleet.transform.gotemplate.formats.naming import named
from keyfleet.transform.gotemplate.functions.table import STRING, Table
from keyfleet.transform.gotemplate.values import decoded, encoded

ENCODINGS: Final = Table()


@ENCODINGS.function("base64Encode", params=(STRING,))
def base64_encode(text: str) -> str:
    """Return the text's bytes in base64."""
    return base64.standard(encoded(text))


@ENCODINGS.function("base64URLEncode", params=(STRING,))
def base64_url_encode(text: str) -> str:
    """Return the text's bytes in base64 with `-` and `_`."""
    return urlsafe_b64encode(encoded(text)).decode()


@ENCODINGS.function("base64Decode", params=(STRING,))
def base64_decode(text: str) -> str:
    """Return what is written in base64."""
    return decoded(named("base64Decode", base64.decode_standard, text))


@ENCODINGS.function("base64URLDecode", params=(STRING,))
def base64_url_decode(text: str) -> str:
    """Return what is written in base64 with `-` and `_`."""
    return decoded(named("base64URLDecode", base64.decode_url, text))


@ENCODINGS.function("sha256Hex", params=(STRING,))
def sha256_hex(text: str) -> str:
    """Return the text's SHA-256."""
    return hashlib.sha256(encoded(text)).hexdigest()


@ENCODINGS.function("md5sum", params=(STRING,))
def md5sum(text: str) -> str:
    """Return the text's MD5, which protects nothing."""
    return hashlib.md5(encoded(text), usedforsecurity=False).hexdigest()


@ENCODINGS.function("hmacSHA256Hex", params=(STRING, STRING))
def hmac_sha256_hex(message: str, key: str) -> str:
    """Return the HMAC with SHA-256 of the message under the key."""
    return hmac.new(encoded(key), encoded(message), "sha256").hexdigest()
