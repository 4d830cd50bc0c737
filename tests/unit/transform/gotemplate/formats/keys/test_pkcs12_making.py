# SPDX-License-Identifier: Apache-2.0
"""PKCS#12 files read back with the library, and with the reader where the library cannot."""

import pytest
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12
from tests.unit.transform.gotemplate.certs import (
    a_certificate,
    an_ec_key,
    an_ed25519_key,
    an_rsa_key,
    der_of,
    parsed,
)
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats.keys.pkcs12 import read
from keyfleet.transform.gotemplate.formats.keys.pkcs12_making import key_store, trust_store

CERTIFICATES = [parsed(a_certificate("leaf", b"1", b"2")), parsed(a_certificate("root", b"2"))]
PASSWORD = "kf-canary-ü"


def test_makes_key_stores_that_the_library_reads() -> None:
    for key in (an_ec_key(), an_rsa_key(), an_ed25519_key()):
        found = load_pkcs12(key_store(a_run(), key, CERTIFICATES, PASSWORD), PASSWORD.encode())
        assert found.key is not None
        assert der_of(found.key) == der_of(key)  # type: ignore[arg-type]


def test_makes_the_first_certificate_that_of_the_key() -> None:
    raw = key_store(a_run(), an_ec_key(), CERTIFICATES, PASSWORD)
    found = load_pkcs12(raw, PASSWORD.encode())
    assert found.cert is not None
    assert found.cert.certificate == CERTIFICATES[0].parsed
    assert [one.certificate for one in found.additional_certs] == [CERTIFICATES[1].parsed]


@pytest.mark.parametrize("password", ["", PASSWORD])
def test_makes_key_stores_that_it_reads(password: str) -> None:
    raw = key_store(a_run(), an_ec_key(), CERTIFICATES, password)
    key, certificates = read(a_run(), raw, password)
    assert key.public_key() == an_ec_key().public_key()
    assert certificates == CERTIFICATES


def test_makes_trust_stores_with_a_name_for_each() -> None:
    raw = trust_store(a_run(), CERTIFICATES, PASSWORD)
    found = load_pkcs12(raw, PASSWORD.encode())
    assert found.key is None
    assert {one.friendly_name for one in found.additional_certs} == {b"CN=leaf", b"CN=root"}
    java = bytes.fromhex("060b6086480186f9662eb7b23f0101")  # visible only where not encrypted
    assert java not in raw
    assert load_pkcs12(trust_store(a_run(), [], PASSWORD), PASSWORD.encode()).additional_certs == []


def test_takes_its_randomness_from_the_render() -> None:
    made = {key_store(a_run(), an_ec_key(), CERTIFICATES, PASSWORD) for _ in range(2)}
    assert len(made) == 1
    run = a_run()
    again = {key_store(run, an_ec_key(), CERTIFICATES, PASSWORD) for _ in range(2)}
    assert len(again) == 2


def test_refuses_what_cannot_be_written() -> None:
    with pytest.raises(GoError):
        key_store(a_run(), an_ec_key(), CERTIFICATES, "😀")
    with pytest.raises(GoError) as caught:
        trust_store(a_run(), [parsed(a_certificate("😀"))], "")
    assert caught.value.go_text().startswith("pkcs12: string contains characters")
