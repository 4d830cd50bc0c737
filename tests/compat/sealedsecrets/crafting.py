# SPDX-License-Identifier: Apache-2.0
"""Sealed values and keys that nobody writes, for those who read them."""

import base64
from collections.abc import Iterable, Sequence

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from keyfleet.base.sealing import Envelope

SHA256 = hashes.SHA256()
PKCS1 = serialization.PrivateFormat.TraditionalOpenSSL
PKCS8 = serialization.PrivateFormat.PKCS8
CLEAR = serialization.NoEncryption()


def wrapped(key: rsa.RSAPublicKey, session: bytes, label: bytes) -> bytes:
    """Return a session key of any length for the owner of a key."""
    return key.encrypt(session, padding.OAEP(padding.MGF1(SHA256), SHA256, label))


def sealed(key: rsa.RSAPublicKey, value: bytes, label: bytes, session: bytes) -> Envelope:
    """Return a value sealed with a session key of the caller."""
    ciphertext = AESGCM(session).encrypt(bytes(12), value, None)
    return Envelope(wrapped(key, session, label), ciphertext)


def shortened(key: rsa.RSAPublicKey, value: bytes, label: bytes) -> Envelope:
    """Return a value whose RSA block began with a zero byte, without that byte."""
    while True:
        one = sealed(key, value, label, bytes(range(32)))
        if one.wrapped[0] == 0:
            return Envelope(one.wrapped[1:], one.ciphertext)


def pem_of(
    key: PrivateKeyTypes,
    form: serialization.PrivateFormat = PKCS1,
    encryption: serialization.KeySerializationEncryption = CLEAR,
) -> str:
    """Return a private key in PEM."""
    return key.private_bytes(serialization.Encoding.PEM, form, encryption).decode()


def block(name: str, content: bytes) -> str:
    """Return a PEM block of anything."""
    body = base64.encodebytes(content).decode()
    return f"-----BEGIN {name}-----\n{body}-----END {name}-----\n"


def numbers_of(key: rsa.RSAPrivateKey) -> list[int]:
    """Return n, e, d, p, q, dp, dq, qi: what a PKCS #1 key holds."""
    own = key.private_numbers()
    public = own.public_numbers
    return [public.n, public.e, own.d, own.p, own.q, own.dmp1, own.dmq1, own.iqmp]


def pkcs1(numbers: Iterable[int]) -> str:
    """Return a PKCS #1 key in PEM with any numbers."""
    return block("RSA PRIVATE KEY", _sequence([0, *numbers]))


def _sequence(numbers: Sequence[int]) -> bytes:
    content = b"".join(map(_integer, numbers))
    return b"\x30" + _length(len(content)) + content


def _integer(number: int) -> bytes:
    content = number.to_bytes(number.bit_length() // 8 + 1, "big")
    return b"\x02" + _length(len(content)) + content


def _length(size: int) -> bytes:
    if size < 128:
        return bytes([size])
    content = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(content)]) + content
