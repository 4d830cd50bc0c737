# SPDX-License-Identifier: Apache-2.0
"""Merging and copying."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.merging import (
    check_writable,
    deep_copy,
    merge,
    merge_overwrite,
    started,
)
from keyfleet.transform.gotemplate.values import GoMap, strings

maps = st.recursive(
    st.dictionaries(st.sampled_from("abc"), st.integers() | st.just("")),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner | st.none()),
)


def merged(target: dict[str, Any], source: dict[str, Any]) -> dict[str, Any]:
    merge(a_run(), target, source)
    return target


def overwritten(target: dict[str, Any], source: dict[str, Any]) -> dict[str, Any]:
    merge_overwrite(a_run(), target, source)
    return target


def test_merge_keeps_what_the_target_has() -> None:
    target = {"a": 1, "b": {"c": 2}, "empty": ""}
    source = {"a": 9, "b": {"c": 9, "d": 3}, "empty": "x", "new": False, "nil": None}
    assert merged(target, source) == {
        "a": 1, "b": {"c": 2, "d": 3}, "empty": "x", "new": False,
    }  # fmt: skip


def test_overwriting_takes_what_the_source_has_even_if_it_is_empty() -> None:
    target = {"a": 1, "b": {"c": 2}, "l": [1], "m": {"x": 1}}
    source = {"a": 0, "b": {"c": None, "d": 3}, "l": [], "m": {}}
    assert overwritten(target, source) == {
        "a": 0, "b": {"c": None, "d": 3}, "l": [], "m": {"x": 1},
    }  # fmt: skip


@given(maps)
def test_a_map_merged_with_itself_stays(value: dict[str, Any]) -> None:
    copy = deep_copy(a_run(), value)
    assert merged(value, copy) == copy
    assert overwritten(value, copy) == copy


@given(maps, maps)
def test_overwriting_leaves_every_key_of_both(
    target: dict[str, Any], source: dict[str, Any]
) -> None:
    keys = {*target, *source}
    assert set(overwritten(target, source)) == keys


def test_nested_maps_are_shared_with_the_source() -> None:
    source = {"a": {"b": 1}}
    merged({}, source)["a"]["c"] = 2
    assert source == {"a": {"b": 1, "c": 2}}


def test_a_map_of_strings_takes_nothing_from_one_of_anything() -> None:
    with pytest.raises(GoError) as caught:
        merged(GoMap({"a": ""}, "string"), {"a": 1})
    assert caught.value.go_text() == (
        "reflect.Value.SetMapIndex: value of type interface {} is not assignable to type string"
    )


def test_a_nil_map_cannot_be_written_and_is_replaced_by_merging() -> None:
    nil = GoMap(is_nil=True)
    with pytest.raises(GoError):
        check_writable(nil)
    assert started(nil, GoMap(is_nil=True), {}) == {}
    assert not isinstance(started(nil, {}), GoMap)
    assert started(nil, GoMap(is_nil=True)) is nil
    other: dict[str, Any] = {}
    assert started(other) is other


@pytest.mark.parametrize("change", [merge, merge_overwrite])
def test_stops_in_maps_that_hold_themselves(change: Any) -> None:
    target: dict[str, Any] = {}
    target["a"] = target
    with pytest.raises(BudgetError):
        change(a_run(), target, {"a": target})


def test_a_copy_shares_nothing_and_keeps_types() -> None:
    value = {"a": [strings(["x"]), GoMap({"k": "v"}, "string", key="int")]}
    copy = deep_copy(a_run(), value)
    assert copy == value
    assert copy["a"][0].element == "string"
    assert (copy["a"][1].element, copy["a"][1].key) == ("string", "int")
    copy["a"][0].append("y")
    assert value["a"][0] == ["x"]


def test_copying_what_is_shared_again_and_again_ends() -> None:
    value: list[Any] = [1]
    for _ in range(40):
        value = [value, value]
    with pytest.raises(BudgetError):
        deep_copy(a_run(), value)
