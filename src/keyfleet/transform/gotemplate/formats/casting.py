# SPDX-License-Identifier: Apache-2.0
"""Values of any type as numbers, as Go's `cast` makes them.

Source: docs/compat/go-templates.md 16.3.
"""

import math
from typing import Any, Final

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats.strconv import parse_float, parse_int
from keyfleet.transform.gotemplate.values import wrapped

_DIGITS: Final = "0123456789"
INT64_MIN: Final = -(2**63)
LONGEST_NUMBER: Final = 1000
"""Characters; more are no number here, even if all of them are zeros."""


def as_integer(value: Any) -> int | None:
    """Return the value as an `int64`, None where it is no number.

    >>> [as_integer(value) for value in ("0x1F", "3.7", 2.9, True, None, "3x")]
    [31, 3, 2, 1, 0, None]
    """
    match value:
        case None:
            return 0
        case str():
            return _integer_of_text(value)
        case int():
            return wrapped(int(value))
        case float():
            return truncated(value)
    return None


def as_float(value: Any) -> float | None:
    """Return the value as a `float64`, None where it is no number."""
    match value:
        case None:
            return 0.0
        case str():
            return _float_of_text(value)
        case int() | float():
            return float(value)
    return None


def truncated(number: float) -> int:
    """Return a float as an `int64`; the smallest one where it does not fit, as on Go's machines."""
    if not math.isfinite(number):
        return INT64_MIN
    whole = int(number)
    return whole if -(2**63) <= whole < 2**63 else INT64_MIN


def _integer_of_text(text: str) -> int | None:
    if len(text) > LONGEST_NUMBER:
        return None
    try:
        return parse_int(_without_decimals(text), 0)
    except GoError:
        return None


def _without_decimals(text: str) -> str:
    """Return `12` for `12.5`; anything else than digits around a point as it is."""
    whole, point, decimals = text.partition(".")
    has_sign = whole[:1] in {"+", "-"}
    if not point or (whole[has_sign:] + decimals).strip(_DIGITS):
        return text
    return whole


def _float_of_text(text: str) -> float | None:
    if len(text) > LONGEST_NUMBER:
        return None
    try:
        return parse_float(text)
    except GoError:
        return None
