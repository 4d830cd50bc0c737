# SPDX-License-Identifier: Apache-2.0
"""One fetch serves all who are confirmed to be one, and nobody else."""

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.engine.fakes import LoopClock, turns
from tests.unit.engine.stores.bench import STORE, VALUE, Bench, key_of, read_of

from keyfleet.base.errors import DeniedError, KeyfleetError, UnreachableError
from keyfleet.base.secret import SecretValue
from keyfleet.base.tasks import all_of, spawn
from keyfleet.engine.stores.fetches import HOLD_S
from keyfleet.engine.stores.reading import Unread
from keyfleet.engine.stores.weights import ANSWER_MAX, QUICK_BYTES
from keyfleet.model.places import NamespaceFacts
from keyfleet.model.stores import StoreRef

OTHER = StoreRef("SecretStore", "other", "payments")


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench(LoopClock())
    bench.put()
    yield bench
    await bench.stores.close()


async def test_many_intents_cost_one_read_and_one_login(bench: Bench) -> None:
    asked = [bench.read(intent=key_of(f"i{n}", f"n{n % 4}")) for n in range(40)]
    assert await all_of(asked, name="read") == [VALUE] * 40
    assert (bench.provider.reads, len(bench.provider.logins)) == (1, 1)


async def test_two_stores_of_one_principal_share_their_reads(bench: Bench) -> None:
    bench.put(OTHER)
    await bench.read()
    await bench.read(read_of(store=OTHER), key_of("other"))
    assert (bench.provider.reads, len(bench.provider.logins)) == (1, 2)


async def test_the_same_declaration_with_a_bad_login_gets_nothing(bench: Bench) -> None:
    """The principal is what the provider confirms, never what a manifest declares."""
    assert await bench.read() == VALUE
    bench.put(OTHER)
    bench.provider.refusals = [DeniedError("store.login_refused", "not accepted")]
    found = await bench.unread(read_of(store=OTHER), key_of("other"))
    assert found.finding.reason == "StoreNotReady"
    assert bench.provider.reads == 1


async def test_who_was_not_confirmed_shares_nothing(bench: Bench) -> None:
    bench.put(config={"principal": ""})
    for number in range(3):
        await bench.read(intent=key_of(f"i{number}"))
    assert bench.provider.reads == 3


_NAMES = st.sampled_from(["", "a", "b"])
_ASKERS = st.lists(st.tuples(_NAMES, _NAMES, st.sampled_from(["x", "y"])), max_size=12)


@given(_ASKERS)
def test_no_two_principals_and_no_two_services_ever_share(
    askers: list[tuple[str, str, str]],
) -> None:
    async def run() -> None:
        bench = Bench()
        bench.provider.values = {"x": VALUE, "y": VALUE}
        for number, (principal, endpoint, key) in enumerate(askers):
            ref = StoreRef("SecretStore", f"s{number}", "payments")
            bench.put(ref, {"principal": principal, "endpoint": endpoint})
            await bench.read(read_of(key, store=ref), key_of(f"i{number}"))
        for principal, endpoint, key in set(askers):
            asked = bench.provider.fetched[endpoint, principal, key]
            wanted = askers.count((principal, endpoint, key)) if not principal else 1
            assert asked == wanted
        await bench.stores.close()

    asyncio.run(run())


async def test_an_intent_that_was_served_asks_anew(bench: Bench) -> None:
    """A person who changes a value and asks for a sync gets that value, not the last one."""
    await bench.read()
    await bench.read()
    assert bench.provider.reads == 2


async def test_entries_of_one_reading_share(bench: Bench) -> None:
    reading = bench.stores.begin(key_of())
    for part in ("user", "password"):
        await bench.stores.read(reading, read_of(part=part), NamespaceFacts("payments"))
    assert bench.provider.reads == 1


