# SPDX-License-Identifier: Apache-2.0
"""PKCS#12 files that the library wrote, and hostile ones."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import PrivateFormat, pkcs12
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.certs import a_certificate, an_ec_key, der_of
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.formats.keys import der
from keyfleet.transform.gotemplate.formats.keys.pkcs12 import (
    CERTIFICATE_BAG,
    DATA,
    KEY_BAG,
    SHROUDED_KEY_BAG,
    X509,
    read,
)
from keyfleet.transform.gotemplate.formats.keys.pkcs12_encryption import PBES2, password_of
from keyfleet.transform.gotemplate.formats.keys.pkcs12_making import assembled

PASSWORD = "kf-canary-store"
LEAF, ROOT = a_certificate("leaf", b"1", b"2"), a_certificate("root", b"2", b"2")
PBES = pkcs12.PBES
OF_THE_MAC = [hashes.SHA1(), hashes.SHA256(), hashes.SHA512()]  # noqa: S303 - old files have it


def written(pbes: pkcs12.PBES, hashing: hashes.HashAlgorithm, rounds: int = 10) -> bytes:
    how = (
        PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(rounds)
        .key_cert_algorithm(pbes)
        .hmac_hash(hashing)
        .build(PASSWORD.encode())
    )
    certificate, root = map(x509.load_der_x509_certificate, (LEAF, ROOT))
    return pkcs12.serialize_key_and_certificates(b"x", an_ec_key(), certificate, [root], how)


@pytest.mark.parametrize(
    "pbes", [PBES.PBESv1SHA1And3KeyTripleDESCBC, PBES.PBESv2SHA256AndAES256CBC]
)
@pytest.mark.parametrize("hashing", OF_THE_MAC)
def test_reads_what_the_library_writes(pbes: pkcs12.PBES, hashing: hashes.HashAlgorithm) -> None:
    key, certificates = read(a_run(), written(pbes, hashing), PASSWORD)
    assert key.public_key() == an_ec_key().public_key()
    assert [one.raw for one in certificates] == [LEAF, ROOT]


STORE = written(PBES.PBESv2SHA256AndAES256CBC, hashes.SHA256())


def refusal(raw: bytes, password: str = PASSWORD) -> str:
    with pytest.raises(GoError) as caught:
        read(a_run(), raw, password)
    assert PASSWORD not in str(caught.value.parts)
    return caught.value.go_text()


def test_refuses_another_password() -> None:
    for password in ("", "x", PASSWORD + "x"):
        assert refusal(STORE, password) == "pkcs12: decryption password incorrect"


def bag(kind: str, value: bytes) -> bytes:
    return der.sequence(der.oid(kind), der.encode(der.context(0), value))


def store(*bags: bytes) -> bytes:
    """Return a file whose bags are not encrypted."""
    part = der.sequence(der.oid(DATA), der.encode(der.context(0), der.octets(der.sequence(*bags))))
    return assembled(a_run(), [part], password_of(PASSWORD))


CERTIFICATE = bag(
    CERTIFICATE_BAG,
    der.sequence(der.oid(X509), der.encode(der.context(0), der.octets(LEAF))),
)
KEY = bag(KEY_BAG, der_of(an_ec_key()))


def test_reads_bags_that_are_not_encrypted() -> None:
    other = bag("1.2.840.113549.1.12.10.1.5", der.null())
    key, certificates = read(a_run(), store(other, KEY, CERTIFICATE), PASSWORD)
    assert key.public_key() == an_ec_key().public_key()
    assert len(certificates) == 1


def test_wants_one_key_and_a_certificate() -> None:
    assert refusal(store()) == "pkcs12: certificate missing"
    assert refusal(store(KEY)) == "pkcs12: certificate missing"
    assert refusal(store(CERTIFICATE)) == "pkcs12: private key missing"
    assert refusal(store(CERTIFICATE, KEY, KEY)) == "pkcs12: expected exactly one key bag"


def a_part(content: bytes, kind: str = DATA) -> bytes:
    return der.sequence(der.oid(kind), der.encode(der.context(0), der.octets(content)))


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"", "pkcs12: error reading P12 data: asn1: syntax error: sequence truncated"),
        (b"abc", "pkcs12: error reading P12 data: asn1: structure error"),
        (bytes(5 << 20), "pkcs12: error reading P12 data: too long"),
        (der.sequence(der.integer(2), a_part(b"")), "pkcs12: can only decode v3 PFX PDU's"),
        (der.sequence(der.integer(3), a_part(b"")), "pkcs12: no MAC in data"),
        (
            der.sequence(der.integer(3), a_part(b"", "1.2.840.113549.1.7.2")),
            "pkcs12: only password-protected PFX is implemented",
        ),
    ],
)
def test_refuses_what_is_no_suchassembled(raw: bytes, text: str) -> None:
    assert refusal(raw) == text


def with_rounds(mac: int) -> bytes:
    digest = der.sequence(der.sequence(der.oid("1.3.14.3.2.26")), der.octets(bytes(20)))
    check = der.sequence(digest, der.octets(b"salt"), der.integer(mac))
    return der.sequence(der.integer(3), a_part(der.sequence()), check)


def shrouded(rounds: int) -> bytes:
    how = der.sequence(der.octets(b"salt"), der.integer(rounds))
    derivation = der.sequence(der.oid("1.2.840.113549.1.5.12"), how)
    cipher = der.sequence(der.oid("2.16.840.1.101.3.4.1.42"), der.octets(bytes(16)))
    algorithm = der.sequence(der.oid(PBES2), der.sequence(derivation, cipher))
    return bag(SHROUDED_KEY_BAG, der.sequence(algorithm, der.octets(bytes(32))))


@pytest.mark.parametrize("rounds", [1 << 31, (1 << 63) - 1, 1 << 200])
def test_refusesassembleds_that_ask_for_endless_hashing(rounds: int) -> None:
    for raw in (with_rounds(rounds), store(shrouded(rounds))):
        with pytest.raises(BudgetError):
            read(a_run(), raw, PASSWORD)


def test_pays_for_many_bags_and_all_their_hashing() -> None:
    with pytest.raises(BudgetError):
        read(a_run(steps=2000), store(*[CERTIFICATE] * 500), PASSWORD)
    run = a_run()
    read(run, STORE, PASSWORD)
    assert run.steps < run.limits.steps


@given(st.binary(min_size=1, max_size=4), st.integers(min_value=0, max_value=len(STORE)))
def test_raises_nothing_else(noise: bytes, at: int) -> None:
    raw = bytearray(STORE)
    raw[at : at + len(noise)] = noise
    try:
        assert read(a_run(), bytes(raw), PASSWORD)
    except GoError:
        return
