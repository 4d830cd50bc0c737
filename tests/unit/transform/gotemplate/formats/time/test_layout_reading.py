# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats.time.layout_reading import parse_time
from keyfleet.transform.gotemplate.formats.time.layouts import LENGTH_MAX
from keyfleet.transform.gotemplate.formats.time.times import GoTime
from keyfleet.transform.gotemplate.formats.time.zones import zone

LAYOUTS = [
    "2006-01-02T15:04:05.999999999Z07:00",
    "Mon Jan _2 15:04:05.000000000 2006",
    "2006 __2 03:04:05.000000000 PM",
    "20060102150405.000000000-070000",
]


@given(
    st.sampled_from(LAYOUTS),
    st.integers(-62_135_596_800, 253_402_300_799),
    st.integers(0, 10**9 - 1),
)
def test_reads_what_it_writes(layout: str, unix_s: int, nanosecond: int) -> None:
    time = GoTime(unix_s, nanosecond)
    assert parse_time(a_run(), layout, time.format(layout)) == time


@given(st.sampled_from(LAYOUTS), st.text(alphabet="0123456789-:TZ+. JanMo", max_size=30))
def test_reads_or_refuses(layout: str, text: str) -> None:
    try:
        assert isinstance(parse_time(a_run(), layout, text), GoTime)
    except GoError:
        return


@pytest.mark.parametrize(
    ("layout", "text", "problem"),
    [
        ("2006-01-02", "bad", ' as "2006-01-02": cannot parse "bad" as "2006"'),
        ("2006-01-02", "2020-02-30", ": day out of range"),
        ("2006-01-02", "2020-13-01", ": month out of range"),
        ("2006 002", "2021 366", ": day-of-year out of range"),
        ("2006", "2020x", ': extra text: "x"'),
        ("-07:00", "+25:00", ": time zone offset hour out of range"),
    ],
)
def test_refuses_in_the_words_of_go(layout: str, text: str, problem: str) -> None:
    with pytest.raises(GoError) as caught:
        parse_time(a_run(), layout, text)
    assert caught.value.go_text() == f'parsing time "{text}"{problem}'


def test_places_a_time_without_zone_in_the_given_one() -> None:
    rome = zone("Europe/Rome")
    assert parse_time(a_run(), "2006-01-02", "2024-07-01", rome).format("15 MST") == "00 CEST"
    assert parse_time(a_run(), "2006 MST", "2024 CET", rome).format("MST") == "CET"
    assert parse_time(a_run(), "2006 -0700", "2024 +0100", rome).format("MST") == "CET"


def test_takes_an_unknown_abbreviation_for_utc() -> None:
    assert (
        parse_time(a_run(), "2006 MST", "2020 XYZ").go_string() == "2020-01-01 00:00:00 +0000 XYZ"
    )
    assert parse_time(a_run(), "2006 MST", "2020 GMT-3").format("-0700") == "-0300"


def test_refuses_a_very_long_text() -> None:
    with pytest.raises(GoError):
        parse_time(a_run(), "2006", "2" * (LENGTH_MAX + 1))
