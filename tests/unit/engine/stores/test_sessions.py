# SPDX-License-Identifier: Apache-2.0
"""One login per store: kept while it lasts, made anew when something changed or was refused."""

import asyncio

import pytest
from tests.unit.engine.fakes import turns
from tests.unit.engine.stores.bench import STORE, VALUE, WIDE, Bench, key_of, read_of

from keyfleet.base.errors import DeniedError, NotReadyError, UnreachableError
from keyfleet.base.secret import SecretValue
from keyfleet.base.tasks import all_of, spawn
from keyfleet.engine.stores.sessions import CLOSE_S, IDLE_S, RENEW_S
from keyfleet.model.intent import SecretRef
from keyfleet.model.places import NamespaceFacts
from keyfleet.model.plan import State
from keyfleet.testing.canary import canary
from keyfleet.testing.clock import FakeClock

REF = SecretRef("payments", "login")
NAMED = {"secretRef": {"name": "login"}}


class Watches:
    """What the cluster's watches show, told by hand."""

    def __init__(self) -> None:
        self.watched: set[SecretRef] = set()
        self.versions: dict[SecretRef, str | None] = {}

    def watch(self, ref: SecretRef) -> None:
        self.watched.add(ref)

    def unwatch(self, ref: SecretRef) -> None:
        self.watched.discard(ref)

    def version(self, ref: SecretRef) -> str | None:
        return self.versions.get(ref)


def clock_of(bench: Bench) -> FakeClock:
    assert isinstance(bench.clock, FakeClock)
    return bench.clock


def with_login(**spec: object) -> tuple[Bench, Watches]:
    watches = Watches()
    bench = Bench(watches=watches)
    bench.put(config=NAMED | spec)
    bench.cluster.put_secret("login", password=SecretValue(canary("password")))
    return bench, watches


def version_of(bench: Bench) -> str:
    found = bench.cluster.secret("login")
    assert found is not None
    return str(found["metadata"]["resourceVersion"])


async def test_what_a_store_names_is_watched_while_it_is_used() -> None:
    bench, watches = with_login()
    assert await bench.read() == VALUE
    assert watches.watched == {REF}
    bench.objects.drop(STORE)
    bench.stores.changed(STORE)
    assert watches.watched == set()
    await bench.stores.close()


async def test_a_changed_credential_opens_the_store_anew() -> None:
    bench, watches = with_login()
    await bench.read()
    watches.versions[REF] = version_of(bench)
    bench.stores.object_changed(REF)
    await bench.read()
    assert len(bench.provider.logins) == 1
    bench.cluster.put_secret("login", password=SecretValue(canary("rotated")))
    watches.versions[REF] = version_of(bench)
    bench.stores.object_changed(REF)
    await bench.read()
    assert len(bench.provider.logins) == 2
    await turns()
    assert bench.provider.closed == 1
    await bench.stores.close()


async def test_a_watch_that_lags_behind_opens_nothing() -> None:
    bench, watches = with_login()
    watches.versions[REF] = version_of(bench)
    bench.cluster.put_secret("login", password=SecretValue(canary("rotated")))
    await bench.read()
    bench.stores.object_changed(REF)
    await bench.read()
    assert len(bench.provider.logins) == 1
    await bench.stores.close()


async def test_a_missing_credential_is_named_and_heals_when_it_comes() -> None:
    watches = Watches()
    bench = Bench(watches=watches)
    bench.put(config=NAMED)
    found = await bench.unread()
    assert (found.finding.state, found.finding.reason) == (State.PENDING, "StoreNotReady")
    assert "Secret hub/payments/login" in found.finding.message
    assert 'SecretStore "vault" is not ready' in found.finding.message
    bench.cluster.put_secret("login", password=SecretValue(canary("password")))
    watches.versions[REF] = version_of(bench)
    bench.stores.object_changed(REF)
    await turns()
    assert {key_of()} in bench.woken
    assert await bench.read() == VALUE
    await bench.stores.close()


async def test_a_refused_login_is_tried_again_by_itself_and_wakes_all_who_wait() -> None:
    bench = Bench()
    bench.put()
    bench.provider.refusals = [DeniedError("store.login_refused", "not accepted")] * 2
    keys = {key_of(f"i{number}") for number in range(5)}
    for key in sorted(keys):
        found = await bench.unread(intent=key)
        assert found.again_s is not None
        assert found.again_s > 60
    assert len(bench.provider.logins) == 1
    await clock_of(bench).advance(10)
    assert len(bench.provider.logins) == 3
    assert bench.woken == [keys]
    await bench.stores.close()


async def test_a_cluster_that_is_away_is_no_absence() -> None:
    bench, _ = with_login()
    bench.away = UnreachableError("source.cluster_away", "not connected")
    found = await bench.unread()
    assert found.finding.reason == "SourceUnreachable"
    bench.away = None
    await clock_of(bench).advance(5)
    assert await bench.read() == VALUE
    await bench.stores.close()


