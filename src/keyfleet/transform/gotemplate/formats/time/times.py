# SPDX-License-Identifier: Apache-2.0
"""Go's `time.Time` and the types of what its methods give.

Source: docs/compat/go-templates.md 16.10.
"""

from collections.abc import Mapping
from datetime import UTC as PYTHON_UTC
from datetime import datetime
from typing import Any, ClassVar, Final

from keyfleet.base.goduration import SECOND
from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats.time import layouts
from keyfleet.transform.gotemplate.formats.time.calendar import DAY_S, days_until
from keyfleet.transform.gotemplate.formats.time.durations import (
    DURATION,
    Duration,
)
from keyfleet.transform.gotemplate.formats.time.moments import MONTHS, WEEKDAYS, Moment, moment
from keyfleet.transform.gotemplate.formats.time.zones import UTC, Zone
from keyfleet.transform.gotemplate.functions.table import INT, STRING, Table, struct
from keyfleet.transform.gotemplate.run import Run, Text
from keyfleet.transform.gotemplate.values import GoObject, Int64, SizedInt, wrapped

_YEAR_1_S: Final = -719_162 * DAY_S
_MAX_NS: Final = 2**63 - 1

METHODS: Final = Table()
_NUMBERS: Final = Table()


class Month(SizedInt, GoObject):
    """`time.Month`, from 1."""

    __slots__ = ()
    go_type: ClassVar[str] = "time.Month"
    go_kind: ClassVar[str] = "int"
    bits, is_signed = 64, True
    methods: ClassVar[Mapping[str, Any]] = _NUMBERS

    def go_string(self) -> str:
        """Return its English name."""
        return MONTHS[self - 1]


class Weekday(SizedInt, GoObject):
    """`time.Weekday`, 0 for Sunday."""

    __slots__ = ()
    go_type: ClassVar[str] = "time.Weekday"
    go_kind: ClassVar[str] = "int"
    bits, is_signed = 64, True
    methods: ClassVar[Mapping[str, Any]] = _NUMBERS

    def go_string(self) -> str:
        """Return its English name."""
        return WEEKDAYS[self]


@_NUMBERS.function("String")
def _name(value: Month | Weekday) -> str:
    return value.go_string()


class GoTime(GoObject):
    """`time.Time`: a moment and the zone that it is shown in."""

    __slots__ = ("nanosecond", "unix_s", "zone")
    go_type: ClassVar[str] = "time.Time"
    methods: ClassVar[Mapping[str, Any]] = METHODS

    def __init__(self, unix_s: int, nanosecond: int = 0, zone: Zone = UTC) -> None:
        """Make it of seconds and nanoseconds since 1970."""
        self.unix_s = wrapped(unix_s + nanosecond // SECOND)
        self.nanosecond = nanosecond % SECOND
        self.zone = zone

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, GoTime)
            and self.nanoseconds == other.nanoseconds
            and self.zone == other.zone
        )

    def __hash__(self) -> int:
        return hash(self.nanoseconds)

    @property
    def nanoseconds(self) -> int:
        """Since 1970; of any size."""
        return self.unix_s * SECOND + self.nanosecond

    def shown(self) -> Moment:
        """Return what calendar and clocks show."""
        return moment(self.unix_s, self.nanosecond, self.zone)

    def within(self, zone: Zone) -> "GoTime":
        """Return the same moment in another zone."""
        return GoTime(self.unix_s, self.nanosecond, zone)

    def format(self, layout: str) -> str:
        """Return its text by a short, constant layout."""
        return "".join(layouts.formatted(self.shown(), layout))

    def go_string(self) -> str:
        """Return what `String()` gives."""
        return self.format("2006-01-02 15:04:05.999999999 -0700 MST")

    def json_value(self) -> str:
        """Return it as JSON has it."""
        return self.rfc3339()

    def rfc3339(self) -> str:
        """Return it as JSON and YAML write it.

        Raises:
            GoError: Its year has not four digits.
        """
        if not 0 <= self.shown().date.year <= 9999:
            raise GoError("Time.MarshalJSON: year outside of range [0,9999]")
        return self.format(layouts.RFC3339_NANO)


ZERO: Final = GoTime(_YEAR_1_S)
"""The zero `time.Time`: year 1."""
TIME: Final = struct(GoTime)


