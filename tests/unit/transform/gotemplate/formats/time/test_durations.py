# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base.goduration import HOUR, SECOND, text_of
from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats.time.durations import (
    METHODS,
    Duration,
    duration,
    largest_unit_text,
    parse_duration,
    rounded,
    truncated,
)
from keyfleet.transform.gotemplate.values import kind_of, type_of

nanoseconds = st.integers(-(2**63), 2**63 - 1)


@given(nanoseconds)
def test_reads_what_it_writes(value: int) -> None:
    assert parse_duration(text_of(value)) == value


@given(st.text(alphabet="0123456789.hmsnuµ+-é ", max_size=140))
def test_reads_or_refuses(text: str) -> None:
    try:
        assert isinstance(parse_duration(text), Duration)
    except GoError:
        return


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("bad", 'time: invalid duration "bad"'),
        ("", 'time: invalid duration ""'),
        ("1", 'time: missing unit in duration "1"'),
        ("1x", 'time: unknown unit "x" in duration "1x"'),
        ('é"', 'time: invalid duration "\\xc3\\xa9\\""'),
        ("9223372036854775808ns", 'time: invalid duration "9223372036854775808ns"'),
        ("1" * 129 + "s", "time: invalid duration"),
    ],
)
def test_refuses_in_the_words_of_go(text: str, problem: str) -> None:
    with pytest.raises(GoError) as caught:
        parse_duration(text)
    assert caught.value.go_text() == problem


def test_wraps_around() -> None:
    assert duration(2**63) == -(2**63)


def test_is_an_int64_of_its_own() -> None:
    value = Duration(HOUR)
    assert (type_of(value), kind_of(value), value.go_string()) == (
        "time.Duration",
        "int64",
        "1h0m0s",
    )


@given(nanoseconds, st.integers(1, 10**12))
def test_rounds_to_a_multiple(value: int, unit: int) -> None:
    assert abs(truncated(value, unit)) <= abs(value)
    assert truncated(value, unit) % unit == 0
    if abs(value) < 2**62:
        assert 2 * abs(rounded(value, unit) - value) <= unit


def test_rounds_halves_away_from_zero() -> None:
    assert [rounded(n, 10) for n in (5, -5, 4, -4)] == [10, -10, 0, 0]
    assert rounded(7, 0) == truncated(7, -1) == 7


def test_gives_one_unit_in_the_next_smaller_one() -> None:
    assert largest_unit_text(24 * HOUR) == "24h"
    assert largest_unit_text(-(24 * HOUR) - 1) == "1d"


def test_has_the_methods_of_go() -> None:
    value = Duration(90 * SECOND + 5_000_000)
    results = {name: METHODS[name].call(value) for name in METHODS if not METHODS[name].params}
    assert results["Hours"] == pytest.approx(0.0250014)
    assert results["Seconds"] == 90.005
    assert results["Milliseconds"] == 90_005
    assert results["Microseconds"] == 90_005_000
    assert results["Nanoseconds"] == value
    assert results["String"] == "1m30.005s"
    assert METHODS["Abs"].call(Duration(-(2**63))) == 2**63 - 1
    assert METHODS["Round"].call(value, 60 * SECOND) == 120 * SECOND
    assert METHODS["Truncate"].call(value, 60 * SECOND) == 60 * SECOND
