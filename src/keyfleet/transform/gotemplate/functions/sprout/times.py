# SPDX-License-Identifier: Apache-2.0
"""Sprout's dates and durations. Source: docs/compat/go-templates.md 18."""

from typing import Any, Final

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats.casting import truncated
from keyfleet.transform.gotemplate.formats.time.durations import (
    Duration,
    largest_unit_text,
    parse_duration,
)
from keyfleet.transform.gotemplate.formats.time.times import TIME, GoTime, between, now
from keyfleet.transform.gotemplate.formats.time.zones import zone
from keyfleet.transform.gotemplate.functions.sprig import dates as sprig
from keyfleet.transform.gotemplate.functions.table import ANY, STRING, Table
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import Int64

TIMES: Final = Table()

TIMES.function("date", params=(STRING, ANY), run=True)(sprig.date)
TIMES.function("htmlDate", params=(ANY,), run=True)(sprig.html_date)
TIMES.function("dateAgo", params=(ANY,), run=True)(sprig.ago)
TIMES.function("dateModify", "mustDateModify", params=(STRING, TIME))(sprig.must_date_modify)


@TIMES.function("dateInZone", params=(STRING, ANY, STRING), run=True)
def date_in_zone(run: Run, layout: str, value: Any, zone_name: str) -> str:
    """Return the text of a time in a zone."""
    zone(zone_name)
    return sprig.date_in_zone(run, layout, value, zone_name)


@TIMES.function("htmlDateInZone", params=(ANY, STRING), run=True)
def html_date_in_zone(run: Run, value: Any, zone_name: str) -> str:
    """Return the day in a zone as HTML writes it."""
    zone(zone_name)
    return sprig.html_date_in_zone(run, value, zone_name)


@TIMES.function("duration", params=(ANY,))
def duration(value: Any) -> str:
    """Return a number of seconds as a duration."""
    if type(value) is int:
        return sprig.duration_of_seconds(Int64(value))
    if type(value) is float:
        return sprig.duration_of_seconds(Int64(truncated(value)))
    return sprig.duration_of_seconds(value)


@TIMES.function("durationRound", params=(ANY,), run=True)
def duration_round(run: Run, value: Any) -> str:
    """Return a duration, or the time since a moment, in its largest unit; nothing below that."""
    nanoseconds = _nanoseconds(run, value)
    if not nanoseconds:
        return "0s"
    text = largest_unit_text(nanoseconds)
    return ("-" if nanoseconds < 0 else "") + ("" if text == "0s" else text)


def _nanoseconds(run: Run, value: Any) -> int:
    if isinstance(value, GoTime):
        return between(now(run), value)
    if isinstance(value, Duration) or type(value) is Int64:
        return int(value)
    try:
        return parse_duration(value) if isinstance(value, str) else 0
    except GoError:
        return 0
