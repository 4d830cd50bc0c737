# SPDX-License-Identifier: Apache-2.0
"""What a question derives from what was gathered."""

from dataclasses import replace

from tests.unit.plan.questions import EAST_UID, KEY, live, marker, question, unwanted

from keyfleet.model.intent import Guard
from keyfleet.model.ownership import MARKED, Claim, Holding, Spot


def test_the_spot_names_the_cluster_by_its_identity() -> None:
    assert question().spot == Spot(EAST_UID, "pay", "db")


def test_an_absent_object_is_nobodys() -> None:
    assert question().holding == Holding(Claim.NOBODYS)


def test_a_marked_object_is_its_intents() -> None:
    assert question(actual=live(mark=marker())).holding.belongs_to(KEY)


def test_the_intent_says_how_its_targets_are_marked() -> None:
    other = replace(MARKED, claims=lambda *_: Holding(Claim.OTHER_HUB))
    asked = question(actual=live(mark=marker()))
    assert asked.intent is not None
    changed = replace(asked, intent=replace(asked.intent, guard=Guard(ownership=other)))
    assert changed.holding.claim is Claim.OTHER_HUB
    assert unwanted(live()).ownership is MARKED
