# SPDX-License-Identifier: Apache-2.0
"""Whose a target is, what is written into it, and what becomes of it when a store has no more.

Source: compat/external-secrets.md 2.7, 2.8.
"""

from typing import Any

import pytest
from tests.cluster.engine.externalsecrets.shop import CREATED_BY, DATA_HASH, MANAGED, Shop
from tests.cluster.engine.sides import eventually

from keyfleet.engine import passes
from keyfleet.testing.canary import canary

ONE, TWO, OTHER = canary("one"), canary("two"), canary("other")
FOREIGN = {"foreign": OTHER}
BOTH = {"a": "a", "b": "b"}
TWO_KEYS = {"a": ONE, "b": TWO}
MANY = 12
"""More than may go without a person."""


def target(creation: str = "Owner", deletion: str = "Retain", **rest: Any) -> dict[str, Any]:
    return {"creationPolicy": creation, "deletionPolicy": deletion, **rest}


async def owners(shop: Shop, name: str = "db") -> list[str]:
    found = (await shop.secret(shop.east, name))["metadata"].get("ownerReferences", [])
    return [f"{owner['kind']}/{owner['name']}" for owner in found]


async def labels(shop: Shop) -> dict[str, str]:
    found: dict[str, str] = (await shop.secret(shop.east))["metadata"].get("labels", {})
    return found


# creationPolicy


async def test_owner_takes_over_what_nobody_owns(shop: Shop) -> None:
    await shop.fleet.write_secret(shop.east, "db", FOREIGN)
    await shop.store(shop.east, {"db": ONE})
    await shop.want(shop.east, {"password": "db"})
    await shop.run()
    await shop.delivered({"password": ONE}, shop.east)
    assert await owners(shop) == ["ExternalSecret/db"]
    await shop.synced(shop.east)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("ExternalSecret", "target is owned by another ExternalSecret"),
        ("Deployment", "failed to take ownership of target secret"),
    ],
)
async def test_owner_leaves_what_another_owns(shop: Shop, kind: str, message: str) -> None:
    owner = {"apiVersion": "any/v1", "kind": kind, "name": "x", "uid": "u", "controller": True}
    await shop.fleet.write_secret(shop.east, "db", FOREIGN, ownerReferences=[owner])
    await shop.store(shop.east, {"db": ONE})
    await shop.want(shop.east, {"password": "db"})
    await shop.run()
    await shop.says(shop.east, "False", "SecretSyncedError", message)
    await shop.heard(shop.east, "Warning", "UpdateFailed", message)
    assert await shop.fleet.data(shop.east) == FOREIGN


@pytest.mark.parametrize("policy", ["Orphan", "CreateOrMerge"])
async def test_unowned_targets_are_made_without_an_owner(shop: Shop, policy: str) -> None:
    await shop.store(shop.east, {"db": ONE})
    await shop.want(shop.east, {"password": "db"}, target=target(policy))
    await shop.run()
    await shop.delivered({"password": ONE}, shop.east)
    await shop.synced(shop.east)
    assert await owners(shop) == []
    found = await labels(shop)
    assert (found[MANAGED], CREATED_BY in found) == ("true", False)


async def test_orphan_replaces_what_is_there(shop: Shop) -> None:
    await shop.fleet.write_secret(shop.east, "db", FOREIGN)
    await shop.store(shop.east, {"db": ONE})
    await shop.want(shop.east, {"password": "db"}, target=target("Orphan"))
    await shop.run()
    await shop.delivered({"password": ONE}, shop.east)


@pytest.mark.parametrize("policy", ["Merge", "CreateOrMerge"])
async def test_merging_keeps_keys_of_others_and_removes_its_own(shop: Shop, policy: str) -> None:
    await shop.fleet.write_secret(shop.east, "db", FOREIGN | {"a": OTHER})
    await shop.store(shop.east, TWO_KEYS)
    await shop.want(shop.east, BOTH, target=target(policy))
    await shop.run()
    await shop.delivered(FOREIGN | TWO_KEYS, shop.east)
    await shop.edit(shop.east, {"data": [{"secretKey": "a", "remoteRef": {"key": "a"}}]})
    await shop.delivered(FOREIGN | {"a": ONE}, shop.east)
    await shop.synced(shop.east)
    assert await owners(shop) == []


