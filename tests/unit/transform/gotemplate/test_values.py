# SPDX-License-Identifier: Apache-2.0
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.transform.gotemplate.values import (
    INVALID,
    GoList,
    GoMap,
    GoObject,
    GoSequence,
    Int32,
    Int64,
    JsonNumber,
    SizedInt,
    Uint,
    Uint8,
    Uint32,
    Uint64,
    decoded,
    element_of,
    encoded,
    joined,
    kind_of,
    length,
    nil_list,
    string_map,
    strings,
    type_of,
    wrapped,
    zero_of,
)


class Version(GoObject):
    go_type = "*semver.Version"


class Moment(GoObject):
    go_type = "time.Time"


class Address(GoObject):
    go_type = "net.IP"
    go_kind = "slice"


@pytest.mark.parametrize(
    ("value", "go_type", "kind"),
    [
        ("a", "string", "string"),
        (b"a", "[]uint8", "slice"),
        (True, "bool", "bool"),
        (1, "int", "int"),
        (Int64(1), "int64", "int64"),
        (Uint8(1), "uint8", "uint8"),
        (1.0, "float64", "float64"),
        (1j, "complex128", "complex128"),
        (None, "<nil>", "invalid"),
        (INVALID, "<nil>", "invalid"),
        ([], "[]interface {}", "slice"),
        (GoList([], "int"), "[]int", "slice"),
        ({}, "map[string]interface {}", "map"),
        (GoMap({}, "string"), "map[string]string", "map"),
        (GoMap({}, key="interface {}"), "map[interface {}]interface {}", "map"),
        (JsonNumber("1"), "json.Number", "string"),
        (Version(), "*semver.Version", "ptr"),
        (Moment(), "time.Time", "struct"),
        (Address(), "net.IP", "slice"),
    ],
)
def test_types_and_kinds(value: Any, go_type: str, kind: str) -> None:
    assert (type_of(value), kind_of(value)) == (go_type, kind)


def test_no_value_is_false_and_is_one_of_a_kind() -> None:
    assert not INVALID
    assert repr(INVALID) == "INVALID"


@pytest.mark.parametrize("kind", [Int32, Int64, Uint, Uint8, Uint32, Uint64])
@given(number=st.integers(-(2**70), 2**70))
def test_integers_wrap_around(kind: type[SizedInt], number: int) -> None:
    found = kind.wrap(number)
    lowest = -(2 ** (kind.bits - 1)) if kind.is_signed else 0
    assert type(found) is kind
    assert lowest <= found < lowest + 2**kind.bits
    assert (found - number) % 2**kind.bits == 0


@given(st.integers(-(2**63), 2**63 - 1))
def test_integers_that_fit_stay_as_they_are(number: int) -> None:
    assert wrapped(number) == number


@given(st.binary())
def test_every_byte_survives_in_a_string(raw: bytes) -> None:
    assert encoded(decoded(raw)) == raw
    assert length(decoded(raw)) == len(raw)


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(0, 50))
def test_the_halves_of_a_character_become_that_character_again(text: str, cut: int) -> None:
    raw = encoded(text)
    assert joined(decoded(raw[:cut]), decoded(raw[cut:])) == text


def test_lists_and_maps_know_the_types_of_their_elements() -> None:
    assert element_of([]) == element_of({}) == "interface {}"
    assert element_of(strings(["a"])) == element_of(string_map({"a": "b"})) == "string"
    assert nil_list("int").is_nil
    assert not strings([]).is_nil


@pytest.mark.parametrize(
    ("go_type", "zero"),
    [("string", ""), ("int", 0), ("float64", 0.0), ("bool", False), ("interface {}", None)],
)
def test_zero_values(go_type: str, zero: Any) -> None:
    assert (type(zero_of(go_type)), zero_of(go_type)) == (type(zero), zero)


def test_the_zero_value_of_a_slice_is_nil() -> None:
    found = zero_of("[]string")
    assert (type_of(found), found, found.is_nil) == ("[]string", [], True)


def test_objects_show_nothing_that_they_do_not_list() -> None:
    moment = Moment()
    assert moment.fields() == {}
    assert moment.methods == {}
    assert moment.go_string() is None
    assert moment.underlying() is moment.json_value() is moment


def test_a_sequence_says_what_it_yields() -> None:
    with pytest.raises(NotImplementedError):
        iter(GoSequence())
