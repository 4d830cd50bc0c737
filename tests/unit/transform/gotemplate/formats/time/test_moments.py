# SPDX-License-Identifier: Apache-2.0
from keyfleet.transform.gotemplate.formats.time.calendar import Date
from keyfleet.transform.gotemplate.formats.time.moments import moment
from keyfleet.transform.gotemplate.formats.time.zones import zone


def test_shows_what_calendar_and_clock_show() -> None:
    shown = moment(1_711_846_800, 5, zone("Europe/Rome"))
    assert shown == (Date(2024, 3, 31), 3, 0, 0, 5, "CEST", 7200)
    assert (shown.weekday, shown.year_day) == (0, 91)


def test_shows_the_day_before_1970() -> None:
    shown = moment(-1)
    assert (shown.date, shown.hour, shown.minute, shown.second) == (Date(1969, 12, 31), 23, 59, 59)
    assert shown.weekday == 3
