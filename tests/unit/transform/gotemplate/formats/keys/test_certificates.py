# SPDX-License-Identifier: Apache-2.0
from contextlib import suppress
from itertools import pairwise, permutations

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.certs import a_certificate, certificate_pem, parsed
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.formats.keys.certificates import (
    Certificate,
    chain_of,
    extension,
    parse,
    text_of,
)


def link(name: str, key_id: bytes, authority_id: bytes) -> Certificate:
    return parsed(a_certificate(name, key_id, authority_id))


LEAF = ("leaf", b"1", b"2")
MIDDLE = ("middle", b"2", b"3")
ROOT = ("root", b"3", b"")


def test_reads_what_decides_about_the_place_in_a_chain() -> None:
    found = link(*LEAF)
    assert (found.key_id, found.authority_id) == (b"1", b"2")
    assert not found.is_root
    assert link(*ROOT).is_root
    assert link("self", b"3", b"3").is_root
    assert text_of([found]).decode() == certificate_pem(a_certificate(*LEAF))


def test_gives_extensions_that_are_there() -> None:
    found = link(*LEAF).parsed
    assert extension(found, x509.SubjectKeyIdentifier) == x509.SubjectKeyIdentifier(b"1")
    assert extension(found, x509.SubjectAlternativeName) is None


@pytest.mark.parametrize("order", list(permutations((LEAF, MIDDLE, ROOT))))
def test_orders_a_chain_from_the_leaf_up(order: list[tuple[str, bytes, bytes]]) -> None:
    assert chain_of([link(*one) for one in order]) == [link(*LEAF), link(*MIDDLE), link(*ROOT)]


@pytest.mark.parametrize(
    ("links", "text"),
    [
        ([], "no leaf certificate found"),
        ([("a", b"1", b"2"), ("b", b"2", b"1")], "no leaf certificate found"),
        ([LEAF, ROOT], "found multiple leaf or disjunct certificates"),
        ([LEAF, ("x", b"2", b"3"), ("y", b"3", b"2")], "constructing chain resulted in cycle"),
    ],
)
def test_refuses_what_is_no_single_chain(links: list[tuple[str, bytes, bytes]], text: str) -> None:
    with pytest.raises(GoError) as caught:
        chain_of([link(*one) for one in links])
    assert caught.value.go_text() == text


def test_takes_absent_ids_for_equal_as_external_secrets_does() -> None:
    assert [one.key_id for one in chain_of([link("a", b"1", b""), link("b", b"", b"7")])] == [
        b"1", b"",
    ]  # fmt: skip


IDS = st.sampled_from([b"", b"1", b"2", b"3"])


@given(st.lists(st.tuples(IDS, IDS), max_size=6))
def test_gives_each_followed_by_whom_it_names(links: list[tuple[bytes, bytes]]) -> None:
    try:
        chain = chain_of([link("x", *one) for one in links])
    except GoError:
        return
    for one, issuer in pairwise(chain):
        assert one.authority_id == issuer.key_id


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"", "x509: malformed certificate"),
        (b"\x02\x01\x00", "x509: malformed certificate"),
        (b"\x30\x00", "x509: malformed tbs certificate"),
        (a_certificate(*LEAF)[:-1], "x509: malformed certificate"),
        (bytes(300_000), "x509: malformed certificate"),
    ],
)
def test_refuses_what_is_no_certificate(raw: bytes, text: str) -> None:
    with pytest.raises(GoError) as caught:
        parse(a_run(), raw)
    assert caught.value.go_text() == text


def test_pays_for_every_certificate() -> None:
    with pytest.raises(BudgetError):
        parse(a_run(steps=5), a_certificate(*LEAF))


@given(st.binary(min_size=1, max_size=3), st.integers(min_value=0, max_value=500))
def test_raises_nothing_else(noise: bytes, at: int) -> None:
    raw = bytearray(a_certificate(*LEAF))
    raw[at : at + len(noise)] = noise
    with suppress(GoError):
        assert parse(a_run(), bytes(raw)).raw == raw
