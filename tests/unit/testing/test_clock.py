# SPDX-License-Identifier: Apache-2.0
import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from keyfleet.base.clock import Clock
from keyfleet.base.tasks import spawn, stop
from keyfleet.testing.clock import START, FakeClock


async def test_is_a_clock_that_stands_still() -> None:
    clock: Clock = FakeClock()
    assert (clock.now(), clock.monotonic()) == (START, 0.0)
    await asyncio.sleep(0)
    assert (clock.now(), clock.monotonic()) == (START, 0.0)


async def test_both_times_advance_together() -> None:
    start = datetime(2030, 1, 1, tzinfo=UTC)
    clock = FakeClock(start)
    await clock.advance(90.5)
    assert (start + timedelta(seconds=90.5), 90.5) == (clock.now(), clock.monotonic())


async def test_sleepers_wake_in_the_order_they_are_due() -> None:
    clock, woken = FakeClock(), []

    async def sleeper(seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((seconds, clock.monotonic()))

    async with asyncio.TaskGroup() as group:
        for seconds in (3.0, 1.0, 2.0):
            group.create_task(sleeper(seconds))
        await clock.advance(3)
    assert woken == [(1.0, 1.0), (2.0, 2.0), (3.0, 3.0)]


async def test_equal_sleepers_wake_in_the_order_they_came() -> None:
    clock, woken = FakeClock(), []

    async def sleeper(name: str) -> None:
        await clock.sleep(1)
        woken.append(name)

    async with asyncio.TaskGroup() as group:
        for name in "abc":
            group.create_task(sleeper(name))
        await clock.advance(1)
    assert woken == ["a", "b", "c"]


async def test_a_loop_is_seen_at_each_of_its_moments() -> None:
    clock, seen = FakeClock(), []

    async def ticker() -> None:
        while True:
            await clock.sleep(10)
            seen.append(clock.monotonic())

    task = spawn(ticker(), name="ticker")
    await clock.advance(35)
    await stop(task)
    assert seen == [10.0, 20.0, 30.0]


async def test_a_sleeper_that_is_not_due_sleeps_on() -> None:
    clock = FakeClock()
    task = spawn(clock.sleep(10), name="sleeper")
    await clock.advance(9.9)
    assert (clock.sleepers, task.done()) == (1, False)
    await clock.advance(0.1)
    assert (clock.sleepers, task.done()) == (0, True)


async def test_a_cancelled_sleeper_holds_nothing_up() -> None:
    clock = FakeClock()
    task = spawn(clock.sleep(1), name="sleeper")
    await clock.settle()
    await stop(task)
    await clock.advance(5)
    assert (clock.sleepers, clock.monotonic()) == (0, 5.0)


async def test_no_duration_means_no_wait() -> None:
    clock = FakeClock()
    await clock.sleep(0)
    await clock.sleep(-1)
    assert clock.monotonic() == 0.0


async def test_time_does_not_go_back() -> None:
    with pytest.raises(ValueError, match="back"):
        await FakeClock().advance(-1)
