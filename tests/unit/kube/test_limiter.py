# SPDX-License-Identifier: Apache-2.0
"""How many requests may be in flight."""

import asyncio

from keyfleet.base.tasks import spawn, stop
from keyfleet.kube.limiter import Limiter
from keyfleet.testing.clock import FakeClock


class Holders:
    """Tasks that hold a place until told to leave."""

    def __init__(self, limiter: Limiter, count: int) -> None:
        self.limiter = limiter
        self.inside = 0
        self.most = 0
        self._leave = asyncio.Semaphore(0)
        self.tasks = [spawn(self._hold(), name=f"holder {n}") for n in range(count)]

    async def _hold(self) -> None:
        async with self.limiter:
            self.inside += 1
            self.most = max(self.most, self.inside)
            try:
                await self._leave.acquire()
            finally:
                self.inside -= 1

    def release(self, count: int) -> None:
        for _ in range(count):
            self._leave.release()


async def test_admits_up_to_the_limit_and_the_rest_in_turn() -> None:
    clock = FakeClock()
    holders = Holders(Limiter(3, clock=clock), 5)
    await clock.settle()
    assert (holders.inside, holders.limiter.waiting) == (3, 2)
    holders.release(5)
    await clock.settle()
    assert (holders.inside, holders.most, holders.limiter.waiting) == (0, 3, 0)


async def test_a_429_or_a_slow_answer_halves() -> None:
    limiter = Limiter(32, clock=FakeClock(), slow_s=5.0)
    limiter.answered(throttled=True, took_s=0.1)
    assert limiter.limit == 16
    slow = Limiter(32, clock=FakeClock(), slow_s=5.0)
    slow.answered(throttled=False, took_s=5.1)
    assert slow.limit == 16


async def test_one_overload_halves_once() -> None:
    clock = FakeClock()
    limiter = Limiter(32, clock=clock)
    for _ in range(10):
        limiter.answered(throttled=True, took_s=0.1)
    assert limiter.limit == 16
    await clock.advance(1.0)
    limiter.answered(throttled=True, took_s=0.1)
    assert limiter.limit == 8


async def test_never_stops_entirely() -> None:
    clock = FakeClock()
    limiter = Limiter(4, clock=clock)
    for _ in range(9):
        limiter.answered(throttled=True, took_s=0.1)
        await clock.advance(1.0)
    assert limiter.limit == 1


async def test_recovers_by_one_per_round_of_good_answers_and_not_beyond() -> None:
    limiter = Limiter(8, clock=FakeClock())
    limiter.answered(throttled=True, took_s=0.1)
    for _ in range(5):
        limiter.answered(throttled=False, took_s=0.1)
    assert limiter.limit == 5
    for _ in range(100):
        limiter.answered(throttled=False, took_s=0.1)
    assert limiter.limit == 8


async def test_a_halved_limit_admits_nobody_until_enough_have_left() -> None:
    clock = FakeClock()
    holders = Holders(Limiter(4, clock=clock), 6)
    await clock.settle()
    holders.limiter.answered(throttled=True, took_s=0.1)
    holders.release(2)
    await clock.settle()
    assert (holders.inside, holders.limiter.waiting) == (2, 2)
    await stop(*holders.tasks)


async def test_who_gives_up_while_waiting_takes_no_place() -> None:
    clock = FakeClock()
    holders = Holders(Limiter(1, clock=clock), 3)
    await clock.settle()
    await stop(holders.tasks[1])
    holders.release(2)
    await clock.settle()
    assert holders.inside == 0
    assert holders.tasks[2].done()


async def test_who_is_cancelled_as_it_is_admitted_passes_the_place_on() -> None:
    clock = FakeClock()
    holders = Holders(Limiter(1, clock=clock), 3)
    await clock.settle()
    holders.tasks[0].cancel()
    # The first leaves in this turn and admits the second, which is cancelled before it runs.
    await asyncio.sleep(0)
    holders.tasks[1].cancel()
    await clock.settle()
    assert holders.inside == 1
    await stop(*holders.tasks)
