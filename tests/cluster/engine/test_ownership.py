# SPDX-License-Identifier: Apache-2.0
"""What is somebody else's is reported and not overwritten."""

import pytest
from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.sides import always, eventually, places

from keyfleet.engine import passes
from keyfleet.model.ownership import HUB_LABEL, OWNER_ANNOTATION
from keyfleet.testing.canary import canary

ONE = {"password": canary("one")}
MINE = {"password": canary("mine")}


async def start(fleet: Fleet) -> None:
    await fleet.declare(fleet.east, fleet.west)
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)


async def test_a_foreign_target_is_refused_until_its_owner_deletes_it(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passes, "RECHECK_S", 0.3)
    await start(fleet)
    await fleet.write_secret(fleet.east, "db", MINE)
    await fleet.ask(fleet.east, fleet.west)
    await fleet.stands("Conflict", "Unmarked", fleet.east)
    await fleet.in_sync(fleet.west)
    assert await fleet.data(fleet.east) == MINE
    await fleet.delete_secret(fleet.east, "db")
    await fleet.delivered(ONE, fleet.east)


async def test_a_known_foreign_target_is_looked_at_without_sending_values(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passes, "RECHECK_S", 0.2)
    await start(fleet)
    await fleet.write_secret(fleet.east, "db", MINE)
    await fleet.ask(fleet.east)
    await fleet.stands("Conflict", "Unmarked", fleet.east)
    fleet.forget_requests()
    await fleet.quiet()
    assert places(fleet.east.writes()) == []


async def test_deleting_the_intent_leaves_a_foreign_target(fleet: Fleet) -> None:
    await start(fleet)
    await fleet.write_secret(fleet.east, "db", MINE)
    await fleet.ask(fleet.east)
    await fleet.stands("Conflict", "Unmarked", fleet.east)
    before = await fleet.meta(fleet.east)
    await fleet.withdraw()
    await fleet.quiet()
    assert await fleet.meta(fleet.east) == before


async def test_adopt_takes_what_holds_the_wanted_data(fleet: Fleet) -> None:
    await start(fleet)
    await fleet.write_secret(fleet.east, "db", ONE)
    await fleet.write_secret(fleet.west, "db", MINE)
    uid = (await fleet.meta(fleet.east)).uid
    await fleet.ask(fleet.east, fleet.west, conflictPolicy="Adopt")
    await fleet.in_sync(fleet.east)
    await fleet.stands("Conflict", "AdoptDiffers", fleet.west)
    metadata = await fleet.meta(fleet.east)
    assert metadata.uid == uid
    assert OWNER_ANNOTATION in (metadata.annotations or {})
    assert await fleet.data(fleet.west) == MINE


async def test_overwrite_takes_and_replaces(fleet: Fleet) -> None:
    await start(fleet)
    await fleet.write_secret(fleet.east, "db", {**MINE, "more": canary("more")})
    uid = (await fleet.meta(fleet.east)).uid
    await fleet.ask(fleet.east, conflictPolicy="Overwrite")
    await fleet.delivered(ONE, fleet.east)
    assert (await fleet.meta(fleet.east)).uid == uid


async def test_a_copied_marker_makes_nothing_ours(fleet: Fleet) -> None:
    await start(fleet)
    await fleet.ask(fleet.east)
    await fleet.delivered(ONE, fleet.east)
    ours = await fleet.meta(fleet.east)
    await fleet.write_secret(
        fleet.east, "copy", MINE, labels=ours.labels, annotations=ours.annotations
    )
    await fleet.write_secret(
        fleet.west, "db", MINE, labels=ours.labels, annotations=ours.annotations
    )
    await fleet.edit({"placement": {"clusters": {"names": [fleet.east.name, fleet.west.name]}}})
    await fleet.stands("Conflict", "CopiedMarker", fleet.west)
    await fleet.withdraw()
    await fleet.gone(fleet.east)
    await always(lambda: fleet.data(fleet.east, "copy"))
    assert await fleet.data(fleet.west) == MINE


async def test_the_type_of_a_target_is_not_changed(fleet: Fleet) -> None:
    await start(fleet)
    await fleet.ask(fleet.east)
    await fleet.delivered(ONE, fleet.east)
    await fleet.edit({"template": {"type": "example.com/other"}})
    await fleet.stands("Failed", "TypeChanged", fleet.east)
    await fleet.delete_secret(fleet.east, "db")
    await fleet.in_sync(fleet.east)


