# SPDX-License-Identifier: Apache-2.0
"""sprig's dates and durations; what cannot be read becomes now, year 1 or no duration at all.

Source: docs/compat/go-templates.md 16.10.
"""

from typing import Any, Final

from keyfleet.base.goduration import SECOND, text_of
from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.formats.time import times
from keyfleet.transform.gotemplate.formats.time.durations import (
    Duration,
    duration,
    largest_unit_text,
    parse_duration,
    rounded,
)
from keyfleet.transform.gotemplate.formats.time.layout_reading import parse_time
from keyfleet.transform.gotemplate.formats.time.times import TIME, GoTime
from keyfleet.transform.gotemplate.formats.time.zones import UTC, Zone, zone
from keyfleet.transform.gotemplate.functions.table import ANY, STRING, Table
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import Int32, Int64, wrapped

DATES: Final = Table()
_DAY: Final = "2006-01-02"

DATES.function("now", run=True)(times.now)


def _time_of(run: Run, value: Any, *, seconds: tuple[type, ...] = (int, Int64, Int32)) -> GoTime:
    """Return a time, or that of so many seconds since 1970; now for anything else."""
    if isinstance(value, GoTime):
        return value
    return GoTime(value) if type(value) in seconds else times.now(run)


@DATES.function("dateInZone", "date_in_zone", params=(STRING, ANY, STRING), run=True)
def date_in_zone(run: Run, layout: str, value: Any, zone_name: str) -> str:
    """Return the text of a time in a zone; in UTC where that is unknown."""
    return times.format_time(run, _time_of(run, value).within(_zone(zone_name)), layout)


@DATES.function("date", params=(STRING, ANY), run=True)
def date(run: Run, layout: str, value: Any) -> str:
    """Return the text of a time."""
    return date_in_zone(run, layout, value, "Local")


@DATES.function("htmlDate", params=(ANY,), run=True)
def html_date(run: Run, value: Any) -> str:
    """Return the day as HTML writes it."""
    return date_in_zone(run, _DAY, value, "Local")


@DATES.function("htmlDateInZone", params=(ANY, STRING), run=True)
def html_date_in_zone(run: Run, value: Any, zone_name: str) -> str:
    """Return the day in a zone as HTML writes it."""
    return date_in_zone(run, _DAY, value, zone_name)


def _zone(name: str) -> Zone:
    try:
        return zone(name)
    except GoError:
        return UTC


@DATES.function("mustDateModify", "must_date_modify", params=(STRING, TIME))
def must_date_modify(change: str, value: GoTime) -> GoTime:
    """Return the time so much later, or earlier."""
    return times.plus(value, parse_duration(change))


@DATES.function("dateModify", "date_modify", params=(STRING, TIME))
def date_modify(change: str, value: GoTime) -> GoTime:
    """Return the time so much later; unchanged where that is no duration."""
    return times.plus(value, _duration_or_zero(change))


def _duration_or_zero(text: str) -> Duration:
    try:
        return parse_duration(text)
    except GoError:
        return Duration(0)


@DATES.function("mustToDate", params=(STRING, STRING), run=True)
def must_to_date(run: Run, layout: str, text: str) -> GoTime:
    """Read a time by its layout."""
    return parse_time(run, layout, text)


@DATES.function("toDate", params=(STRING, STRING), run=True)
def to_date(run: Run, layout: str, text: str) -> GoTime:
    """Read a time by its layout; the first moment of year 1 where the text is not like it."""
    try:
        return parse_time(run, layout, text)
    except BudgetError:
        raise
    except GoError:
        return times.ZERO


@DATES.function("unixEpoch", params=(TIME,))
def unix_epoch(value: GoTime) -> str:
    """Return the seconds since 1970."""
    return str(value.unix_s)


@DATES.function("ago", params=(ANY,), run=True)
def ago(run: Run, value: Any) -> str:
    """Return how long ago it was, in whole seconds."""
    since = times.between(times.now(run), _time_of(run, value, seconds=(int, Int64)))
    return text_of(rounded(since, SECOND))


@DATES.function("duration", params=(ANY,))
def duration_of_seconds(value: Any) -> str:
    """Return a number of seconds as a duration; 0s for what is neither text nor int64."""
    seconds = value if type(value) is Int64 else 0
    if type(value) is str:
        seconds = _decimal(value)
    return text_of(duration(seconds * SECOND))


def _decimal(text: str) -> int:
    """Return an integer, the nearest int64 where it is greater, 0 for other text."""
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not (digits.isascii() and digits.isdecimal()):
        return 0
    digits = digits.lstrip("0")
    number = int(digits[:20] or "0") if len(digits) < 20 else 2**64
    return max(-(2**63), min(2**63 - 1, -number if text[0] == "-" else number))


@DATES.function("durationRound", params=(ANY,), run=True)
def duration_round(run: Run, value: Any) -> str:
    """Return a duration, or the time since a moment, in its largest unit."""
    if isinstance(value, GoTime):
        return largest_unit_text(times.between(times.now(run), value))
    if type(value) is str:
        return largest_unit_text(_duration_or_zero(value))
    return largest_unit_text(wrapped(value)) if type(value) is Int64 else "0s"
