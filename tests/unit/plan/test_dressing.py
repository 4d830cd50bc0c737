# SPDX-License-Identifier: Apache-2.0
"""Owner references, finalizers and immutability of targets."""

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.plan.questions import NEW, after, desired, digest, intent, live, marker, question

from keyfleet.model.dress import Dress, OwnerReference
from keyfleet.model.intent import Intent
from keyfleet.model.places import IntentKey
from keyfleet.model.plan import Verb
from keyfleet.plan.decide import decide
from keyfleet.plan.dressing import Change, dressing, not_controlled_by_another

MANIFEST = OwnerReference("external-secrets.io/v1", "ExternalSecret", "db", "u1")
OLD = replace(MANIFEST, uid="u0")
SIBLING = replace(MANIFEST, name="other")
STRANGER = OwnerReference("apps/v1", "Deployment", "web", "u9")
USER = replace(STRANGER, is_controller=False)
OWNED = Dress(MANIFEST, is_owner=True)
FREE = Dress(MANIFEST)


def dressed(dress: Dress, **facts: Any) -> tuple[OwnerReference, ...] | None:
    return dressing(dress, live(**facts)).owners


def test_a_manifest_becomes_the_controller_beside_other_owners() -> None:
    assert dressed(OWNED, owners=(USER,)) == (USER, MANIFEST)
    assert dressing(OWNED, None).owners == (MANIFEST,)


def test_a_manifest_that_was_made_anew_takes_the_place_of_the_old_one() -> None:
    assert dressed(OWNED, owners=(OLD,)) == (MANIFEST,)


def test_a_manifest_that_owns_no_more_takes_only_its_own_reference_away() -> None:
    assert dressed(FREE, owners=(USER, MANIFEST)) == (USER,)
    assert dressed(FREE, owners=(USER,)) is None
    assert dressed(Dress(), owners=(MANIFEST,)) is None


def test_what_is_as_wanted_is_no_change() -> None:
    dress = replace(OWNED, finalizers=("a",), is_immutable=True)
    assert not dressing(dress, live(owners=(MANIFEST,), finalizers=("b", "a"), is_immutable=True))


def test_finalizers_are_added_and_none_is_removed() -> None:
    change = dressing(Dress(finalizers=("a", "b")), live(finalizers=("b", "c")))
    assert change == Change(finalizers=("b", "c", "a"))


def asking(dress: Dress) -> Intent:
    found = intent()
    return replace(found, shape=replace(found.shape, dress=dress))


@pytest.mark.parametrize(
    ("dress", "owner", "reason"),
    [
        (OWNED, SIBLING, "OwnedByAnotherManifest"),
        (FREE, SIBLING, "OwnedByAnotherManifest"),
        (OWNED, STRANGER, "OwnedByAnotherController"),
        (FREE, STRANGER, ""),
        (OWNED, USER, ""),
        (OWNED, OLD, ""),
        (Dress(), SIBLING, ""),
    ],
)
def test_what_another_controls_is_left_alone(
    dress: Dress, owner: OwnerReference, reason: str
) -> None:
    actual = live(mark=marker(), owners=(owner,))
    step = decide(question(actual=actual, intent=asking(dress)))
    assert (step.finding.reason if step.finding else "") == reason


def test_a_write_carries_the_dress_and_the_name_it_is_written_under() -> None:
    dress = replace(OWNED, is_immutable=True, finalizers=("f",), field_manager="them")
    step = decide(question(intent=asking(dress)))
    assert step.write is not None
    written = (step.write.owners, step.write.finalizers, step.write.is_immutable)
    assert written == ((MANIFEST,), ("f",), True)
    assert step.write.field_manager == "them"


def test_an_immutable_target_is_dressed_and_its_data_is_left_alone() -> None:
    asker = asking(replace(OWNED, is_immutable=True))
    actual = live(mark=marker(), is_immutable=True)
    asked = question(desired(NEW), actual=actual, intent=asker, fingerprint=digest(NEW))
    step = decide(asked)
    assert (step.verb, step.fingerprint) == (Verb.UPDATE, actual.fingerprint)
    assert step.write is not None
    assert (step.write.data, step.write.owners) == (None, (MANIFEST,))
    once = after(step, actual)
    assert once is not None
    again = replace(once, owners=(MANIFEST,))
    assert not decide(replace(asked, actual=again)).writes


FORMER = IntentKey("ExternalSecret", "payments", "other")


@pytest.mark.parametrize("dress", [OWNED, FREE])
def test_a_target_that_another_manifest_left_is_taken_with_its_controller(dress: Dress) -> None:
    actual = live(mark=marker(FORMER), owners=(USER, SIBLING))
    step = decide(question(actual=actual, intent=asking(dress)))
    assert step.write is not None
    assert step.write.owners == ((USER, MANIFEST) if dress.is_owner else (USER,))
    held = decide(question(actual=actual, intent=asking(dress), holder_wants=True))
    assert (held.writes, held.finding is not None) == (False, True)


def test_a_controller_of_another_kind_stays_where_nobody_wants_to_own() -> None:
    assert dressed(FREE, owners=(STRANGER,)) is None


def test_a_target_that_may_be_taken_over_is_taken_from_its_controller() -> None:
    taking = replace(OWNED, takes_over=True)
    assert dressed(taking, owners=(STRANGER, USER)) == (USER, MANIFEST)
    shape = replace(intent().shape, dress=taking)
    asked = question(
        desired(NEW), actual=live(owners=(STRANGER,)), intent=replace(intent(), shape=shape)
    )
    assert not_controlled_by_another(asked) is None
    shape = replace(shape, dress=OWNED)
    assert not_controlled_by_another(replace(asked, intent=replace(intent(), shape=shape)))
