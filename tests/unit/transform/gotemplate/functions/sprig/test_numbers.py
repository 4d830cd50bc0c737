# SPDX-License-Identifier: Apache-2.0
"""Numbers. What Go says to many more is in vectors/sprig_numbers.jsonl."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.functions.sprig.numbers import (
    add,
    add1,
    atoi,
    ceil,
    div,
    float_max,
    floor,
    int64,
    largest,
    mod,
    mul,
    round_at,
    smallest,
    smallest_float,
    sub,
    to_decimal,
)
from keyfleet.transform.gotemplate.values import Int64

integers = st.integers(-(2**63), 2**63 - 1)


@given(integers, integers)
def test_arithmetic_wraps_around_in_64_bits(a: int, b: int) -> None:
    for result in (add(a, b), sub(a, b), mul(a, b), add1(a)):
        assert type(result) is Int64
        assert -(2**63) <= result < 2**63
    assert (add(a, b) - a - b) % 2**64 == 0


@given(integers, integers.filter(bool))
def test_division_and_remainder_fit(a: int, b: int) -> None:
    assert (div(a, b) * b + mod(a, b) - a) % 2**64 == 0


@given(st.lists(integers, min_size=1))
def test_extremes_are_among_the_numbers(numbers: list[int]) -> None:
    assert (largest(*numbers), smallest(*numbers)) == (max(numbers), min(numbers))


def test_division_by_zero_is_an_error() -> None:
    for divide in (div, mod):
        with pytest.raises(GoError) as caught:
            divide(1, "x")
        assert caught.value.go_text() == "runtime error: integer divide by zero"


@given(st.floats())
def test_floor_and_ceil_enclose(number: float) -> None:
    if math.isfinite(number):
        assert floor(number) <= number <= ceil(number)
    else:
        assert repr(floor(number)) == repr(ceil(number)) == repr(number)


@pytest.mark.parametrize(
    ("arguments", "result"),
    [((-2.5, 0), -3.0), ((2.5, 0), 3.0), ((123.456, -1), 120.0), ((1.4, 0, 0.4), 1.0)],
)
def test_rounds_toward_minus_infinity_below_zero(arguments: tuple[Any, ...], result: float) -> None:
    assert round_at(*arguments) == result


def test_extremes_of_floats_are_those_of_go() -> None:
    assert math.isnan(float_max(math.nan, 1))
    assert float_max(math.nan, math.inf) == math.inf
    assert math.copysign(1, smallest_float(0.0, -0.0)) == -1


def test_texts() -> None:
    assert (atoi("-7"), atoi("x"), atoi("9" * 30), atoi("-" + "9" * 30)) == (
        -7, 0, 2**63 - 1, -(2**63),
    )  # fmt: skip
    assert (to_decimal(a_run(), "777"), to_decimal(a_run(), "8"), int64("0x1f")) == (511, 0, 31)


def test_a_spent_budget_is_no_zero() -> None:
    with pytest.raises(BudgetError):
        to_decimal(a_run(steps=5), list(range(1000)))
