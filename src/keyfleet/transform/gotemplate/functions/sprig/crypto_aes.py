# SPDX-License-Identifier: Apache-2.0
"""Sprig's symmetric encryption: AES-256 in CBC mode under a padded password.

Source: docs/compat/go-templates.md 16.11.
"""

from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC

from keyfleet.transform.gotemplate.errors import Data, GoError
from keyfleet.transform.gotemplate.formats.base64 import decode_standard, standard
from keyfleet.transform.gotemplate.functions.table import STRING, Table
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import decoded, encoded, length

AES = Table()

_BLOCK: Final = 16
_KEY: Final = 32


@AES.function("encryptAES", params=(STRING, STRING), run=True)
def encrypt(run: Run, password: str, plain: str) -> str:
    """Return the text encrypted under a random start value, in base64; nothing for nothing."""
    if not plain:
        return ""
    run.will_make(2 * length(plain) + 64)
    raw = encoded(plain)
    missing = _BLOCK - len(raw) % _BLOCK
    start = run.random.randbytes(_BLOCK)
    encryptor = _cipher(password, start).encryptor()
    return standard(start + encryptor.update(raw + bytes((missing,)) * missing))


@AES.function("decryptAES", params=(STRING, STRING), run=True)
def decrypt(run: Run, password: str, text: str) -> str:
    """Return what was encrypted; with another password, noise or an error."""
    if not text:
        return ""
    run.will_make(length(text))
    raw = decode_standard(text)
    if len(raw) < _BLOCK:
        room = len(text) // 4 * 3
        raise GoError(f"runtime error: slice bounds out of range [:16] with capacity {room}")
    if len(raw) % _BLOCK:
        raise GoError("crypto/cipher: input not full blocks")
    plain = _cipher(password, raw[:_BLOCK]).decryptor().update(raw[_BLOCK:])
    return decoded(plain[: _unpadded(plain)])


def _unpadded(plain: bytes) -> int:
    """Return how much of it is no padding, which nobody checks further."""
    if not plain:
        raise GoError("runtime error: index out of range [-1]")
    size = len(plain) - plain[-1]
    if size < 0:
        raise GoError("runtime error: slice bounds out of range [:", Data(str(size)), "]")
    return size


def _cipher(password: str, start: bytes) -> Cipher[CBC]:
    return Cipher(AES256(encoded(password)[:_KEY].ljust(_KEY, b"\0")), CBC(start))
