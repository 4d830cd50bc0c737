# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.playing import consul, problem
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.functions.consul.arithmetic import ARITHMETIC
from keyfleet.transform.gotemplate.values import Int64

int64s = st.integers(-(2**63), 2**63 - 1)


def calculated(name: str, b: object, a: object) -> object:
    return ARITHMETIC[name].call(a_run(), b, a)


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ("subtract 1 5", "4"),
        ("divide 2 -9", "-4"),
        ("divide 2 9.0", "4.5"),
        ("divide 0.0 9", "+Inf"),
        ("modulo 3 -7", "-1"),
        ("minimum 1.5 2 | printf `%T`", "float64"),
        ("minimum 3 7.0 | printf `%T`", "int64"),
        ('add (parseUint "1") (parseUint "2") | printf `%T`', "uint64"),
        ('subtract (parseUint "3") (parseUint "1")', "18446744073709551614"),
    ],
)
def test_takes_its_first_argument_last(action: str, text: str) -> None:
    assert consul(action) == text


@given(int64s, int64s)
def test_overflows_as_go_does(a: int, b: int) -> None:
    total = calculated("add", b, a)
    assert isinstance(total, Int64)
    assert (total - a - b) % 2**64 == 0
    assert -(2**63) <= total < 2**63


@given(int64s, int64s.filter(bool))
def test_quotient_and_remainder_make_the_number_again(a: int, b: int) -> None:
    quotient, rest = calculated("divide", b, a), calculated("modulo", b, a)
    assert isinstance(quotient, int)
    assert isinstance(rest, int)
    assert (quotient * b + rest - a) % 2**64 == 0
    assert abs(rest) < abs(b)


def test_refuses_what_is_no_number_without_showing_it() -> None:
    assert problem(consul, "add .a 1", a="kf-canary-a") == (
        "error calling add: add: unknown type for [redacted] (string)"
    )
    assert problem(consul, "modulo 3 7.0").endswith("unknown type for [redacted] (float64)")


def test_refuses_to_divide_by_zero() -> None:
    assert problem(consul, "divide 0 9").endswith("integer divide by zero")
    assert problem(consul, "modulo 0 9").endswith("integer divide by zero")
