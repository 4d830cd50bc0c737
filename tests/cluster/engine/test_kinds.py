# SPDX-License-Identifier: Apache-2.0
"""Kinds come and go with their CRDs; nothing is deleted because a kind is gone."""

from collections.abc import AsyncIterator

import pytest
from tests.cluster.engine.conftest import install
from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.holding import approve, held
from tests.cluster.engine.sides import always, eventually

from keyfleet.kube.resources import CRDS, FLEETCLUSTERS, FLEETPOLICIES, FLEETSECRETS
from keyfleet.testing.canary import canary

ONE = {"password": canary("one")}
TWO = {"password": canary("two")}


@pytest.fixture
async def delivered(fleet: Fleet) -> AsyncIterator[Fleet]:
    """A fleet where `db` was delivered to east and west; the CRDs are back afterwards."""
    await fleet.declare(fleet.east, fleet.west, onRemoved="Delete")
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east, fleet.west)
    await fleet.delivered(ONE, fleet.east, fleet.west)
    await fleet.in_sync(fleet.east, fleet.west)
    try:
        yield fleet
    finally:
        await install(fleet.hub.client)


async def uninstall(fleet: Fleet, label: str) -> None:
    await fleet.hub.client.delete(CRDS, label)

    async def absent() -> bool:
        return await fleet.hub.client.find_metadata(CRDS, label) is None

    await eventually(absent)


async def test_targets_stay_when_the_crd_of_their_intent_is_deleted(delivered: Fleet) -> None:
    await uninstall(delivered, FLEETSECRETS.label)
    await always(lambda: delivered.data(delivered.east), what="a target was deleted")
    assert await delivered.data(delivered.west) == ONE


async def test_a_kind_that_comes_back_is_served_and_its_orphans_are_kept(
    delivered: Fleet,
) -> None:
    await delivered.ask(delivered.east, name="orphan")
    await delivered.delivered(ONE, delivered.east, name="orphan")
    await uninstall(delivered, FLEETSECRETS.label)
    await install(delivered.hub.client)
    uid = (await delivered.meta(delivered.east)).uid
    await delivered.set_data(delivered.hub, "src", TWO)
    await delivered.ask(delivered.east, delivered.west)
    await delivered.delivered(TWO, delivered.east, delivered.west)
    assert (await delivered.meta(delivered.east)).uid == uid
    await delivered.end()
    await delivered.run()
    await delivered.leads()
    await always(lambda: delivered.data(delivered.east, "orphan"), what="an orphan was deleted")
    await delivered.withdraw()
    await delivered.gone(delivered.east, delivered.west)
    (plan,) = await held(delivered, 1)
    assert plan.scope.name == "made under another FleetSecret CRD than the hub serves now"
    await approve(delivered, plan)
    await delivered.gone(delivered.east, name="orphan")


async def test_targets_stay_when_the_crd_of_the_clusters_is_deleted(delivered: Fleet) -> None:
    await uninstall(delivered, FLEETCLUSTERS.label)
    await always(lambda: delivered.data(delivered.east), what="a target was deleted")
    assert await delivered.data(delivered.west) == ONE


async def test_nothing_is_delivered_while_policies_are_not_served(delivered: Fleet) -> None:
    await uninstall(delivered, FLEETPOLICIES.label)
    await delivered.stands("Held", "PolicyUnknown", delivered.east)
    await delivered.set_data(delivered.hub, "src", TWO)
    await delivered.quiet()
    assert await delivered.data(delivered.east) == ONE
    await install(delivered.hub.client)
    await delivered.delivered(TWO, delivered.east, delivered.west)


async def test_a_hub_namespace_on_its_way_out_deletes_nothing_until_it_is_gone(
    delivered: Fleet,
) -> None:
    await delivered.quiet()
    hub = delivered.hub
    hub.plane.api.must("DELETE", f"/api/v1/namespaces/{delivered.namespace}")
    await delivered.withdraw()
    await always(lambda: delivered.data(delivered.east), what="a target was deleted")
    hub.plane.finalize_namespace(delivered.namespace)
    await delivered.gone(delivered.east, delivered.west)
