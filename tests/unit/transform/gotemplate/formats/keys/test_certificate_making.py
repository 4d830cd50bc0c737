# SPDX-License-Identifier: Apache-2.0
"""Certificates read back with the library, which had no part in writing them."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from tests.unit.transform.gotemplate.certs import an_ec_key, an_ed25519_key, an_rsa_key

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats.keys.certificate_making import (
    Request,
    Signer,
    key_id,
    signed,
    subject_of,
)
from keyfleet.transform.gotemplate.formats.keys.private_keys import PrivateKey

NOW = datetime(2026, 11, 21, 17, 0, 2, tzinfo=UTC)


def made(request: Request, key: PrivateKey, signer: Signer | None = None) -> x509.Certificate:
    signer = signer or Signer(key, subject_of(request.common_name))
    return x509.load_der_x509_certificate(signed(request, key, signer))


def a_request(name: str = "kf-test", **changes: object) -> Request:
    return Request(7, name, NOW, timedelta(days=3), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("key", "hashing"),
    [
        (an_rsa_key(), hashes.SHA256),
        (an_ec_key(), hashes.SHA256),
        (ec.generate_private_key(ec.SECP384R1()), hashes.SHA384),
        (ec.generate_private_key(ec.SECP521R1()), hashes.SHA512),
        (an_ed25519_key(), None),
    ],
    ids=["rsa", "p256", "p384", "p521", "ed25519"],
)
def test_signs_with_every_kind_of_key(key: PrivateKey, hashing: type | None) -> None:
    found = made(a_request(), key)
    found.verify_directly_issued_by(found)
    assert found.public_key() == key.public_key()
    assert type(found.signature_hash_algorithm) is (hashing or type(None))
    assert found.version is x509.Version.v3
    assert found.serial_number == 7
    assert found.not_valid_before_utc == NOW
    assert found.not_valid_after_utc == NOW + timedelta(days=3)


def test_says_what_a_server_needs() -> None:
    request = a_request(
        ip_addresses=[ip_address("1.2.3.4"), ip_address("2001:db8::1")], dns_names=["a.b", "*.x"]
    )
    found = made(request, an_ec_key()).extensions
    usage = found.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert usage.value.key_encipherment
    assert not usage.value.key_cert_sign
    purposes = found.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(purposes) == [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    constraints = found.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical
    assert not constraints.value.ca
    names = found.get_extension_for_class(x509.SubjectAlternativeName)
    assert not names.critical
    assert names.value.get_values_for_type(x509.DNSName) == ["a.b", "*.x"]
    assert names.value.get_values_for_type(x509.IPAddress) == request.ip_addresses


def test_names_the_authority_that_signs() -> None:
    ca_key, request = an_rsa_key(), a_request("kf-test ca", is_ca=True)
    ca = made(request, ca_key)
    own_id = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    assert own_id == key_id(ca_key)
    numbers = ca_key.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
    assert own_id == sha256(numbers).digest()[:20]
    assert ca.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert ca.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    signer = Signer(ca_key, subject_of("kf-test ca"), own_id)
    leaf = made(a_request("kf-test leaf"), an_ec_key(), signer)
    leaf.verify_directly_issued_by(ca)
    named = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    assert named.key_identifier == own_id


@pytest.mark.filterwarnings("ignore:Attribute's length")
def test_takes_names_that_are_too_long_for_the_standard() -> None:
    name = "kf-test." + "x" * 80
    found = made(a_request(name), an_ec_key())
    assert found.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == name
    assert made(a_request("wörld*"), an_ec_key()).subject.rfc4514_string() == "CN=wörld*"


def test_makes_alternative_names_critical_where_they_are_all_it_says() -> None:
    found = made(a_request("", dns_names=["a"]), an_ec_key())
    assert list(found.subject) == []
    assert found.extensions.get_extension_for_class(x509.SubjectAlternativeName).critical


@pytest.mark.parametrize("days", [-1, 20_000, 100_000, -40_000])
def test_writes_times_before_now_and_far_away(days: int) -> None:
    found = made(Request(1, "x", NOW, timedelta(days=days)), an_ec_key())
    assert found.not_valid_after_utc == NOW + timedelta(days=days)


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        (a_request(dns_names=["ä.de"]), 'x509: "ä.de" cannot be encoded as an IA5String'),
        (a_request("\udcff"), "asn1: string not valid UTF-8"),
        (
            Request(1, "x", NOW, timedelta(days=4_000_000)),
            "cannot represent time as GeneralizedTime",
        ),
    ],
)
def test_refuses_what_cannot_be_written(request_: Request, text: str) -> None:
    with pytest.raises(GoError) as caught:
        signed(request_, an_ec_key(), Signer(an_ec_key(), b"\x30\x00"))
    assert caught.value.go_text() == text
