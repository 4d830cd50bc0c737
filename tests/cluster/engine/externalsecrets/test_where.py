# SPDX-License-Identifier: Apache-2.0
"""ExternalSecrets wherever they are found, and what is said of them.

Source: compat/external-secrets.md 2.6, 3.1, 3.3.
"""

from datetime import datetime

import pytest
from tests.cluster.engine.externalsecrets.shop import (
    CREATED_BY,
    DATA_HASH,
    MANAGED,
    OLD_EXTERNALSECRETS,
    OLD_SECRETSTORES,
    Shop,
    manager_of,
)
from tests.cluster.engine.sides import always, eventually

from keyfleet.dialects.eso.hashes import owner_hash, synced_version
from keyfleet.kube.resources import EXTERNALSECRETS, SECRETSTORES
from keyfleet.testing.canary import canary

ONE, TWO = canary("one"), canary("two")


async def test_one_of_a_member_is_filled_there_and_nowhere_else(shop: Shop) -> None:
    await shop.store(shop.east, {"db": ONE})
    await shop.want(shop.east, {"password": "db"})
    await shop.run(shop.east, shop.fleet.west)
    await shop.delivered({"password": ONE}, shop.east)
    await shop.synced(shop.east)
    await shop.says(shop.east, "True", "Valid", name="store", kind=SECRETSTORES)
    assert await shop.fleet.data(shop.fleet.west) is None
    assert await shop.fleet.data(shop.fleet.hub) is None


async def test_one_of_the_hub_is_filled_on_the_hub(shop: Shop) -> None:
    await shop.store(shop.fleet.hub, {"db": ONE})
    await shop.want(shop.fleet.hub, {"password": "db"})
    await shop.run(shop.fleet.hub)
    await shop.delivered({"password": ONE}, shop.fleet.hub)
    await shop.synced(shop.fleet.hub)


async def test_one_of_a_hub_that_is_no_member_says_so(shop: Shop) -> None:
    await shop.store(shop.fleet.hub, {"db": ONE})
    await shop.want(shop.fleet.hub, {"password": "db"})
    await shop.run(shop.east)
    await shop.says(shop.fleet.hub, "False", "SecretSyncedError", "no member of the fleet")


async def test_the_same_manifest_in_two_members_is_two(shop: Shop) -> None:
    """Each cluster's store has its own value, and each target its own."""
    for side, value in ((shop.east, ONE), (shop.fleet.west, TWO)):
        await shop.store(side, {"db": value})
        await shop.want(side, {"password": "db"})
    await shop.run(shop.east, shop.fleet.west)
    await shop.delivered({"password": ONE}, shop.east)
    await shop.delivered({"password": TWO}, shop.fleet.west)
    await shop.synced(shop.east, shop.fleet.west)


async def test_manifests_of_the_older_version_work_unchanged(shop: Shop) -> None:
    await shop.store(shop.east, {"db": ONE}, kind=OLD_SECRETSTORES)
    await shop.want(shop.east, {"password": "db"}, kind=OLD_EXTERNALSECRETS)
    await shop.run()
    await shop.delivered({"password": ONE}, shop.east)
    await shop.synced(shop.east)


async def test_the_status_says_when_what_and_where(shop: Shop) -> None:
    await shop.store(shop.east, {"db": ONE})
    labels, annotations = {"team": "pay"}, {"note": "x"}
    metadata = {"labels": labels, "annotations": annotations}
    await shop.want(shop.east, {"password": "db"}, metadata=metadata, target={"name": "other"})
    await shop.run()
    await shop.synced(shop.east)
    found = await shop.get(shop.east)
    status = found["status"]
    assert status["binding"] == {"name": "other"}
    generation = found["metadata"]["generation"]
    version = synced_version(generation, labels=labels, annotations=annotations)
    assert status["syncedResourceVersion"] == version
    assert datetime.fromisoformat(status["refreshTime"]).tzinfo is not None


async def test_a_target_carries_upstreams_marks_but_no_hash_of_its_values(shop: Shop) -> None:
    await shop.store(shop.east, {"db": ONE})
    await shop.want(shop.east, {"password": "db"}, metadata={"labels": {"team": "pay"}})
    await shop.run()
    await shop.synced(shop.east)
    metadata = (await shop.secret(shop.east))["metadata"]
    assert metadata["labels"][MANAGED] == "true"
    assert metadata["labels"][CREATED_BY] == owner_hash(shop.namespace, "db")
    assert metadata["labels"]["team"] == "pay"
    assert DATA_HASH not in metadata["annotations"]
    assert manager_of() in await shop.managers(shop.east)


