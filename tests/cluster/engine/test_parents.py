# SPDX-License-Identifier: Apache-2.0
"""Manifests that make others: made, mended and removed in the parent's own cluster."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.cluster.engine import foreign
from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.sides import Side, always, eventually, unique
from tests.cluster.engine.test_declarations import EVERYWHERE, NAMED

from keyfleet.kube.resources import NAMESPACES
from keyfleet.localplane import faults
from keyfleet.testing.canary import canary

ONE = {"password": canary("one")}


@pytest.fixture
async def sets(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Fleet]:
    """A running fleet whose member east serves Copies and CopySets."""
    foreign.speak(monkeypatch)
    await fleet.grant("any", sources={"clusters": EVERYWHERE, "namespaces": EVERYWHERE})
    await foreign.install(fleet.east)
    await foreign.install_sets(fleet.east)
    try:
        await fleet.declare(fleet.east)
        await fleet.run(as_admin=True, claims=NAMED)
        yield fleet
    finally:
        await foreign.uninstall(fleet.east)


async def make_set(side: Side) -> str:
    """Create a CopySet; return its name, which is the value of the label that it selects by."""
    name = unique("set")
    body = {
        "apiVersion": foreign.SETS.api_version,
        "kind": foreign.SETS.kind,
        "metadata": {"name": name},
        "spec": {"source": "src"},
    }
    await side.client.create(foreign.SETS, body)
    return name


async def label(side: Side, namespace: str, value: str | None) -> None:
    body = {"metadata": {"labels": {"copies": value}}}
    await side.client.merge_patch(NAMESPACES, namespace, body)


async def child(side: Side, namespace: str, name: str) -> dict[str, Any] | None:
    found = await side.client.find_metadata(foreign.COPIES, name, namespace=namespace)
    return await side.client.get(foreign.COPIES, name, namespace=namespace) if found else None


async def said(side: Side, name: str) -> dict[str, Any]:
    return (await side.client.get(foreign.SETS, name)).get("status") or {}


async def test_a_parent_makes_children_where_namespaces_come_and_removes_them_where_they_go(
    sets: Fleet,
) -> None:
    east, namespace = sets.east, sets.namespace
    await sets.write_secret(east, "src", ONE)
    name = await make_set(east)
    await label(east, namespace, name)
    await sets.delivered(ONE, east, name=name)

    async def provisioned() -> bool:
        return (await said(east, name)).get("provisioned") == [namespace]

    await eventually(provisioned)
    await label(east, namespace, None)
    await sets.gone(east, name=name)
    assert await child(east, namespace, name) is None

    async def nothing() -> bool:
        return (await said(east, name)).get("provisioned") == []

    await eventually(nothing)


async def test_a_child_that_is_edited_or_deleted_is_as_before_a_moment_later(sets: Fleet) -> None:
    east, namespace = sets.east, sets.namespace
    name = await make_set(east)
    await label(east, namespace, name)

    async def as_wanted() -> bool:
        found = await child(east, namespace, name)
        return found is not None and found["spec"] == {"source": "src"}

    await eventually(as_wanted)
    body = {"spec": {"source": "other"}}
    await east.client.merge_patch(foreign.COPIES, name, body, namespace=namespace)
    await eventually(as_wanted)
    await east.client.delete(foreign.COPIES, name, namespace=namespace)
    await eventually(as_wanted)


async def test_a_namesake_that_somebody_else_made_is_left_alone_and_said(sets: Fleet) -> None:
    east, namespace = sets.east, sets.namespace
    name = await make_set(east)
    await foreign.ask(east, namespace, name, source="theirs")
    await label(east, namespace, name)

    async def taken() -> bool:
        return (await said(east, name)).get("failed") == {namespace: "taken"}

    await eventually(taken)
    found = await child(east, namespace, name)
    assert found is not None
    assert found["spec"] == {"source": "theirs"}
    await east.client.delete(foreign.COPIES, name, namespace=namespace)

    async def made() -> bool:
        found = await child(east, namespace, name)
        return found is not None and found["spec"] == {"source": "src"}

    await eventually(made)


async def test_what_is_refused_is_said_and_tried_again(sets: Fleet) -> None:
    east, namespace = sets.east, sets.namespace
    fault = east.proxy.inject(faults.error(500, "InternalError", when=faults.on("copies", "POST")))
    name = await make_set(east)
    await label(east, namespace, name)

    async def failed() -> bool:
        return namespace in (await said(east, name)).get("failed", {})

    await eventually(failed)
    await east.proxy.heal(fault)

    async def made() -> bool:
        return await child(east, namespace, name) is not None

    await eventually(made)


async def test_a_parent_that_goes_leaves_its_children_to_kubernetes(sets: Fleet) -> None:
    east, namespace = sets.east, sets.namespace
    name = await make_set(east)
    await label(east, namespace, name)

    async def made() -> bool:
        return await child(east, namespace, name) is not None

    await eventually(made)
    await east.client.delete(foreign.SETS, name)
    await always(made, what="a child was deleted")
