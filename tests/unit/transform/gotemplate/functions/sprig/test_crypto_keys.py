# SPDX-License-Identifier: Apache-2.0
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from tests.unit.transform.gotemplate.certs import an_ec_key, pem_of
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.functions.sprig.crypto_keys import (
    generate_private_key,
    key_of,
    new_rsa,
    text_of,
)


@pytest.mark.parametrize(
    ("kind", "type_", "begin"),
    [
        ("ecdsa", ec.EllipticCurvePrivateKey, "-----BEGIN EC PRIVATE KEY-----\n"),
        ("ed25519", ed25519.Ed25519PrivateKey, "-----BEGIN PRIVATE KEY-----\n"),
    ],
)
def test_generates_keys(kind: str, type_: type, begin: str) -> None:
    text = generate_private_key(a_run(), kind)
    assert text.startswith(begin)
    assert isinstance(load_pem_private_key(text.encode(), None), type_)


def test_generates_rsa_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keyfleet.transform.gotemplate.functions.sprig.crypto_keys._BITS", 1024)
    for kind in ("", "rsa"):
        text = generate_private_key(a_run(), kind)
        assert text.startswith("-----BEGIN RSA PRIVATE KEY-----\n")
        key = load_pem_private_key(text.encode(), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        assert key.key_size == 1024


def test_generates_few_of_them() -> None:
    run = a_run(generated_keys=2)
    generate_private_key(run, "ecdsa")
    generate_private_key(run, "ed25519")
    for kind in ("ecdsa", "ed25519", "rsa"):
        with pytest.raises(BudgetError):
            generate_private_key(run, kind)
    with pytest.raises(BudgetError):
        new_rsa(run, 1024)


def test_knows_no_other_kinds() -> None:
    assert generate_private_key(a_run(), "RSA") == "Unknown type RSA"
    with pytest.raises(GoError):
        generate_private_key(a_run(), "dsa")


def test_reads_the_first_block() -> None:
    key = key_of(a_run(), "junk\n" + pem_of(an_ec_key()) + pem_of(new_rsa(a_run(), 1024)))
    assert text_of(key) == pem_of(an_ec_key())


EC_REFUSAL = (
    "parsing EC private key from PEM: x509: failed to parse EC private key: asn1: structure error"
)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "no PEM data in input"),
        ("-----BEGIN A-----\n-----END A-----", "no private key data in PEM block of type A"),
        (
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
            "decoding PEM as PKCS#8: asn1: structure error",
        ),
        (
            "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----",
            "parsing RSA private key from PEM: asn1: structure error",
        ),
        (
            "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----",
            EC_REFUSAL,
        ),
    ],
)
def test_says_why_there_is_no_key(text: str, error: str) -> None:
    with pytest.raises(GoError) as caught:
        key_of(a_run(), text)
    assert caught.value.go_text() == error
