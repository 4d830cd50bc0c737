# SPDX-License-Identifier: Apache-2.0
"""Every declared store is validated, and says how it stands and why."""

import asyncio
from typing import Any

import pytest
from tests.unit.engine.fakes import turns
from tests.unit.engine.stores.bench import STORE, VALUE, WIDE, Bench, key_of, read_of

from keyfleet.base.errors import DeniedError, UnreachableError
from keyfleet.base.secret import SecretValue
from keyfleet.engine.stores.keeper import AT_ONCE
from keyfleet.model.outcome import Readiness
from keyfleet.model.places import NamespaceFacts
from keyfleet.model.plan import State
from keyfleet.model.stores import Store, StoreRef
from keyfleet.testing.canary import canary
from keyfleet.testing.clock import FakeClock

NAMED = {"secretRef": {"name": "login"}}


async def judged(bench: Bench, ref: StoreRef = STORE) -> tuple[Readiness, str, bool]:
    """Declare a store and return what is said of it."""
    bench.stores.changed(ref)
    await turns()
    assert bench.told
    said = bench.told[-1]
    assert said.store == ref
    return said.readiness, said.message, said.is_unopened


async def passes(bench: Bench, seconds: float) -> None:
    assert isinstance(bench.clock, FakeClock)
    await bench.clock.advance(seconds)


async def test_a_store_that_opens_is_ready() -> None:
    bench = Bench()
    bench.put(generation=7)
    assert await judged(bench) == (Readiness.READY, "", False)
    assert (bench.told[-1].generation, bench.told[-1].capabilities) == (7, "ReadOnly")
    await bench.read()
    assert len(bench.provider.logins) == 1, "what was opened to validate is used"
    await bench.stores.close()


async def test_each_look_at_a_store_is_told_to_metrics() -> None:
    bench = Bench()
    bench.put()
    await judged(bench)
    assert bench.looked == [(STORE, True)]
    bench.put(config=NAMED, generation=2)
    await judged(bench)
    assert bench.looked == [(STORE, True), (STORE, False)]
    await bench.stores.close()


async def test_a_store_that_cannot_tell_is_ready_and_says_why() -> None:
    bench = Bench()
    bench.put(config={"doubt": "nobody may ask"})
    assert await judged(bench) == (Readiness.UNKNOWN, "nobody may ask", False)
    await bench.stores.close()


async def test_credentials_of_who_asks_cannot_be_tried_without_anybody() -> None:
    bench = Bench()
    bench.put(WIDE, NAMED)
    assert await judged(bench, WIDE) == (Readiness.READY, "", False)
    found = await bench.unread(read_of(store=WIDE))
    assert "Secret hub/payments/login" in found.finding.message
    assert len(bench.told) == 1, "what one namespace lacks says nothing about the store"
    await bench.stores.close()


@pytest.mark.parametrize(
    ("spec", "words", "is_unopened"),
    [
        ({"provider": {"counting": {}, "fake": {}}}, "exactly one provider", True),
        ({"provider": {"gcpsm": {}}}, "supported are counting", True),
        ({"provider": {"counting": NAMED}}, "Secret hub/payments/login", True),
    ],
)
async def test_a_declaration_that_cannot_work_is_said(
    spec: dict[str, Any], words: str, is_unopened: bool
) -> None:
    bench = Bench()
    bench.objects.put(STORE, {"metadata": {"uid": "u", "generation": 1}, "spec": spec})
    readiness, message, unopened = await judged(bench)
    assert (readiness, unopened) == (Readiness.ERROR, is_unopened)
    assert words in message
    found = await bench.unread()
    assert found.finding.reason == "StoreNotReady"
    assert words in f"{found.finding.message} {found.finding.hint}"
    await bench.stores.close()