def of_datetime(value: datetime) -> GoTime:
    """Return the Go time of Python's."""
    since = value - datetime(1970, 1, 1, tzinfo=PYTHON_UTC)
    return GoTime(since.days * DAY_S + since.seconds, since.microseconds * 1000)


def now(run: Run) -> GoTime:
    """Return the time of this render."""
    return of_datetime(run.now())


def format_time(run: Run, value: GoTime, layout: str) -> str:
    """Return the text of a time by a layout of any length."""
    run.step(len(layout) // 8)
    text = Text(run)
    for piece in layouts.formatted(value.shown(), layout):
        text.add(piece)
    return text.whole()


def between(later: GoTime, earlier: GoTime) -> Duration:
    """Return the time from one to the other; the longest duration where it is longer still."""
    return Duration(max(-_MAX_NS - 1, min(_MAX_NS, later.nanoseconds - earlier.nanoseconds)))


def plus(value: GoTime, nanoseconds: int) -> GoTime:
    """Return the time so much later."""
    return GoTime(value.unix_s, value.nanosecond + nanoseconds, value.zone)


def _shown_number(name: str, number: Any) -> None:
    METHODS.function(name)(lambda value: number(value.shown()))


for _method, _number in {
    "Year": lambda m: m.date.year,
    "Month": lambda m: Month(m.date.month),
    "Day": lambda m: m.date.day,
    "Hour": lambda m: m.hour,
    "Minute": lambda m: m.minute,
    "Second": lambda m: m.second,
    "Nanosecond": lambda m: m.nanosecond,
    "Weekday": lambda m: Weekday(m.weekday),
    "YearDay": lambda m: m.year_day,
}.items():
    _shown_number(_method, _number)


def _unix(name: str, unit: int) -> None:
    METHODS.function(name)(lambda value: Int64.wrap(value.nanoseconds // unit))


for _method, _unit in (
    ("Unix", SECOND), ("UnixMilli", 1_000_000), ("UnixMicro", 1000), ("UnixNano", 1),
):  # fmt: skip
    _unix(_method, _unit)


@METHODS.function("UTC", "Local")
def _utc(value: GoTime) -> GoTime:
    return value.within(UTC)


@METHODS.function("String")
def _string(value: GoTime) -> str:
    return value.go_string()


@METHODS.function("IsZero")
def _is_zero(value: GoTime) -> bool:
    return value.nanoseconds == ZERO.nanoseconds


METHODS.function("Format", params=(STRING,), run=True)(format_time)
METHODS.function("Add", params=(DURATION,))(plus)
METHODS.function("Sub", params=(TIME,))(between)
METHODS.function("Before", params=(TIME,))(lambda one, two: one.nanoseconds < two.nanoseconds)
METHODS.function("After", params=(TIME,))(lambda one, two: one.nanoseconds > two.nanoseconds)
METHODS.function("Equal", params=(TIME,))(lambda one, two: one.nanoseconds == two.nanoseconds)
METHODS.function("Compare", params=(TIME,))(
    lambda one, two: (one.nanoseconds > two.nanoseconds) - (one.nanoseconds < two.nanoseconds)
)


@METHODS.function("AddDate", params=(INT, INT, INT))
def _add_date(value: GoTime, years: int, months: int, days: int) -> GoTime:
    shown = value.shown()
    day = days_until(shown.date.year + years, shown.date.month + months, shown.date.day) + days
    clock_s = (shown.hour * 60 + shown.minute) * 60 + shown.second
    local_s = wrapped(day * DAY_S + clock_s)
    return GoTime(value.zone.unix_s(local_s), value.nanosecond, value.zone)


@METHODS.function("Truncate", params=(DURATION,))
def _truncate(value: GoTime, unit: int) -> GoTime:
    since = value.nanoseconds - ZERO.nanoseconds
    return plus(ZERO, since - since % unit).within(value.zone) if unit > 0 else value


@METHODS.function("Round", params=(DURATION,))
def _round(value: GoTime, unit: int) -> GoTime:
    since = value.nanoseconds - ZERO.nanoseconds
    halves_up = (2 * since + unit) // (2 * unit) * unit if unit > 0 else since
    return plus(ZERO, halves_up).within(value.zone)


@METHODS.function("Date")
def _date(_: GoTime) -> Any:
    raise GoError("function Date has 3 return values; should be 1 or 2")
