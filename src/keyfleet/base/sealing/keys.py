# SPDX-License-Identifier: Apache-2.0
"""Sealing keys: RSA key pairs in PEM, and the certificates that others seal with.

Source: compat/sealed-secrets.md 1.3, 3.1, 4.3, 7.
"""

import base64
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from keyfleet.base.errors import InvalidInputError
from keyfleet.base.sealing.envelope import Envelope, seal
from keyfleet.base.secret import SecretValue

KEY_SIZE = 4096
VALIDITY = timedelta(days=3650)
BITS_MIN = 1024
"""Go refuses shorter keys, and so do we."""
BITS_MAX = 16384
"""A longer one takes seconds for each value."""

_PRIVATE = (b"RSA PRIVATE KEY", b"PRIVATE KEY")
_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----[ \t]*\r?\n(.*?)-----END \1-----", re.DOTALL)
_ENCIPHER_ONLY = bytes.fromhex("03020001")
"""DER of a key usage that the library refuses to build: `encipherOnly` alone, as upstream's."""
_KEY_USAGE = x509.ObjectIdentifier("2.5.29.15")


@dataclass(frozen=True, slots=True)
class SealingCertificate:
    """What values are sealed with."""

    key: rsa.RSAPublicKey
    pem: bytes
    """As it was given, the first certificate alone."""
    not_before: datetime
    not_after: datetime

    @property
    def fingerprint(self) -> str:
        """Of its key; see `fingerprint_of`."""
        return fingerprint_of(self.key)

    def is_expired(self, now: datetime) -> bool:
        """Tell whether it is past its last day."""
        return now > self.not_after

    def seal(self, value: SecretValue, label: bytes) -> str:
        """Return a value as it stands in a manifest, for the owner of the certificate's key."""
        return seal(self.key, value, label).text()


@dataclass(frozen=True, slots=True)
class SealingKey:
    """A private key that opens what was sealed with its certificate."""

    key: rsa.RSAPrivateKey
    fingerprint: str

    def open(self, envelope: Envelope, label: bytes) -> SecretValue | None:
        """Return the value; None where this key, or this label, does not open it."""
        return envelope.open(self.key, label)

    def __repr__(self) -> str:
        return f"SealingKey({self.fingerprint})"


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A new key and its certificate, in PEM."""

    key: SecretValue
    """PKCS #1."""
    certificate: bytes


def fingerprint_of(key: rsa.RSAPublicKey) -> str:
    """Return what `ssh-keygen -l` calls a key: `SHA256:` and 43 characters."""
    numbers = key.public_numbers()
    blob = b"".join(map(_field, (b"ssh-rsa", _mpint(numbers.e), _mpint(numbers.n))))
    return "SHA256:" + base64.b64encode(sha256(blob).digest()).decode().rstrip("=")


def load_certificate(pem: bytes, subject: str = "") -> SealingCertificate:
    """Return the first certificate of a PEM text.

    Args:
        pem: The text; other blocks are skipped.
        subject: Where it comes from, for people.

    Raises:
        InvalidInputError: `sealing.certificate`: there is none, or it is not of an RSA key.
    """
    for name, block in _blocks(pem):
        if name != b"CERTIFICATE":
            continue
        try:
            found = x509.load_pem_x509_certificate(block)
            key = found.public_key()
        except (ValueError, UnsupportedAlgorithm):
            continue
        if not isinstance(key, rsa.RSAPublicKey):
            raise _bad_certificate(subject, "the certificate is not of an RSA key")
        if not BITS_MIN <= key.key_size <= BITS_MAX:
            raise _bad_certificate(subject, "the certificate's key has no usable size")
        return SealingCertificate(key, block, found.not_valid_before_utc, found.not_valid_after_utc)
    raise _bad_certificate(subject, "there is no certificate in this")


def load_key(pem: SecretValue, subject: str = "") -> SealingKey:
    """Return the first private key of a PEM text, PKCS #1 or PKCS #8.

    Raises:
        InvalidInputError: `sealing.key`: there is none, it is not RSA, or its numbers do not fit.
    """
    for name, block in _blocks(pem.reveal()):
        if name not in _PRIVATE:
            continue
        try:
            # A full check takes 220 ms; what is wrong with the numbers shows below in 2 ms.
            found = serialization.load_pem_private_key(
                block, None, unsafe_skip_rsa_key_validation=True
            )
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise _bad_key(subject, "the private key cannot be read") from None
        if not isinstance(found, rsa.RSAPrivateKey):
            raise _bad_key(subject, "the private key is not an RSA key")
        return _checked(found, subject)
    raise _bad_key(subject, "there is no private key in this")


def make_key(
    now: datetime, *, bits: int = KEY_SIZE, validity: timedelta = VALIDITY, common_name: str = ""
) -> KeyPair:
    """Return a new key and a certificate for it like upstream's; takes a second at 4096 bits."""
    key = rsa.generate_private_key(65537, bits)
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else []
    certificate = (
        x509.CertificateBuilder(x509.Name(attributes), x509.Name(attributes))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + validity)
        .add_extension(x509.UnrecognizedExtension(_KEY_USAGE, _ENCIPHER_ONLY), critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    return KeyPair(SecretValue(pem), certificate.public_bytes(serialization.Encoding.PEM))


def _blocks(pem: bytes) -> list[tuple[bytes, bytes]]:
    """Return name and text of each block; those with headers are left out."""
    found = [(match[1], match[0], match[2]) for match in _BLOCK.finditer(pem)]
    return [(name, block + b"\n") for name, block, body in found if b":" not in body]


def _checked(key: rsa.RSAPrivateKey, subject: str) -> SealingKey:
    """Return a key that opens what is sealed for it."""
    public = key.public_key()
    if not BITS_MIN <= key.key_size <= BITS_MAX:
        raise _bad_key(subject, "the private key has no usable size")
    probe = SecretValue(b"probe")
    if seal(public, probe, b"").open(key, b"") != probe:
        raise _bad_key(subject, "the private key's numbers do not fit each other")
    return SealingKey(key, fingerprint_of(public))


def _mpint(number: int) -> bytes:
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


def _field(content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + content


def _bad_certificate(subject: str, message: str) -> InvalidInputError:
    hint = "give a PEM certificate as `keyfleet cert` prints it"
    return InvalidInputError("sealing.certificate", message, subject, hint)


def _bad_key(subject: str, message: str) -> InvalidInputError:
    hint = "give an unencrypted RSA private key in PEM (PKCS #1 or PKCS #8)"
    return InvalidInputError("sealing.key", message, subject, hint)
