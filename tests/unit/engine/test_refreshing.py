# SPDX-License-Identifier: Apache-2.0
"""When which intent's stores are asked again."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.plan.questions import intent as plain_intent

from keyfleet.engine.refreshing import Refreshing, aligned
from keyfleet.model.intent import Intent, Read
from keyfleet.model.places import ClusterName, IntentKey
from keyfleet.model.refresh import Refresh, RefreshPolicy, Standing
from keyfleet.model.stores import How, Query, StoreRead, StoreRef

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOURLY = Refresh(interval=HOUR)
EAST, WEST = ClusterName("east"), ClusterName("west")


class Wall:
    """A clock that is set by hand; timers are the loop's."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        raise NotImplementedError


def intent(
    refresh: Refresh | None = HOURLY,
    *,
    key: str = "db",
    cluster: str = "east",
    version: str = "1-a",
) -> Intent:
    store = StoreRef("SecretStore", "aws", "pay", ClusterName(cluster))
    read = Read("store", StoreRead(store, Query(How.VALUE, key=key)))
    return replace(plain_intent(), reads=(read,), refresh=refresh, version=version)


@pytest.fixture
def woken() -> list[IntentKey]:
    return []


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def refreshing(wall: Wall, woken: list[IntentKey]) -> Refreshing:
    return Refreshing(wall, woken.append)


async def test_what_was_never_read_does_not_rest(refreshing: Refreshing) -> None:
    assert not refreshing.rests(intent(), EAST)
    assert not refreshing.rests(intent(refresh=None), EAST)


async def test_what_was_read_rests_where_it_was_delivered_until_it_is_due(
    refreshing: Refreshing, wall: Wall
) -> None:
    asked = intent()
    refreshing.done(asked, EAST, NOW)
    assert refreshing.rests(asked, EAST)
    assert not refreshing.rests(asked, WEST)
    refreshing.done(asked, WEST, NOW)
    assert refreshing.rests(asked, WEST)
    wall.time = NOW + HOUR
    assert not refreshing.rests(asked, EAST)
    refreshing.done(asked, EAST, wall.time)
    assert (refreshing.rests(asked, EAST), refreshing.rests(asked, WEST)) == (True, False)
    assert refreshing.said(asked.key) == ("2026-11-21T13:00:00Z", "1-a")


async def test_a_status_of_before_the_start_counts(refreshing: Refreshing) -> None:
    standing = Standing(NOW - timedelta(minutes=1), is_synced=True, is_version_same=True)
    asked = replace(intent(), standing=standing)
    assert refreshing.rests(asked, EAST)
    refreshing.rested(asked, EAST)
    assert refreshing.said(asked.key) == ("2026-11-21T11:59:00Z", "1-a")


async def test_one_that_says_once_keeps_the_version_that_was_carried_out(
    refreshing: Refreshing,
) -> None:
    standing = Standing(NOW, is_synced=True, is_version_same=False)
    asked = replace(intent(Refresh(RefreshPolicy.CREATED_ONCE)), standing=standing)
    refreshing.rested(asked, EAST)
    assert refreshing.said(asked.key)[1] == ""


async def test_a_changed_manifest_is_due(refreshing: Refreshing) -> None:
    refreshing.done(intent(), EAST, NOW)
    assert not refreshing.rests(intent(version="2-b"), EAST)


@pytest.mark.parametrize("policy", [RefreshPolicy.CREATED_ONCE, RefreshPolicy.PERIODIC])
async def test_what_is_synced_once_is_asked_again_only_by_a_person(
    refreshing: Refreshing, wall: Wall, policy: RefreshPolicy
) -> None:
    asked = intent(Refresh(policy))
    refreshing.done(asked, EAST, NOW)
    wall.time = NOW + 1000 * HOUR
    refreshing.stir(asked)
    assert refreshing.rests(replace(asked, version="2-b"), EAST)
    refreshing.insist(asked.key)
    assert not refreshing.rests(asked, EAST)


async def test_a_change_of_what_it_depends_on_is_answered_at_once(refreshing: Refreshing) -> None:
    refreshing.done(intent(), EAST, NOW)
    refreshing.stir(intent())
    assert not refreshing.rests(intent(), EAST)
    refreshing.done(intent(), EAST, NOW)
    assert refreshing.rests(intent(), EAST)


async def test_time_wakes_an_intent_once(
    refreshing: Refreshing, wall: Wall, woken: list[IntentKey]
) -> None:
    asked = intent(Refresh(interval=timedelta(seconds=1)))
    read_at = NOW - timedelta(milliseconds=960)
    refreshing.done(asked, EAST, read_at)
    refreshing.done(asked, WEST, read_at)
    await asyncio.sleep(0.2)
    assert woken == [asked.key]
    wall.time = NOW + HOUR
    refreshing.done(asked, EAST, wall.time)
    refreshing.forget(asked.key)
    await asyncio.sleep(0.05)
    assert woken == [asked.key]


