# SPDX-License-Identifier: Apache-2.0
"""Maps. What Go says to many more is in vectors/sprig_maps.jsonl."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.functions.sprig.maps import (
    deep_copy,
    dig,
    keys,
    make_dict,
    merge,
    merge_overwrite,
    omit,
    pick,
    pluck,
    set_key,
    unset,
    values,
)
from keyfleet.transform.gotemplate.values import GoMap

maps = st.dictionaries(st.text("ab\u00e9"), st.integers())


@given(maps)
def test_keys_and_values_are_in_the_order_of_bytes(container: dict[str, int]) -> None:
    found = keys(a_run(), container)
    assert [name.encode() for name in found] == sorted(name.encode() for name in container)
    assert values(container) == [container[name] for name in found]
    assert {**pick(container, *found[:1]), **omit(container, *found[:1])} == container


def test_keys_are_texts_and_a_last_one_alone_has_no_value() -> None:
    assert make_dict(a_run(), 1, "a", None, "b", "c") == {"1": "a", "<nil>": "b", "c": ""}


def test_set_and_unset_change_the_map() -> None:
    container: dict[str, int] = {}
    assert set_key(a_run(), container, "a", 1) is container
    assert pluck("a", container, {}, {"a": None}) == [1, None]
    assert unset(container, "a") is container
    assert container == {}


def test_dig_walks_to_a_value_or_the_default() -> None:
    container = {"a": {"b": 1}, "n": None}
    assert dig("a", "b", "d", container) == 1
    assert dig("a", "x", "d", container) == "d"
    with pytest.raises(GoError) as caught:
        dig("n", "x", "d", container)
    assert caught.value.go_text() == (
        "interface conversion: interface {} is nil, not map[string]interface {}"
    )


def test_merging_begins_with_a_new_map_for_a_nil_one() -> None:
    assert merge(a_run(), GoMap(is_nil=True), {"a": 1}) == {"a": 1}
    assert merge_overwrite(a_run(), {"a": 1}, {"a": 2}, {"a": 3}) == {"a": 3}
    with pytest.raises(GoError):
        set_key(a_run(), GoMap(is_nil=True), "a", 1)


def test_nil_cannot_be_copied() -> None:
    assert deep_copy(a_run(), {"a": None}) == {"a": None}
    with pytest.raises(GoError):
        deep_copy(a_run(), None)


def test_a_map_cannot_grow_without_end() -> None:
    run, container = a_run(), dict[str, int]()

    def grow() -> None:
        for index in range(200_000):
            set_key(run, container, str(index), 1)

    with pytest.raises(BudgetError):
        grow()
    assert len(container) <= run.limits.elements
