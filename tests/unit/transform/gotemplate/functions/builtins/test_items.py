# SPDX-License-Identifier: Apache-2.0
"""len, index, slice and call."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.functions.builtins.items import (
    call,
    index,
    len_,
    named_call,
    slice_,
)
from keyfleet.transform.gotemplate.values import (
    INVALID,
    GoMap,
    Int64,
    Uint8,
    decoded,
    encoded,
    string_map,
    strings,
    type_of,
)

MIXED = GoMap({5: "int", "5": "text", True: "bool"}, key="interface {}")


def error_of(function: Any, *arguments: Any) -> str:
    with pytest.raises(GoError) as caught:
        function(*arguments)
    return caught.value.go_text()


def test_len_counts_bytes_elements_and_entries() -> None:
    assert [len_(one) for one in ("çay", "\udcff", b"ab", [1], {"a": 1}, "")] == [4, 1, 2, 1, 1, 0]


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (None, "len of nil pointer"),
        (INVALID, "reflect: call of reflect.Value.Type on zero Value"),
        (3, "len of type int"),
    ],
)
def test_len_refuses(item: Any, message: str) -> None:
    assert error_of(len_, item) == message


@pytest.mark.parametrize(
    ("item", "keys", "value"),
    [
        (5, (), 5),
        ([1, [2, 3]], (1, Int64(0)), 2),
        ({"a": {"b": None}}, ("a", "b"), None),
        ({}, ("x",), None),
        (string_map({}), ("x",), ""),
        (GoMap({5: "five"}, key="int"), (Uint8(5),), "five"),
        (MIXED, ("5",), "text"),
        (MIXED, (True,), "bool"),
        (MIXED, (None,), None),
    ],
)
def test_index(item: Any, keys: tuple[Any, ...], value: Any) -> None:
    assert index(item, *keys) == value


def test_index_of_a_string_is_a_byte() -> None:
    found = index("é", 1)
    assert (found, type_of(found)) == (0xA9, "uint8")
    assert type_of(index(b"ab", 0)) == "uint8"


@pytest.mark.parametrize(
    ("item", "key", "message"),
    [
        (None, 1, "index of untyped nil"),
        (5, 1, "can't index item of type int"),
        ([1], "a", "cannot index slice/array with type string"),
        ([1], True, "cannot index slice/array with type bool"),
        ([1], None, "cannot index slice/array with nil"),
        ([1], 1, "reflect: slice index out of range"),
        ("a", 1, "reflect: string index out of range"),
        ([1], 2, "index out of range: 2"),
        ([1], -1, "index out of range: -1"),
        ({"1": 1}, 1, "value has type int; should be string"),
        ({}, None, "value is nil; should be of type string"),
        (MIXED, [], "runtime error: hash of unhashable type []interface {}"),
    ],
)
def test_index_refuses(item: Any, key: Any, message: str) -> None:
    assert error_of(index, item, key) == message


def test_index_names_nil_that_it_meets_on_its_way() -> None:
    assert error_of(index, {"a": None}, "a", "b") == "index of nil pointer"


@given(st.binary(max_size=6), st.integers(0, 6), st.integers(0, 6))
def test_slice_cuts_strings_by_bytes(raw: bytes, start: int, end: int) -> None:
    if start <= end <= len(raw):
        assert encoded(slice_(a_run(), decoded(raw), start, end)) == raw[start:end]
    else:
        error_of(slice_, a_run(), decoded(raw), start, end)


def test_slice_of_lists_keeps_their_type_and_shares_nothing() -> None:
    items = strings(["a", "b", "c"])
    part = slice_(a_run(), items, 1, 2, 3)
    assert (part, type_of(part)) == (["b"], "[]string")
    whole = slice_(a_run(), items)
    assert (whole, whole is items) == (items, False)
    assert slice_(a_run(), b"abc", 1) == b"bc"


@pytest.mark.parametrize(
    ("item", "bounds", "message"),
    [
        (None, (), "slice of untyped nil"),
        ({}, (1,), "can't slice item of type map[string]interface {}"),
        ("abc", (1, 2, 3), "cannot 3-index slice a string"),
        ("abc", (1, 2, 3, 4), "too many slice indexes: 4"),
        ("abc", (4,), "index out of range: 4"),
        ("abc", (2, 1), "invalid slice index: 2 > 1"),
        ([1, 2, 3], (0, 3, 2), "invalid slice index: 3 > 2"),
    ],
)
def test_slice_refuses(item: Any, bounds: tuple[Any, ...], message: str) -> None:
    assert error_of(slice_, a_run(), item, *bounds) == message


def test_slice_pays_for_what_it_copies() -> None:
    with pytest.raises(BudgetError):
        slice_(a_run(elements=5), [0] * 10)


def test_call_finds_nothing_to_call() -> None:
    assert error_of(call, None) == "call of nil"
    assert error_of(call, "a", 1) == "non-function a of type string"
    assert error_of(call, 1) == "non-function <int Value> of type int"
    assert error_of(named_call(".x").call, 1) == "non-function .x of type int"


@pytest.mark.parametrize("position", [54321, -54321])
def test_a_position_may_be_a_secret(position: int) -> None:
    with pytest.raises(GoError) as caught:
        index([1], position)
    assert "54321" not in caught.value.shown("{{index .l .n}}")
