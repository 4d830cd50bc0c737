# SPDX-License-Identifier: Apache-2.0
"""When stores are asked again, and what makes a target be repaired without.

Source: compat/external-secrets.md 2.3, 2.4.
"""

from typing import Any

import pytest
from tests.cluster.engine.externalsecrets.shop import Shop, data_of
from tests.cluster.engine.sides import always, eventually

from keyfleet.dialects.eso.hashes import synced_version
from keyfleet.kube.resources import EXTERNALSECRETS
from keyfleet.model.ownership import HUB_LABEL, OWNER_ANNOTATION
from keyfleet.testing.canary import canary

ONE, TWO, OTHER = canary("one"), canary("two"), canary("other")
ALWAYS = {"schedule": "* * * * *", "duration": "24h"}
NEVER = {"schedule": "@yearly", "duration": "0s"}
LONG_AGO = "2020-01-01T00:00:00Z"
ONCE = [{"refreshInterval": "0"}, {"refreshPolicy": "CreatedOnce"}]
BY_CHANGE = [{"refreshPolicy": "OnChange"}, {"refreshInterval": "1h"}]


async def begin(shop: Shop, **spec: Any) -> None:
    """Start with one ExternalSecret that is synced."""
    await shop.store(shop.east, {"db": ONE, "other": OTHER})
    await shop.want(shop.east, {"password": "db"}, **spec)
    await shop.run()
    await shop.delivered({"password": ONE}, shop.east)
    await shop.synced(shop.east)


async def asked(shop: Shop, count: int) -> None:
    """Wait until stores were asked that often."""

    async def enough() -> bool:
        return shop.calls.count >= count

    await eventually(enough, what=f"stores were asked {shop.calls.count} times, not {count}")


async def test_between_refreshes_nobody_is_asked(shop: Shop) -> None:
    await begin(shop)
    await shop.fleet.quiet()
    assert shop.calls.keys == ["db"]


@pytest.mark.parametrize("spec", ONCE)
async def test_what_is_synced_once_follows_nothing(shop: Shop, spec: dict[str, Any]) -> None:
    await begin(shop, **spec)
    await shop.fill(shop.east, {"db": TWO, "other": OTHER})
    await shop.edit(shop.east, {"data": data_of({"password": "other"})})
    await shop.annotate(shop.east, force_sync="1")
    await shop.fleet.quiet()
    assert shop.calls.keys == ["db"]
    assert await shop.fleet.data(shop.east) == {"password": ONE}
    await shop.synced(shop.east)


@pytest.mark.parametrize("spec", ONCE)
async def test_what_is_synced_once_is_repaired(shop: Shop, spec: dict[str, Any]) -> None:
    await begin(shop, **spec)
    await shop.fleet.delete_secret(shop.east, "db")
    await shop.delivered({"password": ONE}, shop.east)


@pytest.mark.parametrize("spec", BY_CHANGE)
async def test_a_changed_spec_is_followed_at_once(shop: Shop, spec: dict[str, Any]) -> None:
    await begin(shop, **spec)
    await shop.edit(shop.east, {"data": data_of({"password": "other"})})
    await shop.delivered({"password": OTHER}, shop.east)
    assert shop.calls.keys == ["db", "other"]


@pytest.mark.parametrize("spec", BY_CHANGE)
@pytest.mark.parametrize("place", ["annotations", "labels"])
async def test_any_annotation_or_label_forces_a_sync(
    shop: Shop, spec: dict[str, Any], place: str
) -> None:
    await begin(shop, **spec)
    await shop.merge(shop.east, {"metadata": {place: {"force-sync": "1"}}})
    await asked(shop, 2)

    async def said() -> bool:
        metadata = (found := await shop.get(shop.east))["metadata"]
        labels, annotations = metadata.get("labels", {}), metadata.get("annotations", {})
        version = synced_version(metadata["generation"], labels=labels, annotations=annotations)
        return bool(found["status"]["syncedResourceVersion"] == version)

    await eventually(said)
    await shop.fleet.quiet()
    assert shop.calls.keys == ["db", "db"]


