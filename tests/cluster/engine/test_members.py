# SPDX-License-Identifier: Apache-2.0
"""Clusters join, leave, are renamed, doubled, paused and swapped while the controller runs."""

import asyncio
from typing import Any

from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.sides import Side, always, eventually, unique

from keyfleet.kube.resources import FLEETCLUSTERS, SECRETS
from keyfleet.localplane import kubeconfigs
from keyfleet.testing.canary import canary

ONE = {"password": canary("one")}
TWO = {"password": canary("two")}


async def start(fleet: Fleet, **spec: Any) -> None:
    await fleet.declare(fleet.east)
    await fleet.declare(fleet.west, **spec)
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east, fleet.west)
    await fleet.delivered(ONE, fleet.east, fleet.west)
    await fleet.in_sync(fleet.east, fleet.west)


async def remove(fleet: Fleet, side: Side) -> None:
    await fleet.hub.client.delete(FLEETCLUSTERS, side.name)


async def test_targets_stay_in_a_cluster_that_leaves(fleet: Fleet) -> None:
    await start(fleet)
    await remove(fleet, fleet.west)
    await fleet.stands("Pending", "ClusterMissing", fleet.west)
    await fleet.set_data(fleet.hub, "src", TWO)
    await fleet.delivered(TWO, fleet.east)
    assert await fleet.data(fleet.west) == ONE


async def test_targets_go_with_a_cluster_where_that_was_asked_for(fleet: Fleet) -> None:
    await start(fleet, onRemoved="Delete")
    await fleet.write_secret(fleet.west, "foreign", TWO)
    await remove(fleet, fleet.west)
    await fleet.gone(fleet.west)
    await always(lambda: _is_absent(fleet, fleet.west), what="a target came back")
    assert await fleet.data(fleet.west, "foreign") == TWO
    assert await fleet.data(fleet.east) == ONE


async def _is_absent(fleet: Fleet, side: Side) -> bool:
    return await fleet.data(side) is None


async def test_a_cluster_that_comes_again_is_taken_up_where_it_was(fleet: Fleet) -> None:
    await start(fleet)
    uid = (await fleet.meta(fleet.west)).uid
    await remove(fleet, fleet.west)
    await fleet.stands("Pending", "ClusterMissing", fleet.west)
    await fleet.set_data(fleet.hub, "src", TWO)
    await fleet.declare(fleet.west)
    await fleet.delivered(TWO, fleet.west)
    assert (await fleet.meta(fleet.west)).uid == uid


async def test_nothing_is_deleted_in_a_renamed_cluster_until_a_person_accepts_the_name(
    fleet: Fleet,
) -> None:
    await start(fleet)
    old = fleet.west.name
    await remove(fleet, fleet.west)
    await fleet.stands("Pending", "ClusterMissing", fleet.west)
    fleet.west.name = unique("new")
    await fleet.declare(fleet.west)
    await fleet.leads()
    await fleet.stands("Held", "ClusterRenamed", fleet.west)
    assert await fleet.data(fleet.west) == ONE
    accepted = {"metadata": {"annotations": {"keyfleet.io/accepted-names": old}}}
    await fleet.edit_cluster(fleet.west, accepted)
    await fleet.gone(fleet.west)


async def test_two_names_of_one_cluster_are_served_once(fleet: Fleet) -> None:
    await fleet.declare(fleet.east)
    first, fleet.east.name = fleet.east.name, f"zz-{fleet.east.name}"
    await fleet.declare(fleet.east)
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)
    clusters = {"clusters": {"names": [first, fleet.east.name]}}
    await fleet.ask(placement=clusters)
    await fleet.delivered(ONE, fleet.east)

    async def once() -> bool:
        standing = (await fleet.status()).get("clusters", [])
        return [(first, "InSync")] == [(one["name"], one["state"]) for one in standing]

    await eventually(once)

    async def told() -> bool:
        conditions = (await fleet.cluster_status(fleet.east)).get("conditions", [{}])
        return bool(conditions[0].get("reason") == "Duplicate")

    await eventually(told)
    await fleet.hub.client.delete(FLEETCLUSTERS, first)
    await fleet.in_sync(fleet.east)
    await fleet.set_data(fleet.hub, "src", TWO)
    await fleet.delivered(TWO, fleet.east)


async def test_a_bare_cluster_stands_back_for_one_that_a_person_wrote(fleet: Fleet) -> None:
    # To enrol contexts is for a person's kubeconfig: a pod has none, and no right to it.
    await fleet.run(as_admin=True, members_declared=False)
    name, fleet.east.name = fleet.east.name, "east"
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east)
    await fleet.in_sync(fleet.east)
    path = kubeconfigs.write(fleet.directory / "again.yaml", fleet.east.kubeconfig(context="again"))
    await fleet.write_secret(fleet.hub, "kubeconfig", {"value": path.read_bytes()})
    reference = {"namespace": fleet.namespace, "name": "kubeconfig"}
    fleet.east.name = name
    await fleet.hub.client.create(
        FLEETCLUSTERS,
        {
            "apiVersion": FLEETCLUSTERS.api_version,
            "kind": "FleetCluster",
            "metadata": {"name": name},
            "spec": {"kubeconfigRef": reference},
        },
    )

    async def swapped() -> bool:
        document = await fleet.hub.client.get(FLEETCLUSTERS, "east")
        conditions = (document.get("status") or {}).get("conditions", [])
        return bool(conditions and conditions[0]["reason"] == "Duplicate")

    await eventually(swapped)
    await fleet.edit({"placement": {"clusters": {"names": [name]}}})
    await fleet.in_sync(fleet.east)