async def test_what_a_failed_reading_got_need_not_be_asked_again(bench: Bench) -> None:
    bench.provider.values["other"] = VALUE
    for failures in ([UnreachableError("x.gone", "no answer")], []):
        reading = bench.stores.begin(key_of())
        await bench.stores.read(reading, read_of(), NamespaceFacts("payments"))
        bench.provider.failures = list[KeyfleetError](failures)
        await bench.stores.read(reading, read_of("other"), NamespaceFacts("payments"))
    assert sorted(bench.provider.fetched.values()) == [1, 2]


async def test_no_value_is_held_longer_than_the_bound(bench: Bench) -> None:
    await bench.read()
    clock = bench.clock
    assert isinstance(clock, LoopClock)
    assert bench.stores.holds_values
    await clock.pass_time(HOLD_S + 1, step_s=1)
    assert not bench.stores.holds_values


async def test_no_value_is_held_once_nobody_is_at_work(bench: Bench) -> None:
    await bench.read()
    bench.stores.round_over()
    assert not bench.stores.holds_values
    await bench.read(intent=key_of("other"))
    assert bench.provider.reads == 2


async def test_a_missing_secret_is_asked_for_once_in_a_round(bench: Bench) -> None:
    bench.provider.values.clear()
    bench.provider.failures = []
    for number in range(3):
        found = await bench.unread(intent=key_of(f"i{number}"))
        assert found.finding.reason == "SourceMissing"
    assert bench.provider.reads == 1


async def test_a_waiter_that_is_cancelled_takes_the_fetch_from_nobody(bench: Bench) -> None:
    bench.provider.gate.clear()
    first = spawn(bench.read(), name="first")
    await turns()
    second = spawn(bench.read(intent=key_of("two")), name="second")
    await turns()
    first.cancel()
    await turns()
    bench.provider.gate.set()
    assert await second == VALUE
    assert bench.provider.reads == 1


async def test_answers_may_not_grow_without_bound(bench: Bench) -> None:
    bench.provider.values["db"] = SecretValue(b"v" * (ANSWER_MAX + 1))
    found = await bench.unread()
    assert isinstance(found, Unread)
    assert found.error is not None
    assert found.error.code == "store.too_large"


async def test_stores_of_other_declarations_have_their_own_login(bench: Bench) -> None:
    await bench.read()
    bench.put(generation=2)
    await bench.read()
    assert [store.generation for store in bench.provider.logins] == [1, 2]
    assert bench.provider.logins[0].ref == STORE


async def test_a_large_answer_is_looked_through_beside_the_loop(bench: Bench) -> None:
    """A path through a document of megabytes takes a second; everybody else would wait."""
    bench.provider.values["large"] = SecretValue(b"x" * (QUICK_BYTES + 1))
    await bench.read()
    assert bench.provider.threads == {threading.main_thread().name}
    await bench.read(read_of("large"), key_of("other"))
    (name,) = bench.provider.threads - {threading.main_thread().name}
    assert name.startswith("answer")


async def test_small_answers_are_together_as_dear_as_a_large_one(bench: Bench) -> None:
    bench.provider.values["half"] = SecretValue(b"x" * (QUICK_BYTES // 2))
    reading = bench.stores.begin(key_of())
    for part in ("a", "b", "c"):
        await bench.stores.read(reading, read_of("half", part=part), NamespaceFacts("payments"))
    assert len(bench.provider.threads) == 2


async def test_no_manifest_looks_through_large_secrets_without_end(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keyfleet.engine.stores.weights.PICKED_MAX", 3 * QUICK_BYTES)
    bench.provider.values["large"] = SecretValue(b"x" * QUICK_BYTES)
    reading = bench.stores.begin(key_of())
    found = [
        await bench.stores.read(reading, read_of("large", part=part), NamespaceFacts("payments"))
        for part in ("a", "b", "c")
    ]
    assert [isinstance(each, Unread) for each in found] == [False, False, True]
    assert bench.provider.reads == 1