async def test_a_target_belongs_to_its_manifest(shop: Shop) -> None:
    await shop.store(shop.east, {"db": ONE})
    await shop.want(shop.east, {"password": "db"})
    await shop.run()
    await shop.synced(shop.east)
    (owner,) = (await shop.secret(shop.east))["metadata"]["ownerReferences"]
    manifest = (await shop.get(shop.east))["metadata"]
    assert owner == {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "name": "db",
        "uid": manifest["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


async def test_events_tell_of_creation_and_change(shop: Shop) -> None:
    await shop.store(shop.east, {"db": ONE, "other": TWO})
    await shop.want(shop.east, {"password": "db"})
    await shop.run()
    await shop.heard(shop.east, "Normal", "Created", "secret created")
    await shop.edit(shop.east, {"data": [{"secretKey": "password", "remoteRef": {"key": "other"}}]})
    await shop.delivered({"password": TWO}, shop.east)
    await shop.heard(shop.east, "Normal", "Updated", "secret updated")


async def test_a_failure_is_told_with_its_cause_and_keeps_what_was_synced(shop: Shop) -> None:
    await shop.store(shop.east, {"db": ONE})
    await shop.want(shop.east, {"password": "db"})
    await shop.run()
    await shop.synced(shop.east)
    before = await shop.status(shop.east)
    await shop.edit(shop.east, {"data": [{"secretKey": "password", "remoteRef": {"key": "none"}}]})
    await shop.says(shop.east, "False", "SecretSyncedError", "spec.data[0] (key: none)")
    await shop.heard(shop.east, "Warning", "UpdateFailed", "spec.data[0] (key: none)")
    after = await shop.status(shop.east)
    assert after["refreshTime"] == before["refreshTime"]
    assert after["syncedResourceVersion"] == before["syncedResourceVersion"]
    assert await shop.fleet.data(shop.east) == {"password": ONE}


async def test_a_new_target_name_moves_the_secret(shop: Shop) -> None:
    await shop.store(shop.east, {"db": ONE})
    await shop.want(shop.east, {"password": "db"})
    await shop.run()
    await shop.delivered({"password": ONE}, shop.east)
    await shop.edit(shop.east, {"target": {"name": "moved"}})
    await shop.delivered({"password": ONE}, shop.east, name="moved")
    await shop.fleet.gone(shop.east)


async def test_one_that_upstream_guarded_can_be_deleted(shop: Shop) -> None:
    """Its finalizer would wait for a controller that is not there."""
    await shop.store(shop.east, {"db": ONE})
    finalizers = ["externalsecrets.external-secrets.io/externalsecret-cleanup"]
    await shop.want(shop.east, {"password": "db"}, metadata={"finalizers": finalizers})
    await shop.run()
    await shop.synced(shop.east)
    await shop.remove(shop.east)
    await shop.fleet.gone(shop.east)

    async def gone() -> bool:
        place = shop.namespace
        found = await shop.east.client.find_metadata(EXTERNALSECRETS, "db", namespace=place)
        return found is None

    await eventually(gone)


@pytest.mark.parametrize(("policy", "is_kept"), [("Owner", False), ("Orphan", True)])
async def test_what_was_withdrawn_while_nobody_ran(
    shop: Shop, policy: str, *, is_kept: bool
) -> None:
    await shop.store(shop.east, {"db": ONE})
    await shop.want(shop.east, {"password": "db"}, target={"creationPolicy": policy})
    await shop.run()
    await shop.synced(shop.east)
    await shop.fleet.end()
    await shop.remove(shop.east)
    await shop.again()
    if not is_kept:
        await shop.fleet.gone(shop.east)
    await shop.fleet.quiet()
    assert (await shop.fleet.data(shop.east) is not None) is is_kept


async def test_a_member_that_was_away_catches_up(shop: Shop) -> None:
    await shop.store(shop.east, {"db": ONE})
    await shop.want(shop.east, {"password": "db"})
    await shop.run()
    await shop.synced(shop.east)
    await shop.east.proxy.cut()
    await shop.fill(shop.east, {"db": TWO})
    await shop.want(shop.east, {"password": "db"}, "later")
    await always(lambda: shop.fleet.data(shop.east))
    await shop.east.proxy.heal()
    await shop.delivered({"password": TWO}, shop.east)
    await shop.delivered({"password": TWO}, shop.east, name="later")
    await shop.synced(shop.east)
    await shop.synced(shop.east, name="later")


async def test_a_kind_of_target_that_is_no_secret_is_refused(shop: Shop) -> None:
    await shop.store(shop.east, {"db": ONE})
    manifest = {"apiVersion": "v1", "kind": "ConfigMap"}
    await shop.want(shop.east, {"password": "db"}, target={"manifest": manifest})
    await shop.run()
    await shop.says(shop.east, "False", "SecretSyncedError", "invalid generic target")


async def test_two_of_one_name_in_two_namespaces_do_not_meet(shop: Shop) -> None:
    other = await shop.fleet.add_namespace("other")
    for namespace, value in ((shop.namespace, ONE), (other, TWO)):
        await shop.store(shop.east, {"db": value}, namespace=namespace)
        await shop.want(shop.east, {"password": "db"}, namespace=namespace)
    await shop.run()
    await shop.delivered({"password": ONE}, shop.east)
    await shop.fleet.delivered({"password": TWO}, shop.east, namespace=other)
