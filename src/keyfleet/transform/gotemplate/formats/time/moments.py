# SPDX-License-Identifier: Apache-2.0
"""A moment as the clocks and the calendar of a place show it, to the nanosecond."""

from typing import Final, NamedTuple

from keyfleet.transform.gotemplate.formats.time.calendar import (
    DAY_S,
    Date,
    date_of,
    day_of_year,
    days_until,
)
from keyfleet.transform.gotemplate.formats.time.zones import UTC, Zone

MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
WEEKDAYS: Final = (
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
)  # fmt: skip


class Moment(NamedTuple):
    """What a calendar and a clock show."""

    date: Date
    hour: int
    minute: int
    second: int
    nanosecond: int
    abbreviation: str
    """Of the zone."""
    offset_s: int

    @property
    def weekday(self) -> int:
        """The day of the week, 0 for Sunday."""
        return (days_until(*self.date) + 4) % 7

    @property
    def year_day(self) -> int:
        """The day of the year, from 1."""
        return day_of_year(self.date)


def moment(unix_s: int, nanosecond: int = 0, zone: Zone = UTC) -> Moment:
    """Return what they show in a zone."""
    abbreviation, offset_s = zone.at(unix_s)
    days, rest = divmod(unix_s + offset_s, DAY_S)
    minutes, second = divmod(rest, 60)
    return Moment(
        date_of(days), minutes // 60, minutes % 60, second, nanosecond, abbreviation, offset_s
    )