async def test_on_change_time_and_stores_count_for_nothing(shop: Shop) -> None:
    await begin(shop, refreshPolicy="OnChange", refreshInterval="1s")
    await shop.fill(shop.east, {"db": TWO})
    await shop.fleet.quiet()
    assert shop.calls.keys == ["db"]
    assert await shop.fleet.data(shop.east) == {"password": ONE}


async def test_an_interval_asks_again_and_again_and_writes_nothing_new(shop: Shop) -> None:
    await begin(shop, refreshInterval="1s")
    before = (await shop.status(shop.east))["refreshTime"]
    writes = len(shop.east.writes())
    await asked(shop, 4)

    async def later() -> bool:
        return bool((await shop.status(shop.east))["refreshTime"] > before)

    await eventually(later)
    assert len(shop.east.writes()) == writes


@pytest.mark.parametrize(
    "windows",
    [{"kind": "deny", "windows": [ALWAYS]}, {"kind": "allow", "windows": [NEVER]}],
    ids=["deny", "allow"],
)
async def test_windows_hold_back_time_but_no_change(shop: Shop, windows: dict[str, Any]) -> None:
    await begin(shop, refreshInterval="1s", syncWindows=windows)
    await shop.fleet.quiet()
    assert shop.calls.keys == ["db"]
    await shop.edit(shop.east, {"data": data_of({"password": "other"})})
    await shop.delivered({"password": OTHER}, shop.east)


async def test_an_open_window_lets_time_pass(shop: Shop) -> None:
    windows = {"kind": "allow", "windows": [ALWAYS]}
    await begin(shop, refreshInterval="1s", syncWindows=windows)
    await asked(shop, 3)


async def test_an_interval_that_is_none_is_told(shop: Shop) -> None:
    await shop.store(shop.east, {"db": ONE})
    await shop.want(shop.east, {"password": "db"}, refreshInterval="1 day")
    await shop.run()
    await shop.says(shop.east, "False", "SecretSyncedError", "spec.refreshInterval", "24h")


# Restarts


async def test_a_restart_asks_no_store_and_writes_nothing(shop: Shop) -> None:
    await begin(shop)
    await shop.restart()
    await shop.fleet.quiet()
    assert shop.calls.keys == []
    assert shop.writes(shop.east) == []


@pytest.mark.parametrize("policy", ["Orphan", "Merge", "CreateOrMerge", "None"])
async def test_a_restart_asks_nobody_under_any_policy(shop: Shop, policy: str) -> None:
    await shop.fleet.write_secret(shop.east, "db", {"foreign": OTHER})
    await shop.store(shop.east, {"db": ONE})
    await shop.want(shop.east, {"password": "db"}, target={"creationPolicy": policy})
    await shop.run()
    await shop.synced(shop.east)
    await shop.restart()
    await shop.fleet.quiet()
    assert shop.calls.keys == []
    assert shop.writes(shop.east) == []


async def test_a_restart_asks_nobody_for_a_target_that_is_missing(shop: Shop) -> None:
    await shop.store(shop.east, {"db": ONE})
    await shop.want(shop.east, {"password": "db"}, target={"creationPolicy": "Merge"})
    await shop.run()
    await shop.says(shop.east, "True", "SecretMissing")
    await shop.restart()
    await shop.fleet.quiet()
    assert shop.calls.keys == []
    assert shop.writes(shop.east) == []


async def test_a_restart_asks_nobody_for_manifests_of_the_hub(shop: Shop) -> None:
    hub = shop.fleet.hub
    await shop.store(hub, {"db": ONE})
    await shop.want(hub, {"password": "db"})
    await shop.run(hub)
    await shop.synced(hub)
    await shop.restart()
    await shop.fleet.quiet()
    assert shop.calls.keys == []
    about = [seen for seen in shop.writes(hub) if seen.namespace == shop.namespace]
    assert about == []


