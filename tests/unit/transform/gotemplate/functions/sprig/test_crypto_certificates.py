# SPDX-License-Identifier: Apache-2.0
"""Certificates for templates, read back with the library; the errors were recorded from Go."""

from base64 import b64encode
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from tests.unit.transform.gotemplate.certs import (
    a_certificate,
    an_ec_key,
    an_ed25519_key,
    an_rsa_key,
    certificate_pem,
    pem_of,
)
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.testing.clock import START
from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.functions.sprig.crypto_certificates import (
    Certificate,
    build_custom,
    generate_ca,
    generate_ca_with_key,
    generate_self_signed,
    generate_self_signed_with_key,
    generate_signed,
    generate_signed_with_key,
)
from keyfleet.transform.gotemplate.values import kind_of, type_of

EC_KEY, ED_KEY = pem_of(an_ec_key()), pem_of(an_ed25519_key())
CA = generate_ca_with_key(a_run(), "kf-test ca", 10, EC_KEY)


def read(found: Certificate) -> x509.Certificate:
    return x509.load_pem_x509_certificate(found.certificate.encode())


def test_is_a_struct_that_shows_nothing_by_chance() -> None:
    assert (type_of(CA), kind_of(CA)) == ("sprig.certificate", "struct")
    assert CA.fields() == {"Cert": CA.certificate, "Key": CA.key}
    assert "PRIVATE" not in repr(CA)


def test_generates_keys_for_those_that_have_none() -> None:
    run = a_run()
    ca = generate_ca(run, "kf-test ca", 10)
    own = generate_self_signed(run, "kf-test", ["1.2.3.4"], ["a"], 1)
    leaf = generate_signed(run, "kf-test leaf", [], [], 1, ca)
    for found in (ca, own, leaf):
        key = load_pem_private_key(found.key.encode(), None)
        assert found.key.startswith("-----BEGIN RSA PRIVATE KEY-----")
        assert read(found).public_key() == key.public_key()
    read(leaf).verify_directly_issued_by(read(ca))
    generate_ca(run, "x", 1)
    with pytest.raises(BudgetError):
        generate_ca(run, "x", 1)


def test_signs_with_given_keys() -> None:
    own = generate_self_signed_with_key(a_run(), "kf-test", ["::1"], ["a", "b"], 5, ED_KEY)
    assert own.key == ED_KEY
    read(own).verify_directly_issued_by(read(own))
    assert read(own).not_valid_after_utc == START.replace(microsecond=0) + timedelta(days=5)
    leaf = generate_signed_with_key(a_run(), "kf-test leaf", [], [], 5, CA, ED_KEY)
    read(leaf).verify_directly_issued_by(read(CA))
    names = read(own).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["a", "b"]


def test_wraps_days_around_as_go_does() -> None:
    found = generate_ca_with_key(a_run(), "x", 200_000, EC_KEY)
    assert read(found).not_valid_after_utc < START
    for days in (1 << 62, -(1 << 62), 106_751, -106_751):
        assert generate_ca_with_key(a_run(), "x", days, EC_KEY).certificate


def test_writes_mapped_addresses_short() -> None:
    found = generate_self_signed_with_key(a_run(), "x", ["::ffff:1.2.3.4"], [], 1, EC_KEY)
    names = read(found).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(one) for one in names.get_values_for_type(x509.IPAddress)] == ["1.2.3.4"]


def b64(text: str) -> str:
    return b64encode(text.encode()).decode()


def test_takes_a_pair_as_it_is_given() -> None:
    text = "junk\n" + CA.certificate
    found = build_custom(a_run(), b64(text), b64(CA.key + "z"))
    assert found == Certificate(text, CA.key + "z")
    leaf = generate_signed_with_key(a_run(), "x", [], [], 1, found, ED_KEY)
    read(leaf).verify_directly_issued_by(read(CA))


BLOCK = "-----BEGIN A-----\n-----END A-----"


@pytest.mark.parametrize(
    ("certificate", "key", "error"),
    [
        ("x", "y", "unable to decode base64 certificate"),
        ("eHg=", "y", "unable to decode base64 private key"),
        ("", "", "unable to decode certificate"),
        (
            b64(BLOCK),
            "",
            "error parsing certificate: decodedCert.Bytes: x509: malformed certificate",
        ),
        (b64(CA.certificate), "", "error parsing private key: no PEM data in input"),
        (
            b64(CA.certificate),
            b64(BLOCK),
            "error parsing private key: no private key data in PEM block of type A",
        ),
    ],
)
def test_refuses_a_pair_that_is_none(certificate: str, key: str, error: str) -> None:
    with pytest.raises(GoError) as caught:
        build_custom(a_run(), certificate, key)
    assert caught.value.go_text() == error


@pytest.mark.parametrize(
    ("ips", "names", "error"),
    [
        (["a"], [], "error parsing ip: a"),
        (["1.2.3.04"], [], "error parsing ip: 1.2.3.04"),
        (["fe80::1%eth0"], [], "error parsing ip: fe80::1%eth0"),
        ([1], [], "error parsing ip: 1 is not a string"),
        ([None], [], "error parsing ip: <nil> is not a string"),
        ([], [2.5], "error processing alternate dns name: 2.5 is not a string"),
        (
            [],
            ["ä.de"],
            'error creating certificate: x509: "ä.de" cannot be encoded as an IA5String',
        ),
        ([], ["a"] * 2000, "error creating certificate: too many names"),
    ],
)
def test_refuses_names_that_are_none(ips: list[object], names: list[object], error: str) -> None:
    with pytest.raises(GoError) as caught:
        generate_self_signed_with_key(a_run(), "x", ips, names, 1, EC_KEY)
    assert caught.value.go_text() == error


def test_refuses_authorities_whose_halves_do_not_belong_together() -> None:
    strange = build_custom(a_run(), b64(CA.certificate), b64(ED_KEY))
    with pytest.raises(GoError) as caught:
        generate_signed_with_key(a_run(), "x", [], [], 1, strange, ED_KEY)
    assert caught.value.go_text() == (
        "error creating certificate: x509: provided PrivateKey doesn't match parent's PublicKey"
    )


@pytest.mark.filterwarnings("ignore:Attribute's length")
def test_signs_for_authorities_with_odd_names() -> None:
    own = generate_ca_with_key(a_run(), "x" * 100, 1, EC_KEY)
    leaf = generate_signed_with_key(a_run(), "y", [], [], 1, own, ED_KEY)
    assert read(leaf).issuer == read(own).subject
    other = Certificate(certificate_pem(a_certificate("kf-test", b"id")), EC_KEY)
    leaf = generate_signed_with_key(a_run(), "y", [], [], 1, other, ED_KEY)
    named = read(leaf).extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    assert named.key_identifier == b"id"


def test_pays_for_signatures() -> None:
    with pytest.raises(BudgetError):
        generate_ca_with_key(a_run(steps=300), "x", 1, pem_of(an_rsa_key()))
    for error in ("parsing private key: no PEM data in input",):
        with pytest.raises(GoError) as caught:
            generate_ca_with_key(a_run(), "x", 1, "")
        assert caught.value.go_text() == error
