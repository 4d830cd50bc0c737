# SPDX-License-Identifier: Apache-2.0
"""The main job under faults of chance, on every side at once: all becomes true, nothing is lost.

A seed that fails is printed with its scripts; the same seed gives the same faults again.
"""

import asyncio
from contextlib import AsyncExitStack, suppress
from random import Random

import pytest
from tests.cluster.engine.campaign import ONE, THREE, TWO, in_step
from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.sides import Data

from keyfleet.base.errors import KeyfleetError, NotFoundError
from keyfleet.localplane import scripts

SEEDS = (3, 17, 42, 2026)
ACTIONS = ("change", "drift", "delete", "foreign", "restart", "withdraw")


class Story:
    """What people do meanwhile, by chance."""

    def __init__(self, fleet: Fleet, random: Random) -> None:
        self.fleet = fleet
        self.random = random
        self.data: Data = ONE
        self.is_wanted = True

    async def act(self) -> None:
        """Do one thing."""
        await getattr(self, f"_{self.random.choice(ACTIONS)}")()

    async def rerun(self) -> None:
        """Start the controller again if it has ended."""
        if self.fleet.running is not None and self.fleet.running.done():
            await self._restart()

    async def _change(self) -> None:
        self.data = self.random.choice([ONE, TWO, THREE])
        await self.fleet.set_data(self.fleet.hub, "src", self.data)

    async def _drift(self) -> None:
        side = self.random.choice([self.fleet.east, self.fleet.west])
        with suppress(NotFoundError):
            await self.fleet.patch_secret(side, "db", {"data": {"more": "a2YtY2FuYXJ5LW1vcmU="}})

    async def _delete(self) -> None:
        await self.fleet.delete_secret(self.random.choice([self.fleet.east, self.fleet.west]), "db")

    async def _foreign(self) -> None:
        body = {"metadata": {"labels": {"theirs": self.random.choice("abc")}}}
        await self.fleet.patch_secret(self.fleet.west, "foreign", body)

    async def _restart(self) -> None:
        # One that meets a broken hub at its start ends, and is started again as a pod is.
        with suppress(KeyfleetError):
            await self.fleet.end()
        await self.fleet.run()

    async def _withdraw(self) -> None:
        await self.fleet.withdraw("second")
        await self.fleet.ask(self.fleet.east, name="second")


@pytest.mark.parametrize("seed", SEEDS)
async def test_everything_becomes_true_after_faults_of_a_seed(fleet: Fleet, seed: int) -> None:
    random = Random(seed)
    await fleet.write_secret(fleet.west, "foreign", THREE)
    await in_step(fleet)
    await fleet.ask(fleet.east, name="second")
    story = Story(fleet, random)
    played = [scripts.from_seed(random.randrange(10_000)) for _ in fleet.sides]
    print(*played, sep="\n")  # noqa: T201 - shown when the test fails
    async with AsyncExitStack() as stack:
        playing = [
            await stack.enter_async_context(side.proxy.playing(script))
            for side, script in zip(fleet.sides, played, strict=True)
        ]
        while not all(task.done() for task in playing):
            await story.act()
            await asyncio.sleep(random.random() / 2)
    await story.rerun()
    await fleet.delivered(story.data, fleet.east, fleet.west, timeout_s=60)
    await fleet.delivered(story.data, fleet.east, name="second", timeout_s=60)
    await fleet.in_sync(fleet.east, fleet.west)
    await fleet.in_sync(fleet.east, name="second")
    assert await fleet.data(fleet.west, "foreign") == THREE
    await fleet.quiet()
    fleet.forget_requests()
    await fleet.end()
    await fleet.run()
    await fleet.leads()
    await fleet.quiet()
    assert [side.writes() for side in fleet.sides] == [[], [], []]
