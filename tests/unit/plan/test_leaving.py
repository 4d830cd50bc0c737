# SPDX-License-Identifier: Apache-2.0
"""Why a target is left as it is, and what is told of it."""

from dataclasses import replace

import pytest
from tests.unit.plan.questions import (
    ELSEWHERE,
    FOREIGN,
    FORGED,
    LAPTOP,
    NEW,
    OTHER,
    desired,
    intent,
    live,
    marker,
    question,
    verdict,
)

from keyfleet.model.intent import Deference
from keyfleet.model.ownership import OWNER_ANNOTATION
from keyfleet.model.places import IntentKey
from keyfleet.model.plan import State, Verb
from keyfleet.model.policy import Policies
from keyfleet.plan.decide import decide
from keyfleet.plan.question import Question


def test_waits_for_a_target_that_is_being_deleted() -> None:
    step = decide(question(actual=live(mark=marker(), is_deleting=True)))
    assert verdict(step) == (Verb.NONE, State.PENDING, "TargetTerminating")


@pytest.mark.parametrize("kind", ["example.com/x", "kubernetes.io/tls"])
def test_never_changes_a_type(kind: str) -> None:
    step = decide(question(desired(type_=kind), actual=live(mark=marker())))
    assert verdict(step) == (Verb.NONE, State.FAILED, "TypeChanged")


def test_a_type_that_was_not_read_is_no_changed_type() -> None:
    step = decide(question(desired(NEW), actual=live(mark=marker(), type="")))
    assert step.verb is Verb.UPDATE


def test_never_changes_immutable_data() -> None:
    actual = live(mark=marker(), is_immutable=True)
    assert verdict(decide(question(desired(NEW), actual=actual))) == (
        Verb.NONE,
        State.FAILED,
        "Immutable",
    )
    assert decide(question(actual=actual)).finding is None


def test_who_has_no_field_for_it_is_not_told_to_set_one() -> None:
    wanted = intent()
    deferring = replace(wanted, shape=replace(wanted.shape, deference=Deference("a", "b")))
    actual = live(mark=marker(), is_immutable=True)
    for mine, is_told in ((wanted, True), (deferring, False)):
        finding = decide(question(desired(NEW), actual=actual, intent=mine)).finding
        assert finding is not None
        assert ("spec.replace" in finding.hint) is is_told
        assert "delete the target by hand" in finding.hint


@pytest.mark.parametrize(
    ("actual", "reason"),
    [
        (live(FOREIGN), "Unmarked"),
        (live(FOREIGN, mark=marker(hub="other")), "OwnedByOtherHub"),
        (live(FOREIGN, mark=marker(name="elsewhere")), "CopiedMarker"),
        (live(FOREIGN, mark=marker(cluster="other")), "CopiedMarker"),
        (live(FOREIGN, mark=marker(), by=FORGED), "CopiedMarker"),
        (live(FOREIGN, annotations={OWNER_ANNOTATION: "not json"}), "CopiedMarker"),
        (live(FOREIGN, mark=marker(), by=ELSEWHERE), "OwnedUnverified"),
        (live(FOREIGN, mark=marker(OTHER), by=LAPTOP), "HeldByIntent"),
        (live(FOREIGN, mark=marker(OTHER, released=True)), "HeldByIntent"),
    ],
)
def test_refuses_what_is_not_ours(actual: object, reason: str) -> None:
    step = decide(question(actual=actual))
    assert verdict(step) == (Verb.NONE, State.CONFLICT, reason)
    assert step.revision == 0


def test_a_target_that_may_say_how_it_is_met_is_asked_to() -> None:
    """A SealedSecret has no conflict policy: what is there decides."""
    asked = intent()
    shape = replace(asked.shape, deference=Deference("example.com/share", "example.com/yield"))
    told = decide(question(actual=live(FOREIGN), intent=replace(asked, shape=shape))).finding
    assert told is not None
    assert (told.reason, "example.com/yield=true" in told.hint) == ("Unmarked", True)
    assert "conflictPolicy" not in told.hint


STRANGER = IntentKey("FleetSecret", "shop", "their-name")


@pytest.mark.parametrize(
    "asked",
    [
        question(actual=live(mark=marker(STRANGER)), holder_wants=True),
        question(rival=STRANGER),
    ],
)
def test_another_hub_namespaces_intent_is_named_to_operators_only(asked: Question) -> None:
    told = decide(asked).finding
    assert told is not None
    assert "their-name" not in told.advice
    assert "an intent of another hub namespace" in told.advice
    told = decide(replace(asked, policies=Policies(is_operator=True))).finding
    assert told is not None
    assert str(STRANGER) in told.advice


def test_an_intent_of_the_own_namespace_is_named() -> None:
    told = decide(question(rival=OTHER)).finding
    assert told is not None
    assert str(OTHER) in told.advice


def test_an_objection_leaves_a_delivered_target_frozen() -> None:
    actual = live(mark=marker())
    step = decide(question(desired(NEW), actual=actual, intent=intent(paused=True)))
    assert verdict(step) == (Verb.NONE, State.PAUSED, "IntentPaused")
    assert (step.revision, step.fingerprint) == (2, actual.fingerprint)
