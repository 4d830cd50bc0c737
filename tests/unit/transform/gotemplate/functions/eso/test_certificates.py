# SPDX-License-Identifier: Apache-2.0
from ipaddress import ip_address

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.certs import (
    a_certificate,
    an_ec_key,
    certificate_pem,
    pem_of,
)
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.functions.eso.certificates import (
    alternative_names,
    blocks_of,
    filter_chain,
    filter_pem,
)
from keyfleet.transform.gotemplate.values import type_of

LEAF = certificate_pem(a_certificate("leaf", b"1", b"2"))
MIDDLE = certificate_pem(a_certificate("middle", b"2", b"3"))
UPPER = certificate_pem(a_certificate("upper", b"3", b"4"))
ROOT = certificate_pem(a_certificate("root", b"4", b"4"))
KEY = pem_of(an_ec_key())


def test_gives_the_blocks_of_one_type() -> None:
    text = f"before {LEAF}{KEY}junk\n{ROOT}"
    assert filter_pem(a_run(), "certificate", text) == LEAF + ROOT
    assert filter_pem(a_run(), "EC PRIVATE KEY", text) == KEY
    assert filter_pem(a_run(), "OTHER", text) == ""
    assert filter_pem(a_run(), "OTHER", "") == ""


@pytest.mark.parametrize("text", ["junk", "-----BEGIN A-----\n", KEY + "junk"])
def test_refuses_junk_where_nothing_else_is(text: str) -> None:
    with pytest.raises(GoError) as caught:
        filter_pem(a_run(), "CERTIFICATE", text)
    assert caught.value.go_text() == "error filtering pem: found junk"


def test_pays_for_every_block() -> None:
    text = "-----BEGIN -----\n-----END -----\n" * 200
    assert len(list(blocks_of(a_run(), text))) == 200
    for use in (lambda run: filter_pem(run, "x", text), lambda run: list(blocks_of(run, text))):
        with pytest.raises(BudgetError):
            use(a_run(steps=100))
    with pytest.raises(BudgetError):
        filter_chain(a_run(steps=100), "leaf", LEAF * 20)


@pytest.mark.parametrize(
    ("which", "text"),
    [("leaf", LEAF), ("intermediate", MIDDLE + UPPER), ("root", ROOT), ("other", "")],
)
def test_gives_the_links_of_a_chain(which: str, text: str) -> None:
    assert filter_chain(a_run(), which, UPPER + ROOT + LEAF + MIDDLE) == text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (ROOT, {"leaf": "", "intermediate": "", "root": ROOT}),
        (LEAF, {"leaf": LEAF, "intermediate": "", "root": ""}),
        (LEAF + MIDDLE, {"leaf": LEAF, "intermediate": MIDDLE, "root": ""}),
    ],
)
def test_gives_nothing_where_a_chain_has_no_such_link(text: str, found: dict[str, str]) -> None:
    assert {which: filter_chain(a_run(), which, text) for which in found} == found


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "no leaf certificate found"),
        (KEY, "x509: malformed tbs certificate"),
        (LEAF + ROOT, "found multiple leaf or disjunct certificates"),
    ],
)
def test_refuses_what_is_no_chain(text: str, error: str) -> None:
    with pytest.raises(GoError) as caught:
        filter_chain(a_run(), "leaf", text)
    assert caught.value.go_text() == error


NAMES = (
    x509.UniformResourceIdentifier("https://a.b/c"),
    x509.RFC822Name("a@b.c"),
    x509.IPAddress(ip_address("1.2.3.4")),
    x509.IPAddress(ip_address("::ffff:1.2.3.5")),
    x509.IPAddress(ip_address("2001:db8:0:0::1")),
    x509.DNSName("*.a.b"),
    x509.DNSName("c"),
)


def test_gives_alternative_names_by_their_kinds() -> None:
    found = alternative_names(a_run(), certificate_pem(a_certificate(alternatives=NAMES)) + LEAF)
    assert found == [
        "*.a.b", "c", "1.2.3.4", "1.2.3.5", "2001:db8::1", "a@b.c", "https://a.b/c"
    ]  # fmt: skip
    assert type_of(found) == "[]string"
    assert alternative_names(a_run(), LEAF) == []


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "failed to decode PEM block"),
        (KEY, "failed to parse certificate: x509: malformed tbs certificate"),
    ],
)
def test_refuses_names_of_what_is_no_certificate(text: str, error: str) -> None:
    with pytest.raises(GoError) as caught:
        alternative_names(a_run(), text)
    assert caught.value.go_text() == error


@given(st.binary(min_size=1, max_size=2), st.integers(min_value=0, max_value=600))
def test_raises_nothing_else(noise: bytes, at: int) -> None:
    raw = bytearray(a_certificate(alternatives=NAMES))
    raw[at : at + len(noise)] = noise
    text = certificate_pem(bytes(raw))
    for use in (alternative_names, lambda run, text: filter_chain(run, "leaf", text)):
        try:
            use(a_run(), text)
        except GoError as error:
            assert "x509" in error.go_text()  # noqa: PT017 - or nothing is raised
