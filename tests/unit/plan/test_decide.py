# SPDX-License-Identifier: Apache-2.0
"""Every row of design 4.1 that is decided about one target that is wanted."""

from dataclasses import replace

import pytest
from tests.unit.plan.questions import (
    DATA,
    ELSEWHERE,
    FOREIGN,
    LAPTOP,
    NEW,
    OTHER,
    after,
    desired,
    intent,
    live,
    marker,
    question,
    verdict,
)

from keyfleet.model.intent import ConflictPolicy, Guard, WriteMode
from keyfleet.model.ownership import OWNER_ANNOTATION
from keyfleet.model.plan import State, Verb
from keyfleet.model.v1alpha1.limits import SPECIAL_TYPES
from keyfleet.plan.decide import decide


def test_leaves_what_is_as_wanted() -> None:
    actual = after(decide(question()), None)
    step = decide(question(actual=actual))
    assert verdict(step) == (Verb.NONE, "", "")
    assert step.revision == 3


def test_a_target_written_once_is_not_corrected() -> None:
    wanted = desired(NEW, write_mode=WriteMode.CREATE_ONLY)
    step = decide(question(wanted, actual=live(mark=marker())))
    assert step.write is not None
    assert step.write.data is None


@pytest.mark.parametrize(
    "actual",
    [
        live(FOREIGN),
        live(FOREIGN, mark=marker(hub="other")),
        live(FOREIGN, mark=marker(name="elsewhere")),
        live(FOREIGN, mark=marker(OTHER), by=LAPTOP),
        live(FOREIGN, mark=marker(OTHER, released=True)),
    ],
)
def test_overwrites_what_is_not_ours_where_that_is_asked_for(actual: object) -> None:
    asked = question(actual=actual, intent=intent(on_conflict=ConflictPolicy.OVERWRITE))
    step = decide(asked)
    assert verdict(step) == (Verb.UPDATE, "", "")
    assert step.write is not None
    assert step.write.data == DATA


@pytest.mark.parametrize(
    ("actual", "verb"),
    [
        (live(FOREIGN), Verb.UPDATE),
        (live(FOREIGN, mark=marker(hub="other")), Verb.NONE),
        (live(FOREIGN, mark=marker(name="elsewhere")), Verb.NONE),
        (live(FOREIGN, mark=marker(OTHER, released=True)), Verb.NONE),
    ],
)
def test_takes_what_nobody_marked_where_that_is_asked_for(actual: object, verb: Verb) -> None:
    asker = intent()
    asker = replace(asker, guard=replace(asker.guard, takes_unmarked=True))
    step = decide(question(actual=actual, intent=asker))
    assert step.verb is verb
    assert (step.finding is None) is (verb is Verb.UPDATE)


def test_adopts_equal_data_only() -> None:
    asked = question(intent=intent(on_conflict=ConflictPolicy.ADOPT))
    equal = decide(replace(asked, actual=live()))
    assert equal.write is not None
    assert (equal.verb, equal.write.data) == (Verb.UPDATE, None)
    assert OWNER_ANNOTATION in equal.write.annotations
    other = decide(replace(asked, actual=live(FOREIGN)))
    assert verdict(other) == (Verb.NONE, State.CONFLICT, "AdoptDiffers")
    typed = decide(replace(asked, actual=live(type="example.com/x")))
    assert verdict(typed) == (Verb.NONE, State.CONFLICT, "AdoptDiffers")


@pytest.mark.parametrize("policy", list(ConflictPolicy))
def test_whoever_holds_a_target_and_wants_it_keeps_it(policy: ConflictPolicy) -> None:
    held = question(
        actual=live(mark=marker(OTHER)), holder_wants=True, intent=intent(on_conflict=policy)
    )
    assert verdict(decide(held)) == (Verb.NONE, State.CONFLICT, "HeldByIntent")


@pytest.mark.parametrize("policy", list(ConflictPolicy))
def test_nothing_is_taken_on_a_key_that_is_not_at_hand(policy: ConflictPolicy) -> None:
    actual = live(mark=marker(), by=ELSEWHERE)
    step = decide(question(actual=actual, intent=intent(on_conflict=policy)))
    assert verdict(step) == (Verb.NONE, State.CONFLICT, "OwnedUnverified")


def test_takes_over_from_an_intent_that_is_gone_in_one_write() -> None:
    step = decide(question(desired(NEW), actual=live(mark=marker(OTHER))))
    assert verdict(step) == (Verb.UPDATE, "", "")
    assert (step.uid, step.resource_version) == ("o1", "7")


def test_what_nobody_marked_is_taken_where_the_manifest_says_so() -> None:
    """As upstream's controllers do; what is marked for somebody else is no such thing."""
    taking = replace(intent(), guard=replace(intent().guard, takes_unmarked=True))
    step = decide(question(actual=live(FOREIGN), intent=taking))
    assert step.verb is Verb.UPDATE
    copied = live(FOREIGN, mark=marker(namespace="elsewhere"))
    assert verdict(decide(question(actual=copied, intent=taking))) == (
        Verb.NONE,
        "Conflict",
        "CopiedMarker",
    )
    assert decide(question(actual=live(FOREIGN))).verb is Verb.NONE


@pytest.mark.parametrize("kind", sorted(SPECIAL_TYPES))
@pytest.mark.parametrize("mode", [WriteMode.REPLACE_DATA, WriteMode.MERGE])
def test_no_manifest_takes_what_makes_authority(kind: str, mode: WriteMode) -> None:
    """The token of an account, or Helm's record of a release, lies in the same namespace."""
    guard = Guard(on_conflict=ConflictPolicy.OVERWRITE, takes_unmarked=True)
    taking = replace(intent(), guard=guard, shape=replace(intent().shape, keeps_type=True))
    wanted = desired(NEW, type_="", write_mode=mode)
    step = decide(question(wanted, intent=taking, actual=live(FOREIGN, type=kind)))
    assert verdict(step) == (Verb.NONE, State.REFUSED, "SpecialType")
