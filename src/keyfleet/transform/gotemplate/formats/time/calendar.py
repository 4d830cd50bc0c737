# SPDX-License-Identifier: Apache-2.0
"""Days and dates of the Gregorian calendar for any year, before 1 and after 9999 too."""

from typing import Final, NamedTuple

DAY_S: Final = 86_400
_DAYS_BEFORE_1970: Final = 719_468
"""From March 1 of the year 0: years that begin in March have their leap day at the end."""
_CYCLE_DAYS: Final = 146_097
"""The calendar repeats itself after 400 years."""
CYCLE_S: Final = _CYCLE_DAYS * DAY_S


class Date(NamedTuple):
    """A day."""

    year: int
    month: int
    day: int


def date_of(days: int) -> Date:
    """Return the date so many days after 1970-01-01.

    >>> date_of(-1)
    Date(year=1969, month=12, day=31)
    """
    cycle, day = divmod(days + _DAYS_BEFORE_1970, _CYCLE_DAYS)
    year = (day - day // 1460 + day // 36_524 - day // 146_096) // 365
    day -= 365 * year + year // 4 - year // 100
    march_month = (5 * day + 2) // 153
    day -= (153 * march_month + 2) // 5
    month = (march_month + 2) % 12 + 1
    return Date(400 * cycle + year + (month <= 2), month, day + 1)


def days_until(year: int, month: int, day: int) -> int:
    """Return the days from 1970-01-01 to a date; a month or day that is too great counts on.

    >>> days_until(1970, 13, 1)
    365
    """
    years, month0 = divmod(month - 1, 12)
    year += years
    year -= month0 < 2
    march_month = (month0 - 2) % 12
    cycle, year = divmod(year, 400)
    in_cycle = 365 * year + year // 4 - year // 100 + (153 * march_month + 2) // 5
    return _CYCLE_DAYS * cycle + in_cycle + day - 1 - _DAYS_BEFORE_1970


def is_leap(year: int) -> bool:
    """Return whether the year has a February 29."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def days_in(year: int, month: int) -> int:
    """Return the number of days of a month."""
    return days_until(year, month + 1, 1) - days_until(year, month, 1)


def day_of_year(date: Date) -> int:
    """Return which day of its year it is, from 1."""
    return days_until(*date) - days_until(date.year, 1, 1) + 1
