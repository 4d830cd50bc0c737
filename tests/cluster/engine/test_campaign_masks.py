# SPDX-License-Identifier: Apache-2.0
"""One plane stands for many clusters, each with an identity, a CA and an address of its own."""

from tests.cluster.engine.campaign import ONE, TWO
from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.sides import eventually, unique

from keyfleet.app import run_controller
from keyfleet.base.tasks import spawn
from keyfleet.kube.resources import FLEETCLUSTERS
from keyfleet.localplane import kubeconfigs
from keyfleet.localplane.crowd import crowd, kubeconfig_of
from keyfleet.localplane.masks import mask

CROWD = 8


async def test_a_crowd_on_one_plane_is_served_as_clusters_of_their_own(fleet: Fleet) -> None:
    names = [unique(f"m{number}") for number in range(CROWD)]
    async with crowd(fleet.east.plane, names) as proxies:
        fleet.configure()
        logins = [fleet.hub.kubeconfig(), kubeconfig_of(proxies)]
        kubeconfigs.write(fleet.settings.kubeconfigs[0], kubeconfigs.merged(logins))
        places = {}
        for name in names:
            document = {
                "apiVersion": FLEETCLUSTERS.api_version,
                "kind": "FleetCluster",
                "metadata": {"name": name},
                "spec": {"context": name},
            }
            await fleet.hub.client.create(FLEETCLUSTERS, document)
            places[name] = await fleet.add_namespace(name, fleet.hub, fleet.east)
            await fleet.write_secret(fleet.hub, "src", ONE, namespace=places[name])
            chosen = {"clusters": {"names": [name]}}
            await fleet.ask(namespace=places[name], placement=chosen)
        fleet.running = spawn(run_controller(fleet.settings), name="controller")
        for place in places.values():
            await fleet.delivered(ONE, fleet.east, namespace=place, timeout_s=60)
        await fleet.leads()
        uids = set()
        for name in names:
            found = await fleet.hub.client.get(FLEETCLUSTERS, name)
            uids.add(found["status"]["identity"]["uid"])
        assert uids == {mask(name).uid for name in names}
        # Only one of them is cut off, though all are one plane.
        first, *others = names
        await proxies[first].cut()
        for name in names:
            await fleet.set_data(fleet.hub, "src", TWO, namespace=places[name])
        for name in others:
            await fleet.delivered(TWO, fleet.east, namespace=places[name], timeout_s=30)
        assert await fleet.data(fleet.east, namespace=places[first]) == ONE
        await proxies[first].heal()

        async def served() -> bool:
            return await fleet.data(fleet.east, namespace=places[first]) == TWO

        await eventually(served, timeout_s=30)
        await fleet.end()
