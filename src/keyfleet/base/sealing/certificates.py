# SPDX-License-Identifier: Apache-2.0
"""What others seal with: certificates of sealing keys, and new pairs of both.

Source: compat/sealed-secrets.md 3.1, 4.3, 7.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from keyfleet.base.errors import InvalidInputError
from keyfleet.base.sealing.envelope import seal
from keyfleet.base.sealing.numbers import fingerprint_of, is_usable
from keyfleet.base.sealing.pem import Block, blocks
from keyfleet.base.secret import SecretValue

KEY_SIZE = 4096
VALIDITY = timedelta(days=3650)

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
class KeyPair:
    """A new key and its certificate, in PEM."""

    key: SecretValue
    """PKCS #1."""
    certificate: bytes


def load_certificate(pem: bytes, subject: str = "") -> SealingCertificate:
    """Return the first certificate of a PEM text; any issuer, any validity, any usage.

    Args:
        pem: The text; what is no certificate, and what follows the first, is skipped.
        subject: Where it comes from, for people.

    Raises:
        InvalidInputError: `sealing.certificate`: there is none, or it is not of an RSA key.
    """
    first = next((one for one in blocks(pem, (b"CERTIFICATE",)) if not one.has_headers), None)
    if first is None:
        raise _bad_certificate(subject, "there is no certificate in this")
    found = _read(first)
    if isinstance(found, str):
        raise _bad_certificate(subject, found)
    return found


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


def _read(block: Block) -> SealingCertificate | str:
    """Return the certificate, or what is wrong with it.

    Its extensions are not looked at: the library refuses those of upstream's certificates.
    """
    try:
        found = x509.load_pem_x509_certificate(block.pem)
        key = found.public_key()
        first, last = found.not_valid_before_utc, found.not_valid_after_utc
    except (ValueError, UnsupportedAlgorithm):
        return "the certificate cannot be read"
    if not isinstance(key, rsa.RSAPublicKey):
        return "the certificate is not of an RSA key"
    if not is_usable(key):
        return "the certificate's key cannot be used"
    return SealingCertificate(key, block.pem, first, last)


def _bad_certificate(subject: str, message: str) -> InvalidInputError:
    hint = "give a PEM certificate as `keyfleet cert` prints it"
    return InvalidInputError("sealing.certificate", message, subject, hint)
