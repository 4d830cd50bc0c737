# SPDX-License-Identifier: Apache-2.0
"""A hub of the engine's own tests, where Keyfleet is installed, and a fleet per test."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest
from tests.cluster.engine import identities
from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.outputs import Outputs
from tests.cluster.engine.sides import Side, client_of, eventually, unique

from keyfleet.kube.client import Client
from keyfleet.kube.resources import (
    CONFIGMAPS,
    CRDS,
    FLEETCLUSTERS,
    FLEETPOLICIES,
    FLEETSECRETS,
    NAMESPACES,
)
from keyfleet.localplane import ControlPlane, FaultProxy, assets
from keyfleet.manifests import crds, namespace
from keyfleet.manifests.rights import Part
from keyfleet.model.held import HELD_CONFIGMAP
from keyfleet.model.ownership import SYSTEM_NAMESPACE


@pytest.fixture(scope="session")
def fleet_hub() -> Iterator[ControlPlane]:
    """A plane of its own, so that other tests see one without Keyfleet."""
    plane = ControlPlane("hub")
    try:
        plane.open(assets.ensure())
        yield plane
    finally:
        plane.close()


@pytest.fixture(scope="session")
def controller_tokens(
    fleet_hub: ControlPlane, east: ControlPlane, west: ControlPlane
) -> dict[str, str]:
    """Context -> token of the ServiceAccount that the controller is there."""
    return {
        "hub": identities.employ(fleet_hub, Part.HUB),
        "east": identities.employ(east, Part.MEMBER),
        "west": identities.employ(west, Part.MEMBER),
    }


@pytest.fixture
async def fleet(
    fleet_hub: ControlPlane,
    east: ControlPlane,
    west: ControlPlane,
    controller_tokens: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Fleet]:
    """Hub, east and west behind proxies; no member is declared, no controller runs.

    The controller has the rights that `keyfleet install` gives it, and no others.
    """
    outputs = Outputs(monkeypatch)
    async with AsyncExitStack() as stack:
        planes = {"hub": fleet_hub, "east": east, "west": west}
        sides = {
            context: await _side(stack, context, planes[context], controller_tokens[context])
            for context in planes
        }
        fleet = Fleet(
            sides["hub"],
            sides["east"],
            sides["west"],
            namespace=unique("test"),
            directory=tmp_path,
        )
        await install(fleet.hub.client)
        fleet.namespaces.append(fleet.namespace)
        for side in fleet.sides:
            await asyncio.to_thread(side.plane.create_namespace, fleet.namespace)
        fleet.configure()
        leaks: list[str] = []
        try:
            yield fleet
            leaks = await outputs.leaks(fleet)
        finally:
            await _clean_up(fleet)
        assert leaks == [], "a secret value shows"
        if not fleet.may_be_denied:
            denied = {context: found for context, found in fleet.denied.items() if found}
            assert denied == {}, "the shipped roles lack a right"


async def _side(stack: AsyncExitStack, context: str, plane: ControlPlane, token: str) -> Side:
    client = client_of(plane)
    stack.push_async_callback(client.close)
    proxy = await stack.enter_async_context(FaultProxy(plane))
    return Side(context, plane, proxy, client, unique(context), token)


async def install(client: Client) -> None:
    """Create the CRDs and keyfleet-system where they are absent, and wait until they are served."""
    if await client.find_metadata(NAMESPACES, namespace()["metadata"]["name"]) is None:
        await client.create(NAMESPACES, namespace())
    for crd in crds():
        if await client.find_metadata(CRDS, crd["metadata"]["name"]) is None:
            await client.create(CRDS, crd)
    for resource in (FLEETSECRETS, FLEETCLUSTERS, FLEETPOLICIES):
        await eventually(partial(client.serves, resource))


async def _clean_up(fleet: Fleet) -> None:
    for side in fleet.sides:
        await side.proxy.heal()
    try:
        await fleet.end()
    finally:
        await fleet.dismiss()
        fleet.note_requests()
        # What this test deleted must not count in the next one.
        await fleet.hub.client.delete(CONFIGMAPS, HELD_CONFIGMAP, namespace=SYSTEM_NAMESPACE)
        for resource in (FLEETSECRETS, FLEETCLUSTERS, FLEETPOLICIES):
            if await fleet.hub.client.serves(resource):
                for item in (await fleet.hub.client.list(resource)).items:
                    metadata = item["metadata"]
                    place = metadata.get("namespace", "")
                    await fleet.hub.client.delete(resource, metadata["name"], namespace=place)
        async with asyncio.TaskGroup() as group:
            for side in fleet.sides:
                group.create_task(_end_namespaces(side, fleet.namespaces))


async def _end_namespaces(side: Side, names: list[str]) -> None:
    for name in names:
        if await side.client.find_metadata(NAMESPACES, name) is not None:
            await asyncio.to_thread(_end_namespace, side.plane, name)


def _end_namespace(plane: ControlPlane, name: str) -> None:
    # Only what these tests make there; a walk through every kind would take longer than the test.
    path = f"/api/v1/namespaces/{name}"
    for collection in ("secrets", "events"):
        plane.api.call("DELETE", f"{path}/{collection}")
    plane.api.call("DELETE", path)
    namespace = plane.api.must("GET", path)
    namespace["spec"]["finalizers"] = []
    plane.api.must("PUT", f"{path}/finalize", namespace)
