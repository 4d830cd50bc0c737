# SPDX-License-Identifier: Apache-2.0
"""A service that is slow, busy or down holds up nobody who reads elsewhere, and heals at once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from tests.unit.engine.fakes import turns
from tests.unit.engine.stores.bench import STORE, VALUE, Bench, key_of, read_of

from keyfleet.base.errors import (
    KeyfleetError,
    NotReadyError,
    ThrottledError,
    UnreachableError,
)
from keyfleet.base.tasks import all_of, spawn, stop
from keyfleet.engine.stores.limits import (
    AT_A_TIME,
    FAILURES_TO_OPEN,
    NEIGHBOURS_MAX,
    READINGS_MAX,
)
from keyfleet.engine.stores.pace import Pace
from keyfleet.engine.stores.reading import Unread
from keyfleet.engine.stores.room import BUSY
from keyfleet.model.places import IntentKey
from keyfleet.model.plan import State
from keyfleet.model.stores import StoreRef
from keyfleet.testing.clock import FakeClock

DOWN = "https://down"
DEAD = StoreRef("SecretStore", "dead", "payments")
GONE = UnreachableError("store.unreachable", "no answer")


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    bench.put()
    bench.put(DEAD, {"endpoint": DOWN})
    yield bench
    bench.provider.gate.set()
    await bench.stores.close()


def clock_of(bench: Bench) -> FakeClock:
    assert isinstance(bench.clock, FakeClock)
    return bench.clock


def asked(bench: Bench, endpoint: str) -> int:
    return sum(count for (at, _, _), count in bench.provider.fetched.items() if at == endpoint)


async def fail_until_open(bench: Bench) -> None:
    bench.provider.down[DOWN] = GONE
    for number in range(FAILURES_TO_OPEN):
        await bench.unread(read_of(f"k{number}", store=DEAD), key_of(f"f{number}"))


async def test_a_hundred_who_wait_for_a_dead_provider_ask_it_nothing(bench: Bench) -> None:
    await fail_until_open(bench)
    before = asked(bench, DOWN)
    keys = [key_of(f"i{number}") for number in range(100)]
    for key in keys:
        found = await bench.unread(read_of("db", store=DEAD), key)
        assert (found.finding.state, found.finding.reason) == (State.PENDING, "SourceUnreachable")
        assert found.again_s is not None
        assert found.again_s > 60
    probes = asked(bench, DOWN) - before
    assert probes <= 2, "only probes are sent"
    assert await bench.read(intent=key_of("elsewhere")) == VALUE


async def test_a_dead_provider_is_probed_ever_more_seldom(bench: Bench) -> None:
    await fail_until_open(bench)
    await clock_of(bench).advance(60)
    assert asked(bench, DOWN) < FAILURES_TO_OPEN + 12


async def test_a_provider_that_is_back_wakes_all_at_once(bench: Bench) -> None:
    await fail_until_open(bench)
    keys = {key_of(f"i{number}") for number in range(30)}
    for key in sorted(keys):
        await bench.unread(read_of("db", store=DEAD), key)
    bench.provider.down.clear()
    await clock_of(bench).advance(40)
    assert len(bench.woken) == 1
    assert keys <= bench.woken[0]
    assert await bench.read(read_of("db", store=DEAD), key_of("i1")) == VALUE


async def test_one_request_that_can_never_work_does_not_keep_the_others_waiting(
    bench: Bench,
) -> None:
    """What is probed is what others want, too."""
    bench.provider.broken["poisoned"] = GONE
    for _ in range(FAILURES_TO_OPEN):
        await bench.unread(read_of("poisoned"))
    waiting = key_of("healthy")
    found = await bench.unread(read_of("db"), waiting)
    assert found.finding.reason == "SourceUnreachable"
    await clock_of(bench).advance(10)
    assert any(waiting in woken for woken in bench.woken)
    assert await bench.read(read_of("db"), waiting) == VALUE


async def test_who_is_throttled_waits_as_told_and_so_do_the_others(bench: Bench) -> None:
    bench.provider.failures = [
        ThrottledError("store.throttled", "slow down", retry_after=timedelta(seconds=7))
    ]
    found = await bench.unread(intent=key_of("first"))
    assert (found.finding.state, found.finding.reason) == (State.PENDING, "ProviderThrottled")
    await bench.unread(intent=key_of("second"))
    assert bench.provider.reads == 1
    await clock_of(bench).advance(6)
    assert bench.woken == []
    await clock_of(bench).advance(2)
    assert bench.woken == [{key_of("first"), key_of("second")}]
    assert await bench.read(intent=key_of("first")) == VALUE


async def test_who_shares_a_failed_fetch_is_woken_with_who_made_it(bench: Bench) -> None:
    bench.provider.gate.clear()
    bench.provider.failures = [
        ThrottledError("store.throttled", "slow down", retry_after=timedelta(seconds=7))
    ]
    keys = [key_of(f"i{number}") for number in range(3)]
    reading = [spawn(bench.read(intent=key), name="read") for key in keys]
    await turns()
    bench.provider.gate.set()
    assert all(isinstance(one, Unread) for one in await asyncio.gather(*reading))  # noqa: TID251
    await clock_of(bench).advance(8)
    assert bench.woken == [set(keys)]


async def test_no_more_than_so_many_requests_are_in_flight(bench: Bench) -> None:
    names = [f"k{number}" for number in range(AT_A_TIME * 2)]
    bench.provider.values = dict.fromkeys(names, VALUE)
    bench.provider.gate.clear()
    reading = spawn(
        all_of((bench.read(read_of(name), key_of(name)) for name in names), name="read"),
        name="all",
    )
    await turns(60)
    assert bench.provider.at_work == AT_A_TIME
    bench.provider.gate.set()
    assert await reading == [VALUE] * len(names)
    assert bench.provider.at_most == AT_A_TIME


async def test_enough_others_wait_so_the_next_one_comes_again(bench: Bench) -> None:
    """It would take the place of one that reads elsewhere."""
    bench.provider.gate.clear()
    waiting = [
        spawn(bench.read(intent=key_of(f"i{number}", f"n{number % 4}")), name="read")
        for number in range(READINGS_MAX)
    ]
    await turns(60)
    with pytest.raises(ThrottledError) as caught:
        await bench.read(intent=key_of("late"))
    assert caught.value.code == BUSY
    bench.provider.gate.set()
    await asyncio.wait(waiting)
    assert {key_of("late")} in bench.woken
    await stop(*waiting)


async def test_one_namespace_does_not_take_the_places_of_all(bench: Bench) -> None:
    """However many services its stores name, and however slowly those answer."""
    bench.provider.gate.clear()
    waiting = []
    for number in range(NEIGHBOURS_MAX):
        ref = StoreRef("SecretStore", f"s{number}", "payments")
        bench.put(ref, {"endpoint": f"https://tarpit-{number}"})
        reading = bench.read(read_of(store=ref), key_of(f"i{number}"))
        waiting.append(spawn(reading, name="read"))
    await turns(60)
    with pytest.raises(ThrottledError) as caught:
        await bench.read(intent=key_of("late"))
    assert caught.value.code == BUSY
    other = spawn(bench.read(intent=key_of("elsewhere", "shop")), name="read")
    await turns()
    bench.provider.gate.set()
    assert await other == VALUE
    await asyncio.wait(waiting)
    assert {key_of("late")} in bench.woken


@pytest.mark.parametrize("error", [GONE, ThrottledError("store.throttled", "slow down")])
@pytest.mark.parametrize("principal", ["attacker", ""])
async def test_nobody_is_kept_waiting_by_the_failures_of_another_login(
    bench: Bench, error: KeyfleetError, principal: str
) -> None:
    """Accounts have limits of their own, and some paths fail only for who may configure them."""
    bench.put(DEAD, {"principal": principal})
    bench.provider.broken["poisoned"] = error
    for number in range(FAILURES_TO_OPEN * 2):
        found = await bench.unread(read_of("poisoned", store=DEAD), key_of(f"i{number}"))
        assert found.finding.state is State.PENDING
    assert asked(bench, "https://vault") <= FAILURES_TO_OPEN + 2, "only probes are sent"
    assert await bench.read(read_of("db"), key_of("victim")) == VALUE


async def test_a_provider_that_hangs_is_cut_off(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keyfleet.engine.stores.limits.FETCH_S", 0.01)
    bench.provider.gate.clear()
    found = await bench.unread()
    assert found.error is not None
    assert found.error.code == "store.timeout"


async def test_a_failing_reading_comes_again_ever_later(bench: Bench) -> None:
    bench.provider.values.clear()
    waits = []
    for _ in range(12):
        found = await bench.unread()
        assert found.again_s is not None
        waits.append(found.again_s)
        bench.stores.round_over()
    assert waits[0] < 5
    assert 100 < waits[-1] <= 300
    bench.provider.values["db"] = VALUE
    assert await bench.read() == VALUE
    bench.provider.values.clear()
    again = (await bench.unread()).again_s
    assert again is not None
    assert again < 5


async def test_pace_is_halved_by_a_complaint_and_grows_with_answers() -> None:
    clock = FakeClock()
    pace = Pace(clock)
    for _ in range(20):
        await pace.turn()
    pace.slower()
    assert pace.rate == 10
    pace.faster()
    assert pace.rate > 10
    await pace.turn()
    waiting = spawn(pace.turn(), name="turn")
    await turns()
    assert not waiting.done()
    await clock.advance(0.2)
    assert waiting.done()
    for _ in range(1000):
        pace.faster()
    await pace.turn()
    await pace.turn()


async def test_errors_of_one_service_are_none_of_another(bench: Bench) -> None:
    await fail_until_open(bench)
    failures: list[KeyfleetError] = []
    bench.provider.failures = failures
    keys: list[IntentKey] = [key_of(f"i{number}") for number in range(5)]
    assert [await bench.read(read_of(store=STORE), key) for key in keys] == [VALUE] * 5


async def test_another_temporary_error_is_no_reason_to_come_again_at_once(bench: Bench) -> None:
    later = timedelta(seconds=30)
    bench.provider.failures = [NotReadyError("x.sealed", "sealed", retry_after=later)]
    found = await bench.unread()
    assert bench.woken == []
    assert found.again_s == 30
