# SPDX-License-Identifier: Apache-2.0
"""Go's `time.Duration`: nanoseconds that read and print as `1h2m3.5s`.

Source: docs/compat/go-templates.md 16.10, 20.5.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from keyfleet.base.goduration import (
    HOUR,
    MICROSECOND,
    MILLISECOND,
    MINUTE,
    SECOND,
    DurationError,
    nanoseconds,
    text_of,
)
from keyfleet.transform.gotemplate.errors import Data, GoError
from keyfleet.transform.gotemplate.functions.table import Param, Table
from keyfleet.transform.gotemplate.values import GoObject, Int64, SizedInt, encoded, wrapped

_DAY: Final = 24 * HOUR
_MAX: Final = 2**63 - 1

METHODS: Final = Table()


class Duration(SizedInt, GoObject):
    """`time.Duration`, in nanoseconds."""

    __slots__ = ()
    go_type: ClassVar[str] = "time.Duration"
    go_kind: ClassVar[str] = "int64"
    bits, is_signed = 64, True
    methods: ClassVar[Mapping[str, Any]] = METHODS

    def go_string(self) -> str:
        """Return it as `1h2m3.5s`."""
        return text_of(self)


DURATION: Final = Param("time.Duration", (int,))


def duration(nanoseconds: int) -> Duration:
    """Return a duration; wraps around as Go's does."""
    return Duration(wrapped(nanoseconds))


def parse_duration(text: str) -> Duration:
    """Read a duration such as `-1h30m`.

    Raises:
        GoError: It is none, or too long.
    """
    try:
        return Duration(nanoseconds(text))
    except DurationError as error:
        problem = _in_go_words(text, error)
    raise problem


def _in_go_words(text: str, error: DurationError) -> GoError:
    if error.is_too_long:
        return GoError("time: invalid duration")
    shown = Data(quoted_inside(text))
    match error.unit:
        case None:
            return GoError('time: invalid duration "', shown, '"')
        case "":
            return GoError('time: missing unit in duration "', shown, '"')
        case unit:
            name = Data(quoted_inside(unit))
            return GoError('time: unknown unit "', name, '" in duration "', shown, '"')


def quoted_inside(text: str) -> str:
    r"""Return the text as package time quotes it, without the quotes: `\xNN` beyond ASCII."""
    return "".join(
        f"\\{chr(byte)}"
        if byte in b'"\\'
        else chr(byte)
        if 0x20 <= byte < 0x80
        else f"\\x{byte:02x}"
        for byte in encoded(text)
    )


_LARGE_UNITS: Final = (
    (365 * _DAY, "y"), (30 * _DAY, "mo"), (_DAY, "d"), (HOUR, "h"), (MINUTE, "m"), (SECOND, "s"),
)  # fmt: skip


def largest_unit_text(nanoseconds: int) -> str:
    """Return how many of the largest unit fit, without a sign.

    A duration of exactly one unit is given in the next smaller one.

    >>> [largest_unit_text(n) for n in (60 * SECOND, 61 * SECOND, SECOND, -400 * 24 * HOUR)]
    ['60s', '1m', '0s', '1y']
    """
    rest = abs(nanoseconds)
    for unit, name in _LARGE_UNITS:
        if rest > unit:
            return f"{rest // unit}{name}"
    return "0s"


def rounded(nanoseconds: int, unit: int) -> int:
    """Return the nearest multiple of a unit, halves away from zero."""
    if unit <= 0:
        return nanoseconds
    half_up = (2 * abs(nanoseconds) + unit) // (2 * unit) * unit
    nearest = half_up if nanoseconds >= 0 else -half_up
    return max(-_MAX - 1, min(_MAX, nearest))


def truncated(nanoseconds: int, unit: int) -> int:
    """Return the multiple of a unit towards zero."""
    if unit <= 0:
        return nanoseconds
    towards_zero = abs(nanoseconds) // unit * unit
    return towards_zero if nanoseconds >= 0 else -towards_zero


def _float_method(name: str, unit: int) -> None:
    METHODS.function(name)(lambda value: value // unit + value % unit / unit)


for _name, _unit in (("Hours", HOUR), ("Minutes", MINUTE), ("Seconds", SECOND)):
    _float_method(_name, _unit)


@METHODS.function("String")
def _string(value: Duration) -> str:
    return value.go_string()


@METHODS.function("Nanoseconds")
def _nanoseconds(value: Duration) -> Int64:
    return Int64(value)


@METHODS.function("Microseconds")
def _microseconds(value: Duration) -> Int64:
    return Int64(truncated(value, MICROSECOND) // MICROSECOND)


@METHODS.function("Milliseconds")
def _milliseconds(value: Duration) -> Int64:
    return Int64(truncated(value, MILLISECOND) // MILLISECOND)


@METHODS.function("Abs")
def _abs(value: Duration) -> Duration:
    return Duration(min(abs(value), _MAX))


@METHODS.function("Round", params=(DURATION,))
def _round(value: Duration, unit: int) -> Duration:
    return Duration(rounded(value, unit))


@METHODS.function("Truncate", params=(DURATION,))
def _truncate(value: Duration, unit: int) -> Duration:
    return Duration(truncated(value, unit))
