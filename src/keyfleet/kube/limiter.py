# SPDX-License-Identifier: Apache-2.0
"""How many requests may be in flight to one API server.

Additive increase, multiplicative decrease: a 429 or an answer slower than `slow_s` halves the
limit, each limit's worth of good answers adds one. No rate is set: the server says what it can
take.
"""

import asyncio
from collections import deque

from keyfleet.base.clock import Clock

SLOW_S = 5.0
"""An answer slower than this counts as a request to slow down."""
COOLING_S = 1.0
"""At most one halving in this time: the requests in flight all saw the same overload."""


class Limiter:
    """Admit up to `limit` holders, first come first served."""

    def __init__(self, most: int, *, clock: Clock, slow_s: float = SLOW_S) -> None:
        self._most = most
        self._limit = float(most)
        self._clock = clock
        self._slow_s = slow_s
        self._in_use = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._halved_at = float("-inf")

    @property
    def limit(self) -> int:
        """Requests that may be in flight now."""
        return int(self._limit)

    @property
    def waiting(self) -> int:
        """Requests that wait for a place."""
        return sum(not future.done() for future in self._waiting)

    async def __aenter__(self) -> None:
        """Wait for a place."""
        if self._in_use < self.limit and not self._waiting:
            self._in_use += 1
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        try:
            await future
        except asyncio.CancelledError:
            # The place may have been given in the same turn of the loop.
            if future.done() and not future.cancelled():
                self._leave()
            raise

    async def __aexit__(self, *_: object) -> None:
        """Give the place to the next."""
        self._leave()

    def _leave(self) -> None:
        self._in_use -= 1
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self._in_use < self.limit:
            future = self._waiting.popleft()
            if not future.done():
                self._in_use += 1
                future.set_result(None)

    def answered(self, *, throttled: bool, took_s: float) -> None:
        """Learn from one answer."""
        if throttled or took_s > self._slow_s:
            self._halve()
        elif self._limit < self._most:
            self._limit = min(self._most, self._limit + 1.0 / self._limit)
            self._admit()

    def _halve(self) -> None:
        now = self._clock.monotonic()
        if now - self._halved_at >= COOLING_S:
            self._halved_at = now
            self._limit = max(1.0, self._limit / 2.0)
