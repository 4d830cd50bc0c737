# SPDX-License-Identifier: Apache-2.0
"""Which targets may be taken over, and how that is told."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
from tests.unit.engine.fakes import EAST, HUB_UID, INSTALLATION, VALUE

from keyfleet.base.keyring import Keyring
from keyfleet.cli.adopting import (
    Candidate,
    adoption_answer,
    candidates,
    foreign,
    foreign_answer,
)
from keyfleet.engine.markedlist import Marked
from keyfleet.kube.objects import Metadata
from keyfleet.model.ownership import MARKED, Installation, Marker
from keyfleet.model.places import SEALED_SECRET, SECRET, Place
from keyfleet.model.plan import Finding, State, Step, Verb, Write

LOST = Installation("0000aaaa-0000-4000-8000-000000000000", Keyring({"theirs": b"t" * 32}))
ADOPTING = replace(INSTALLATION, adopts=frozenset({LOST.hub}))
MARKER = Marker(
    hub=LOST.hub,
    kind="FleetSecret",
    intent_namespace="payments",
    intent_name="db",
    intent_uid="uid-then",
    cluster=EAST.uid,
    namespace="payments",
    name="db",
    revision=3,
)
PLACE = Place(EAST.name, "payments", "db")


def target(by: Installation = LOST, *, name: str = "db", **changes: Any) -> Metadata:
    marks = MARKED.marks(msgspec.structs.replace(MARKER, **changes), by)
    return Metadata(
        name=name, namespace="payments", resource_version="7", annotations=dict(marks.annotations)
    )


def step(
    verb: Verb = Verb.UPDATE, finding: Finding | None = None, place: Place = PLACE, **write: Any
) -> Step:
    return Step(MARKER.intent, place, verb, finding, write=Write("Opaque", **write))


def one(
    metadata: Metadata, *planned: Step, us: Installation = ADOPTING, kind: str = SECRET
) -> Candidate:
    steps = {(each.intent, each.place): each for each in planned}
    (found,) = candidates(EAST, [Marked(metadata, kind)], steps, us)
    return found


def test_what_this_hub_declares_is_taken_over_by_its_marks_alone() -> None:
    found = one(target(), step(annotations={"a": "b"}))
    assert found.step is not None
    assert (found.result, found.differs) == ("adopt", False)
    assert found.step.write == Write("Opaque", annotations={"a": "b"})


def test_a_sealed_target_is_taken_over_where_it_is_declared_as_one() -> None:
    sealed = replace(PLACE, kind=SEALED_SECRET)
    found = one(target(), step(place=sealed, annotations={"a": "b"}), kind=SEALED_SECRET)
    assert (found.result, found.place.kind) == ("adopt", SEALED_SECRET)
    undeclared = one(target(), step(annotations={"a": "b"}), kind=SEALED_SECRET)
    assert undeclared.finding is not None
    assert undeclared.finding.reason == "NotDeclared"


def test_other_data_is_told_and_left_to_the_controller() -> None:
    found = one(target(), step(data={"k": VALUE}, annotations={"a": "b"}))
    assert found.step is not None
    assert found.differs
    assert found.step.write == Write("Opaque", annotations={"a": "b"})


def test_what_nothing_declares_here_is_left() -> None:
    """A controller would take it for the remains of a declaration that is gone, and delete it."""
    found = one(target())
    assert found.step is None
    assert found.finding is not None
    assert found.finding.reason == "NotDeclared"


def test_a_rule_that_refuses_the_target_refuses_the_adoption() -> None:
    refused = Finding(State.REFUSED, "TargetNotGranted", "no")
    assert one(target(), step(Verb.NONE, refused)).finding == refused


def test_a_copy_of_a_target_is_not_taken_over() -> None:
    found = one(target(name="backup-of-db"), step())
    assert found.finding is not None
    assert found.finding.reason == "CopiedMarker"


def test_where_the_lost_key_was_saved_a_forged_marker_is_not_taken_over() -> None:
    saved = replace(ADOPTING, ring=Keyring({**INSTALLATION.ring.keys, **LOST.ring.keys}))
    forger = Installation(LOST.hub, Keyring({"theirs": b"x" * 32}))
    found = one(target(forger), step(), us=saved)
    assert found.finding is not None
    assert found.finding.reason == "CopiedMarker"
    assert one(target(), step(), us=saved).step is not None


def test_targets_of_a_third_hub_and_our_own_are_not_in_question() -> None:
    third = Installation("0000bbbb", LOST.ring)
    marked = [target(third, hub=third.hub), target(INSTALLATION, hub=HUB_UID)]
    assert candidates(EAST, map(Marked, marked), {}, ADOPTING) == []


def test_of_the_own_hub_only_what_a_lost_key_signed_is_in_question() -> None:
    own = replace(INSTALLATION, adopts=frozenset({HUB_UID}))
    lost_key = Installation(HUB_UID, LOST.ring)
    marked = [target(lost_key, hub=HUB_UID), target(INSTALLATION, hub=HUB_UID)]
    assert len(candidates(EAST, map(Marked, marked), {}, own)) == 1


def test_golden_of_adopt(golden_answer: Callable[..., None]) -> None:
    found = [
        replace(one(target(), step()), is_done=True),
        replace(one(target(), step(data={"k": VALUE}))),
        one(target()),
    ]
    golden_answer("adopt", adoption_answer(found))


def test_golden_of_what_there_is_to_adopt(golden_answer: Callable[..., None]) -> None:
    marked = [target(), target(), target(INSTALLATION, hub=HUB_UID)]
    golden_answer("adopt-survey", foreign_answer(foreign(EAST, map(Marked, marked), INSTALLATION)))
    assert foreign_answer([]).summary
