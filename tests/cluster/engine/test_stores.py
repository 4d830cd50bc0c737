# SPDX-License-Identifier: Apache-2.0
"""Values out of stores, delivered by real planes: one fetch for all who may, nothing for others."""

from collections.abc import AsyncIterator

import pytest
from tests.cluster.engine import eso
from tests.cluster.engine.counting import CountingProvider
from tests.cluster.engine.harness import Fleet

from keyfleet import builtin
from keyfleet.base.errors import UnreachableError
from keyfleet.engine.declarations.claims import Claims
from keyfleet.kube.resources import SECRETSTORES
from keyfleet.plugin.stores import Provider
from keyfleet.testing.canary import canary

CLAIMS = Claims(dialects=frozenset({"eso"}))
ONE, TWO = canary("one"), canary("two")
FAKE = {"fake": {"data": [{"key": "db/password", "value": ONE.decode()}]}}
COUNTING = {"counting": {"secretRef": {"name": "login", "key": "password"}}}


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> CountingProvider:
    """A provider that counts, beside those that are shipped."""
    shipped, counting = builtin.providers(), CountingProvider()
    found: dict[str, Provider] = {**shipped, counting.name: counting}
    monkeypatch.setattr(builtin, "providers", lambda: found)
    return counting


@pytest.fixture
async def stores(fleet: Fleet, counting: CountingProvider) -> AsyncIterator[Fleet]:
    """A fleet that serves External Secrets' kinds everywhere."""
    del counting
    await eso.install(*fleet.sides)
    try:
        yield fleet
    finally:
        await eso.uninstall(*fleet.sides)


async def run(fleet: Fleet) -> None:
    await fleet.declare(fleet.east, fleet.west)
    await fleet.run(as_admin=True, claims=CLAIMS)
    await fleet.leads()


async def test_an_external_secret_of_a_member_is_filled_from_a_store(stores: Fleet) -> None:
    await eso.store(stores.east, stores.namespace, FAKE)
    await eso.wants(stores.east, stores.namespace, {"password": "db/password"})
    await run(stores)
    await stores.delivered({"password": ONE}, stores.east)
    await eso.says(stores.east, stores.namespace, "True", "SecretSynced")
    await eso.says(stores.east, stores.namespace, "True", "Valid", name="store", kind=SECRETSTORES)


async def test_a_fleet_secret_is_filled_from_a_store_of_the_hub(stores: Fleet) -> None:
    await eso.store(stores.hub, stores.namespace, FAKE)
    await run(stores)
    source = {"storeRef": {"name": "store"}, "key": "db/password", "to": "password"}
    await stores.ask(stores.east, stores.west, sources=[{"name": "only", **source}])
    await stores.delivered({"password": ONE}, stores.east, stores.west)


async def test_one_fetch_serves_both_clusters(stores: Fleet, counting: CountingProvider) -> None:
    """Five keys in two clusters: five reads, and one login for each store."""
    counting.values = {f"k{number}": canary(f"v{number}") for number in range(5)}
    for side in (stores.east, stores.west):
        await stores.write_secret(side, "login", {"password": canary("login")})
        await eso.store(side, stores.namespace, COUNTING)
        for key in counting.values:
            await eso.wants(side, stores.namespace, {"value": key}, name=key)
    await run(stores)
    for key, value in counting.values.items():
        await stores.delivered({"value": value}, stores.east, stores.west, name=key)
    assert (counting.reads, counting.logins) == (5, 2)


async def test_a_cluster_whose_login_is_refused_gets_nothing(
    stores: Fleet, counting: CountingProvider
) -> None:
    """The same store declaration in both; what one may read is nothing to the other."""
    counting.passwords = {canary("good")}
    counting.values = {"db": ONE}
    for side, password in ((stores.east, "good"), (stores.west, "bad")):
        await stores.write_secret(side, "login", {"password": canary(password)})
        await eso.store(side, stores.namespace, COUNTING)
        await eso.wants(side, stores.namespace, {"value": "db"})
    await run(stores)
    await stores.delivered({"value": ONE}, stores.east)
    await eso.says(stores.west, stores.namespace, "False", "SecretSyncedError", "not ready")
    await eso.says(
        stores.west, stores.namespace, "False", "validate", name="store", kind=SECRETSTORES
    )
    assert await stores.data(stores.west) is None
    await stores.set_data(stores.west, "login", {"password": canary("good")})
    await stores.delivered({"value": ONE}, stores.west)
    await eso.says(stores.west, stores.namespace, "True", "SecretSynced")


async def test_an_outage_leaves_what_was_delivered_and_says_so(
    stores: Fleet, counting: CountingProvider
) -> None:
    counting.values = {"db": ONE}
    await stores.write_secret(stores.east, "login", {"password": canary("login")})
    await eso.store(stores.east, stores.namespace, COUNTING)
    await eso.wants(stores.east, stores.namespace, {"value": "db"}, refreshInterval="1s")
    await run(stores)
    await stores.delivered({"value": ONE}, stores.east)
    counting.down = UnreachableError("store.unreachable", "no answer")
    counting.values = {"db": TWO}
    await eso.says(stores.east, stores.namespace, "False", "spec.data[0] (key: db)")
    assert await stores.data(stores.east) == {"value": ONE}
    counting.down = None
    await stores.delivered({"value": TWO}, stores.east)
    await eso.says(stores.east, stores.namespace, "True", "SecretSynced")


async def test_a_store_that_comes_later_heals_who_waits_for_it(stores: Fleet) -> None:
    await eso.wants(stores.east, stores.namespace, {"password": "db/password"})
    await run(stores)
    await eso.says(stores.east, stores.namespace, "False", 'could not get SecretStore "store"')
    await eso.store(stores.east, stores.namespace, FAKE)
    await stores.delivered({"password": ONE}, stores.east)


async def test_stores_of_another_controller_are_left_alone(stores: Fleet) -> None:
    await eso.store(stores.east, stores.namespace, FAKE, controller="another")
    await eso.wants(stores.east, stores.namespace, {"password": "db/password"})
    await run(stores)
    await stores.quiet()
    assert await stores.data(stores.east) is None
    assert await eso.ready(stores.east, stores.namespace) == ("", "", "")
    assert await eso.ready(stores.east, stores.namespace, "store", SECRETSTORES) == ("", "", "")


async def test_a_refused_read_says_entry_key_and_remedy(
    stores: Fleet, counting: CountingProvider
) -> None:
    await stores.write_secret(stores.east, "login", {"password": canary("login")})
    await eso.store(stores.east, stores.namespace, COUNTING)
    await eso.wants(stores.east, stores.namespace, {"value": "absent"})
    await run(stores)
    await eso.says(
        stores.east,
        stores.namespace,
        "SecretSyncedError",
        "spec.data[0] (key: absent)",
        "correct the key",
    )
    counting.values["absent"] = ONE
    await stores.delivered({"value": ONE}, stores.east)
