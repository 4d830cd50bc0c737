# SPDX-License-Identifier: Apache-2.0
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from keyfleet.transform.gotemplate.formats.time.calendar import (
    Date,
    date_of,
    day_of_year,
    days_in,
    days_until,
    is_leap,
)


@given(st.dates())
def test_knows_the_days_that_python_knows(day: date) -> None:
    days = (day - date(1970, 1, 1)) // timedelta(days=1)
    assert date_of(days) == (day.year, day.month, day.day)
    assert days_until(day.year, day.month, day.day) == days
    assert day_of_year(date_of(days)) == day.timetuple().tm_yday


@given(st.integers(-(10**15), 10**15))
def test_counts_in_years_before_1_and_after_9999(days: int) -> None:
    assert days_until(*date_of(days)) == days


def test_counts_on_from_a_month_or_day_that_is_too_great() -> None:
    assert date_of(days_until(2020, 14, 31)) == Date(2021, 3, 3)
    assert date_of(days_until(2020, 0, 0)) == Date(2019, 11, 30)


def test_knows_leap_years() -> None:
    assert [is_leap(year) for year in (1900, 2000, 2023, 2024)] == [False, True, False, True]
    assert days_in(2024, 2) == 29
    assert days_in(2023, 12) == 31
