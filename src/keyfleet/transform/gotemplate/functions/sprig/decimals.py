# SPDX-License-Identifier: Apache-2.0
"""Sprig's arithmetic with decimal numbers: `addf 0.1 0.2` is 0.3.

Each float stands for its shortest decimal digits; sums and products of them are exact, quotients
have 16 places. Only the result is a float again. Source: docs/compat/go-templates.md 16.3.
"""

import math
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.functions.sprig.numbers import float64
from keyfleet.transform.gotemplate.functions.table import ANY, Table
from keyfleet.transform.gotemplate.run import Run

DECIMALS: Final = Table()
_PLACES: Final = 16
_BITS_PER_STEP: Final = 256


class Number(NamedTuple):
    """`digits * 10**exponent`."""

    digits: int
    exponent: int


@DECIMALS.function("addf", variadic=ANY, run=True)
def addf(run: Run, *values: Any) -> float:
    """Return the sum."""
    return _calculated(run, _sum, 0.0, *values)


@DECIMALS.function("add1f", params=(ANY,), run=True)
def add1f(run: Run, value: Any) -> float:
    """Return one more."""
    return _calculated(run, _sum, value, 1.0)


@DECIMALS.function("subf", params=(ANY,), variadic=ANY, run=True)
def subf(run: Run, *values: Any) -> float:
    """Return the first without all others."""
    return _calculated(run, _difference, *values)


@DECIMALS.function("mulf", params=(ANY,), variadic=ANY, run=True)
def mulf(run: Run, *values: Any) -> float:
    """Return the product."""
    return _calculated(run, _product, *values)


@DECIMALS.function("divf", params=(ANY,), variadic=ANY, run=True)
def divf(run: Run, *values: Any) -> float:
    """Return the first, divided by all others one after the other."""
    return _calculated(run, _quotient, *values)


def _calculated(run: Run, operation: Callable[[Number, Number], Number], *values: Any) -> float:
    result = _number(float64(values[0]))
    for value in values[1:]:
        result = operation(result, _number(float64(value)))
        run.step(result.digits.bit_length() // _BITS_PER_STEP)
    return _float(result)


def _number(value: float) -> Number:
    if not math.isfinite(value):
        text = "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
        raise GoError(f"Cannot create a Decimal from {text}")
    mantissa, _, exponent = repr(value).partition("e")
    whole, _, decimals = mantissa.partition(".")
    return Number(int(whole + decimals), int(exponent or "0") - len(decimals))


def _sum(a: Number, b: Number) -> Number:
    exponent = min(a.exponent, b.exponent)
    return Number(_digits_at(a, exponent) + _digits_at(b, exponent), exponent)


def _difference(a: Number, b: Number) -> Number:
    return _sum(a, Number(-b.digits, b.exponent))


def _product(a: Number, b: Number) -> Number:
    return Number(a.digits * b.digits, a.exponent + b.exponent)


def _quotient(a: Number, b: Number) -> Number:
    """Return a / b with 16 places; a half is rounded away from zero."""
    if not b.digits:
        raise GoError("decimal division by 0")
    exponent = a.exponent - b.exponent + _PLACES
    dividend = abs(a.digits) * _power(max(exponent, 0))
    divisor = abs(b.digits) * _power(max(-exponent, 0))
    digits = (2 * dividend + divisor) // (2 * divisor)
    return Number(digits if (a.digits < 0) == (b.digits < 0) else -digits, -_PLACES)


def _digits_at(number: Number, exponent: int) -> int:
    return number.digits * _power(number.exponent - exponent)


def _float(number: Number) -> float:
    power = _power(abs(number.exponent))
    try:
        return number.digits / power if number.exponent < 0 else float(number.digits * power)
    except OverflowError:
        return math.inf if number.digits > 0 else -math.inf


def _power(exponent: int) -> int:
    return int(10**exponent)