moments = st.timedeltas(timedelta(), timedelta(days=400)).map(lambda since: NOW + since)
intervals = st.timedeltas(timedelta(seconds=1), timedelta(days=2))


@given(moments, intervals, st.text(max_size=5))
def test_a_refresh_comes_early_rather_than_late(
    at: datetime, interval: timedelta, key: str
) -> None:
    refresh = Refresh(interval=interval)
    found = aligned(intent(refresh, key=key), refresh, at)
    assert at - interval * 0.75 <= found + timedelta(microseconds=2)
    assert found <= at


@given(moments, st.timedeltas(timedelta(), timedelta(hours=2)))
def test_one_key_comes_due_at_the_same_moments_in_every_cluster(
    at: datetime, later: timedelta
) -> None:
    """Whenever each was read first, at most two hours apart: one fetch then serves both."""
    first, second = refreshes(EAST, at), refreshes(WEST, at + later)
    assert {when for when in first if at + 4 * HOUR < when < at + 8 * HOUR} == {
        when for when in second if at + 4 * HOUR < when < at + 8 * HOUR
    }


def refreshes(cluster: ClusterName, at: datetime) -> list[datetime]:
    """Return when it is refreshed, each time exactly when due, beginning with `at`."""
    found = [at]
    for _ in range(10):
        found.append(aligned(intent(cluster=cluster), HOURLY, found[-1]) + HOUR)
        assert timedelta(minutes=15) <= found[-1] - found[-2] <= HOUR
    return found


@pytest.mark.parametrize("interval", [1, 3, 999_999])
async def test_an_interval_of_nothing_is_one_second(
    refreshing: Refreshing, wall: Wall, interval: int
) -> None:
    """`refreshInterval: 1ns` of one tenant must neither crash a pass nor fill a core."""
    asked = intent(Refresh(interval=timedelta(microseconds=interval)))
    refreshing.done(asked, EAST, NOW)
    wall.time = NOW + timedelta(milliseconds=249)
    assert refreshing.rests(asked, EAST)
    wall.time = NOW + timedelta(seconds=1)
    assert not refreshing.rests(asked, EAST)


async def test_a_clock_that_goes_back_freezes_nothing(
    refreshing: Refreshing, wall: Wall, woken: list[IntentKey]
) -> None:
    """Timers go by the loop's clock: where the wall is behind, the intent is not due yet."""
    asked = intent()
    read_at = aligned(asked, HOURLY, NOW)
    wall.time = read_at + HOUR - timedelta(milliseconds=20)
    refreshing.done(asked, EAST, read_at)
    wall.time -= timedelta(milliseconds=40)
    await asyncio.sleep(0.03)
    assert woken == [asked.key]
    assert refreshing.rests(asked, EAST)
    refreshing.rested(asked, EAST)
    await asyncio.sleep(0.1)
    assert woken == [asked.key] * 2


async def test_another_manifest_of_the_same_name_is_due(refreshing: Refreshing) -> None:
    """Deleted and made anew while nobody watched: its generation is that of the first."""
    asked = intent(Refresh(RefreshPolicy.CREATED_ONCE))
    refreshing.done(asked, EAST, NOW)
    origin = replace(asked.origins[0], uid="another")
    assert not refreshing.rests(replace(asked, origins=(origin,)), EAST)
    assert refreshing.said(asked.key) == ("", "")


async def test_what_changes_while_it_is_read_is_read_again(
    refreshing: Refreshing, wall: Wall
) -> None:
    read_at, wall.time = NOW, NOW + timedelta(milliseconds=1)
    refreshing.stir(intent())
    refreshing.done(intent(), EAST, read_at)
    assert not refreshing.rests(intent(), EAST)
    refreshing.done(intent(), EAST, wall.time)
    assert refreshing.rests(intent(), EAST)


async def test_what_is_met_first_counts_only_for_what_was_read_here(
    refreshing: Refreshing, wall: Wall
) -> None:
    standing = Standing(NOW, is_synced=True, is_version_same=True)
    asked = replace(intent(), standing=standing)
    refreshing.met(asked)
    assert refreshing.rests(asked, EAST)
    refreshing.begin(asked)
    refreshing.done(asked, EAST, NOW)
    wall.time = NOW + timedelta(milliseconds=1)
    refreshing.met(asked)
    assert not refreshing.rests(asked, EAST)
