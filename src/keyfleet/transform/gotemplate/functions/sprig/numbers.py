# SPDX-License-Identifier: Apache-2.0
"""Sprig's conversions to numbers, and arithmetic with `int64` and `float64`.

Every argument is converted; what is no number counts as 0.
Source: docs/compat/go-templates.md 16.3.
"""

import math
from functools import reduce
from typing import Any, Final

from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.formats import strconv
from keyfleet.transform.gotemplate.formats.casting import LONGEST_NUMBER, as_float, as_integer
from keyfleet.transform.gotemplate.formats.division import float_quotient, quotient, remainder
from keyfleet.transform.gotemplate.functions.sprig.texts import shown
from keyfleet.transform.gotemplate.functions.table import ANY, FLOAT, INT, STRING, Table
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import Int64, wrapped

NUMBERS: Final = Table()
_HALF: Final = 0.5


@NUMBERS.function("int", params=(ANY,))
def integer(value: Any) -> int:
    """Return the value as an `int`."""
    return as_integer(value) or 0


@NUMBERS.function("int64", params=(ANY,))
def int64(value: Any) -> Int64:
    """Return the value as an `int64`."""
    return Int64(integer(value))


@NUMBERS.function("float64", params=(ANY,))
def float64(value: Any) -> float:
    """Return the value as a `float64`."""
    number = as_float(value)
    return 0.0 if number is None else number


@NUMBERS.function("atoi", params=(STRING,))
def atoi(text: str) -> int:
    """Return decimal digits as an `int`; the nearest one when it does not fit."""
    try:
        return strconv.atoi(text)
    except strconv.OutOfRangeError as error:
        return int(error.nearest)
    except GoError:
        return 0


@NUMBERS.function("toDecimal", params=(ANY,), run=True)
def to_decimal(run: Run, value: Any) -> Int64:
    """Return the value's text, read as octal digits, as an `int64`."""
    try:
        return Int64(strconv.parse_int(shown(run, value)[:LONGEST_NUMBER], 8))
    except BudgetError:
        raise
    except GoError:
        return Int64(0)


@NUMBERS.function("add", variadic=ANY)
def add(*values: Any) -> Int64:
    """Return the sum."""
    return _int64(sum(map(integer, values)))


@NUMBERS.function("add1", params=(ANY,))
def add1(value: Any) -> Int64:
    """Return one more."""
    return _int64(integer(value) + 1)


@NUMBERS.function("sub", params=(ANY, ANY))
def sub(a: Any, b: Any) -> Int64:
    """Return a - b."""
    return _int64(integer(a) - integer(b))


@NUMBERS.function("mul", params=(ANY,), variadic=ANY)
def mul(first: Any, *others: Any) -> Int64:
    """Return the product."""
    return _int64(reduce(lambda a, b: wrapped(a * integer(b)), others, integer(first)))


@NUMBERS.function("div", params=(ANY, ANY))
def div(a: Any, b: Any) -> Int64:
    """Return a / b, rounded toward zero."""
    return _int64(quotient(integer(a), integer(b)))


@NUMBERS.function("mod", params=(ANY, ANY))
def mod(a: Any, b: Any) -> Int64:
    """Return a % b, with the sign of a."""
    return _int64(remainder(integer(a), integer(b)))


def _int64(number: int) -> Int64:
    return Int64(wrapped(number))


@NUMBERS.function("max", "biggest", params=(ANY,), variadic=ANY)
def largest(*values: Any) -> Int64:
    """Return the largest."""
    return Int64(max(map(integer, values)))


@NUMBERS.function("min", params=(ANY,), variadic=ANY)
def smallest(*values: Any) -> Int64:
    """Return the smallest."""
    return Int64(min(map(integer, values)))


@NUMBERS.function("maxf", params=(ANY,), variadic=ANY)
def largest_float(*values: Any) -> float:
    """Return the largest as a float."""
    return reduce(float_max, map(float64, values))


@NUMBERS.function("minf", params=(ANY,), variadic=ANY)
def smallest_float(*values: Any) -> float:
    """Return the smallest as a float."""
    return -reduce(float_max, (-float64(value) for value in values))


def float_max(a: float, b: float) -> float:
    """Return the larger one as Go does: infinity before NaN, NaN before numbers, 0 before -0."""
    if math.inf in (a, b):
        return math.inf
    if math.isnan(a) or math.isnan(b):
        return math.nan
    if a == b:
        return a if math.copysign(1, a) > 0 else b
    return max(a, b)


@NUMBERS.function("ceil", params=(ANY,))
def ceil(value: Any) -> float:
    """Return the number, rounded up."""
    return -floor(-float64(value))


@NUMBERS.function("floor", params=(ANY,))
def floor(value: Any) -> float:
    """Return the number, rounded down."""
    number = float64(value)
    return math.copysign(math.floor(number), number) if math.isfinite(number) else number


@NUMBERS.function("round", params=(ANY, INT), variadic=FLOAT)
def round_at(value: Any, places: int, *round_on: float) -> float:
    """Return the number with so many decimal places; a fraction from `round_on` on counts up."""
    power = _power_of_ten(places)
    digit = power * float64(value)
    fraction = math.fmod(digit, 1) if math.isfinite(digit) else math.nan
    counts_up = fraction >= (round_on[0] if round_on else _HALF)
    return float_quotient(ceil(digit) if counts_up else floor(digit), power)


def _power_of_ten(exponent: int) -> float:
    try:
        return 10.0**exponent
    except OverflowError:
        return math.inf
