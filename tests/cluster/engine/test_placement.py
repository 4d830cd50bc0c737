# SPDX-License-Identifier: Apache-2.0
"""Every change of what is meant leads to the right targets and to no others."""

import asyncio

from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.sides import eventually

from keyfleet.kube.resources import NAMESPACES
from keyfleet.testing.canary import canary

ONE = {"password": canary("one"), "user": canary("user")}


async def start(fleet: Fleet) -> None:
    await fleet.declare(fleet.east, labels={"env": f"a-{fleet.namespace}"})
    await fleet.declare(fleet.west, labels={"env": f"b-{fleet.namespace}"})
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)


async def grant_everywhere(fleet: Fleet) -> str:
    return await fleet.grant(
        "all", targets={"clusters": {"names": ["*"]}, "namespaces": {"names": ["*"]}}
    )


def by_label(fleet: Fleet, value: str) -> dict[str, object]:
    return {"selector": {"matchLabels": {"team": f"{value}-{fleet.namespace}"}}}


def team(fleet: Fleet, value: str) -> dict[str, str]:
    return {"team": f"{value}-{fleet.namespace}"}


async def test_a_new_namespace_that_matches_is_served(fleet: Fleet) -> None:
    await start(fleet)
    await grant_everywhere(fleet)
    await fleet.ask(fleet.east, placement={"namespaces": by_label(fleet, "pay")})
    other = await fleet.add_namespace("other", labels=team(fleet, "shop"))
    matching = await fleet.add_namespace("matching", labels=team(fleet, "pay"))
    await fleet.delivered(ONE, fleet.east, namespace=matching)
    await fleet.in_sync(fleet.east)
    assert await fleet.data(fleet.east, namespace=other) is None
    assert await fleet.data(fleet.west, namespace=matching) is None


async def test_a_namespace_follows_its_labels_in_and_out(fleet: Fleet) -> None:
    await start(fleet)
    await grant_everywhere(fleet)
    await fleet.ask(fleet.east, placement={"namespaces": by_label(fleet, "pay")})
    moving = await fleet.add_namespace("moving")
    body = {"metadata": {"labels": team(fleet, "pay")}}
    await fleet.east.client.merge_patch(NAMESPACES, moving, body)
    await fleet.delivered(ONE, fleet.east, namespace=moving)
    body = {"metadata": {"labels": team(fleet, "shop")}}
    await fleet.east.client.merge_patch(NAMESPACES, moving, body)
    await fleet.gone(fleet.east, namespace=moving)


async def test_a_cluster_follows_its_labels_in_and_out(fleet: Fleet) -> None:
    await start(fleet)
    selector = {"matchLabels": {"env": f"a-{fleet.namespace}"}}
    await fleet.ask(placement={"clusters": {"selector": selector}})
    await fleet.delivered(ONE, fleet.east)
    await fleet.edit_cluster(fleet.west, {"metadata": {"labels": {"env": f"a-{fleet.namespace}"}}})
    await fleet.delivered(ONE, fleet.west)
    await fleet.edit_cluster(fleet.east, {"metadata": {"labels": {"env": "other"}}})
    await fleet.gone(fleet.east)
    assert await fleet.data(fleet.west) == ONE

    async def left() -> bool:
        clusters = (await fleet.status()).get("clusters", [])
        return [entry["name"] for entry in clusters] == [fleet.west.name]

    await eventually(left)


async def test_an_excluded_cluster_is_left(fleet: Fleet) -> None:
    await start(fleet)
    await fleet.ask(fleet.east, fleet.west)
    await fleet.delivered(ONE, fleet.east, fleet.west)
    await fleet.edit({"placement": {"clusters": {"exclude": [fleet.west.name]}}})
    await fleet.gone(fleet.west)
    await fleet.in_sync(fleet.east)
    assert await fleet.data(fleet.east) == ONE


async def test_a_new_target_name_moves_the_target(fleet: Fleet) -> None:
    await start(fleet)
    await fleet.ask(fleet.east)
    await fleet.delivered(ONE, fleet.east)
    await fleet.edit({"placement": {"name": "renamed"}})
    await fleet.delivered(ONE, fleet.east, name="renamed")
    await fleet.gone(fleet.east)


async def test_an_edit_of_keys_and_metadata_changes_the_target(fleet: Fleet) -> None:
    await start(fleet)
    await fleet.ask(fleet.east, template={"metadata": {"labels": {"old": "1"}}})
    await fleet.delivered(ONE, fleet.east)
    uid = (await fleet.meta(fleet.east)).uid
    await fleet.edit(
        {
            "data": [{"from": "password", "to": "pw"}],
            "template": {"metadata": {"labels": {"old": None, "new": "1"}}},
        }
    )
    await fleet.delivered({"pw": canary("one")}, fleet.east)
    metadata = await fleet.meta(fleet.east)
    assert metadata.uid == uid
    assert (metadata.labels or {}).get("new") == "1"
    assert "old" not in (metadata.labels or {})


async def test_waits_for_an_absent_namespace(fleet: Fleet) -> None:
    await start(fleet)
    await grant_everywhere(fleet)
    later = f"{fleet.namespace}-later"
    await fleet.ask(fleet.east, placement={"namespaces": {"names": [later]}})
    await fleet.stands("Pending", "NamespaceMissing", fleet.east)
    assert await fleet.ready() == ("False", "NamespaceMissing")
    await fleet.add_namespace("later", fleet.east)
    await fleet.delivered(ONE, fleet.east, namespace=later)


async def test_a_namespace_that_goes_is_waited_for_again(fleet: Fleet) -> None:
    await start(fleet)
    await grant_everywhere(fleet)
    short = await fleet.add_namespace("short", fleet.east)
    await fleet.ask(fleet.east, placement={"namespaces": {"names": [short]}})
    await fleet.delivered(ONE, fleet.east, namespace=short)
    await asyncio.to_thread(fleet.east.plane.finalize_namespace, short)
    await fleet.stands("Pending", "NamespaceMissing", fleet.east)


async def test_an_unknown_cluster_is_named_and_served_once_it_joins(fleet: Fleet) -> None:
    await fleet.declare(fleet.east)
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east, fleet.west)
    await fleet.delivered(ONE, fleet.east)
    await fleet.stands("Pending", "ClusterMissing", fleet.west)
    await fleet.declare(fleet.west)
    await fleet.delivered(ONE, fleet.west)
    await fleet.in_sync(fleet.east, fleet.west)


async def test_a_cluster_answers_to_its_context(fleet: Fleet) -> None:
    await start(fleet)
    await fleet.ask(placement={"clusters": {"names": ["east"]}})
    await fleet.delivered(ONE, fleet.east)
    await fleet.in_sync(fleet.east)


async def test_system_namespaces_are_refused_unless_a_policy_names_one(fleet: Fleet) -> None:
    await start(fleet)
    await grant_everywhere(fleet)
    name = f"db-{fleet.namespace}"
    place = {"namespaces": {"names": ["kube-public"]}, "name": name}
    await fleet.ask(fleet.east, placement=place)
    await fleet.stands("Refused", "SystemNamespace", fleet.east)
    await fleet.grant(
        "public",
        targets={
            "clusters": {"names": [fleet.east.name]},
            "namespaces": {"names": ["kube-public"]},
        },
    )
    await fleet.delivered(ONE, fleet.east, name=name, namespace="kube-public")
    await fleet.withdraw()
    await fleet.gone(fleet.east, name=name, namespace="kube-public")
