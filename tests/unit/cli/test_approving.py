# SPDX-License-Identifier: Apache-2.0
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from keyfleet.cli.approving import plan_answer, plan_lines, successor, waiting_answer
from keyfleet.model.held import HeldPlan, HeldTarget, Scope, ScopeKind, held_plan, held_plan_of

NOW = datetime(2026, 11, 21, 10, 5, tzinfo=UTC)
INTENT = "FleetSecret/pay/db"


def plan_of(*names: str, scope: Scope | None = None, empties: bool = False) -> HeldPlan:
    return held_plan(
        scope or Scope(ScopeKind.INTENT, INTENT),
        [HeldTarget("u1", "east", "pay", name, f"uid-{name}", INTENT, empties) for name in names],
        created="2026-11-21T10:00:00Z",
        reason="DeletionHeld",
        message="2 of 2 targets of FleetSecret/pay/db would be deleted within 10 minutes",
    )


def test_golden_of_what_waits(golden_answer: Callable[..., None]) -> None:
    plans = [plan_of("a", "b"), plan_of("c", scope=Scope(ScopeKind.FLEET), empties=True)]
    golden_answer("approve-waiting", waiting_answer(plans, NOW))


def test_golden_of_what_was_approved(golden_answer: Callable[..., None]) -> None:
    golden_answer("approve", plan_answer([plan_of("a", "b")], ["approved, 2 going"]))


def test_nothing_waits() -> None:
    answer = waiting_answer([], NOW)
    assert (answer.rows, answer.summary) == ([], "nothing waits for approval")


def test_a_person_reads_every_target_before() -> None:
    lines = list(plan_lines(plan_of("a", "b")))
    assert lines[1:] == [
        "  delete east/pay/a of FleetSecret/pay/db",
        "  delete east/pay/b of FleetSecret/pay/db",
    ]
    assert list(plan_lines(plan_of("a", empties=True)))[1].startswith("  empty east/pay/a")


def test_of_a_large_plan_a_person_reads_how_much_there_is_besides() -> None:
    whole = plan_of("a", "b", "c")
    stored = held_plan_of(whole.id, whole.to_json(1))
    assert list(plan_lines(stored))[2:] == [
        "  and 2 more, in all:",
        "  3 in cluster east",
        "  3 of FleetSecret/pay/db",
    ]
    assert plan_answer([stored], ["approved"]).rows[-1][2] == "and 2 more"


def test_the_plan_that_waits_in_anothers_place_is_named() -> None:
    old, new, other = plan_of("a", "b"), plan_of("a"), plan_of("a", scope=Scope("fleet"))
    begun = msgspec.structs.replace(plan_of("b"), begun="2026-11-21T10:00:00Z")
    assert successor(old, [begun, other, old, new]) == new
    assert successor(old, [old, other, begun]) is None
