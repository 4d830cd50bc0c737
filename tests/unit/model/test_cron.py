# SPDX-License-Identifier: Apache-2.0
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.model.cron import schedule_of

VECTORS = Path(__file__).parent / "vectors" / "cron.jsonl"


class Vector(msgspec.Struct):
    """What Go's cron says of a schedule; nothing follows where it refuses the text."""

    schedule: str
    next: dict[datetime, datetime | None] | None = None


def recorded() -> list[Vector]:
    """Return the recorded answers."""
    return [msgspec.json.decode(line, type=Vector) for line in VECTORS.read_bytes().splitlines()]


@pytest.mark.parametrize("vector", recorded(), ids=lambda vector: vector.schedule)
def test_fires_when_go_fires(vector: Vector) -> None:
    schedule = schedule_of(vector.schedule)
    if vector.next is None:
        assert schedule is None
        return
    assert schedule is not None
    for moment, expected in vector.next.items():
        assert schedule.after(moment.astimezone(UTC)) == expected


@given(
    st.lists(st.text("0123456789*/-,?aunMON ", max_size=6), min_size=5, max_size=5),
    st.timedeltas(timedelta(days=-900), timedelta(days=900)),
)
def test_a_firing_is_later_and_the_same_until_it_is_there(parts: list[str], age: timedelta) -> None:
    schedule = schedule_of(" ".join(parts))
    if schedule is None:
        return
    now = datetime(2026, 6, 1, tzinfo=UTC) + age
    fires = schedule.after(now)
    if fires is not None:
        assert fires > now
        assert schedule.after(now + (fires - now) / 2) == fires


@given(st.text(max_size=30))
def test_any_text_is_a_schedule_or_none(text: str) -> None:
    schedule_of(text)
