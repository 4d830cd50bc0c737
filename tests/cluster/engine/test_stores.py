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
from keyfleet.kube.resources import (
    CLUSTERSECRETSTORES,
    EXTERNALSECRETS,
    FLEETPOLICIES,
    GENERATORS,
    SECRETSTORES,
)
from keyfleet.plugin.stores import Provider
from keyfleet.testing.canary import canary

CLAIMS = Claims(dialects=frozenset({"eso"}))
PASSWORDS = GENERATORS[0]
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


async def test_no_store_is_read_that_is_anothers(stores: Fleet, counting: CountingProvider) -> None:
    """Absent and forbidden are answered with the same reason in the same words."""
    victim = await stores.add_namespace("victim", stores.hub)
    counting.values = {"db": ONE}
    await stores.write_secret(stores.hub, "login", {"password": canary("login")}, namespace=victim)
    await eso.store(stores.hub, victim, COUNTING)
    conditions = [{"namespaces": [victim]}]
    wide = {"provider": FAKE, "conditions": conditions}
    await eso.put(stores.hub, CLUSTERSECRETSTORES, f"wide-{victim}", wide)
    await run(stores)
    attacks = {
        "present": {"name": "store", "namespace": victim},
        "absent": {"name": "no-store", "namespace": victim},
        "own": {"name": "store"},
        "wide": {"name": f"wide-{victim}", "kind": "ClusterSecretStore"},
    }
    for name, ref in attacks.items():
        sources = [{"name": "s", "storeRef": ref, "key": "db", "to": "k"}]
        await stores.ask(stores.east, name=name, sources=sources)
    reasons = {"present": "SourceMissing", "absent": "SourceMissing", "own": "StoreMissing"}
    for name in attacks:
        wanted = reasons.get(name, "StoreNotAllowed")
        await stores.stands(
            "Pending" if name in reasons else "Refused", wanted, stores.east, name=name
        )
    said = [(await stores.status(name))["conditions"][0]["message"] for name in attacks]
    assert said[0].replace("/store ", "/no-store ") == said[1]
    assert (counting.reads, await stores.data(stores.east, "present")) == (0, None)
    await stores.hub.client.delete(CLUSTERSECRETSTORES, f"wide-{victim}")


async def test_what_a_store_is_called_decides_where_its_values_may_go(
    stores: Fleet, counting: CountingProvider
) -> None:
    """A policy labels the store; the value of it stays where that may be."""
    del counting
    rule = {
        "name": "production-stays",
        "from": {"matchLabels": {"env": "production"}},
        "to": {"matchLabels": {"env": "test"}},
        "action": "Deny",
    }
    chosen = {
        "clusters": {"names": ["hub"]},
        "namespaces": {"names": [stores.namespace]},
        "stores": {"names": ["store"], "kinds": ["SecretStore"]},
        "labels": {"env": "production"},
    }
    spec = {"flows": [rule], "sources": [chosen], "defaultFlow": "Allow"}
    body = {
        "apiVersion": FLEETPOLICIES.api_version,
        "kind": FLEETPOLICIES.kind,
        "metadata": {"name": f"flows-{stores.namespace}"},
        "spec": spec,
    }
    await stores.hub.client.create(FLEETPOLICIES, body)
    for name in ("store", "other"):
        await eso.store(stores.hub, stores.namespace, FAKE, name)
    await stores.declare(stores.east, labels={"env": "production"})
    await stores.declare(stores.west, labels={"env": "test"})
    await stores.run(as_admin=True, claims=CLAIMS)
    for name in ("store", "other"):
        source = {"name": "s", "storeRef": {"name": name}, "key": "db/password", "to": "k"}
        await stores.ask(stores.east, stores.west, name=name, sources=[source])
    await stores.delivered({"k": ONE}, stores.east, name="store")
    await stores.delivered({"k": ONE}, stores.east, stores.west, name="other")
    await stores.stands("Refused", "FlowDenied", stores.west, name="store")
    assert await stores.data(stores.west, "store") is None
    await stores.hub.client.delete(FLEETPOLICIES, f"flows-{stores.namespace}")


async def test_generated_values_are_never_shared(stores: Fleet) -> None:
    generator = {"length": 24, "allowRepeat": True, "noUpper": False}
    for side in (stores.east, stores.west):
        await eso.put(side, PASSWORDS, "pw", generator, namespace=stores.namespace)
        ref = {"apiVersion": PASSWORDS.api_version, "kind": PASSWORDS.kind, "name": "pw"}
        for name in ("one", "two"):
            wanted = {"dataFrom": [{"sourceRef": {"generatorRef": ref}}]}
            await eso.put(side, EXTERNALSECRETS, name, wanted, namespace=stores.namespace)
    await run(stores)
    found: set[bytes] = set()
    for side in (stores.east, stores.west):
        for name in ("one", "two"):
            await eso.says(side, stores.namespace, "True", "SecretSynced", name=name)
            data = await stores.data(side, name)
            assert data is not None
            found.add(data["password"])
    assert len(found) == 4