async def test_another_cluster_under_a_known_name_gets_nothing(fleet: Fleet) -> None:
    await fleet.write_secret(fleet.hub, "src", ONE)
    await _kubeconfig(fleet, fleet.east, "POST")
    reference = {"namespace": fleet.namespace, "name": "kubeconfig"}
    await fleet.hub.client.create(
        FLEETCLUSTERS,
        {
            "apiVersion": FLEETCLUSTERS.api_version,
            "kind": "FleetCluster",
            "metadata": {"name": fleet.east.name},
            "spec": {"kubeconfigRef": reference},
        },
    )
    await fleet.run()
    await fleet.ask(fleet.east)
    await fleet.delivered(ONE, fleet.east)
    await fleet.in_sync(fleet.east)
    await _kubeconfig(fleet, fleet.west, "PATCH")
    await fleet.stands("Held", "IdentityChanged", fleet.east)
    await fleet.set_data(fleet.hub, "src", TWO)
    await fleet.quiet()
    assert await fleet.data(fleet.west) is None
    assert await fleet.data(fleet.east) == ONE
    await _kubeconfig(fleet, fleet.east, "PATCH")
    await fleet.delivered(TWO, fleet.east)


async def _kubeconfig(fleet: Fleet, side: Side, verb: str) -> None:
    path = kubeconfigs.write(fleet.directory / "other.yaml", side.kubeconfig())
    data = {"value": await asyncio.to_thread(path.read_bytes)}
    if verb == "POST":
        await fleet.write_secret(fleet.hub, "kubeconfig", data)
    else:
        await fleet.set_data(fleet.hub, "kubeconfig", data)


async def test_a_cluster_whose_kubeconfig_is_absent_is_served_once_it_comes(fleet: Fleet) -> None:
    reference = {"namespace": fleet.namespace, "name": "kubeconfig"}
    await fleet.hub.client.create(
        FLEETCLUSTERS,
        {
            "apiVersion": FLEETCLUSTERS.api_version,
            "kind": "FleetCluster",
            "metadata": {"name": fleet.east.name},
            "spec": {"kubeconfigRef": reference},
        },
    )
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east)
    await fleet.stands("Unreachable", "NoAccess", fleet.east)
    await _kubeconfig(fleet, fleet.east, "POST")
    await fleet.delivered(ONE, fleet.east)


async def test_a_paused_cluster_is_read_and_not_written(fleet: Fleet) -> None:
    await start(fleet)
    await fleet.edit_cluster(fleet.west, {"spec": {"paused": True}})
    await fleet.quiet()
    await fleet.set_data(fleet.hub, "src", TWO)
    await fleet.delivered(TWO, fleet.east)
    await fleet.stands("Paused", "ClusterPaused", fleet.west)
    assert await fleet.ready() == ("True", "Synced")
    await fleet.edit({"placement": {"clusters": {"exclude": [fleet.west.name]}}})
    await fleet.quiet()
    assert await fleet.data(fleet.west) == ONE
    await fleet.edit({"placement": {"clusters": {"exclude": None}}})
    await fleet.edit_cluster(fleet.west, {"spec": {"paused": False}})
    await fleet.delivered(TWO, fleet.west)


async def test_a_paused_intent_writes_and_deletes_nothing(fleet: Fleet) -> None:
    await start(fleet)
    await fleet.edit({"paused": True})
    for side in (fleet.east, fleet.west):
        await fleet.stands("Paused", "IntentPaused", side)
    await fleet.set_data(fleet.hub, "src", TWO)
    await fleet.quiet()
    await fleet.edit({"placement": {"clusters": {"names": [fleet.east.name]}}})
    await fleet.delete_secret(fleet.hub, "src")
    await fleet.quiet()
    assert [await fleet.data(side) for side in (fleet.east, fleet.west)] == [ONE, ONE]
    await fleet.write_secret(fleet.hub, "src", TWO)
    await fleet.edit({"paused": False})
    await fleet.delivered(TWO, fleet.east)
    await fleet.gone(fleet.west)


async def test_a_changed_label_of_a_cluster_is_no_reason_to_log_in_again(fleet: Fleet) -> None:
    await start(fleet)
    await fleet.quiet()
    fleet.forget_requests()
    await fleet.edit_cluster(fleet.west, {"metadata": {"labels": {"seen": "1"}}})
    await fleet.quiet()
    assert fleet.west.proxy.watches() == []
    assert [seen for seen in fleet.west.proxy.requests if seen.resource == SECRETS.plural] == []
