# SPDX-License-Identifier: Apache-2.0
"""One sealed value on the wire: a session key under RSA-OAEP, and the value under AES-GCM.

Nothing in it says which key it was sealed for. Source: compat/sealed-secrets.md 1.1, 1.3.
"""

import binascii
from dataclasses import dataclass
from hashlib import sha256
from secrets import token_bytes

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from keyfleet.base.errors import InvalidInputError
from keyfleet.base.sealing.gobase64 import decode_base64
from keyfleet.base.secret import SecretValue

SESSION_KEY_BYTES = 32
_KEY_SIZES = (16, 24, SESSION_KEY_BYTES)
_TAG_BYTES = 16
_LENGTH_BYTES = 2
_NONCE = bytes(12)
"""Always the same, since no session key seals twice."""

TEXT_MAX = 2 * 1024 * 1024
"""Longest text that is looked at: an object of Kubernetes holds less."""

_SHA256 = hashes.SHA256()
_MGF1 = padding.MGF1(_SHA256)


@dataclass(frozen=True, slots=True)
class Envelope:
    """A sealed value, taken apart."""

    wrapped: bytes
    """The session key under the RSA key."""
    ciphertext: bytes
    """The value under the session key, with its tag."""

    @property
    def id(self) -> bytes:
        """What tells this sealed value from others; says nothing about the value."""
        return sha256(self.wrapped).digest()

    def id_under(self, label: bytes) -> bytes:
        """Return what tells this sealed value, as one of a label, from all others."""
        parts = (sha256(part).digest() for part in (label, self.wrapped, self.ciphertext))
        return sha256(b"".join(parts)).digest()

    @classmethod
    def parse(cls, text: str) -> "Envelope":
        """Take a sealed value apart.

        Raises:
            InvalidInputError: `sealing.base64`: it is none; `sealing.too_large`, `sealing.short`:
                no key could open it.
        """
        if len(text) > TEXT_MAX:
            raise InvalidInputError("sealing.too_large", "sealed value is too large")
        raw = decode_base64(text)
        length = int.from_bytes(raw[:_LENGTH_BYTES], "big")
        end = _LENGTH_BYTES + length
        if len(raw) < _LENGTH_BYTES or len(raw) < end:
            raise InvalidInputError("sealing.short", "sealed value is too short")
        return cls(raw[_LENGTH_BYTES:end], raw[end:])

    def text(self) -> str:
        """Return it as it stands in a manifest."""
        length = len(self.wrapped).to_bytes(_LENGTH_BYTES, "big")
        raw = length + self.wrapped + self.ciphertext
        return binascii.b2a_base64(raw, newline=False).decode()

    def fits(self, key_bytes: int) -> bool:
        """Tell whether a key with a modulus of that many bytes may have sealed it."""
        return len(self.wrapped) <= key_bytes

    def open(self, key: rsa.RSAPrivateKey, label: bytes) -> SecretValue | None:
        """Return the value; None where this key, or this label, does not open it."""
        size = (key.key_size + 7) // 8
        if not self.fits(size):
            return None
        try:
            # Go drops leading zero bytes, and takes blocks without them.
            session = key.decrypt(self.wrapped.rjust(size, b"\0"), _oaep(label))
            if len(session) not in _KEY_SIZES or len(self.ciphertext) < _TAG_BYTES:
                return None
            return SecretValue(AESGCM(session).decrypt(_NONCE, self.ciphertext, None))
        except (ValueError, InvalidTag):
            return None


def seal(key: rsa.RSAPublicKey, value: SecretValue, label: bytes) -> Envelope:
    """Return a value sealed for the owner of a key, bound to a label; different every time."""
    session = token_bytes(SESSION_KEY_BYTES)
    return Envelope(
        key.encrypt(session, _oaep(label)), AESGCM(session).encrypt(_NONCE, value.reveal(), None)
    )


def _oaep(label: bytes) -> padding.OAEP:
    return padding.OAEP(mgf=_MGF1, algorithm=_SHA256, label=label)
