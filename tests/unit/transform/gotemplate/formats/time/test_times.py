# SPDX-License-Identifier: Apache-2.0
from datetime import UTC as PYTHON_UTC
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats.time import times
from keyfleet.transform.gotemplate.formats.time.times import METHODS, ZERO, GoTime, Month, Weekday
from keyfleet.transform.gotemplate.formats.time.zones import zone
from keyfleet.transform.gotemplate.values import kind_of, type_of

TIME = GoTime(1_580_465_472, 123_456_789)


@given(st.datetimes(timezones=st.just(PYTHON_UTC)))
def test_keeps_the_time_of_python(value: datetime) -> None:
    text = times.of_datetime(value).format("2006-01-02T15:04:05.000000")
    assert text == value.replace(tzinfo=None).isoformat(timespec="microseconds")


@pytest.mark.parametrize("unix_s", [-(2**63), 2**63 - 1, 2**63])
def test_takes_any_number_of_seconds(unix_s: int) -> None:
    time = GoTime(unix_s, zone=zone("Europe/Rome"))
    assert time.go_string()
    assert METHODS["AddDate"].call(time, 2**63 - 1, 2**63 - 1, -(2**63)).go_string()
    with pytest.raises(GoError):
        time.rfc3339()


def test_is_the_same_time_only_in_the_same_zone() -> None:
    assert GoTime(5, 0) == GoTime(4, 10**9)
    assert GoTime(5) != GoTime(5, zone=zone("Europe/Rome"))
    assert len({GoTime(5), GoTime(4, 10**9)}) == 1


def test_begins_in_year_1() -> None:
    assert ZERO.go_string() == "0001-01-01 00:00:00 +0000 UTC"
    assert METHODS["IsZero"].call(ZERO)


def test_has_the_methods_of_go() -> None:
    results = {
        name: METHODS[name].call(TIME)
        for name in METHODS
        if not METHODS[name].params and name != "Date"
    }
    assert results["Month"].go_string() == "January"
    assert results["Weekday"].go_string() == "Friday"
    assert [results[name] for name in ("Year", "Day", "Hour", "Minute", "Second")] == [
        2020, 31, 10, 11, 12,
    ]  # fmt: skip
    assert results["UnixNano"] == 1_580_465_472_123_456_789
    assert results["YearDay"] == 31
    assert METHODS["AddDate"].call(TIME, 1, 1, 1).rfc3339() == "2021-03-04T10:11:12.123456789Z"
    assert METHODS["Truncate"].call(TIME, 10**9).nanosecond == 0
    assert METHODS["Round"].call(TIME, 60 * 10**9).format("15:04:05") == "10:11:00"
    assert METHODS["Sub"].call(TIME, times.plus(TIME, -5)) == 5
    assert METHODS["Sub"].call(GoTime(2**62), ZERO) == 2**63 - 1
    assert METHODS["Before"].call(ZERO, TIME)
    assert METHODS["After"].call(TIME, ZERO)
    assert METHODS["Equal"].call(TIME, TIME.within(zone("Asia/Tokyo")))
    assert METHODS["Compare"].call(ZERO, TIME) == -1
    with pytest.raises(GoError):
        METHODS["Date"].call(TIME)


def test_months_and_weekdays_are_numbers_with_names() -> None:
    assert (type_of(Month(2)), kind_of(Month(2))) == ("time.Month", "int")
    assert (type_of(Weekday(0)), Weekday(0).go_string()) == ("time.Weekday", "Sunday")


def test_writes_by_a_layout_and_tells_the_time_of_the_render() -> None:
    run = a_run()
    assert times.format_time(run, TIME, "Jan _2") == "Jan 31"
    assert times.now(run) == times.of_datetime(run.now())
