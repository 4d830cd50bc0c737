# SPDX-License-Identifier: Apache-2.0
"""Every right that comes with a dialect is used by it, and nothing is asked that it does not grant.

As test_rights.py, with one life of External Secrets' manifests.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest
from tests.cluster.engine import eso, identities
from tests.cluster.engine.asked import uncovered, unused
from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.sides import Side, eventually, unique
from tests.cluster.engine.test_rights import is_streamed_list

from keyfleet.kube.resources import (
    CLUSTEREXTERNALSECRETS,
    CLUSTERGENERATORS,
    CLUSTERSECRETSTORES,
    CONFIGMAPS,
    EXTERNALSECRETS,
    GENERATORS,
    NAMESPACES,
    SECRETSTORES,
    Resource,
)
from keyfleet.localplane import faults
from keyfleet.manifests.rights import Part, Reach, Right, rights
from keyfleet.manifests.roles import ACCOUNTS, bindings, roles
from keyfleet.testing.canary import canary

KINDS = (
    *(EXTERNALSECRETS, SECRETSTORES, CLUSTERSECRETSTORES, CLUSTEREXTERNALSECRETS),
    *(*GENERATORS, CLUSTERGENERATORS),
)
PARTS = {Part.HUB: Part.HUB_ESO, Part.MEMBER: Part.MEMBER_ESO}
DATA = [{"key": "remote", "value": canary("one").decode()}]
FAKE = {"fake": {"data": DATA}}
ONE = {"k": canary("one")}


@pytest.fixture
async def served(fleet: Fleet) -> AsyncIterator[Fleet]:
    """A fleet whose hub and member east have Keyfleet's External Secrets, and the rights for it."""
    sides = {Part.HUB_ESO: fleet.hub, Part.MEMBER_ESO: fleet.east}
    granted = {part: [*roles(part), *bindings(part)] for part in sides}
    for part, side in sides.items():
        await asyncio.to_thread(identities.apply, side.plane, granted[part])
        await asyncio.to_thread(identities.until_held, side.plane, side.token, rights(part))
        await eso.install(side, kinds=KINDS)
    try:
        yield fleet
    finally:
        for part, side in sides.items():
            await eso.uninstall(side, kinds=KINDS)
            await asyncio.to_thread(identities.remove, side.plane, granted[part])


async def live(fleet: Fleet, side: Side) -> None:
    """Let the manifests of one cluster do once whatever needs a right."""
    namespace, shared = fleet.namespace, unique("shared")
    body = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "templates", "namespace": namespace},
        "data": {"t": "{{ .k }}"},
    }
    await side.client.create(CONFIGMAPS, body, namespace=namespace)
    await eso.store(side, namespace, FAKE)
    await eso.put(side, CLUSTERSECRETSTORES, shared, {"provider": FAKE})
    await eso.wants(side, namespace, {"k": "remote"})
    await fleet.delivered(ONE, side)
    await eso.says(side, namespace, "True")
    template = {"templateFrom": [{"configMap": {"name": "templates", "items": [{"key": "t"}]}}]}
    await eso.wants(side, namespace, {"k": "remote"}, "made", target={"template": template})
    await fleet.delivered({"t": ONE["k"]}, side, name="made")
    await has_status(side, SECRETSTORES, "store", namespace)
    await has_status(side, CLUSTERSECRETSTORES, shared)
    await lives_as_parent(fleet, side, shared)

    async def force(number: int) -> None:
        note = {"metadata": {"annotations": {"force-sync": str(number)}}}
        await side.client.merge_patch(EXTERNALSECRETS, "db", note, namespace=namespace)

    await repeats(side, fleet, force)
    finalizer = "externalsecrets.external-secrets.io/externalsecret-cleanup"
    kept = {"metadata": {"finalizers": [finalizer]}}
    await side.client.merge_patch(EXTERNALSECRETS, "db", kept, namespace=namespace)
    for name in ("db", "made"):
        await side.client.delete(EXTERNALSECRETS, name, namespace=namespace)
        await fleet.gone(side, name=name)
    await side.client.delete(SECRETSTORES, "store", namespace=namespace)
    await side.client.delete(CLUSTERSECRETSTORES, shared)
    await side.client.delete(CONFIGMAPS, "templates", namespace=namespace)


