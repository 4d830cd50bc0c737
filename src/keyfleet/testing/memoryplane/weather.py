# SPDX-License-Identifier: Apache-2.0
"""What may befall the requests to one plane on their way."""

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random


class Sky(StrEnum):
    """The state of the way to a plane."""

    CLEAR = "clear"
    REFUSED = "refused"
    """Nobody listens."""
    HANGING = "hanging"
    """Connections stay open and nothing comes back, on open watches neither."""
    SLOW = "slow"
    """Every answer takes seconds."""
    THROTTLED = "throttled"
    """429 to most requests."""
    FAILING = "failing"
    """500 to most requests."""
    EXPIRED = "expired"
    """401: the credential is not accepted any more."""
    PORTAL = "portal"
    """Something else answers: pages with 404, or empty JSON with 200."""
    FLAKY = "flaky"
    """Connections break: before a request arrives, or after it was carried out."""


@dataclass
class Weather:
    """The way to one plane; changes wake who waits."""

    random: Random
    sky: Sky = Sky.CLEAR
    latency_s: tuple[float, float] = (0.001, 0.01)
    lost_answers: int = 0
    """So many next writes are carried out, and their answers get lost."""
    forbidden: set[str] = field(default_factory=set)
    """Namespaces in which Secrets may not be touched."""
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def becomes(self, sky: Sky) -> None:
        """Change the sky."""
        self.sky = sky
        self._changed.set()
        self._changed = asyncio.Event()

    async def travel(self) -> None:
        """Take as long as a request or an answer takes on its way."""
        low, high = (0.5, 4.0) if self.sky is Sky.SLOW else self.latency_s
        await asyncio.sleep(self.random.uniform(low, high))
        await self.wait_while_hanging()

    async def wait_while_hanging(self) -> None:
        """Wait as long as nothing passes."""
        while self.sky is Sky.HANGING:
            await self._changed.wait()

    def strikes(self, probability: float) -> bool:
        """Tell whether something of this probability happens now."""
        return self.random.random() < probability

    def loses_answer(self) -> bool:
        """Tell whether the answer to a write gets lost."""
        if self.lost_answers:
            self.lost_answers -= 1
            return True
        return self.sky is Sky.FLAKY and self.strikes(0.25)