async def test_a_revoked_login_is_made_anew_once() -> None:
    bench = Bench()
    bench.put()
    await bench.read()
    bench.provider.failures = [DeniedError("store.denied", "not with this login")]
    found = await bench.unread()
    assert (found.finding.state, found.finding.reason) == (State.FAILED, "SourceDenied")
    assert len(bench.provider.logins) == 1, "the login is a moment old: it is not at fault"
    await clock_of(bench).advance(RENEW_S + 1)
    bench.provider.failures = [DeniedError("store.denied", "not with this login")]
    assert await bench.read() == VALUE
    assert len(bench.provider.logins) == 2
    await bench.stores.close()


async def test_credentials_of_who_asks_are_kept_apart_by_namespace() -> None:
    bench = Bench()
    bench.put(WIDE, NAMED)
    for namespace in ("payments", "shop"):
        bench.cluster.put_secret("login", namespace, password=SecretValue(canary(namespace)))
        for _ in range(2):
            facts = NamespaceFacts(namespace)
            key = key_of("one", namespace)
            assert await bench.read(read_of(store=WIDE), key, facts) == VALUE
    assert [store.namespace for store in bench.provider.logins] == ["payments", "shop"]
    await bench.stores.close()


async def test_a_store_with_its_own_credentials_has_one_login_for_all_namespaces() -> None:
    bench = Bench()
    bench.put(WIDE, {"secretRef": {"name": "login", "namespace": "payments"}})
    bench.cluster.put_secret("login", password=SecretValue(canary("password")))
    for namespace in ("payments", "shop"):
        facts = NamespaceFacts(namespace)
        assert await bench.read(read_of(store=WIDE), key_of("one", namespace), facts) == VALUE
    assert len(bench.provider.logins) == 1
    await bench.stores.close()


async def test_who_asks_at_once_shares_one_login() -> None:
    bench = Bench()
    bench.put()
    await all_of((bench.read(intent=key_of(f"i{n}")) for n in range(20)), name="read")
    assert len(bench.provider.logins) == 1
    await bench.stores.close()


async def test_a_session_in_use_is_closed_when_it_is_left() -> None:
    bench = Bench()
    bench.put()
    bench.provider.gate.clear()
    reading = spawn(bench.read(), name="read")
    await turns()
    bench.objects.drop(STORE)
    bench.stores.changed(STORE)
    await turns()
    assert bench.provider.closed == 0
    bench.provider.gate.set()
    assert await reading == VALUE
    await turns()
    assert bench.provider.closed == 1
    await bench.stores.close()


async def test_a_session_that_nobody_uses_is_closed() -> None:
    bench = Bench()
    bench.put(WIDE, NAMED)
    bench.cluster.put_secret("login", password=SecretValue(canary("password")))
    bench.stores.changed(WIDE)
    await turns()
    await bench.read(read_of(store=WIDE))
    assert bench.provider.closed == 0
    await clock_of(bench).advance(IDLE_S + 120)
    assert bench.provider.closed == 1
    await bench.stores.close()


async def test_everything_is_logged_out_at_the_end() -> None:
    bench = Bench()
    bench.put()
    await bench.read()
    await bench.stores.close()
    assert bench.provider.closed == 1


@pytest.mark.parametrize("fails", [True, False])
async def test_logging_out_takes_a_bounded_time(
    fails: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keyfleet.engine.stores.sessions.CLOSE_S", CLOSE_S / 100)
    bench = Bench()
    bench.put()
    await bench.read()

    async def close() -> None:
        if fails:
            raise NotReadyError("x.y", "it fails")
        await asyncio.Event().wait()

    monkeypatch.setattr(bench.provider.sessions[0], "close", close)
    async with asyncio.timeout(5):
        await bench.stores.close()


async def test_an_error_that_is_none_of_ours_is_hidden(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A provider's bug may quote what it read."""
    bench = Bench()
    bench.put()

    async def broken(*_: object) -> None:
        raise ValueError(canary("quoted").decode())

    monkeypatch.setattr(bench.provider, "open", broken)
    found = await bench.unread()
    assert found.error is not None
    assert found.error.code == "store.provider_failed"
    assert found.error.__context__ is None
    await bench.stores.close()


async def test_credentials_of_who_asks_are_presented_again_though_they_are_in_use() -> None:
    """No keeper tries them, and a provider may renew a login that its owner would get no more."""
    bench = Bench()
    bench.put(WIDE, NAMED)
    bench.cluster.put_secret("login", password=SecretValue(canary("password")))
    bench.stores.changed(WIDE)
    for _ in range(6):
        assert await bench.read(read_of(store=WIDE)) == VALUE
        await clock_of(bench).advance(IDLE_S / 4)
    assert [store.namespace for store in bench.provider.logins] == ["payments", "payments"]
    await bench.stores.close()