@pytest.mark.parametrize("spec", ONCE)
async def test_a_restart_does_not_make_once_twice(shop: Shop, spec: dict[str, Any]) -> None:
    await begin(shop, **spec)
    await shop.edit(shop.east, {"data": data_of({"password": "other"})})
    await shop.restart()
    await shop.fleet.quiet()
    assert shop.calls.keys == []
    assert shop.writes(shop.east) == []


async def test_a_restart_asks_where_a_refresh_is_due(shop: Shop) -> None:
    await begin(shop)
    await shop.fleet.quiet()
    await shop.fleet.end()
    operations = [{"op": "replace", "path": "/status/refreshTime", "value": LONG_AGO}]
    await shop.east.client.json_patch(
        EXTERNALSECRETS, "db", operations, namespace=shop.namespace, subresource="status"
    )
    shop.calls.keys.clear()
    shop.fleet.forget_requests()
    await shop.again()
    await asked(shop, 1)

    async def said() -> bool:
        return bool((await shop.status(shop.east))["refreshTime"] > LONG_AGO)

    await eventually(said)
    assert shop.east.writes() == []


async def test_what_failed_before_a_restart_is_not_called_synced(shop: Shop) -> None:
    await begin(shop)
    await shop.fill(shop.east, {"other": OTHER})
    await shop.says(shop.east, "False", "SecretSyncedError", "spec.data[0] (key: db)")
    await shop.restart()

    async def failed() -> bool:
        return (await shop.ready(shop.east))[0] == "False"

    await always(failed)
    await shop.fill(shop.east, {"db": TWO})
    await shop.delivered({"password": TWO}, shop.east)


async def test_what_changed_while_nobody_ran_is_made_true(shop: Shop) -> None:
    await begin(shop)
    await shop.fleet.end()
    await shop.edit(shop.east, {"data": data_of({"password": "other"})})
    await shop.again()
    await shop.delivered({"password": OTHER}, shop.east)


# Drift


@pytest.mark.parametrize(
    "drift",
    [{"password": TWO}, {"password": ONE, "foreign": OTHER}, {}],
    ids=["edited", "added", "emptied"],
)
async def test_data_that_drifts_is_repaired(shop: Shop, drift: dict[str, bytes]) -> None:
    await begin(shop)
    await shop.fleet.set_data(shop.east, "db", drift)
    await shop.delivered({"password": ONE}, shop.east)
    await shop.synced(shop.east)


async def test_a_target_that_is_deleted_is_made_again(shop: Shop) -> None:
    await begin(shop)
    await shop.fleet.delete_secret(shop.east, "db")
    await shop.delivered({"password": ONE}, shop.east)


async def test_drift_while_nobody_ran_is_repaired(shop: Shop) -> None:
    await begin(shop)
    await shop.fleet.end()
    await shop.fleet.set_data(shop.east, "db", {"password": TWO})
    await shop.again()
    await shop.delivered({"password": ONE}, shop.east)


@pytest.mark.parametrize(
    "change",
    [
        {"labels": {HUB_LABEL: None}},
        {"annotations": {OWNER_ANNOTATION: None}},
        {"ownerReferences": None},
    ],
    ids=["label", "marker", "owner"],
)
async def test_marks_that_are_taken_off_come_back(shop: Shop, change: dict[str, Any]) -> None:
    await begin(shop)
    await shop.fleet.patch_secret(shop.east, "db", {"metadata": change})

    async def marked() -> bool:
        metadata = (await shop.secret(shop.east))["metadata"]
        marks = {*metadata.get("labels", {}), *metadata.get("annotations", {})}
        return {HUB_LABEL, OWNER_ANNOTATION} <= marks and bool(metadata.get("ownerReferences"))

    await eventually(marked)
    await shop.fleet.set_data(shop.east, "db", {"password": TWO})
    await shop.delivered({"password": ONE}, shop.east)
