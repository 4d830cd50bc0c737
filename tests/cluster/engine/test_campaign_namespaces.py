# SPDX-License-Identifier: Apache-2.0
"""One namespace is denied, ending or absent: it is named with the verb, and the others proceed."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.cluster.engine import identities
from tests.cluster.engine.campaign import ONE, TWO, in_step, run_with
from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.sides import eventually, unique

from keyfleet.kube.resources import NAMESPACES
from keyfleet.localplane import faults, kubeconfigs
from keyfleet.manifests.rights import Part
from keyfleet.model.ownership import SYSTEM_NAMESPACE

SECRET_VERBS = ["get", "list", "watch", "create", "update", "patch", "delete"]


async def in_two_namespaces(fleet: Fleet) -> str:
    """Want `db` in two namespaces of east; return the other one's name."""
    other = await fleet.add_namespace("b")
    await fleet.grant(
        "both", targets={"clusters": {"names": ["*"]}, "namespaces": {"names": [other]}}
    )
    await fleet.declare(fleet.east, fleet.west)
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(
        fleet.east,
        fleet.west,
        placement={
            "clusters": {"names": [fleet.east.name, fleet.west.name]},
            "namespaces": {"names": [fleet.namespace, other]},
        },
    )
    return other


async def message(fleet: Fleet, side: Any) -> str:
    clusters = (await fleet.status()).get("clusters", [])
    return next((one.get("message", "") for one in clusters if one["name"] == side.name), "")


@pytest.fixture
async def narrow(fleet: Fleet) -> AsyncIterator[tuple[str, str]]:
    """A ServiceAccount of east that may write Secrets in this test's first namespace only."""
    name = unique("narrow")
    subject = {"kind": "ServiceAccount", "name": name, "namespace": SYSTEM_NAMESPACE}
    rbac = "rbac.authorization.k8s.io"
    looks = [
        {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list", "watch"]},
    ]
    writes = [{"apiGroups": [""], "resources": ["secrets"], "verbs": SECRET_VERBS}]
    api = fleet.east.plane.api
    await asyncio.to_thread(identities.apply, fleet.east.plane, identities.shipped(Part.MEMBER)[:1])
    documents = [
        (f"/api/v1/namespaces/{SYSTEM_NAMESPACE}/serviceaccounts", {"metadata": {"name": name}}),
        (f"/apis/{rbac}/v1/clusterroles", {"metadata": {"name": name}, "rules": looks}),
        (
            f"/apis/{rbac}/v1/clusterrolebindings",
            {
                "metadata": {"name": name},
                "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": name},
                "subjects": [subject],
            },
        ),
        (
            f"/apis/{rbac}/v1/namespaces/{fleet.namespace}/roles",
            {"metadata": {"name": name}, "rules": writes},
        ),
        (
            f"/apis/{rbac}/v1/namespaces/{fleet.namespace}/rolebindings",
            {
                "metadata": {"name": name},
                "roleRef": {"apiGroup": rbac, "kind": "Role", "name": name},
                "subjects": [subject],
            },
        ),
    ]
    for path, document in documents:
        await asyncio.to_thread(api.must, "POST", path, document)
    yield name, await asyncio.to_thread(identities.token_of, fleet.east.plane, name)
    for path, _ in documents:
        await asyncio.to_thread(api.call, "DELETE", f"{path}/{name}")


async def test_a_namespace_without_rights_is_named_with_the_verb_and_others_proceed(
    fleet: Fleet, narrow: tuple[str, str]
) -> None:
    fleet.may_be_denied = True
    name, token = narrow
    other = await in_two_namespaces(fleet)
    await run_with(fleet, {"east": kubeconfigs.token_user(token)})
    await fleet.delivered(ONE, fleet.east, fleet.west)
    await fleet.delivered(ONE, fleet.west, namespace=other)
    await fleet.stands("Failed", "Forbidden", fleet.east)
    said = await message(fleet, fleet.east)
    assert "create" in said
    assert f"{other}/db" in said
    assert await fleet.data(fleet.east, namespace=other) is None
    await fleet.in_sync(fleet.west)
    await fleet.set_data(fleet.hub, "src", TWO)
    await fleet.delivered(TWO, fleet.east, fleet.west)
    rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces"
    for kind in ("roles", "rolebindings"):
        path = f"{rbac}/{fleet.namespace}/{kind}/{name}"
        known = await asyncio.to_thread(fleet.east.plane.api.must, "GET", path)
        known["metadata"] = {"name": name}
        await asyncio.to_thread(fleet.east.plane.api.must, "POST", f"{rbac}/{other}/{kind}", known)
    await fleet.delivered(TWO, fleet.east, namespace=other, timeout_s=60)
    await fleet.in_sync(fleet.east)


async def test_a_right_that_is_lost_leaves_what_was_delivered(fleet: Fleet) -> None:
    await in_step(fleet)
    denied = faults.both(faults.on("secrets"), faults.writes)
    fault = fleet.west.proxy.inject(faults.forbidden(when=denied))
    await fleet.set_data(fleet.hub, "src", TWO)
    await fleet.delivered(TWO, fleet.east)
    await fleet.stands("Failed", "Forbidden", fleet.west)
    assert "patch" in await message(fleet, fleet.west)
    assert await fleet.data(fleet.west) == ONE
    await fleet.west.proxy.heal(fault)
    await fleet.delivered(TWO, fleet.west, timeout_s=60)


async def test_a_namespace_that_is_ending_gets_nothing_new_and_others_proceed(
    fleet: Fleet,
) -> None:
    other = await in_two_namespaces(fleet)
    await fleet.run()
    await fleet.delivered(ONE, fleet.east, fleet.west)
    await fleet.delivered(ONE, fleet.east, fleet.west, namespace=other)
    await fleet.in_sync(fleet.east)
    # There is no controller-manager here: what is being deleted stays so until we finish it.
    await fleet.east.client.delete(NAMESPACES, other)
    await fleet.delete_secret(fleet.east, "db", namespace=other)
    await fleet.stands("Pending", "NamespaceTerminating", fleet.east)
    await fleet.set_data(fleet.hub, "src", TWO)
    await fleet.delivered(TWO, fleet.east, fleet.west)
    await fleet.delivered(TWO, fleet.west, namespace=other)
    assert await fleet.data(fleet.east, namespace=other) is None
    await asyncio.to_thread(fleet.east.plane.finalize_namespace, other)
    await fleet.stands("Pending", "NamespaceMissing", fleet.east)
    await asyncio.to_thread(fleet.east.plane.create_namespace, other)
    await fleet.delivered(TWO, fleet.east, namespace=other)
    await fleet.in_sync(fleet.east)


async def test_an_ending_namespace_on_the_hub_deletes_no_copies(fleet: Fleet) -> None:
    other = await fleet.add_namespace("hub")
    await fleet.declare(fleet.east)
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE, namespace=other)
    await fleet.ask(fleet.east, namespace=other)
    await fleet.delivered(ONE, fleet.east, namespace=other)
    await fleet.hub.client.delete(NAMESPACES, other)
    await fleet.withdraw(namespace=other)
    await fleet.delete_secret(fleet.hub, "src", namespace=other)
    await fleet.quiet()
    assert await fleet.data(fleet.east, namespace=other) == ONE
    await asyncio.to_thread(fleet.hub.plane.finalize_namespace, other)

    async def gone() -> bool:
        return await fleet.data(fleet.east, namespace=other) is None

    await eventually(gone, timeout_s=30)
