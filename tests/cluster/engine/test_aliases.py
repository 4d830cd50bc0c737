# SPDX-License-Identifier: Apache-2.0
"""A target that was asked for under one of its cluster's names outlives that name."""

from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.sides import always, eventually

from keyfleet.kube.resources import FLEETCLUSTERS
from keyfleet.testing.canary import canary

ONE = {"password": canary("one")}


async def start(fleet: Fleet) -> str:
    """Deliver to east under its second name; return the target's UID."""
    await fleet.declare(fleet.east)
    await fleet.run()
    await fleet.leads()
    document = {
        "apiVersion": FLEETCLUSTERS.api_version,
        "kind": FLEETCLUSTERS.kind,
        "metadata": {"name": f"{fleet.east.name}-twin"},
        "spec": {"context": fleet.east.context},
    }
    await fleet.hub.client.create(FLEETCLUSTERS, document)
    await eventually(lambda: _is_duplicate(fleet), what="the second name was not recognised")
    await fleet.write_secret(fleet.hub, "src", ONE)
    clusters = {"names": [f"{fleet.east.name}-twin"]}
    await fleet.ask(placement={"clusters": clusters})
    await fleet.delivered(ONE, fleet.east)
    await fleet.in_sync(fleet.east)
    return (await fleet.meta(fleet.east)).uid


async def _is_duplicate(fleet: Fleet) -> bool:
    found = await fleet.hub.client.get(FLEETCLUSTERS, f"{fleet.east.name}-twin")
    conditions = (found.get("status") or {}).get("conditions") or [{}]
    return bool(conditions[0].get("reason") == "Duplicate")


async def _is_untouched(fleet: Fleet, uid: str) -> bool:
    return (await fleet.meta(fleet.east)).uid == uid


async def test_editing_how_the_second_name_is_reached_deletes_nothing(fleet: Fleet) -> None:
    uid = await start(fleet)
    await fleet.hub.client.merge_patch(
        FLEETCLUSTERS, f"{fleet.east.name}-twin", {"spec": {"limits": {"inFlight": 5}}}
    )
    await always(lambda: _is_untouched(fleet, uid), what="the target was deleted")
    await fleet.in_sync(fleet.east)


async def test_removing_the_second_name_retains_what_was_delivered_under_it(fleet: Fleet) -> None:
    uid = await start(fleet)
    await fleet.hub.client.delete(FLEETCLUSTERS, f"{fleet.east.name}-twin")
    await fleet.stands("Held", "ClusterRenamed", fleet.east)
    await always(lambda: _is_untouched(fleet, uid), what="the target was deleted")
