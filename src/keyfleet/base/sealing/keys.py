# SPDX-License-Identifier: Apache-2.0
"""Private sealing keys in PEM.

Source: compat/sealed-secrets.md 1.3, 3.1, 7.
"""

from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from keyfleet.base.errors import InvalidInputError
from keyfleet.base.sealing.envelope import Envelope
from keyfleet.base.sealing.numbers import fingerprint_of, fit
from keyfleet.base.sealing.pem import Block, blocks
from keyfleet.base.secret import SecretValue

_NAMES = (b"RSA PRIVATE KEY", b"PRIVATE KEY", b"EC PRIVATE KEY")


@dataclass(frozen=True, slots=True)
class SealingKey:
    """A private key that opens what was sealed with its certificate."""

    key: rsa.RSAPrivateKey
    fingerprint: str

    @property
    def size(self) -> int:
        """Bytes of its modulus, and of a session key that is sealed for it."""
        return (self.key.key_size + 7) // 8

    def open(self, envelope: Envelope, label: bytes) -> SecretValue | None:
        """Return the value; None where this key, or this label, does not open it."""
        return envelope.open(self.key, label)

    def __repr__(self) -> str:
        return f"SealingKey({self.fingerprint})"


def load_key(pem: SecretValue, subject: str = "") -> SealingKey:
    """Return the first private key of a PEM text that can be read, PKCS #1 or PKCS #8.

    Raises:
        InvalidInputError: `sealing.key`: there is none, it is not RSA, or its numbers do not fit.
    """
    told = "there is no private key in this"
    for block in blocks(pem.reveal(), _NAMES):
        key = _read(block)
        if key is None:
            told = "the private key cannot be read"
        elif not isinstance(key, rsa.RSAPrivateKey):
            told = "the private key is not an RSA key"
            break  # as upstream does, also where an RSA key follows
        elif not fit(key):
            told = "the private key's numbers do not fit each other"
        else:
            return SealingKey(key, fingerprint_of(key.public_key()))
    hint = "give an unencrypted RSA private key in PEM (PKCS #1 or PKCS #8)"
    raise InvalidInputError("sealing.key", told, subject, hint)


def _read(block: Block) -> PrivateKeyTypes | None:
    try:
        # A full check takes 220 ms; `fit` finds what matters in 2 ms.
        return load_pem_private_key(block.pem, None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
