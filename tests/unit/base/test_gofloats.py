# SPDX-License-Identifier: Apache-2.0
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base.gofloats import float_text, format_float

finite = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0"),
        (-0.0, "-0"),
        (2.0, "2"),
        (999999.0, "999999"),
        (1000000.0, "1e+06"),
        (1234567.8, "1.2345678e+06"),
        (123456.7, "123456.7"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (5e-324, "5e-324"),
        (1e100, "1e+100"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
        (math.nan, "NaN"),
    ],
)
def test_writes_six_digits_before_it_takes_an_exponent(number: float, text: str) -> None:
    assert float_text(number) == text


@pytest.mark.parametrize(
    ("number", "verb", "precision", "text"),
    [
        (1e21, "f", -1, "1000000000000000000000"),
        (1e-7, "f", -1, "0.0000001"),
        (2.5, "f", 0, "2"),
        (1234.5, "e", -1, "1.2345e+03"),
        (1.0, "e", -1, "1e+00"),
        (1234.5, "E", 2, "1.23E+03"),
        (1e-10, "G", -1, "1E-10"),
        (123456.0, "g", 3, "1.23e+05"),
        (123456.0, "g", 10, "123456"),
        (1000000.0, "g", 7, "1000000"),
        (1000000.0, "g", 0, "1e+06"),
        (0.1, "g", 20, "0.10000000000000000555"),
        (1.0, "b", -1, "4503599627370496p-52"),
        (5e-324, "b", -1, "1p-1074"),
        (0.0, "b", -1, "0p-1074"),
        (1.5, "x", -1, "0x1.8p+00"),
        (-1.5, "X", 3, "-0X1.800P+00"),
        (1.96875, "x", 1, "0x1.0p+01"),
        (1.96875, "x", 0, "0x1p+01"),
        (1.5, "x", 20, "0x1.80000000000000000000p+00"),
        (0.0, "x", 2, "0x0.00p+00"),
        (5e-324, "x", -1, "0x1p-1074"),
    ],
)
def test_writes_every_form(number: float, verb: str, precision: int, text: str) -> None:
    assert format_float(number, verb, precision) == text


@given(finite, st.sampled_from("efg"))
def test_the_shortest_digits_can_be_read_again(number: float, verb: str) -> None:
    assert float(format_float(number, verb)) == number


@given(finite)
def test_hexadecimals_are_exact(number: float) -> None:
    assert float.fromhex(format_float(number, "x")) == number


@given(finite)
def test_binary_exponents_are_exact(number: float) -> None:
    mantissa, _, exponent = format_float(number, "b").partition("p")
    assert math.ldexp(int(mantissa), int(exponent)) == number
