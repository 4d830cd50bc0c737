# SPDX-License-Identifier: Apache-2.0
"""Division as Go does it: integers toward zero, floats without an error.

Source: docs/compat/go-templates.md 3.
"""

import math

from keyfleet.transform.gotemplate.errors import GoError


def quotient(a: int, b: int) -> int:
    """Return a / b, rounded toward zero.

    >>> quotient(-7, 2)
    -3

    Raises:
        GoError: b is zero.
    """
    _check_divisor(b)
    whole = abs(a) // abs(b)
    return whole if (a < 0) == (b < 0) else -whole


def remainder(a: int, b: int) -> int:
    """Return a % b, with the sign of a.

    >>> remainder(-7, 3)
    -1

    Raises:
        GoError: b is zero.
    """
    _check_divisor(b)
    rest = abs(a) % abs(b)
    return -rest if a < 0 else rest


def _check_divisor(b: int) -> None:
    if not b:
        raise GoError("runtime error: integer divide by zero")


def float_quotient(a: float, b: float) -> float:
    """Return a / b; infinite or NaN where b is zero."""
    if b:
        return a / b
    if not a or math.isnan(a) or math.isnan(b):
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1, b)
