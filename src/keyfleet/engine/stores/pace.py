# SPDX-License-Identifier: Apache-2.0
"""How often a service is asked: without limit until it complains, then half as often as it was.

Every answer makes it a little faster again (additive increase, multiplicative decrease).
"""

from collections import deque

from keyfleet.base.clock import Clock

WINDOW_S = 1.0
"""Over which the present rate is counted."""
SLOWEST = 0.5
"""Requests per second."""
STEP = 0.2
"""Further requests per second for each answer."""
FREE = 100.0
"""At so many requests per second the limit is forgotten."""


class Pace:
    """The pace of requests to one service."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sent: deque[float] = deque(maxlen=int(FREE))
        self._next = 0.0
        self.rate: float | None = None
        """Requests per second; None: no limit."""

    async def turn(self) -> None:
        """Wait until one more request may be sent."""
        now = self._clock.monotonic()
        if self.rate is not None:
            at = max(now, self._next)
            self._next = at + 1 / self.rate
            if at > now:
                await self._clock.sleep(at - now)
        self._sent.append(self._clock.monotonic())

    def slower(self) -> None:
        """Learn that it was too much."""
        now = self._clock.monotonic()
        recent = sum(1 for at in self._sent if at > now - WINDOW_S) / WINDOW_S
        seen = recent if self.rate is None else min(recent, self.rate)
        self.rate = max(seen / 2, SLOWEST)

    def faster(self) -> None:
        """Learn that there was an answer."""
        if self.rate is not None:
            self.rate += STEP
            if self.rate >= FREE:
                self.rate = None
