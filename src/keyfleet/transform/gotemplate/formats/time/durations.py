# SPDX-License-Identifier: Apache-2.0
"""Go's `time.Duration`: nanoseconds that read and print as `1h2m3.5s`.

Source: docs/compat/go-templates.md 16.10, 20.5.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from keyfleet.transform.gotemplate.errors import Data, GoError
from keyfleet.transform.gotemplate.functions.table import Param, Table
from keyfleet.transform.gotemplate.values import GoObject, Int64, SizedInt, encoded, wrapped

MICROSECOND: Final = 1_000
MILLISECOND: Final = 1_000_000
SECOND: Final = 1_000_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
_DAY: Final = 24 * HOUR

_UNITS: Final[Mapping[str, int]] = {
    "ns": 1, "us": MICROSECOND, "\u00b5s": MICROSECOND, "\u03bcs": MICROSECOND,
    "ms": MILLISECOND, "s": SECOND, "m": MINUTE, "h": HOUR,
}  # fmt: skip
_MAX: Final = 2**63 - 1
_LONGEST: Final = 128
"""Characters of a duration."""

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
        return duration_text(self)


DURATION: Final = Param("time.Duration", (int,))


def duration(nanoseconds: int) -> Duration:
    """Return a duration; wraps around as Go's does."""
    return Duration(wrapped(nanoseconds))


def parse_duration(text: str) -> Duration:
    """Read a duration such as `-1h30m`.

    Raises:
        GoError: It is none, or too long.
    """
    if len(text) > _LONGEST:
        raise GoError("time: invalid duration")
    rest = text[1:] if text[:1] in ("-", "+") else text
    if rest == "0":
        return Duration(0)
    if not rest:
        raise _invalid(text)
    total = 0
    while rest:
        nanoseconds, rest = _term(text, rest)
        total += nanoseconds
        if total > _MAX + 1:
            raise _invalid(text)
    if text[0] == "-":
        return Duration(-total)
    if total > _MAX:
        raise _invalid(text)
    return Duration(total)


def _term(text: str, rest: str) -> tuple[int, str]:
    """Return the first number with its unit, and what follows."""
    whole, rest = _digits(rest)
    fraction = ""
    has_point = rest.startswith(".")
    if has_point:
        fraction, rest = _digits(rest[1:])
    if not whole and not fraction:
        raise _invalid(text)
    end = next((i for i, letter in enumerate(rest) if letter in ".0123456789"), len(rest))
    if end == 0:
        raise GoError('time: missing unit in duration "', Data(quoted_inside(text)), '"')
    unit = _UNITS.get(rest[:end])
    if unit is None:
        raise GoError(
            'time: unknown unit "', Data(quoted_inside(rest[:end])),
            '" in duration "', Data(quoted_inside(text)), '"',
        )  # fmt: skip
    if len(whole.lstrip("0")) > 19 or int(whole[-19:] or "0") > (_MAX + 1) // unit:
        raise _invalid(text)
    # 18 digits: those beyond change nothing, and Go drops them too when they overflow.
    part = int(int(fraction[:18] or "0") * (unit / 10.0 ** len(fraction[:18])))
    return int(whole[-19:] or "0") * unit + part, rest[end:]


def _digits(text: str) -> tuple[str, str]:
    rest = text.lstrip("0123456789")
    return text[: len(text) - len(rest)], rest


def _invalid(text: str) -> GoError:
    return GoError('time: invalid duration "', Data(quoted_inside(text)), '"')


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


def duration_text(nanoseconds: int) -> str:
    """Return a duration as Go prints it.

    >>> [duration_text(n) for n in (0, 1500, 95 * SECOND, -HOUR)]
    ['0s', '1.5\u00b5s', '1m35s', '-1h0m0s']
    """
    rest = abs(nanoseconds)
    sign = "-" if nanoseconds < 0 else ""
    if rest == 0:
        return "0s"
    if rest < SECOND:
        unit, name = next(
            (unit, name)
            for unit, name in ((MILLISECOND, "ms"), (MICROSECOND, "\u00b5s"), (1, "ns"))
            if rest >= unit
        )
        return f"{sign}{_decimal(rest, unit)}{name}"
    minutes, rest = divmod(rest, MINUTE)
    seconds = f"{_decimal(rest, SECOND)}s"
    if minutes == 0:
        return sign + seconds
    hours, minutes = divmod(minutes, 60)
    return f"{sign}{hours}h{minutes}m{seconds}" if hours else f"{sign}{minutes}m{seconds}"


def _decimal(number: int, unit: int) -> str:
    whole, part = divmod(number, unit)
    digits = f"{part:0{len(str(unit)) - 1}d}".rstrip("0") if part else ""
    return f"{whole}.{digits}" if digits else str(whole)


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
