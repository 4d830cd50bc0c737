# SPDX-License-Identifier: Apache-2.0
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.model.refresh import Refresh, RefreshPolicy, Standing, is_due, next_due
from keyfleet.model.windows import Window, WindowKind, Windows

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
PERIODIC = Refresh(interval=HOUR)
ONCE = Refresh(interval=timedelta(0))
ON_CHANGE = Refresh(RefreshPolicy.ON_CHANGE, HOUR)
CREATED_ONCE = Refresh(RefreshPolicy.CREATED_ONCE, HOUR)
NIGHTLY = Windows(WindowKind.ALLOW, (Window("0 22 * * *", HOUR),))

NEW = Standing()
FRESH = Standing(NOW - HOUR / 2, is_synced=True, is_version_same=True)
OLD = Standing(NOW - 2 * HOUR, is_synced=True, is_version_same=True)
CHANGED = Standing(NOW - HOUR / 2, is_synced=True, is_version_same=False)
OLD_AND_CHANGED = Standing(NOW - 2 * HOUR, is_synced=True, is_version_same=False)
TIMELESS = Standing(None, is_synced=True, is_version_same=True)
AHEAD = Standing(NOW + HOUR, is_synced=True, is_version_same=True)
STANDINGS = (NEW, FRESH, OLD, CHANGED, OLD_AND_CHANGED, TIMELESS, AHEAD)

refreshes = st.builds(
    Refresh,
    st.sampled_from(RefreshPolicy),
    st.none() | st.timedeltas(timedelta(days=-1), timedelta(days=400)),
    st.none() | st.just(NIGHTLY) | st.just(Windows(WindowKind.DENY, NIGHTLY.windows)),
)
standings = st.builds(
    Standing,
    st.none() | st.timedeltas(timedelta(days=-900), timedelta(days=900)).map(lambda age: NOW - age),
    st.booleans(),
    st.booleans(),
)


@pytest.mark.parametrize(
    ("refresh", "due"),
    [
        (PERIODIC, {"NEW", "OLD", "CHANGED", "OLD_AND_CHANGED", "TIMELESS", "AHEAD"}),
        (ONCE, {"NEW"}),
        (Refresh(), {"NEW"}),
        (Refresh(interval=-HOUR), {"NEW"}),
        (ON_CHANGE, {"NEW", "CHANGED", "OLD_AND_CHANGED", "TIMELESS"}),
        (CREATED_ONCE, {"NEW", "TIMELESS"}),
        (
            Refresh(interval=HOUR, windows=NIGHTLY),
            {"NEW", "CHANGED", "OLD_AND_CHANGED", "TIMELESS", "AHEAD"},
        ),
    ],
)
def test_what_is_due(refresh: Refresh, due: set[str]) -> None:
    assert {name for name, each in _named().items() if is_due(refresh, each, NOW)} == due


def _named() -> dict[str, Standing]:
    return {name: each for name, each in globals().items() if each in STANDINGS}


def test_is_due_the_moment_its_interval_is_over() -> None:
    standing = Standing(NOW - HOUR, is_synced=True, is_version_same=True)
    assert is_due(PERIODIC, standing, NOW)
    assert not is_due(PERIODIC, standing, NOW - timedelta(microseconds=1))


@pytest.mark.parametrize(
    ("refresh", "standing", "expected"),
    [
        (PERIODIC, OLD, NOW),
        (PERIODIC, FRESH, NOW + HOUR / 2),
        (ONCE, OLD, None),
        (ONCE, CHANGED, None),
        (ON_CHANGE, OLD, None),
        (CREATED_ONCE, CHANGED, None),
        (Refresh(interval=HOUR, windows=NIGHTLY), OLD, NOW + 10 * HOUR),
        (Refresh(interval=HOUR, windows=NIGHTLY), FRESH, NOW + 10 * HOUR),
        (Refresh(interval=11 * HOUR, windows=NIGHTLY), FRESH, NOW + 10.5 * HOUR),
    ],
)
def test_knows_when_to_look_again(
    refresh: Refresh, standing: Standing, expected: datetime | None
) -> None:
    assert next_due(refresh, standing, NOW) == expected


def test_no_interval_is_longer_than_a_calendar() -> None:
    found = next_due(Refresh(interval=timedelta.max, windows=NIGHTLY), FRESH, NOW)
    assert found is not None
    assert found.year > 2300


@given(refreshes, standings)
def test_nothing_is_due_before_the_moment_to_look_again(
    refresh: Refresh, standing: Standing
) -> None:
    found = next_due(refresh, standing, NOW)
    assert (found == NOW) == is_due(refresh, standing, NOW)
    if found is not None:
        assert found >= NOW
        assert found == NOW or not is_due(refresh, standing, NOW + (found - NOW) * 0.99)
        assert is_due(refresh, standing, found)
