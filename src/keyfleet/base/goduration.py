# SPDX-License-Identifier: Apache-2.0
"""Durations as Go reads and prints them: `1h30m`, `1.5h`, `-90s`, `0`; a day is no unit.

Go counts nanoseconds, Python microseconds: `nanoseconds` and `text_of` are exact, `parse` rounds
away from zero, so that no duration of a manifest becomes none.
Source: docs/compat/go-templates.md 16.10, 20.5.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from keyfleet.base.errors import InvalidInputError

MICROSECOND: Final = 1_000
MILLISECOND: Final = 1_000_000
SECOND: Final = 1_000_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE

_UNITS: Final[Mapping[str, int]] = {
    "ns": 1, "us": MICROSECOND, "\u00b5s": MICROSECOND, "\u03bcs": MICROSECOND,
    "ms": MILLISECOND, "s": SECOND, "m": MINUTE, "h": HOUR,
}  # fmt: skip
_MAX: Final = 2**63 - 1
_LONGEST: Final = 128
"""Characters of a duration."""


class DurationError(InvalidInputError):
    """The text is no duration; it is not quoted, but `unit` is a part of it."""

    def __init__(self, *, unit: str | None = None, is_too_long: bool = False) -> None:
        super().__init__(
            "input.duration", "not a duration", hint='write it as in Go, such as "90s" or "1h30m"'
        )
        self.unit = unit
        """The unit that is none; empty where one is missing, None where that is not the fault."""
        self.is_too_long = is_too_long


def parse(text: str) -> timedelta:
    """Read a duration such as `1h30m`; below a microsecond it is rounded away from zero.

    Raises:
        DurationError: `input.duration`; an InvalidInputError that does not quote the text.

    >>> parse("1h30m"), parse("1ns")
    (datetime.timedelta(seconds=5400), datetime.timedelta(microseconds=1))
    """
    exact = nanoseconds(text)
    rounded = -(-abs(exact) // MICROSECOND)
    return timedelta(microseconds=rounded if exact > 0 else -rounded)


def show(duration: timedelta) -> str:
    """Return a duration as Go prints it.

    >>> show(timedelta(hours=1)), show(timedelta(milliseconds=1500)), show(timedelta(0))
    ('1h0m0s', '1.5s', '0s')
    """
    return text_of(duration // timedelta(microseconds=1) * MICROSECOND)


def nanoseconds(text: str) -> int:
    """Read a duration, exactly.

    Raises:
        DurationError: `input.duration`: no duration, too long a text, or more than 64 bits hold.
    """
    if len(text) > _LONGEST:
        raise DurationError(is_too_long=True)
    rest = text[1:] if text[:1] in ("-", "+") else text
    if rest == "0":
        return 0
    if not rest:
        raise DurationError
    total = 0
    while rest:
        part, rest = _term(rest)
        total += part
        if total > _MAX + 1:
            raise DurationError
    if text[0] == "-":
        return -total
    if total > _MAX:
        raise DurationError
    return total


def _term(rest: str) -> tuple[int, str]:
    """Return the first number with its unit, and what follows."""
    whole, rest = _digits(rest)
    fraction = ""
    if rest.startswith("."):
        fraction, rest = _digits(rest[1:])
    if not whole and not fraction:
        raise DurationError
    end = next((i for i, letter in enumerate(rest) if letter in ".0123456789"), len(rest))
    unit = _UNITS.get(rest[:end])
    if unit is None:
        raise DurationError(unit=rest[:end])
    if len(whole.lstrip("0")) > 19 or int(whole[-19:] or "0") > (_MAX + 1) // unit:
        raise DurationError
    # 18 digits: those beyond change nothing, and Go drops them too when they overflow.
    part = int(int(fraction[:18] or "0") * (unit / 10.0 ** len(fraction[:18])))
    return int(whole[-19:] or "0") * unit + part, rest[end:]


def _digits(text: str) -> tuple[str, str]:
    rest = text.lstrip("0123456789")
    return text[: len(text) - len(rest)], rest


def text_of(nanoseconds: int) -> str:
    """Return a duration as Go prints it.

    >>> [text_of(n) for n in (0, 1500, 95 * SECOND, -HOUR)]
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
