# SPDX-License-Identifier: Apache-2.0
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base.clock import (
    Clock,
    SystemClock,
    micro_timestamp,
    parse_timestamp,
    timestamp,
)

zones = st.integers(-12 * 60, 12 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime(1970, 1, 2), datetime(9000, 1, 1), timezones=zones)  # noqa: DTZ001 - the strategy adds the zone


@given(moments)
def test_timestamps_come_back_to_the_second_and_to_the_microsecond(moment: datetime) -> None:
    assert parse_timestamp(timestamp(moment)) == moment.replace(microsecond=0)
    assert parse_timestamp(micro_timestamp(moment)) == moment


def test_a_time_without_a_zone_is_utc() -> None:
    assert parse_timestamp("2026-01-01T10:00:00") == datetime(2026, 1, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01T00:00:00Z"])
def test_what_names_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the text is Python's
        parse_timestamp(text)


async def test_the_system_clock_moves() -> None:
    clock: Clock = SystemClock()
    before, wall = clock.monotonic(), clock.now()
    await clock.sleep(0.001)
    assert clock.monotonic() > before
    assert wall.tzinfo is UTC
