# SPDX-License-Identifier: Apache-2.0
"""Keys are made beside the loop, and none is made in vain."""

import asyncio
import threading

from cryptography.hazmat.primitives.asymmetric import ed25519

from keyfleet.base.tasks import spawn, stop
from keyfleet.sources.generators.keymaking import LEFT_MAX, THREADS, KeyMaking, Kind, PrivateKey

RSA: Kind = ("rsa", 8192)


class Bench:
    """Makes keys when it is told to."""

    def __init__(self) -> None:
        self.begun: list[Kind] = []
        self.made: list[PrivateKey] = []
        self.go = threading.Event()
        self.busy = threading.Semaphore(0)
        self.making = KeyMaking(self._make)

    def _make(self, kind: Kind) -> PrivateKey:
        self.begun.append(kind)
        self.busy.release()
        self.go.wait(timeout=15)
        self.made.append(ed25519.Ed25519PrivateKey.generate())
        return self.made[-1]

    async def give_up(self, kind: Kind = RSA, *, times: int = 1) -> None:
        """Ask, and stop waiting once the threads are at work."""
        tasks = [spawn(self.making.key(kind), name="ask") for _ in range(times)]
        await asyncio.sleep(0)
        for _ in range(min(times, THREADS)):
            await asyncio.to_thread(self.busy.acquire)
        await stop(*tasks)


async def test_gives_what_one_gave_up_to_who_comes_next() -> None:
    bench = Bench()
    await bench.give_up()
    bench.go.set()
    first = await bench.making.key(RSA)
    assert (bench.begun, bench.made) == ([RSA], [first])
    assert await bench.making.key(RSA) is not first
    assert len(bench.begun) == 2


async def test_gives_nobody_the_key_of_another() -> None:
    bench = Bench()
    bench.go.set()
    asked = [spawn(bench.making.key(RSA), name="ask") for _ in range(5)]
    assert len({id(await task) for task in asked}) == 5


async def test_keeps_kinds_apart() -> None:
    bench = Bench()
    await bench.give_up(RSA)
    bench.go.set()
    await bench.making.key(("rsa", 4096))
    assert bench.begun == [RSA, ("rsa", 4096)]


async def test_drops_what_too_many_gave_up() -> None:
    bench = Bench()
    await bench.give_up(times=LEFT_MAX + 10)
    bench.go.set()
    for _ in range(LEFT_MAX):
        await bench.making.key(RSA)
    assert len(bench.begun) == LEFT_MAX