async def test_an_immutable_target_is_not_changed(fleet: Fleet) -> None:
    await start(fleet)
    await fleet.ask(fleet.east)
    await fleet.delivered(ONE, fleet.east)
    await fleet.patch_secret(fleet.east, "db", {"immutable": True})
    await fleet.set_data(fleet.hub, "src", MINE)
    await fleet.stands("Failed", "Immutable", fleet.east)
    await fleet.delete_secret(fleet.east, "db")
    await fleet.delivered(MINE, fleet.east)


async def test_the_next_intent_takes_the_target_when_its_holder_goes(fleet: Fleet) -> None:
    await start(fleet)
    await fleet.write_secret(fleet.hub, "src2", MINE)
    await fleet.ask(fleet.east, name="first", placement={"name": "shared"})
    await fleet.delivered(ONE, fleet.east, name="shared")
    await fleet.ask(fleet.east, name="second", source="src2", placement={"name": "shared"})
    await fleet.stands("Conflict", "ClaimedByOlderIntent", fleet.east, name="second")
    uid = (await fleet.meta(fleet.east, "shared")).uid
    await fleet.withdraw("first")
    await fleet.delivered(MINE, fleet.east, name="shared")
    assert (await fleet.meta(fleet.east, "shared")).uid == uid
    await fleet.in_sync(fleet.east, name="second")


async def test_the_next_intent_takes_the_target_when_its_holder_moves(fleet: Fleet) -> None:
    await start(fleet)
    await fleet.write_secret(fleet.hub, "src2", MINE)
    await fleet.ask(fleet.east, name="first", placement={"name": "shared"})
    await fleet.delivered(ONE, fleet.east, name="shared")
    await fleet.ask(fleet.east, name="second", source="src2", placement={"name": "shared"})
    await fleet.stands("Conflict", "ClaimedByOlderIntent", fleet.east, name="second")
    uid = (await fleet.meta(fleet.east, "shared")).uid
    await fleet.edit({"placement": {"name": "moved"}}, name="first")
    await fleet.delivered(ONE, fleet.east, name="moved")
    await fleet.delivered(MINE, fleet.east, name="shared")
    assert (await fleet.meta(fleet.east, "shared")).uid == uid


async def test_the_older_intent_gets_an_unmarked_place(fleet: Fleet) -> None:
    await fleet.declare(fleet.east)
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east, name="a-first", placement={"name": "shared"})
    await fleet.ask(fleet.east, name="b-second", placement={"name": "shared"})
    await fleet.run()
    await fleet.in_sync(fleet.east, name="a-first")

    async def lost() -> bool:
        state, reason = await fleet.state(fleet.east, "b-second")
        return state == "Conflict" and reason in {"ClaimedByOlderIntent", "HeldByIntent"}

    await eventually(lost)


async def test_a_released_target_is_not_taken_by_another_intent(fleet: Fleet) -> None:
    await start(fleet)
    await fleet.ask(fleet.east, name="first", placement={"name": "kept"}, deletionPolicy="Retain")
    await fleet.delivered(ONE, fleet.east, name="kept")
    await fleet.withdraw("first")

    async def released() -> bool:
        annotations = (await fleet.meta(fleet.east, "kept")).annotations or {}
        return '"released":true' in annotations[OWNER_ANNOTATION]

    await eventually(released)
    await fleet.write_secret(fleet.hub, "src2", MINE)
    await fleet.ask(fleet.east, name="second", source="src2", placement={"name": "kept"})
    await fleet.stands("Conflict", "HeldByIntent", fleet.east, name="second")
    assert await fleet.data(fleet.east, "kept") == ONE


async def test_targets_are_found_by_label_and_marked_by_annotation(fleet: Fleet) -> None:
    await start(fleet)
    await fleet.ask(fleet.east)
    await fleet.delivered(ONE, fleet.east)
    metadata = await fleet.meta(fleet.east)
    assert sorted(metadata.labels or {}) == ["app.kubernetes.io/managed-by", HUB_LABEL]
    assert list(metadata.annotations or {}) == [OWNER_ANNOTATION]
