# SPDX-License-Identifier: Apache-2.0
"""Sprout's arithmetic: floats throughout, then the type of the first argument.

Source: docs/compat/go-templates.md 18.
"""

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any, Final

from keyfleet.transform.gotemplate.errors import Data, GoError
from keyfleet.transform.gotemplate.formats.casting import as_float, truncated
from keyfleet.transform.gotemplate.formats.division import float_quotient
from keyfleet.transform.gotemplate.functions.sprig import numbers as sprig
from keyfleet.transform.gotemplate.functions.sprout.casting import (
    cast_float,
    cast_integer,
    of_type_like,
)
from keyfleet.transform.gotemplate.functions.table import ANY, FLOAT, INT, Table
from keyfleet.transform.gotemplate.printing import printed
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import Int64, type_of

NUMERIC: Final = Table()
_CONVERTIBLE: Final = (int, float, str, type(None))
Operation = Callable[[float, float], float]


def _float(run: Run, value: Any) -> float:
    return float(_converted(run, cast_float, value, "float64"))


def _converted(run: Run, cast: Callable[..., Any], value: Any, target: str, *more: Any) -> Any:
    try:
        return cast(run, value, *more)
    except GoError as error:
        shown = Data(printed(value, run))
        raise GoError("failed to convert: ", shown, f" to {target}: ", *error.parts) from None


def _folded(run: Run, values: Sequence[Any], calculate: Operation) -> int | float:
    """Return the result for all values one after the other, in the type of the first."""
    if not values:
        return 0.0
    result = _float(run, values[0])
    for value in values[1:]:
        result = calculate(result, _float(run, value))
    if values[0] is None:
        raise GoError("runtime error: invalid memory address or nil pointer dereference")
    return of_type_like(values[0], result)


@NUMERIC.function("add", "addf", variadic=ANY, run=True)
def add(run: Run, *values: Any) -> int | float:
    """Return the sum."""
    return _folded(run, values, operator.add)


@NUMERIC.function("add1", "add1f", params=(ANY,), run=True)
def add1(run: Run, value: Any) -> int | float:
    """Return the value plus one."""
    if isinstance(value, bool) or not isinstance(value, _CONVERTIBLE):
        kind = type_of(value)
        raise GoError(
            f"reflect.Value.Convert: value of type int cannot be converted to type {kind}"
        )
    # Go makes the one of the value's type, and of an integer's digits a character.
    return add(run, value, "\x01" if isinstance(value, str) else 1)


@NUMERIC.function("sub", "subf", variadic=ANY, run=True)
def sub(run: Run, *values: Any) -> int | float:
    """Return the first value minus all others."""
    return _folded(run, values, operator.sub)


@NUMERIC.function("mulf", variadic=ANY, run=True)
def mulf(run: Run, *values: Any) -> int | float:
    """Return the product, 1 of nothing."""
    return _folded(run, values, operator.mul) if values else 1.0


@NUMERIC.function("mul", variadic=ANY, run=True)
def mul(run: Run, *values: Any) -> Int64:
    """Return the product as an `int64`."""
    return Int64(cast_integer(run, mulf(run, *values), "int64"))


@NUMERIC.function("divf", variadic=ANY, run=True)
def divf(run: Run, *values: Any) -> float:
    """Return the first value divided by all others; what is no number there is zero."""
    if not values:
        return 0.0
    return float(_folded(run, (as_float(values[0]) or 0.0, *values[1:]), float_quotient))


@NUMERIC.function("div", variadic=ANY, run=True)
def div(run: Run, *values: Any) -> Int64:
    """Return the quotient as an `int64`."""
    return Int64(truncated(divf(run, *values)))


@NUMERIC.function("mod", params=(ANY, ANY), run=True)
def mod(run: Run, value: Any, divisor: Any) -> int | float:
    """Return the remainder, with the sign of the value."""
    return _folded(run, (value, divisor), _remainder)


def _remainder(a: float, b: float) -> float:
    return math.nan if not b or math.isinf(a) else math.fmod(a, b)


@NUMERIC.function("min", params=(ANY,), variadic=ANY, run=True)
def smallest(run: Run, *values: Any) -> Int64:
    """Return the least value as an `int64`."""
    return Int64(min(_integers(run, values)))


@NUMERIC.function("max", params=(ANY,), variadic=ANY, run=True)
def largest(run: Run, *values: Any) -> Int64:
    """Return the greatest value as an `int64`."""
    return Int64(max(_integers(run, values)))


def _integers(run: Run, values: Sequence[Any]) -> list[int]:
    return [int(_converted(run, cast_integer, value, "int64", "int64")) for value in values]


@NUMERIC.function("minf", params=(ANY,), variadic=ANY, run=True)
def smallest_float(run: Run, *values: Any) -> float:
    """Return the least value; NaN if one is."""
    return sprig.smallest_float(*[_float(run, value) for value in values])


@NUMERIC.function("maxf", params=(ANY,), variadic=ANY, run=True)
def largest_float(run: Run, *values: Any) -> float:
    """Return the greatest value; NaN if one is."""
    return sprig.largest_float(*[_float(run, value) for value in values])


@NUMERIC.function("floor", params=(ANY,), run=True)
def floor(run: Run, value: Any) -> float:
    """Return the greatest whole number that is not greater."""
    return sprig.floor(_float(run, value))


@NUMERIC.function("ceil", params=(ANY,), run=True)
def ceil(run: Run, value: Any) -> float:
    """Return the least whole number that is not less."""
    return sprig.ceil(_float(run, value))


@NUMERIC.function("round", params=(ANY, INT), variadic=FLOAT, run=True)
def round_at(run: Run, value: Any, places: int, *round_on: float) -> float:
    """Return the value rounded to so many decimal places, up from a half or `round_on` on."""
    return sprig.round_at(_float(run, value), places, *round_on[:1])
