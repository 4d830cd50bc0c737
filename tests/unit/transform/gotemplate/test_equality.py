# SPDX-License-Identifier: Apache-2.0
"""Deep equality with types."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.equality import deep_equal
from keyfleet.transform.gotemplate.errors import BudgetError
from keyfleet.transform.gotemplate.merging import deep_copy
from keyfleet.transform.gotemplate.values import GoMap, Int64, JsonNumber, nil_list, strings

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(values)
def test_a_copy_equals_its_original(value: Any) -> None:
    assert deep_equal(a_run(), value, deep_copy(a_run(), value))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (1, 1.0), (2, Int64(2)), (1, True), (3, "3"), ("1", JsonNumber("1")), (None, []),
        ([], nil_list()), (["a"], strings(["a"])), ({}, GoMap(is_nil=True)), ([1], [1.0]),
        ({"a": 1}, {"a": 2}), ({"a": 1}, {"b": 1}), ([1], [1, 2]), (b"a", "a"), ([[1]], [[2]]),
    ],
)  # fmt: skip
def test_differs_by_type_and_content(left: Any, right: Any) -> None:
    assert not deep_equal(a_run(), left, right)
    assert not deep_equal(a_run(), right, left)


def test_what_is_no_number_equals_itself_only_within_one_list() -> None:
    """Go compares the list's address first."""
    nan = float("nan")
    same = [nan]
    assert not deep_equal(a_run(), nan, nan)
    assert not deep_equal(a_run(), [nan], [nan])
    assert deep_equal(a_run(), same, same)


def test_stops_in_values_that_hold_themselves() -> None:
    left: dict[str, Any] = {}
    right: dict[str, Any] = {}
    left["a"], right["a"] = left, right
    with pytest.raises(BudgetError):
        deep_equal(a_run(), left, right)


def test_pays_for_long_strings() -> None:
    run = a_run(steps=100)
    long = "x" * 500_000
    with pytest.raises(BudgetError):
        deep_equal(run, [long], ["x" * 500_000])
    assert deep_equal(a_run(steps=100), [long], [long])
