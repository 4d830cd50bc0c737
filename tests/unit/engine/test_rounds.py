# SPDX-License-Identifier: Apache-2.0
import asyncio
import traceback
from collections.abc import AsyncIterator

import pytest
from tests.unit.engine.fakes import LoopClock, intent_of, key_of, turns

from keyfleet.base.errors import UnreachableError
from keyfleet.base.tasks import all_of, spawn, stop
from keyfleet.engine.rounds import Rounds
from keyfleet.engine.shaping import Shaped
from keyfleet.engine.stores.fetches import HOLD_S
from keyfleet.model.intent import Intent


class Source:
    """Counts reads; each takes until `gate` opens."""

    def __init__(self) -> None:
        self.reads = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.failures: list[UnreachableError] = []

    async def shape(self, intent: Intent) -> Shaped:
        del intent
        self.reads += 1
        number = self.reads
        await self.gate.wait()
        if self.failures:
            raise self.failures.pop()
        return Shaped(fingerprint=f"v1:a:{number}")


class Bench:
    """Rounds over one source, in virtual time."""

    def __init__(self) -> None:
        self.clock = LoopClock()
        self.source = Source()
        self.rounds = Rounds(self.source.shape, self.clock)
        self.intent = intent_of()


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    yield bench
    bench.rounds.drop_all()


async def test_one_read_serves_all_who_ask(bench: Bench) -> None:
    asked = [bench.rounds.get(bench.intent) for _ in range(50)]
    shaped = await all_of(asked, name="get")
    assert bench.source.reads == 1
    assert all(one is shaped[0] for one in shaped)


async def test_who_comes_later_in_the_round_shares_the_read(bench: Bench) -> None:
    first = await bench.rounds.get(bench.intent)
    await bench.clock.pass_time(HOLD_S - 1, step_s=1)
    assert await bench.rounds.get(bench.intent) is first


async def test_another_intent_has_its_own_read(bench: Bench) -> None:
    await bench.rounds.get(bench.intent)
    await bench.rounds.get(intent_of(key_of("other")))
    assert bench.source.reads == 2


async def test_a_dropped_round_is_read_anew(bench: Bench) -> None:
    await bench.rounds.get(bench.intent)
    bench.rounds.drop(bench.intent.key)
    await bench.rounds.get(bench.intent)
    assert bench.source.reads == 2


async def test_no_value_is_held_longer_than_the_bound(bench: Bench) -> None:
    await bench.rounds.get(bench.intent)
    await bench.clock.pass_time(HOLD_S + 1, step_s=1)
    await bench.rounds.get(bench.intent)
    assert bench.source.reads == 2


async def test_the_expiry_of_a_dropped_round_does_not_end_the_next_one(bench: Bench) -> None:
    await bench.rounds.get(bench.intent)
    await bench.clock.pass_time(HOLD_S - 1, step_s=1)
    bench.rounds.drop(bench.intent.key)
    second = await bench.rounds.get(bench.intent)
    await bench.clock.pass_time(2, step_s=1)
    assert await bench.rounds.get(bench.intent) is second


async def test_a_changed_intent_is_read_anew(bench: Bench) -> None:
    await bench.rounds.get(bench.intent)
    await bench.rounds.get(intent_of())
    assert bench.source.reads == 2


async def test_a_failure_reaches_everyone_who_waits_and_is_not_kept(bench: Bench) -> None:
    bench.source.gate.clear()
    bench.source.failures = [UnreachableError("api.timeout", "no answer")]
    waiting = [spawn(bench.rounds.get(bench.intent), name="get") for _ in range(3)]
    await turns()
    bench.source.gate.set()
    await asyncio.wait(waiting)
    assert [
        error.code for task in waiting if isinstance(error := task.exception(), UnreachableError)
    ] == ["api.timeout"] * 3
    await bench.rounds.get(bench.intent)
    assert bench.source.reads == 2


async def test_an_error_that_many_wait_for_does_not_grow(bench: Bench) -> None:
    bench.source.failures = [UnreachableError("api.timeout", "no answer")]
    waiting = [spawn(bench.rounds.get(bench.intent), name="get") for _ in range(100)]
    await asyncio.wait(waiting)
    errors = [task.exception() for task in waiting]
    assert errors[0] is errors[-1] is not None
    assert len(traceback.extract_tb(errors[-1].__traceback__)) < 5


async def test_a_failure_of_a_dropped_round_leaves_the_new_one_alone(bench: Bench) -> None:
    bench.source.gate.clear()
    failing = spawn(bench.rounds.get(bench.intent), name="get")
    await turns()
    bench.source.failures = [UnreachableError("api.timeout", "no answer")]
    bench.rounds.drop(bench.intent.key)
    waiting = spawn(bench.rounds.get(bench.intent), name="get")
    await turns()
    bench.source.gate.set()
    with pytest.raises(UnreachableError):
        await failing
    assert await waiting is await bench.rounds.get(bench.intent)


async def test_a_waiter_that_is_cancelled_takes_the_read_from_nobody(bench: Bench) -> None:
    bench.source.gate.clear()
    impatient = spawn(bench.rounds.get(bench.intent), name="get")
    patient = spawn(bench.rounds.get(bench.intent), name="get")
    await turns()
    await stop(impatient)
    bench.source.gate.set()
    assert Shaped(fingerprint="v1:a:1") == await patient
    assert bench.source.reads == 1


async def test_a_read_under_an_old_policy_serves_nobody_who_asks_after_it(bench: Bench) -> None:
    bench.source.gate.clear()
    before = spawn(bench.rounds.get(bench.intent), name="get")
    await turns()
    bench.rounds.drop_all()
    after = spawn(bench.rounds.get(bench.intent), name="get")
    await turns()
    bench.source.gate.set()
    assert [(await before).fingerprint, (await after).fingerprint] == ["v1:a:1", "v1:a:2"]
