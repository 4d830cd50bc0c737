# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.transform.gotemplate.formats.keys import der


@given(st.binary(max_size=300))
def test_reads_what_it_writes(raw: bytes) -> None:
    assert der.read(der.octets(raw)).expect(der.OCTET_STRING) == raw
    parts = der.read(der.sequence(der.octets(raw), der.null())).children()
    assert parts == [der.Element(der.OCTET_STRING, raw), der.Element(der.NULL, b"")]


@given(st.integers(min_value=-(2**200), max_value=2**200))
def test_reads_the_integers_it_writes(number: int) -> None:
    assert der.read(der.integer(number)).number() == number


@given(
    st.tuples(st.integers(0, 2), st.integers(0, 39)),
    st.lists(st.integers(min_value=0, max_value=2**40), max_size=6),
)
def test_reads_the_identifiers_it_writes(first: tuple[int, int], others: list[int]) -> None:
    dotted = ".".join(map(str, (*first, *others)))
    assert der.read(der.oid(dotted)).oid() == dotted


def test_writes_long_contents_with_their_length() -> None:
    assert der.octets(b"x" * 300)[:4] == b"\x04\x82\x01\x2c"


def test_sorts_sets_and_marks_unused_bits() -> None:
    assert der.set_of(b"\x02\x01\x02", b"\x02\x01\x01") == bytes.fromhex("3106020101020102")
    assert der.bits(b"\xa0", unused=5) == bytes.fromhex("030205a0")
    assert der.context(3) == 0xA3
    assert der.context(2, is_constructed=False) == 0x82


@pytest.mark.parametrize(
    "raw",
    ["", "30", "3005", "308000", "3085", "308500000000", "1f8101", "0201010201", "04820001"],
)
def test_refuses_what_is_cut_off_or_goes_on(raw: str) -> None:
    with pytest.raises(der.DerError):
        der.read(bytes.fromhex(raw))


def test_refuses_another_type() -> None:
    element = der.read(der.null())
    for read in (element.number, element.oid, element.children):
        with pytest.raises(der.DerError):
            read()
    with pytest.raises(der.DerError):
        der.Element(der.INTEGER, b"").number()
    for content in (b"", b"\x80", b"\x01" * 65):
        with pytest.raises(der.DerError):
            der.Element(der.OID, content).oid()


def test_stops_at_more_parts_than_are_wanted() -> None:
    element = der.read(der.sequence(*[der.null()] * 65))
    with pytest.raises(der.DerError):
        element.children()
    assert len(element.children(most=65)) == 65


@given(st.binary())
def test_raises_nothing_else(raw: bytes) -> None:
    try:
        element = der.read(raw)
        element.children(element.tag)
    except der.DerError:
        return
    assert len(element.content) < len(raw)