async def lives_as_parent(fleet: Fleet, side: Side, shared: str) -> None:
    """Let a ClusterExternalSecret make, mend and remove a child."""
    child = {
        "secretStoreRef": {"name": shared, "kind": "ClusterSecretStore"},
        "data": [{"secretKey": "k", "remoteRef": {"key": "remote"}}],
    }
    spec = {"namespaceSelector": {"matchLabels": {"set": shared}}, "externalSecretSpec": child}
    await eso.put(side, CLUSTEREXTERNALSECRETS, shared, spec)
    await label(side, fleet.namespace, shared)
    await fleet.delivered(ONE, side, name=shared)
    await has_status(side, CLUSTEREXTERNALSECRETS, shared)
    await side.client.merge_patch(
        EXTERNALSECRETS, shared, {"spec": {"refreshInterval": "3h"}}, namespace=fleet.namespace
    )

    async def mended() -> bool:
        found = await side.client.get(EXTERNALSECRETS, shared, namespace=fleet.namespace)
        return found["spec"].get("refreshInterval") in (None, "1h", "1h0m0s")

    await eventually(mended)
    await label(side, fleet.namespace, None)
    await fleet.gone(side, name=shared)
    finalizer = "externalsecrets.external-secrets.io/clusterexternalsecret-cleanup"
    kept = {"metadata": {"finalizers": [finalizer]}}
    await side.client.merge_patch(CLUSTEREXTERNALSECRETS, shared, kept)
    await side.client.delete(CLUSTEREXTERNALSECRETS, shared)

    async def gone() -> bool:
        return await side.client.find_metadata(CLUSTEREXTERNALSECRETS, shared) is None

    await eventually(gone, what="a finalizer stays")


async def label(side: Side, namespace: str, value: str | None) -> None:
    await side.client.merge_patch(NAMESPACES, namespace, {"metadata": {"labels": {"set": value}}})


async def has_status(side: Side, kind: Resource, name: str, namespace: str = "") -> None:
    async def said() -> bool:
        return bool((await side.client.get(kind, name, namespace=namespace)).get("status"))

    await eventually(said, what=f"{kind.kind} has no status")


async def repeats(side: Side, fleet: Fleet, again: Callable[[int], Awaitable[object]]) -> None:
    """Let something happen until an event that came again was counted, not written anew."""

    async def patched() -> bool:
        fleet.note_requests()
        found = fleet.allowed[side.context]
        return any((one.verb, one.resource) == ("patch", "events") for one in found)

    for number in range(8):
        if await patched():
            return
        await again(number)
        await asyncio.sleep(1.2)
    await eventually(patched, what="no event was counted")


@pytest.fixture
async def life(served: Fleet) -> Fleet:
    """A fleet that has lived, on servers of today and on those that do not stream lists."""
    fleet = served
    await fleet.declare(fleet.hub, fleet.east)
    for _ in range(2):
        await fleet.run()
        await fleet.leads()
        await live(fleet, fleet.hub)
        await live(fleet, fleet.east)
        await fleet.end()
        for side in fleet.sides:
            side.proxy.inject(faults.error(422, "Invalid", when=is_streamed_list))
    fleet.note_requests()
    return fleet


async def test_every_right_of_the_dialect_is_used_and_nothing_else_is_asked(life: Fleet) -> None:
    for part, context in ((Part.HUB, "hub"), (Part.MEMBER, "east")):
        granted = rights(PARTS[part])
        found = life.allowed[context]
        assert unused(granted, found) == []
        superfluous = replace(SUPERFLUOUS, part=PARTS[part])
        assert unused([*granted, superfluous], found) == [superfluous]
        others = rights(Part.MEMBER) if part is Part.HUB else ()
        assert uncovered([*granted, *rights(part), *others], found) == []


SUPERFLUOUS = Right(
    Part.MEMBER_ESO, Reach.CLUSTER, "update", "", "serviceaccounts", "", "", "for nothing"
)


def test_the_dialects_rights_belong_to_the_accounts_of_the_cluster() -> None:
    assert {part: ACCOUNTS[further] for part, further in PARTS.items()} == {
        part: ACCOUNTS[part] for part in PARTS
    }
