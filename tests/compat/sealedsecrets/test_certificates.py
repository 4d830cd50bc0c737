# SPDX-License-Identifier: Apache-2.0
"""Both take the same certificates, and each takes those that the other makes."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import (
    CertificateIssuerPrivateKeyTypes,
    CertificatePublicKeyTypes,
)
from cryptography.hazmat.primitives.hashes import SHA256
from tests.compat.sealedsecrets.conftest import Parties, Party
from tests.compat.sealedsecrets.crafting import block

from keyfleet.base.errors import InvalidInputError
from keyfleet.base.sealing import SealingCertificate, load_certificate, make_key
from keyfleet.base.secret import SecretValue
from keyfleet.localplane.sealedsecrets import SealedSecretsOracle

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ISSUER = ec.generate_private_key(ec.SECP256R1())
PEM = serialization.Encoding.PEM


def certificate(
    key: CertificatePublicKeyTypes, issuer: CertificateIssuerPrivateKeyTypes = ISSUER
) -> str:
    """Return a certificate that somebody else issued, as people bring them."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "anything")])
    algorithm = None if isinstance(issuer, ed25519.Ed25519PrivateKey) else SHA256()
    return (
        x509.CertificateBuilder(name, name, key, 7)
        .not_valid_before(NOW - timedelta(days=9))
        .not_valid_after(NOW - timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("shop.test")]), critical=False)
        .sign(issuer, algorithm)
        .public_bytes(PEM)
        .decode()
    )


def theirs(oracle: SealedSecretsOracle, pem: str) -> str | None:
    """Return the fingerprint of the key in upstream's eyes; None: it refuses the certificate."""
    answer = oracle.ask("certificate", certificate=pem)
    return None if "error" in answer else answer["fingerprint"]


def ours(pem: str) -> str | None:
    """Return the fingerprint of the key in our eyes; None: we refuse the certificate."""
    try:
        return load_certificate(pem.encode()).fingerprint
    except InvalidInputError as error:
        return None if error.__context__ is None else "the error keeps another"


def shown(pem: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem.encode())


@pytest.mark.parametrize("name", ["", "shop.test"])
def test_our_certificate_is_made_as_upstreams(oracle: SealedSecretsOracle, name: str) -> None:
    made = oracle.ask("generate", bits=2048, name=name)
    pair = make_key(NOW, bits=2048, common_name=name)
    one, other = shown(made["certificate"]), shown(pair.certificate.decode())
    assert one.subject == one.issuer == other.subject == other.issuer
    assert one.signature_algorithm_oid == other.signature_algorithm_oid
    assert one.version is other.version
    for each in (one, other):
        assert each.not_valid_after_utc - each.not_valid_before_utc == timedelta(days=3650)
        assert each.serial_number.bit_length() <= 160
    # The library cannot show the extensions of such certificates, so their bytes are searched.
    usage, constraints = bytes.fromhex("0603551d0f0101ff040403020001"), bytes.fromhex("0603551d13")
    for each in (one, other):
        assert usage in each.tbs_certificate_bytes
        assert constraints + bytes.fromhex("0101ff040530030101ff") in each.tbs_certificate_bytes
    key_id = bytes.fromhex("0603551d0e")
    assert (key_id in one.tbs_certificate_bytes) == (key_id in other.tbs_certificate_bytes)


def test_each_loads_the_others_key_and_certificate(
    oracle: SealedSecretsOracle, parties: Parties
) -> None:
    for party in (parties("ours", 2048), parties("upstream", 1024)):
        found = party.certificate.fingerprint
        assert theirs(oracle, party.certificate_pem) == found == party.key.fingerprint
        assert oracle.ask("key", keys=[party.key_pem])["fingerprint"] == found


def test_certificates_as_people_bring_them(oracle: SealedSecretsOracle, party: Party) -> None:
    brought = certificate(party.certificate.key)
    other = certificate(rsa.generate_private_key(65537, 2048).public_key())
    texts = {
        "issued by others, expired, with names": brought,
        "a chain": brought + other,
        "behind its key": party.key_pem + brought,
        "text around": f"subject=anything\n{brought}more\n",
        "windows' line ends": brought.replace("\n", "\r\n"),
        "headers on another": other.replace("-----\n", "-----\nA: b\n\n", 1) + brought,
    }
    wanted = dict.fromkeys(texts, party.certificate.fingerprint)
    assert {name: ours(text) for name, text in texts.items()} == wanted
    assert {name: theirs(oracle, text) for name, text in texts.items()} == wanted


def test_what_is_no_certificate_for_sealing(oracle: SealedSecretsOracle, party: Party) -> None:
    good = party.certificate_pem
    public = party.certificate.key.public_bytes(
        PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    texts = {
        "nothing": "",
        "garbage": "no certificate",
        "a key": party.key_pem,
        "a public key": public.decode(),
        "an elliptic key": certificate(ISSUER.public_key()),
        "an elliptic key first": certificate(ISSUER.public_key()) + good,
        "an Edwards key": certificate(ed25519.Ed25519PrivateKey.generate().public_key()),
        "broken": block("CERTIFICATE", b"\x30\x03\x02\x01"),
        "broken first": block("CERTIFICATE", b"\x30\x03\x02\x01") + good,
        "cut": good.partition("-----END")[0],
        "a page": f"<html>{good}</html>",
    }
    wanted = dict.fromkeys(texts)
    assert {name: ours(text) for name, text in texts.items()} == wanted
    assert {name: theirs(oracle, text) for name, text in texts.items()} == wanted


@pytest.mark.parametrize(("modulus", "exponent"), [(2**2047 + 2, 65537), (2**600 + 1, 65537)])
def test_keys_that_cannot_seal_are_refused(
    oracle: SealedSecretsOracle, modulus: int, exponent: int
) -> None:
    key = rsa.RSAPublicNumbers(exponent, modulus).public_key()
    pem = certificate(key)
    assert ours(pem) is None
    sealed = oracle.ask("seal", certificate=pem, value=b"value", label=b"")
    assert "error" in sealed


def test_a_certificate_tells_its_time(party: Party) -> None:
    brought: SealingCertificate = load_certificate(certificate(party.certificate.key).encode())
    assert brought.is_expired(NOW)
    assert not brought.is_expired(NOW - timedelta(days=2))
    assert brought.seal(SecretValue(b""), b"")
