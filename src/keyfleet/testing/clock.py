# SPDX-License-Identifier: Apache-2.0
"""A clock that stands still until a test moves it.

`advance` passes time in the order in which sleepers are due, and lets everything that a woken
sleeper can do without the outside world finish before time goes on. A loop that sleeps 10 s is
therefore seen three times by `advance(30)`, each time at its own moment.
"""

import asyncio
import heapq
from datetime import UTC, datetime, timedelta
from itertools import count

START = datetime(2026, 1, 1, tzinfo=UTC)
"""Wall clock of a new FakeClock."""

_ROUNDS = 50
"""Turns of the event loop after which a chain of awaits counts as settled."""


class FakeClock:
    """Virtual time; implements `base.clock.Clock`."""

    def __init__(self, start: datetime = START) -> None:
        self._start = start
        self._elapsed_s = 0.0
        self._order = count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        """Return the virtual wall clock, in UTC."""
        return self._start + timedelta(seconds=self._elapsed_s)

    def monotonic(self) -> float:
        """Return the virtual seconds since the clock was made."""
        return self._elapsed_s

    @property
    def sleepers(self) -> int:
        """How many tasks wait for time to pass."""
        return sum(not future.done() for _, _, future in self._sleepers)

    async def sleep(self, seconds: float) -> None:
        """Wait until time was advanced by that much; without a duration, let others run."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future = asyncio.get_running_loop().create_future()
        entry = (self._elapsed_s + seconds, next(self._order), future)
        heapq.heappush(self._sleepers, entry)
        await future

    async def advance(self, seconds: float) -> None:
        """Pass time, waking each sleeper at its own moment, the earlier first.

        Raises:
            ValueError: The duration is negative.
        """
        if seconds < 0:
            raise ValueError("time does not go back")  # noqa: TRY003 - one place, for tests
        await self.settle()
        end = self._elapsed_s + seconds
        while self._sleepers and self._sleepers[0][0] <= end:
            due, _, future = heapq.heappop(self._sleepers)
            if future.done():  # its task was cancelled
                continue
            self._elapsed_s = due
            future.set_result(None)
            await self.settle()
        self._elapsed_s = end

    async def settle(self) -> None:
        """Let every task run until it waits for time or for the outside world."""
        for _ in range(_ROUNDS):
            await asyncio.sleep(0)