async def test_merging_waits_for_a_target_without_complaint(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No watch shows somebody else's Secret, so it is looked for, which asks no store."""
    monkeypatch.setattr(passes, "RECHECK_S", 0.5)
    await shop.store(shop.east, {"db": ONE})
    await shop.want(shop.east, {"password": "db"}, target=target("Merge"))
    await shop.run()
    await shop.says(
        shop.east, "True", "SecretMissing", "will not be created due to CreationPolicy=Merge"
    )
    await shop.fleet.quiet()
    assert await shop.fleet.data(shop.east) is None
    assert shop.calls.count == 1
    await shop.fleet.write_secret(shop.east, "db", FOREIGN)
    await shop.delivered(FOREIGN | {"password": ONE}, shop.east)
    await shop.synced(shop.east)


async def test_none_writes_nothing_and_says_that_it_is_synced(shop: Shop) -> None:
    await shop.fleet.write_secret(shop.east, "db", FOREIGN)
    await shop.store(shop.east, {"db": ONE})
    await shop.want(shop.east, {"password": "db"}, target=target("None"))
    await shop.run()
    await shop.synced(shop.east)
    await shop.fleet.quiet()
    assert shop.east.writes() == []
    assert "binding" not in await shop.status(shop.east)
    assert await shop.events(shop.east) == []


async def test_keys_that_are_wanted_no_more_go(shop: Shop) -> None:
    await shop.store(shop.east, TWO_KEYS)
    await shop.want(shop.east, BOTH)
    await shop.run()
    await shop.delivered(TWO_KEYS, shop.east)
    await shop.edit(shop.east, {"data": [{"secretKey": "b", "remoteRef": {"key": "b"}}]})
    await shop.delivered({"b": TWO}, shop.east)


async def test_labels_that_are_wanted_no_more_go(shop: Shop) -> None:
    await shop.store(shop.east, {"db": ONE})
    await shop.want(shop.east, {"password": "db"}, metadata={"labels": {"team": "pay"}})
    await shop.run()
    await shop.synced(shop.east)
    await shop.merge(shop.east, {"metadata": {"labels": {"team": None, "unit": "x"}}})

    async def relabelled() -> bool:
        found = await labels(shop)
        return "team" not in found and found.get("unit") == "x"

    await eventually(relabelled)


async def test_another_policy_takes_the_owner_away(shop: Shop) -> None:
    await shop.store(shop.east, {"db": ONE})
    await shop.want(shop.east, {"password": "db"})
    await shop.run()
    await shop.synced(shop.east)
    await shop.edit(shop.east, {"target": {"creationPolicy": "Orphan"}})

    async def unowned() -> bool:
        return await owners(shop) == [] and CREATED_BY not in await labels(shop)

    await eventually(unowned)
    assert await shop.fleet.data(shop.east) == {"password": ONE}


async def test_a_manifest_that_goes_leaves_an_unowned_target(shop: Shop) -> None:
    await shop.store(shop.east, {"db": ONE})
    await shop.want(shop.east, {"password": "db"}, target=target("Orphan"))
    await shop.run()
    await shop.synced(shop.east)
    await shop.remove(shop.east)
    await shop.fleet.quiet()
    assert await shop.fleet.data(shop.east) == {"password": ONE}


async def test_an_owned_target_goes_with_its_manifest(shop: Shop) -> None:
    """Kubernetes' collector, which does not run here, would delete it, too."""
    await shop.store(shop.east, {"db": ONE})
    await shop.want(shop.east, {"password": "db"})
    await shop.run()
    await shop.synced(shop.east)
    await shop.remove(shop.east)
    await shop.fleet.gone(shop.east)


# deletionPolicy


async def test_retain_keeps_all_when_something_is_gone(shop: Shop) -> None:
    await shop.store(shop.east, TWO_KEYS)
    await shop.want(shop.east, BOTH)
    await shop.run()
    await shop.delivered(TWO_KEYS, shop.east)
    await shop.fill(shop.east, {"a": ONE})
    await shop.says(
        shop.east, "False", "SecretSyncedError", "could not get secret data from provider"
    )
    assert await shop.fleet.data(shop.east) == TWO_KEYS
    await shop.fill(shop.east, {"a": TWO, "b": ONE})
    await shop.delivered({"a": TWO, "b": ONE}, shop.east)
    await shop.synced(shop.east)


async def test_retain_keeps_a_target_when_a_search_finds_nothing(shop: Shop) -> None:
    find = [{"find": {"name": {"regexp": "^a"}}}]
    await shop.store(shop.east, TWO_KEYS)
    await shop.want(shop.east, dataFrom=find)
    await shop.run()
    await shop.delivered({"a": ONE}, shop.east)
    await shop.fill(shop.east, {"b": TWO})
    await shop.says(shop.east, "True", "SecretSynced", "retained due to DeletionPolicy=Retain")
    assert await shop.fleet.data(shop.east) == {"a": ONE}
    await shop.restart()
    await shop.fleet.quiet()
    assert shop.calls.keys == []
    assert shop.writes(shop.east) == []


@pytest.mark.parametrize("deletion", ["Delete", "Merge"])
async def test_what_is_partly_gone_is_dropped_from_the_target(shop: Shop, deletion: str) -> None:
    await shop.store(shop.east, TWO_KEYS)
    await shop.want(shop.east, BOTH, target=target(deletion=deletion))
    await shop.run()
    await shop.delivered(TWO_KEYS, shop.east)
    await shop.fill(shop.east, {"b": TWO})
    await shop.delivered({"b": TWO}, shop.east)
    await shop.synced(shop.east)
    await shop.heard(shop.east, "Normal", "MissingProviderSecret", "spec.data[0] (key: a)")


async def test_delete_deletes_when_all_is_gone_and_makes_it_again(shop: Shop) -> None:
    await shop.store(shop.east, {"db": ONE})
    await shop.want(shop.east, {"password": "db"}, target=target(deletion="Delete"))
    await shop.run()
    await shop.synced(shop.east)
    await shop.fill(shop.east, {"unrelated": ONE})
    await shop.fleet.gone(shop.east)
    await shop.says(shop.east, "True", "SecretDeleted", "deleted due to DeletionPolicy=Delete")
    await shop.heard(shop.east, "Normal", "Deleted", "secret deleted due to DeletionPolicy=Delete")
    await shop.fill(shop.east, {"db": TWO})
    await shop.delivered({"password": TWO}, shop.east)
    await shop.synced(shop.east)


async def test_merge_empties_a_target_when_all_is_gone(shop: Shop) -> None:
    await shop.store(shop.east, {"db": ONE})
    await shop.want(shop.east, {"password": "db"}, target=target(deletion="Merge"))
    await shop.run()
    await shop.synced(shop.east)
    await shop.fill(shop.east, {"unrelated": ONE})
    await shop.delivered({}, shop.east)
    await shop.fill(shop.east, {"db": TWO})
    await shop.delivered({"password": TWO}, shop.east)


async def test_merge_into_a_foreign_target_leaves_what_is_not_its_own(shop: Shop) -> None:
    await shop.fleet.write_secret(shop.east, "db", FOREIGN)
    await shop.store(shop.east, {"db": ONE})
    await shop.want(shop.east, {"password": "db"}, target=target("Merge", "Merge"))
    await shop.run()
    await shop.delivered(FOREIGN | {"password": ONE}, shop.east)
    await shop.fill(shop.east, {"unrelated": ONE})
    await shop.delivered(FOREIGN, shop.east)


@pytest.mark.parametrize("deletion", ["Delete", "Merge"])
async def test_a_store_that_is_emptied_takes_no_dozen_away_without_a_person(
    shop: Shop, deletion: str
) -> None:
    names = [f"db{number}" for number in range(MANY)]
    await shop.store(shop.east, {"db": ONE})
    for name in names:
        await shop.want(shop.east, {"password": "db"}, name, target=target(deletion=deletion))
    await shop.run()
    for name in names:
        await shop.synced(shop.east, name=name)
    await shop.fill(shop.east, {"unrelated": ONE})
    for name in names:
        await shop.says(shop.east, "False", "SecretSyncedError", "keyfleet approve", name=name)
    for name in names:
        assert await shop.fleet.data(shop.east, name) == {"password": ONE}
    await shop.fill(shop.east, {"db": TWO})
    for name in names:
        await shop.delivered({"password": TWO}, shop.east, name=name)


@pytest.mark.parametrize("creation", ["Merge", "None", "CreateOrMerge"])
async def test_delete_needs_an_owner(shop: Shop, creation: str) -> None:
    await shop.store(shop.east, {"db": ONE})
    await shop.want(shop.east, {"password": "db"}, target=target(creation, "Delete"))
    await shop.run()
    await shop.says(shop.east, "False", "SecretSyncedError", "Please set creationPolicy=Owner")
    assert await shop.fleet.data(shop.east) is None


# Immutable targets


async def test_an_immutable_target_keeps_its_data_until_it_is_deleted(shop: Shop) -> None:
    await shop.store(shop.east, {"db": ONE})
    await shop.want(shop.east, {"password": "db"}, target=target(immutable=True))
    await shop.run()
    await shop.synced(shop.east)
    assert (await shop.secret(shop.east))["immutable"] is True
    await shop.fill(shop.east, {"db": TWO})
    await shop.fleet.quiet()
    assert await shop.fleet.data(shop.east) == {"password": ONE}
    await shop.synced(shop.east)
    await shop.fleet.delete_secret(shop.east, "db")
    await shop.delivered({"password": TWO}, shop.east)


async def test_a_target_that_somebody_made_immutable_is_told(shop: Shop) -> None:
    await shop.store(shop.east, {"db": ONE})
    await shop.want(shop.east, {"password": "db"})
    await shop.run()
    await shop.synced(shop.east)
    await shop.fleet.patch_secret(shop.east, "db", {"immutable": True})
    await shop.fill(shop.east, {"db": TWO})
    await shop.says(
        shop.east, "False", "SecretSyncedError", "could not update secret, target is immutable"
    )
    assert await shop.fleet.data(shop.east) == {"password": ONE}
    assert DATA_HASH not in (await shop.secret(shop.east))["metadata"]["annotations"]
