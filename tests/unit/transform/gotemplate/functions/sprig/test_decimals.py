# SPDX-License-Identifier: Apache-2.0
"""Decimal arithmetic. What Go says to many more is in vectors/sprig_decimals.jsonl."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.functions.sprig.decimals import add1f, addf, divf, mulf, subf

floats = st.floats(-1e6, 1e6)


@given(st.lists(floats, min_size=1, max_size=4))
def test_sums_are_those_of_the_decimal_digits(numbers: list[float]) -> None:
    exact = sum((Decimal(repr(number)) for number in numbers), Decimal(0))
    assert addf(a_run(), *numbers) == float(exact)
    assert subf(a_run(), 0, *numbers) == float(-exact)


def test_digits_are_those_that_are_written() -> None:
    assert addf(a_run(), 0.1, 0.2) == 0.3
    assert add1f(a_run(), 0.1) == 1.1
    assert mulf(a_run(), 1.1, 1.1) == 1.21
    assert divf(a_run(), 2, 3) == 0.6666666666666667


@pytest.mark.parametrize(
    ("numbers", "problem"),
    [
        ((1.0, 0.0), "decimal division by 0"),
        ((float("nan"),), "Cannot create a Decimal from NaN"),
        ((float("inf"),), "Cannot create a Decimal from +Inf"),
        ((-float("inf"),), "Cannot create a Decimal from -Inf"),
    ],
)
def test_refuses(numbers: tuple[float, ...], problem: str) -> None:
    with pytest.raises(GoError) as caught:
        divf(a_run(), *numbers)
    assert caught.value.go_text() == problem


def test_products_too_large_are_infinite_and_paid_for() -> None:
    assert mulf(a_run(), -1e300, 1e300) == -float("inf")
    with pytest.raises(BudgetError):
        mulf(a_run(), *[1.2345678e300] * 10_000)
