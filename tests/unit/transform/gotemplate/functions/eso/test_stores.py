# SPDX-License-Identifier: Apache-2.0
from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.certs import (
    a_certificate,
    an_ec_key,
    certificate_pem,
    der_of,
    pem_of,
)
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.functions.eso import stores
from keyfleet.transform.gotemplate.values import decoded

LEAF = certificate_pem(a_certificate("leaf", b"1", b"2"))
ROOT = certificate_pem(a_certificate("root", b"2", b"2"))
OTHER = certificate_pem(a_certificate("other", b"7", b"8"))
KEY = pem_of(an_ec_key())
PASSWORD = "kf-canary-ü"


def binary(text: str) -> str:
    return decoded(b64decode(text))


def test_takes_apart_what_it_put_together() -> None:
    store = binary(stores.full_store_of(a_run(), ROOT + LEAF, KEY))
    key = stores.key(a_run(), store)
    assert key.startswith("-----BEGIN PRIVATE KEY-----\n")
    assert b64decode("".join(key.splitlines()[1:-1])) == der_of(an_ec_key())
    assert stores.certificates(a_run(), store) == LEAF + ROOT


def test_does_so_with_a_password() -> None:
    store = binary(stores.full_store_with_password(a_run(), LEAF + ROOT, KEY, PASSWORD))
    assert stores.certificates_with_password(a_run(), PASSWORD, store) == LEAF + ROOT
    for use in (stores.key, stores.certificates):
        with pytest.raises(GoError) as caught:
            use(a_run(), store)
        assert caught.value.go_text().endswith(" password: pkcs12: decryption password incorrect")


def test_takes_only_the_first_certificate_unless_all_are_wanted() -> None:
    for store in (
        stores.store_of(a_run(), LEAF + ROOT, KEY),
        stores.store_with_password(a_run(), LEAF + ROOT, KEY, ""),
    ):
        assert stores.certificates(a_run(), binary(store)) == LEAF


def test_leaves_certificates_that_are_no_chain_in_their_order() -> None:
    store = binary(stores.full_store_of(a_run(), ROOT + OTHER + LEAF, KEY))
    assert stores.certificates(a_run(), store) == ROOT + OTHER + LEAF


def test_makes_trust_stores() -> None:
    for store in (
        stores.trust_store_of(a_run(), ROOT + OTHER),
        stores.trust_store_with_password(a_run(), ROOT + OTHER, ""),
        stores.trust_store_of(a_run(), ""),
    ):
        with pytest.raises(GoError) as caught:
            stores.certificates(a_run(), binary(store))
        assert caught.value.go_text().endswith("missing")


NIL = "runtime error: invalid memory address or nil pointer dereference"


@pytest.mark.parametrize(
    ("certificate", "key", "error"),
    [
        ("", KEY, NIL),
        (LEAF, "", NIL),
        (LEAF, LEAF, "unable to parse private key type"),
        (KEY, KEY, "x509: malformed tbs certificate"),
    ],
)
def test_says_what_go_says(certificate: str, key: str, error: str) -> None:
    for make in (stores.store_of, stores.full_store_of):
        with pytest.raises(GoError) as caught:
            make(a_run(), certificate, key)
        assert caught.value.go_text() == error


def test_says_what_it_cannot_read() -> None:
    with pytest.raises(GoError) as caught:
        stores.key_with_password(a_run(), PASSWORD, "")
    assert caught.value.go_text() == (
        "unable to decode pkcs12 with password: "
        "pkcs12: error reading P12 data: asn1: syntax error: sequence truncated"
    )


@given(st.binary(max_size=100))
def test_raises_nothing_else(raw: bytes) -> None:
    for use in (stores.key, stores.certificates):
        with pytest.raises(GoError):
            use(a_run(), decoded(raw))
