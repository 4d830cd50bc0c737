# SPDX-License-Identifier: Apache-2.0
"""Keys and certificates for tests, made when they run; never used for anything else."""

from datetime import UTC, datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.formats.keys import certificates, pem
from keyfleet.transform.gotemplate.formats.keys.private_keys import PrivateKey, block_of


@cache
def an_rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


@cache
def an_ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def an_ed25519_key() -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.generate()


def pem_of(key: PrivateKey) -> str:
    return pem.encoded(block_of(key)).decode()


def der_of(key: PrivateKey, form: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
    return key.private_bytes(Encoding.DER, form, NoEncryption())


@cache
def a_certificate(
    name: str = "kf-test",
    key_id: bytes = b"",
    authority_id: bytes = b"",
    alternatives: tuple[x509.GeneralName, ...] = (),
) -> bytes:
    """Return a certificate in DER, made by another hand than the product's."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(an_ec_key().public_key())
        .serial_number(7)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2046, 1, 1, tzinfo=UTC))
    )
    extensions: list[x509.ExtensionType] = []
    if key_id:
        extensions.append(x509.SubjectKeyIdentifier(key_id))
    if authority_id:
        extensions.append(x509.AuthorityKeyIdentifier(authority_id, None, None))
    if alternatives:
        extensions.append(x509.SubjectAlternativeName(alternatives))
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(an_ec_key(), hashes.SHA256()).public_bytes(Encoding.DER)


def certificate_pem(raw: bytes) -> str:
    return pem.encoded(pem.Block(b"CERTIFICATE", raw)).decode()


def parsed(raw: bytes) -> certificates.Certificate:
    return certificates.parse(a_run(), raw)
