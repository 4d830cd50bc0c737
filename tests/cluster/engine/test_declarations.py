# SPDX-License-Identifier: Apache-2.0
"""Manifests wherever they are found: in members, on the hub, on a hub that is a member."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.cluster.engine import foreign
from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.sides import Side, always, eventually

from keyfleet.engine.declarations.claims import Claims
from keyfleet.kube.resources import CRDS, EVENTS, FLEETCLUSTERS
from keyfleet.localplane import faults
from keyfleet.model.ownership import OWNER_ANNOTATION
from keyfleet.testing.canary import canary

ONE = {"password": canary("one")}
TWO = {"password": canary("two")}
EVERYWHERE = {"names": ["*"]}
NAMED = Claims(dialects=frozenset({"copies"}))


@pytest.fixture
async def copies(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Fleet]:
    """A fleet whose controller understands Copies, and sources in every cluster."""
    foreign.speak(monkeypatch)
    await fleet.grant("any", sources={"clusters": EVERYWHERE, "namespaces": EVERYWHERE})
    for side, data in ((fleet.hub, ONE), (fleet.east, ONE), (fleet.west, TWO)):
        await fleet.write_secret(side, "src", data)
    try:
        yield fleet
    finally:
        for side in fleet.sides:
            await foreign.uninstall(side)


async def says(fleet: Fleet, side: Side, text: str, name: str = "db") -> None:
    """Wait until the status of a Copy says this."""

    async def equal() -> bool:
        return bool(await foreign.status(side, fleet.namespace, name) == text)

    await eventually(equal, what=f"{side.name} does not say {text}")


async def run(fleet: Fleet, *members: Side, claims: Claims = NAMED) -> None:
    await fleet.declare(*members)
    await fleet.run(as_admin=True, claims=claims)
    await fleet.leads()


async def test_a_manifest_of_a_member_is_served_there_and_nowhere_else(copies: Fleet) -> None:
    await foreign.install(copies.east)
    await foreign.ask(copies.east, copies.namespace)
    await run(copies, copies.east, copies.west)
    await copies.delivered(ONE, copies.east)
    await says(copies, copies.east, "Synced")
    await copies.quiet()
    assert await copies.data(copies.west) is None
    assert await copies.data(copies.hub) is None


async def test_events_are_told_in_the_member(copies: Fleet) -> None:
    await foreign.install(copies.east)
    await run(copies, copies.east)
    await foreign.ask(copies.east, copies.namespace)

    async def told() -> bool:
        found = await copies.east.client.list(EVENTS, namespace=copies.namespace)
        return any(
            (one["regarding"]["name"], one["reason"]) == ("db", "Synced") for one in found.items
        )

    await eventually(told)
    assert await copies.events() == []


async def test_two_clusters_with_a_manifest_of_one_name_do_not_meet(copies: Fleet) -> None:
    for side in (copies.east, copies.west):
        await foreign.install(side)
        await foreign.ask(side, copies.namespace)
    await run(copies, copies.east, copies.west)
    await copies.delivered(ONE, copies.east)
    await copies.delivered(TWO, copies.west)
    await copies.east.client.delete(foreign.COPIES, "db", namespace=copies.namespace)
    await copies.gone(copies.east)
    assert await copies.data(copies.west) == TWO
    await says(copies, copies.west, "Synced")


async def test_a_kind_that_comes_while_running_is_served_and_one_that_goes_deletes_nothing(
    copies: Fleet,
) -> None:
    await run(copies, copies.east)
    await foreign.install(copies.east)
    await foreign.ask(copies.east, copies.namespace)
    await copies.delivered(ONE, copies.east)
    uid = (await copies.meta(copies.east)).uid
    await foreign.uninstall(copies.east)
    await copies.set_data(copies.east, "src", TWO)
    await always(lambda: copies.data(copies.east), what="a target was deleted")
    assert await copies.data(copies.east) == ONE
    await foreign.install(copies.east)
    await foreign.ask(copies.east, copies.namespace)
    await copies.delivered(TWO, copies.east)
    assert (await copies.meta(copies.east)).uid == uid


async def test_of_two_versions_the_best_one_is_watched_as_soon_as_it_is_served(
    copies: Fleet,
) -> None:
    await foreign.install(copies.east, "v1beta1")
    await run(copies, copies.east)
    await foreign.ask(copies.east, copies.namespace, resource=foreign.OLD_COPIES)
    await copies.delivered(ONE, copies.east)
    copies.forget_requests()
    body = {"spec": foreign.crd("v1beta1", "v1")["spec"]}
    await copies.east.client.merge_patch(CRDS, foreign.COPIES.label, body)

    async def watched() -> bool:
        paths = [seen.path for seen in copies.east.proxy.requests]
        return foreign.COPIES.path() in paths

    await eventually(watched)
    await copies.set_data(copies.east, "src", TWO)
    await copies.delivered(TWO, copies.east)


async def test_another_operators_kind_is_left_alone(copies: Fleet) -> None:
    await foreign.install(copies.east, labels={})
    await foreign.install(copies.hub)
    await foreign.ask(copies.east, copies.namespace)
    await run(copies, copies.east, claims=Claims())
    await copies.quiet()
    assert await copies.data(copies.east) is None
    own = {"metadata": {"labels": foreign.OWN}}
    await copies.east.client.merge_patch(CRDS, foreign.COPIES.label, own)
    await copies.delivered(ONE, copies.east)


async def test_without_a_setting_and_a_crd_on_the_hub_no_member_is_asked(copies: Fleet) -> None:
    await foreign.install(copies.east)
    await run(copies, copies.east, claims=Claims())
    await copies.quiet()
    asked = {seen.resource for seen in copies.east.proxy.requests}
    assert "customresourcedefinitions" not in asked
    await foreign.install(copies.hub)
    await foreign.ask(copies.east, copies.namespace)
    await copies.delivered(ONE, copies.east)


async def test_only_the_chosen_namespaces_are_ours(copies: Fleet) -> None:
    await foreign.install(copies.east)
    await foreign.ask(copies.east, copies.namespace)
    await run(
        copies,
        copies.east,
        claims=Claims(frozenset({"copies"}), {"copies": frozenset({"elsewhere"})}),
    )
    await copies.quiet()
    assert await copies.data(copies.east) is None
    assert await foreign.status(copies.east, copies.namespace) is None


async def test_a_manifest_of_the_hub_is_served_on_the_hub_as_a_member(copies: Fleet) -> None:
    await foreign.install(copies.hub)
    await foreign.ask(copies.hub, copies.namespace)
    await run(copies, copies.hub)
    await copies.delivered(ONE, copies.hub)
    await says(copies, copies.hub, "Synced")
    await copies.quiet()
    watches = [
        seen
        for seen in copies.hub.proxy.requests
        if seen.resource == "copies" and seen.query.get("watch")
    ]
    assert len(watches) == 1


async def test_a_member_that_is_away_and_back_keeps_its_targets(copies: Fleet) -> None:
    await foreign.install(copies.east)
    await foreign.ask(copies.east, copies.namespace)
    await run(copies, copies.east)
    await copies.delivered(ONE, copies.east)
    await copies.east.proxy.cut()
    await copies.set_data(copies.east, "src", TWO)
    await always(lambda: copies.data(copies.east), what="a target was deleted")
    await copies.east.proxy.heal()
    await copies.delivered(TWO, copies.east)
    await says(copies, copies.east, "Synced")


async def test_a_member_that_leaves_keeps_its_targets_and_its_manifests_come_back(
    copies: Fleet,
) -> None:
    await foreign.install(copies.east)
    await foreign.ask(copies.east, copies.namespace)
    await run(copies, copies.east)
    await copies.delivered(ONE, copies.east)
    uid = (await copies.meta(copies.east)).uid
    await copies.hub.client.delete(FLEETCLUSTERS, copies.east.name)
    await copies.quiet()
    await copies.set_data(copies.east, "src", TWO)
    await copies.quiet()
    assert await copies.data(copies.east) == ONE
    await copies.declare(copies.east)
    await copies.delivered(TWO, copies.east)
    assert (await copies.meta(copies.east)).uid == uid


async def test_a_restart_writes_nothing_and_asks_nobody_whether_manifests_are_gone(
    copies: Fleet,
) -> None:
    await foreign.install(copies.east)
    await foreign.ask(copies.east, copies.namespace)
    await run(copies, copies.east)
    await copies.delivered(ONE, copies.east)
    await says(copies, copies.east, "Synced")
    await copies.end()
    copies.forget_requests()
    await copies.run(as_admin=True, claims=NAMED)
    await copies.quiet()
    assert copies.east.proxy.writes() == []
    gets = [seen for seen in copies.east.proxy.requests if seen.name == "db"]
    assert [seen.resource for seen in gets] == []


async def test_what_was_withdrawn_while_nobody_ran_is_deleted(copies: Fleet) -> None:
    await foreign.install(copies.east)
    await foreign.ask(copies.east, copies.namespace)
    await run(copies, copies.east)
    await copies.delivered(ONE, copies.east)
    await copies.end()
    await copies.east.client.delete(foreign.COPIES, "db", namespace=copies.namespace)
    await copies.run(as_admin=True, claims=NAMED)
    await copies.gone(copies.east)


async def test_another_tools_finalizer_does_not_keep_a_manifest_that_is_deleted(
    copies: Fleet,
) -> None:
    await foreign.install(copies.east)
    await foreign.ask(copies.east, copies.namespace, finalizers=[foreign.CLEANUP])
    await run(copies, copies.east)
    await copies.delivered(ONE, copies.east)
    await copies.east.client.delete(foreign.COPIES, "db", namespace=copies.namespace)
    await copies.gone(copies.east)
    found = await copies.east.client.find_metadata(foreign.COPIES, "db", namespace=copies.namespace)
    assert found is None


async def test_a_finalizer_of_a_third_party_is_left_to_it(copies: Fleet) -> None:
    await foreign.install(copies.east)
    kept = "example.org/third"
    await foreign.ask(copies.east, copies.namespace, finalizers=[foreign.CLEANUP, kept])
    await run(copies, copies.east)
    await copies.delivered(ONE, copies.east)
    await copies.east.client.delete(foreign.COPIES, "db", namespace=copies.namespace)

    async def left() -> list[str]:
        found = await copies.east.client.get(foreign.COPIES, "db", namespace=copies.namespace)
        return list(found["metadata"].get("finalizers", []))

    async def alone() -> bool:
        return await left() == [kept]

    try:
        await eventually(alone)
        await copies.quiet()
        assert await copies.data(copies.east) == ONE
    finally:
        body: dict[str, Any] = {"metadata": {"finalizers": []}}
        await copies.east.client.merge_patch(foreign.COPIES, "db", body, namespace=copies.namespace)


async def test_a_manifest_of_a_member_cannot_reach_another_cluster(copies: Fleet) -> None:
    await foreign.install(copies.east)
    await foreign.ask(copies.east, copies.namespace, cluster=copies.west.name)
    await run(copies, copies.east, copies.west)
    await says(copies, copies.east, "OutOfBounds")
    await copies.quiet()
    assert await copies.data(copies.west) is None


async def test_a_login_that_may_not_see_crds_is_a_member_without_foreign_manifests(
    copies: Fleet,
) -> None:
    copies.may_be_denied = True
    await foreign.install(copies.east)
    await foreign.ask(copies.east, copies.namespace)
    await copies.declare(copies.east)
    await copies.run(claims=NAMED)
    await copies.ask(copies.east, name="native")
    await copies.delivered(ONE, copies.east, name="native")
    await copies.in_sync(copies.east, name="native")
    assert await copies.data(copies.east) is None


async def test_a_status_that_is_refused_harms_nobody_else(copies: Fleet) -> None:
    await foreign.install(copies.east)
    await run(copies, copies.east)
    fault = copies.east.proxy.inject(
        faults.error(409, "Conflict", when=lambda seen: seen.path.endswith("/db/status"))
    )
    await foreign.ask(copies.east, copies.namespace)
    await foreign.ask(copies.east, copies.namespace, "other")
    await copies.delivered(ONE, copies.east)
    await says(copies, copies.east, "Synced", "other")
    await copies.east.proxy.heal(fault)
    await says(copies, copies.east, "Synced")


async def test_the_marker_names_the_cluster_of_the_manifest(copies: Fleet) -> None:
    await foreign.install(copies.east)
    await foreign.ask(copies.east, copies.namespace)
    await run(copies, copies.east)
    await copies.delivered(ONE, copies.east)
    notes = (await copies.meta(copies.east)).annotations or {}
    assert f'"intentCluster":"{copies.east.name}"' in notes[OWNER_ANNOTATION]
