# SPDX-License-Identifier: Apache-2.0
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats.division import float_quotient, quotient, remainder


@given(st.integers(), st.integers().filter(bool))
def test_rounds_toward_zero(a: int, b: int) -> None:
    assert quotient(a, b) * b + remainder(a, b) == a
    assert quotient(-a, b) == -quotient(a, b)
    assert remainder(-a, b) == -remainder(a, b)
    assert abs(remainder(a, b)) < abs(b)


def test_integers_are_not_divided_by_zero() -> None:
    for divide in (quotient, remainder):
        with pytest.raises(GoError):
            divide(1, 0)


@pytest.mark.parametrize(
    ("a", "b", "result"),
    [(1.0, 0.0, math.inf), (1.0, -0.0, -math.inf), (-1.0, 0.0, -math.inf), (9.0, 2.0, 4.5)],
)
def test_floats_are(a: float, b: float, result: float) -> None:
    assert float_quotient(a, b) == result


@pytest.mark.parametrize("a", [0.0, math.nan])
def test_nothing_by_nothing_is_not_a_number(a: float) -> None:
    assert math.isnan(float_quotient(a, 0.0))
