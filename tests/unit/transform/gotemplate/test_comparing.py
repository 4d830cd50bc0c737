# SPDX-License-Identifier: Apache-2.0
"""Comparison: by kind, and an error where kinds have nothing to do with each other."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.comparing import equal, less
from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.values import (
    INVALID,
    GoMap,
    GoObject,
    Int64,
    JsonNumber,
    Uint8,
    decoded,
    encoded,
    nil_list,
)


class Thing(GoObject):
    go_type = "*things.Thing"


THING = Thing()


@pytest.mark.parametrize(
    ("left", "right", "answer"),
    [
        (1, Int64(1), True),
        (2, Uint8(2), True),
        (-1, Uint8(255), False),
        (1.5, 1.5, True),
        (float("nan"), float("nan"), False),
        ("a", JsonNumber("a"), True),
        (True, True, True),
        (1j, 1j, True),
        (None, INVALID, True),
        (None, 0, False),
        ("", None, False),
        (None, {}, False),
        (nil_list(), None, True),
        (nil_list(), [], False),
        (GoMap(is_nil=True), GoMap(is_nil=True), True),
        (THING, THING, True),
        (THING, Thing(), False),
    ],
)
def test_equal(left: Any, right: Any, answer: bool) -> None:
    assert equal(a_run(), left, right) is answer


@pytest.mark.parametrize(
    ("left", "right", "message"),
    [
        (1, "1", "incompatible types for comparison: int and string"),
        (1, True, "incompatible types for comparison: int and bool"),
        (2, 2.0, "incompatible types for comparison: int and float64"),
        ([1], 1, "incompatible types for comparison: []interface {} and int"),
        ([1], [1], "non-comparable type [%!s(int=1)]: []interface {}"),
        ({}, {}, "non-comparable type map[]: map[string]interface {}"),
        ([], {}, "non-comparable types []: []interface {}, map[string]interface {}: map[]"),
    ],
)
def test_refuses_what_go_does_not_compare(left: Any, right: Any, message: str) -> None:
    with pytest.raises(GoError) as caught:
        equal(a_run(), left, right)
    assert caught.value.go_text() == message


def test_shows_no_value_that_cannot_be_compared() -> None:
    with pytest.raises(GoError) as caught:
        equal(a_run(), ["kf-canary-list"], ["kf-canary-list"])
    assert "canary" not in caught.value.shown("{{eq .a .b}}")


@pytest.mark.parametrize(
    ("left", "right", "answer"),
    [
        (1, 2, True),
        (Uint8(1), -1, False),
        (1.0, float("nan"), False),
        ("a", "b", True),
        ("\U0001f600", "\udcff", True),
    ],
)
def test_less(left: Any, right: Any, answer: bool) -> None:
    assert less(left, right) is answer


@pytest.mark.parametrize(
    ("left", "right"), [(True, False), (1j, 2j), (None, 1), (1, None), ([], []), ({}, "")]
)
def test_only_numbers_and_strings_have_an_order(left: Any, right: Any) -> None:
    with pytest.raises(GoError) as caught:
        less(left, right)
    assert caught.value.go_text() == "invalid type for comparison"


def test_numbers_of_different_kinds_have_no_order() -> None:
    with pytest.raises(GoError) as caught:
        less(1, 1.5)
    assert caught.value.go_text() == "incompatible types for comparison: int and float64"


@given(st.binary(max_size=8), st.binary(max_size=8))
def test_strings_are_in_the_order_of_their_bytes(left: bytes, right: bytes) -> None:
    one, other = decoded(left), decoded(right)
    assert less(one, other) is (left < right)
    assert equal(a_run(), one, other) is (encoded(one) == encoded(other))
