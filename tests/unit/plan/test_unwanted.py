# SPDX-License-Identifier: Apache-2.0
"""What becomes of a target that is not wanted any more."""

from dataclasses import replace

import pytest
from tests.unit.plan.questions import (
    EAST,
    ELSEWHERE,
    FORGED,
    LAPTOP,
    OTHER,
    after,
    intent,
    live,
    marker,
    unwanted,
    verdict,
)

from keyfleet.model.ownership import read_marker
from keyfleet.model.places import SEALED_SECRET, SECRET, ClusterName
from keyfleet.model.plan import Finding, State, Verb
from keyfleet.model.policy import Policies
from keyfleet.model.sealed import TAKEABLE
from keyfleet.plan.decide import decide


def test_deletes_with_the_preconditions_it_decided_on() -> None:
    step = decide(unwanted(live(mark=marker())))
    assert verdict(step) == (Verb.DELETE, "", "")
    assert (step.uid, step.resource_version) == ("o1", "7")


def test_releases_where_the_marker_says_retain() -> None:
    actual = live(mark=marker(deletion_policy="Retain"))
    step = decide(unwanted(actual))
    assert step.verb is Verb.RELEASE
    assert step.write is not None
    assert step.write.data is None
    left = after(step, actual)
    assert left is not None
    found = read_marker(left.annotations)
    assert found is not None
    assert found.released
    assert decide(unwanted(left)).verb is Verb.NONE


@pytest.mark.parametrize("kind", [SECRET, SEALED_SECRET])
def test_what_arrives_sealed_from_now_on_is_left_to_who_opens_that(kind: str) -> None:
    actual = live(mark=marker())
    asked = unwanted(actual, intent=intent(), deletion_policy="Delete", is_succeeded=True)
    step = decide(replace(asked, place=replace(asked.place, kind=kind)))
    assert step.verb is Verb.RELEASE
    left = after(step, actual)
    assert left is not None
    # A SealedSecret is nothing that anybody unseals into.
    assert (TAKEABLE.items() <= left.annotations.items()) is (kind == SECRET)


def test_the_living_intent_decides_over_its_marker() -> None:
    asked = unwanted(live(mark=marker()), intent=intent(), deletion_policy="Retain")
    assert decide(asked).verb is Verb.RELEASE
    kept = unwanted(live(mark=marker(deletion_policy="Retain")), deletion_policy="Delete")
    assert decide(kept).verb is Verb.DELETE


@pytest.mark.parametrize(
    "actual",
    [
        None,
        live(),
        live(mark=marker(OTHER)),
        live(mark=marker(hub="other")),
        live(mark=marker(name="elsewhere")),
        live(mark=marker(), by=ELSEWHERE),
        live(mark=marker(), by=FORGED),
        live(mark=marker(released=True)),
        live(mark=marker(), is_deleting=True),
        live(mark=marker(), by=LAPTOP),
        live(mark=marker(intent_uid="")),
    ],
)
def test_never_deletes_what_is_not_positively_its_own(actual: object) -> None:
    assert verdict(decide(unwanted(actual))) == (Verb.NONE, "", "")  # type: ignore[arg-type]  # parameters


def test_only_a_person_deletes_on_the_word_of_an_unsigned_marker() -> None:
    """Whoever may write Secrets in a member can forge one in the name of any living intent."""
    left = unwanted(live(mark=marker(), by=LAPTOP), intent=intent())
    assert verdict(decide(left)) == (Verb.NONE, "", "")
    by_hand = replace(left, policies=Policies(is_operator=True))
    assert decide(by_hand).verb is Verb.DELETE


def test_leaves_an_unwanted_target_to_the_next_intent() -> None:
    assert verdict(decide(unwanted(live(mark=marker()), rival=OTHER))) == (Verb.NONE, "", "")


def test_a_paused_intent_deletes_nothing() -> None:
    step = decide(unwanted(live(mark=marker()), intent=intent(paused=True)))
    assert verdict(step) == (Verb.NONE, State.PAUSED, "IntentPaused")


def test_a_held_deletion_says_why() -> None:
    hold = Finding(State.HELD, "HubIncomplete", "the list is not complete")
    step = decide(unwanted(live(mark=marker()), deletion_hold=hold))
    assert (step.verb, step.finding) == (Verb.NONE, hold)


def test_nothing_is_deleted_in_a_renamed_cluster_until_the_name_is_accepted() -> None:
    actual = live(mark=marker(cluster_name="old"))
    assert verdict(decide(unwanted(actual))) == (Verb.NONE, State.HELD, "ClusterRenamed")
    assert decide(unwanted(actual, accepted_names=frozenset({"old"}))).verb is Verb.DELETE
    known = replace(EAST, aliases=frozenset({ClusterName("old")}))
    assert decide(unwanted(actual, cluster=known)).verb is Verb.DELETE
    assert decide(unwanted(live(mark=marker(cluster_name="")))).verb is Verb.DELETE
