# SPDX-License-Identifier: Apache-2.0
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.transform.gotemplate.formatting.directive import Directive
from keyfleet.transform.gotemplate.formatting.floats import complex_text, float_directive_text


@pytest.mark.parametrize(
    ("verb", "text"),
    [
        ("v", "1234.5678"),
        ("e", "1.234568e+03"),
        ("E", "1.234568E+03"),
        ("f", "1234.567800"),
        ("F", "1234.567800"),
        ("g", "1234.5678"),
        ("G", "1234.5678"),
    ],
)
def test_writes_a_number_under_every_verb(verb: str, text: str) -> None:
    assert float_directive_text(1234.5678, Directive(verb)) == text


@pytest.mark.parametrize("verb", ["d", "s", "t", "q", "c"])
def test_has_no_text_under_the_verbs_of_others(verb: str) -> None:
    assert float_directive_text(1.0, Directive(verb)) is None
    assert complex_text(1j, Directive(verb)) is None


@pytest.mark.parametrize(
    ("how", "text"),
    [
        (Directive("f", width=9, precision=2, zero=True), "-00003.14"),
        (Directive("f", width=9, precision=2), "    -3.14"),
        (Directive("f", width=9, precision=2, minus=True, zero=True), "-3.14    "),
        (Directive("f", width=3, precision=2, zero=True), "-3.14"),
    ],
)
def test_fills_after_the_sign(how: Directive, text: str) -> None:
    assert float_directive_text(-3.14159, how) == text


def test_a_space_stands_for_the_plus() -> None:
    assert float_directive_text(1.5, Directive("g", space=True)) == " 1.5"
    assert float_directive_text(1.5, Directive("g", space=True, plus=True)) == "+1.5"


@pytest.mark.parametrize(
    ("number", "how", "text"),
    [
        (1.0, Directive("g", sharp=True), "1.00000"),
        (1e6, Directive("g", sharp=True), "1.00000e+06"),
        (0.0, Directive("g", sharp=True), "0.00000"),
        (0.001, Directive("g", sharp=True, precision=3), "0.00100"),
        (1.0, Directive("f", sharp=True, precision=0), "1."),
        (1.0, Directive("e", sharp=True, precision=0), "1.e+00"),
    ],
)
def test_sharp_keeps_the_point_and_the_zeros(number: float, how: Directive, text: str) -> None:
    assert float_directive_text(number, how) == text


@pytest.mark.parametrize(
    ("number", "how", "text"),
    [
        (math.inf, Directive(width=7, zero=True), "   +Inf"),
        (math.inf, Directive(space=True), " Inf"),
        (-math.inf, Directive("e"), "-Inf"),
        (math.nan, Directive(), "NaN"),
        (math.nan, Directive(plus=True), "+NaN"),
        (math.nan, Directive(space=True), " NaN"),
    ],
)
def test_what_is_not_finite_gets_no_zeros(number: float, how: Directive, text: str) -> None:
    assert float_directive_text(number, how) == text


def test_both_parts_of_a_complex_number_obey_the_directive() -> None:
    assert complex_text(1.5 - 2j, Directive("f", width=6, precision=1)) == "(   1.5  -2.0i)"
    assert complex_text(1 + 2j, Directive()) == "(1+2i)"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_value_can_be_read_again(number: float) -> None:
    assert float(float_directive_text(number, Directive()) or "") == number
