# SPDX-License-Identifier: Apache-2.0
"""No cluster keeps the others from opening what was sealed for them."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from keyfleet.base.errors import DeniedError
from keyfleet.base.sealing import Keyset, Opened
from keyfleet.base.secret import SecretValue
from keyfleet.model.intent import Read
from keyfleet.model.places import ClusterName, IntentKey
from keyfleet.model.sealed import SealedRead
from keyfleet.sources.sealed import SealedSource
from keyfleet.sources.sealed.turns import Turns
from keyfleet.testing.canary import canary

BAD, GOOD, OTHER = ClusterName("bad"), ClusterName("good"), ClusterName("other")
VALUE = SecretValue(canary("x"))


class Slow(Keyset):
    """The keys of a cluster that has very many: nothing opens until the test is over."""

    def __init__(self, over: threading.Event) -> None:
        super().__init__()
        self._over = over

    def open(self, text: str, label: bytes) -> Opened:
        del text, label
        self._over.wait(30)
        raise DeniedError("sealing.no_key", "no")


class Quick(Keyset):
    """Keys that open everything."""

    def open(self, text: str, label: bytes) -> Opened:
        del text, label
        return Opened(VALUE, "")


class Keys:
    """Both clusters'."""

    def __init__(self, over: threading.Event) -> None:
        self._slow = Slow(over)

    def cluster(self, name: ClusterName) -> object:
        raise NotImplementedError(name)

    def keys(self, name: ClusterName) -> Keyset:
        return self._slow if name == BAD else Quick()


@pytest.fixture
def over() -> Iterator[threading.Event]:
    """Set when what hangs shall end."""
    event = threading.Event()
    yield event
    event.set()


async def test_a_cluster_whose_keys_take_for_ever_holds_up_no_other(over: threading.Event) -> None:
    source, keys = SealedSource(), Keys(over)

    async def read(cluster: ClusterName) -> object:
        session = await source.open(keys, IntentKey("SealedSecret", "shop", "db", cluster))
        ref = SealedRead("shop", "db", {f"k{n}": "text" for n in range(20)}, cluster=cluster)
        return await session.read(Read("sealed", ref))

    flood = [asyncio.create_task(read(BAD)) for _ in range(100)]  # noqa: TID251
    await asyncio.sleep(0)
    try:
        async with asyncio.timeout(10):
            await read(GOOD)
    finally:
        over.set()
        for task in flood:
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task


class Order:
    """Notes who has a turn."""

    def __init__(self, places: int) -> None:
        self.turns = Turns(places)
        self.begun: list[str] = []
        self.ends: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def ask(self, *names: str) -> None:
        """Have these wait, in order; the first letter is the cluster."""
        for name in names:
            self.ends[name] = asyncio.Event()
            self.tasks[name] = asyncio.create_task(self._hold(name))  # noqa: TID251
        await asyncio.sleep(0)

    async def end(self, *names: str) -> None:
        """Have these end their turns."""
        for name in names:
            self.ends[name].set()
            await self.tasks[name]
            await asyncio.sleep(0)

    async def _hold(self, name: str) -> None:
        async with self.turns.turn(ClusterName(name[0])):
            self.begun.append(name)
            await self.ends[name].wait()


async def test_one_cluster_has_all_places_but_one() -> None:
    order = Order(3)
    await order.ask("a1", "a2", "a3", "b1")
    assert order.begun == ["a1", "a2", "b1"]
    await order.end("a1", "a2", "b1", "a3")


async def test_clusters_take_turns_whoever_asks_more() -> None:
    order = Order(1)
    await order.ask("a1", "a2", "a3", "b1", "b2", "c1")
    for name in ("a1", "a2", "b1", "c1", "a3", "b2"):
        assert order.begun[-1] == name
        await order.end(name)


async def test_who_no_longer_waits_takes_no_place_along() -> None:
    order = Order(1)
    await order.ask("a1", "b1", "b2", "c1")
    order.tasks["b1"].cancel()
    await asyncio.sleep(0)
    # Called, and cancelled before it could begin.
    order.ends["a1"].set()
    await order.tasks["a1"]
    order.tasks["b2"].cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert order.begun == ["a1", "c1"]
    await order.end("c1")
    await order.ask("d1")
    assert order.begun[-1] == "d1"
    await order.end("d1")
