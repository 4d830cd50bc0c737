# SPDX-License-Identifier: Apache-2.0
"""Secrets that upstream's controller made: taken over without a write.

Source: compat/external-secrets.md 2.6.
"""

from typing import Any

import pytest
from tests.cluster.engine.externalsecrets.shop import (
    CREATED_BY,
    DATA_HASH,
    MANAGED,
    Shop,
    data_of,
)
from tests.cluster.engine.sides import Data, eventually, wrapped

from keyfleet.base.clock import SystemClock, timestamp
from keyfleet.dialects.eso.hashes import data_hash, owner_hash, synced_version
from keyfleet.kube.resources import EXTERNALSECRETS
from keyfleet.model.ownership import OWNER_ANNOTATION
from keyfleet.testing.canary import canary

ONE, TWO, OTHER = canary("one"), canary("two"), canary("other")
LONG_AGO = "2020-01-01T00:00:00Z"


async def upstream(
    shop: Shop,
    data: Data,
    *,
    policy: str = "Owner",
    refreshed: str = "",
    hashed: Data | None = None,
) -> None:
    """Write target and status as upstream's controller did, of an ExternalSecret that is there.

    Args:
        shop: The fleet.
        data: What the target holds.
        policy: The manifest's creationPolicy.
        refreshed: When, empty is just now.
        hashed: What it held when upstream wrote it, where somebody changed it since.
    """
    manifest = (await shop.get(shop.east))["metadata"]
    is_owner = policy == "Owner"
    owner = {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "name": "db",
        "uid": manifest["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
    labels = {MANAGED: "true"}
    await shop.fleet.write_secret(
        shop.east,
        "db",
        data,
        labels=labels | ({CREATED_BY: owner_hash(shop.namespace, "db")} if is_owner else {}),
        annotations={DATA_HASH: data_hash(wrapped(hashed or data))},
        ownerReferences=[owner] if is_owner else [],
    )
    status = {
        "refreshTime": refreshed or timestamp(SystemClock().now()),
        "syncedResourceVersion": synced_version(manifest["generation"], labels={}, annotations={}),
        "binding": {"name": "db"},
        "conditions": [
            {
                "type": "Ready",
                "status": "True",
                "reason": "SecretSynced",
                "message": "secret synced",
                "lastTransitionTime": LONG_AGO,
            }
        ],
    }
    operations = [{"op": "add", "path": "/status", "value": status}]
    await shop.east.client.json_patch(
        EXTERNALSECRETS, "db", operations, namespace=shop.namespace, subresource="status"
    )
    shop.fleet.forget_requests()


async def begin(shop: Shop, **spec: Any) -> None:
    await shop.store(shop.east, {"db": ONE, "other": OTHER})
    await shop.want(shop.east, {"password": "db"}, **spec)


@pytest.mark.parametrize("policy", ["Owner", "Orphan", "CreateOrMerge"])
async def test_what_is_as_wanted_is_not_written(shop: Shop, policy: str) -> None:
    await begin(shop, target={"creationPolicy": policy})
    await upstream(shop, {"password": ONE}, policy=policy)
    await shop.run()
    await shop.fleet.quiet()
    assert shop.east.writes() == []
    assert [seen for seen in shop.writes(shop.east) if "externalsecrets" in seen.path] == []
    assert shop.calls.keys == []


async def test_what_is_due_is_asked_for_and_still_not_written(shop: Shop) -> None:
    await begin(shop)
    await upstream(shop, {"password": ONE}, refreshed=LONG_AGO)
    await shop.run()

    async def refreshed() -> bool:
        return bool((await shop.status(shop.east))["refreshTime"] > LONG_AGO)

    await eventually(refreshed)
    await shop.fleet.quiet()
    assert shop.east.writes() == []
    assert shop.calls.keys == ["db"]


async def test_a_new_value_is_written_with_our_marker_and_without_a_hash(shop: Shop) -> None:
    await begin(shop)
    await upstream(shop, {"password": ONE})
    await shop.run()
    await shop.fleet.quiet()
    await shop.fill(shop.east, {"db": TWO})
    await shop.delivered({"password": TWO}, shop.east)
    metadata = (await shop.secret(shop.east))["metadata"]
    assert DATA_HASH not in metadata["annotations"]
    assert OWNER_ANNOTATION in metadata["annotations"]
    assert metadata["labels"][MANAGED] == "true"
    assert len(metadata["ownerReferences"]) == 1


async def test_a_changed_manifest_is_followed(shop: Shop) -> None:
    await begin(shop)
    await upstream(shop, {"password": ONE})
    await shop.edit(shop.east, {"data": data_of({"renamed": "other"})})
    await shop.run()
    await shop.delivered({"renamed": OTHER}, shop.east)


async def test_a_target_that_drifted_before_is_repaired(shop: Shop) -> None:
    await begin(shop)
    await upstream(shop, {"password": TWO}, hashed={"password": ONE})
    await shop.run()
    await shop.delivered({"password": ONE}, shop.east)


async def test_a_target_that_drifts_afterwards_is_repaired(shop: Shop) -> None:
    await begin(shop)
    await upstream(shop, {"password": ONE})
    await shop.run()
    await shop.fleet.quiet()
    await shop.fleet.set_data(shop.east, "db", {"password": TWO})
    await shop.delivered({"password": ONE}, shop.east)


async def test_a_target_that_is_deleted_afterwards_is_made_again(shop: Shop) -> None:
    await begin(shop)
    await upstream(shop, {"password": ONE})
    await shop.run()
    await shop.fleet.quiet()
    await shop.fleet.delete_secret(shop.east, "db")
    await shop.delivered({"password": ONE}, shop.east)


async def test_a_restart_after_an_adoption_writes_nothing_either(shop: Shop) -> None:
    await begin(shop)
    await upstream(shop, {"password": ONE})
    await shop.run()
    await shop.restart()
    await shop.fleet.quiet()
    assert shop.writes(shop.east) == []
    assert shop.calls.keys == []
