# SPDX-License-Identifier: Apache-2.0
"""A secret that lives on the hub is kept true in chosen clusters."""

import pytest
from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.sides import always, eventually, places

from keyfleet.model.ownership import HUB_LABEL, OWNER_ANNOTATION
from keyfleet.testing.canary import canary

ONE = {"password": canary("one")}
TWO = {"password": canary("two")}


@pytest.fixture
async def delivered(fleet: Fleet) -> Fleet:
    """A fleet where `db` was delivered to east and west."""
    await fleet.declare(fleet.east, fleet.west)
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east, fleet.west)
    await fleet.delivered(ONE, fleet.east, fleet.west)
    return fleet


async def test_a_declared_secret_appears_in_the_chosen_clusters_only(fleet: Fleet) -> None:
    await fleet.declare(fleet.east, fleet.west)
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east)
    await fleet.delivered(ONE, fleet.east)
    await fleet.in_sync(fleet.east)
    assert await fleet.data(fleet.west) is None
    assert await fleet.data(fleet.hub) is None


async def test_a_changed_source_reaches_every_target_and_counts_a_revision(
    delivered: Fleet,
) -> None:
    await delivered.set_data(delivered.hub, "src", TWO)
    await delivered.delivered(TWO, delivered.east, delivered.west)
    await delivered.revised(2)


async def test_an_edited_value_and_a_foreign_key_are_put_right(delivered: Fleet) -> None:
    await delivered.set_data(delivered.west, "db", {"password": canary("evil"), "x": canary("x")})
    await delivered.delivered(ONE, delivered.west)


async def test_a_deleted_target_is_made_again(delivered: Fleet) -> None:
    await delivered.delete_secret(delivered.west, "db")
    await delivered.delivered(ONE, delivered.west)


@pytest.mark.parametrize(
    "body",
    [
        {"metadata": {"labels": {HUB_LABEL: None}}},
        {"metadata": {"labels": {HUB_LABEL: "other"}}},
        {"metadata": {"labels": None}},
    ],
)
async def test_a_removed_label_is_put_back(delivered: Fleet, body: dict[str, object]) -> None:
    before = await delivered.meta(delivered.west)
    await delivered.patch_secret(delivered.west, "db", body)

    async def put_back() -> bool:
        return (await delivered.meta(delivered.west)).labels == before.labels

    await eventually(put_back)
    assert (await delivered.meta(delivered.west)).uid == before.uid


async def test_labels_and_annotations_of_others_stay(delivered: Fleet) -> None:
    foreign = {"metadata": {"labels": {"team": "pay"}, "annotations": {"note": "mine"}}}
    await delivered.patch_secret(delivered.west, "db", foreign)
    await delivered.set_data(delivered.hub, "src", TWO)
    await delivered.delivered(TWO, delivered.west)
    metadata = await delivered.meta(delivered.west)
    assert (metadata.labels or {}).get("team") == "pay"
    assert (metadata.annotations or {}).get("note") == "mine"


async def test_an_unchanged_fleet_is_not_written(delivered: Fleet) -> None:
    await delivered.in_sync(delivered.east, delivered.west)
    await delivered.quiet()
    delivered.forget_requests()
    await delivered.patch_secret(delivered.hub, "src", {"metadata": {"labels": {"touched": "1"}}})
    await delivered.quiet()
    assert [places(side.writes()) for side in delivered.sides] == [[], [], []]


async def test_a_deleted_intent_takes_its_targets_along(delivered: Fleet) -> None:
    await delivered.withdraw()
    await delivered.gone(delivered.east, delivered.west)
    assert await delivered.data(delivered.hub, "src") == ONE


async def test_retained_targets_stay_and_are_taken_again(delivered: Fleet) -> None:
    await delivered.edit({"deletionPolicy": "Retain"})
    await delivered.in_sync(delivered.east, delivered.west)
    uid = (await delivered.meta(delivered.east)).uid
    await delivered.withdraw()

    async def released() -> bool:
        annotations = (await delivered.meta(delivered.east)).annotations or {}
        return '"released":true' in annotations[OWNER_ANNOTATION]

    await eventually(released)
    await always(lambda: delivered.data(delivered.east), what="the retained target went")
    await delivered.set_data(delivered.hub, "src", TWO)
    await delivered.ask(delivered.east, delivered.west)
    await delivered.delivered(TWO, delivered.east, delivered.west)
    assert (await delivered.meta(delivered.east)).uid == uid


async def test_the_source_is_shaped_as_asked(fleet: Fleet) -> None:
    await fleet.declare(fleet.east)
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", {"u": canary("user"), "p": canary("pass")})
    await fleet.ask(
        fleet.east,
        data=[{"from": "u", "to": "user"}],
        template={"type": "example.com/login", "metadata": {"labels": {"app": "shop"}}},
        placement={"name": "login"},
    )
    await fleet.delivered({"user": canary("user")}, fleet.east, name="login")
    found = await fleet.east.client.find_secret(fleet.namespace, "login")
    assert found is not None
    assert found.type == "example.com/login"
    assert (found.metadata.labels or {})["app"] == "shop"


async def test_the_hub_may_be_a_target_too(fleet: Fleet) -> None:
    await fleet.declare(fleet.hub)
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.hub)
    await fleet.delivered(ONE, fleet.hub)

    async def has_both_roles() -> bool:
        return (await fleet.cluster_status(fleet.hub)).get("roles") == ["hub", "member"]

    await eventually(has_both_roles)


async def test_the_source_itself_is_never_a_target(fleet: Fleet) -> None:
    await fleet.declare(fleet.hub)
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)
    before = await fleet.meta(fleet.hub, "src")
    await fleet.ask(fleet.hub, placement={"name": "src"}, conflictPolicy="Overwrite")
    await fleet.stands("Refused", "TargetIsSource", fleet.hub)
    await fleet.withdraw()
    await fleet.quiet()
    assert await fleet.meta(fleet.hub, "src") == before
