# SPDX-License-Identifier: Apache-2.0
"""Lists. What Go says to many more is in vectors/sprig_lists.jsonl."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.functions.sprig.lists import (
    append,
    chunk,
    concat,
    first,
    has,
    initial,
    items_of,
    last,
    prepend,
    rest,
    slice_list,
    uniq,
    without,
)
from keyfleet.transform.gotemplate.values import Int64, Uint8, strings, type_of

lists = st.lists(st.integers(0, 3) | st.text("a", max_size=1))


@given(lists, st.integers(1, 4))
def test_chunks_are_the_list_again(items: list[object], size: int) -> None:
    parts = chunk(a_run(), size, items)
    assert concat(a_run(), *parts) == items
    assert type_of(parts) == "[][]interface {}"
    assert all(len(part) == size for part in parts[:-1])


@given(lists)
def test_parts_of_a_list(items: list[object]) -> None:
    assert [first(items), *rest(items)] == (items or [None])
    assert [*initial(items), last(items)] == (items or [None])
    assert prepend(append(items, 1), 0) == [0, *items, 1]


@given(lists)
def test_what_is_unique_is_found_once(items: list[object]) -> None:
    found = uniq(a_run(), items)
    assert all(has(a_run(), item, found) for item in items)
    assert without(a_run(), items, *found) == []
    assert uniq(a_run(), found) == found


def test_types_count() -> None:
    assert not has(a_run(), 3, [Int64(3), 3.0, "3"])
    assert not has(a_run(), 3, None)


def test_a_slice_keeps_its_type() -> None:
    assert type_of(slice_list(strings(["a", "b"]), 1)) == "[]string"
    assert slice_list([], 5, 1) is None


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("text", "Cannot find first on type string"),
        ({}, "Cannot find first on type map"),
        (None, "runtime error: invalid memory address or nil pointer dereference"),
    ],
)
def test_only_lists_have_elements(value: object, problem: str) -> None:
    with pytest.raises(GoError) as caught:
        first(value)
    assert caught.value.go_text() == problem


def test_bytes_are_a_list() -> None:
    assert items_of(b"ab", "") == [Uint8(97), Uint8(98)]


def test_growing_is_bounded() -> None:
    half = list(range(60_000))
    with pytest.raises(BudgetError):
        concat(a_run(), half, half)
    with pytest.raises(BudgetError):
        uniq(a_run(), [[number] for number in half])
    assert uniq(a_run(), [*half, *half[:40_000]]) == half