async def test_a_refused_login_is_a_failed_validation_and_heals() -> None:
    bench = Bench()
    bench.put()
    bench.provider.refusals = [DeniedError("store.login_refused", "not accepted")]
    assert (await judged(bench))[::2] == (Readiness.ERROR, False)
    await bench.unread()
    await passes(bench, 3)
    assert bench.told[-1].readiness is Readiness.READY
    assert bench.woken == [{key_of()}]
    await bench.stores.close()


async def test_a_store_is_validated_again_and_again() -> None:
    bench = Bench()
    bench.put(refreshInterval="1m")
    await judged(bench)
    bench.provider.refusals = [UnreachableError("store.unreachable", "no answer")] * 4
    await passes(bench, 61)
    assert {one.readiness for one in bench.told[1:]} == {Readiness.ERROR}
    assert (await bench.unread()).finding.state is State.PENDING
    await passes(bench, 30)
    assert bench.told[-1].readiness is Readiness.READY
    assert await bench.read() == VALUE
    assert bench.provider.closed == 1
    await bench.stores.close()


async def test_a_changed_store_is_opened_anew_and_the_old_login_ends() -> None:
    bench = Bench()
    bench.put()
    await judged(bench)
    bench.put(generation=2)
    await judged(bench)
    await turns()
    assert [store.generation for store in bench.provider.logins] == [1, 2]
    assert bench.provider.closed == 1
    await bench.stores.close()


async def test_a_store_that_goes_is_logged_out_of() -> None:
    bench = Bench()
    bench.put()
    await judged(bench)
    bench.objects.drop(STORE)
    bench.stores.changed(STORE)
    await turns()
    assert bench.provider.closed == 1
    assert (await bench.unread()).finding.reason == "StoreMissing"
    await passes(bench, 3600)
    assert len(bench.provider.logins) == 1
    await bench.stores.close()


async def test_the_store_of_another_controller_is_never_opened() -> None:
    bench = Bench()
    bench.put(controller="another")
    bench.stores.changed(STORE)
    await turns()
    assert (bench.told, bench.provider.logins) == ([], [])
    assert bench.stores.declarations.is_foreign(STORE)
    await bench.stores.close()


async def test_conditions_leave_namespaces_out_by_name() -> None:
    bench = Bench()
    bench.put(WIDE, conditions=[{"namespaces": ["shop"]}])
    found = await bench.unread(read_of(store=WIDE))
    assert (found.finding.state, found.finding.reason) == (State.REFUSED, "StoreNotAllowed")
    assert (
        'using cluster store "vault" is not allowed from namespace "payments":'
        " denied by spec.condition" in found.finding.message
    )
    assert bench.provider.logins == []
    shop = NamespaceFacts("shop")
    assert await bench.read(read_of(store=WIDE), key_of("one", "shop"), shop) == VALUE
    await bench.stores.close()


async def test_a_kind_that_is_not_listed_is_no_absence() -> None:
    bench = Bench()
    bench.objects.unknown.add((STORE.cluster, STORE.kind))
    found = await bench.unread()
    assert "not listed yet" in found.finding.message
    await bench.stores.close()


async def test_no_login_of_a_store_shows_its_credentials() -> None:
    bench = Bench()
    bench.put(config=NAMED)
    bench.cluster.put_secret("login", password=SecretValue(canary("password")))
    await judged(bench)
    assert "kf-canary" not in repr(bench.told)
    await bench.stores.close()


async def test_stores_that_hang_keep_only_their_neighbours_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A tenant may declare thousands; each that is tried holds a connection."""
    bench = Bench()
    trying: list[StoreRef] = []

    async def hanging(store: Store, *_: object) -> None:
        trying.append(store.ref)
        await asyncio.Event().wait()

    monkeypatch.setattr(bench.provider, "open", hanging)
    for number in range(AT_ONCE["namespace"] * 3):
        ref = StoreRef("SecretStore", f"s{number}", "hostile")
        bench.put(ref)
        bench.stores.changed(ref)
    bench.put()
    bench.stores.changed(STORE)
    await turns(30)
    assert len(trying) == AT_ONCE["namespace"] + 1
    assert STORE in trying
    await bench.stores.close()
