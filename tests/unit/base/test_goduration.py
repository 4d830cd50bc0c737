# SPDX-License-Identifier: Apache-2.0
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base.errors import InvalidInputError
from keyfleet.base.goduration import DurationError, nanoseconds, parse, show, text_of

durations = st.timedeltas(timedelta(days=-100_000), timedelta(days=100_000))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", timedelta(0)),
        ("-0", timedelta(0)),
        ("1h0m0s", timedelta(hours=1)),
        ("1h30m", timedelta(minutes=90)),
        ("90s", timedelta(seconds=90)),
        ("1.5h", timedelta(minutes=90)),
        (".5s", timedelta(milliseconds=500)),
        ("-15m", timedelta(minutes=-15)),
        ("+2ms", timedelta(milliseconds=2)),
        ("3us", timedelta(microseconds=3)),
        ("3\u00b5s", timedelta(microseconds=3)),
        ("1s1s", timedelta(seconds=2)),
    ],
)
def test_reads_what_go_reads(text: str, expected: timedelta) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "1",
        "1d",
        "1h 30m",
        "h",
        ".s",
        "1hour",
        "9999999h",
        "9223372036s854775808ns",
        "99999999999999999999h",
        "1e3s",
        "\u0661s",
        "0" * 200,
    ],
)
def test_refuses_what_go_refuses_and_quotes_nothing(text: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse(text)
    assert caught.value.code == "input.duration"
    assert str(caught.value) == "not a duration"


@pytest.mark.parametrize(("text", "unit"), [("1", ""), ("1d", "d"), ("", None), ("9999999h", None)])
def test_says_which_unit_is_none(text: str, unit: str | None) -> None:
    with pytest.raises(DurationError) as caught:
        nanoseconds(text)
    assert caught.value.unit == unit


@pytest.mark.parametrize(("text", "microseconds"), [("1ns", 1), ("-1ns", -1), ("1001ns", 2)])
def test_a_duration_does_not_become_none(text: str, microseconds: int) -> None:
    assert parse(text) == timedelta(microseconds=microseconds)


@given(durations)
def test_reads_what_it_shows(duration: timedelta) -> None:
    assert parse(show(duration)) == duration


@given(st.integers(-(2**63), 2**63 - 1))
def test_is_exact_to_the_nanosecond(value: int) -> None:
    assert nanoseconds(text_of(value)) == value


@given(st.text("0123456789.hmsnu\u00b5+-d ", max_size=140) | st.text(max_size=20))
def test_whatever_is_no_duration_is_refused_in_order(text: str) -> None:
    try:
        parse(text)
    except DurationError:
        return
    assert set(text) <= set("0123456789.hmsnu\u00b5\u03bc+-")
