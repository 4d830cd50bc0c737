# SPDX-License-Identifier: Apache-2.0
from datetime import datetime, timedelta

import msgspec
import pytest
from tests.unit.plan.losses import LATER, NOW, REST, case, count_of, digests, loss, scopes, some

from keyfleet.base.clock import timestamp
from keyfleet.model.deletion import DeletionLimits
from keyfleet.model.held import Approval, HeldPlan
from keyfleet.model.ledger import PERMIT, WINDOW, Ledger, Loss
from keyfleet.model.plan import State
from keyfleet.plan.breaker import APPROVAL_FOR, SHOWN_FOR, Case, Verdict, held_finding, judge


def approved(verdict: Verdict, at: datetime = NOW) -> dict[str, HeldPlan]:
    return {
        id_: msgspec.structs.replace(plan, approval=Approval("ann", timestamp(at), plan.hash))
        for id_, plan in verdict.plans.items()
    }


def test_a_few_go() -> None:
    few = some(10)
    verdict = judge(case(few), NOW)
    assert (set(verdict.goes), verdict.plans) == (digests(few), {})
    assert set(verdict.ledger.entries) == digests(few)


def test_a_small_share_goes() -> None:
    few = some(30)
    verdict = judge(case(few, more=[loss(n) for n in range(30, 100)]), NOW)
    assert (set(verdict.goes), verdict.plans) == (digests(few), {})


def test_a_large_share_of_an_intent_waits_and_none_of_it_slips() -> None:
    verdict = judge(case(some(11), more=REST), NOW)
    assert (verdict.goes, scopes(verdict)) == (frozenset(), {"intent FleetSecret/pay/db"})
    assert not verdict.ledger.entries
    assert set(verdict.held) == digests(some(11))


def test_over_a_hundred_wait_whatever_their_share() -> None:
    verdict = judge(case(some(101), more=[loss(n) for n in range(101, 5000)]), NOW)
    assert (verdict.goes, len(verdict.plans)) == (frozenset(), 1)


def test_a_trickle_is_stopped_when_the_window_is_full() -> None:
    ledger, gone = Ledger(), 0
    for number in range(40):
        left = [loss(other) for other in range(number, 40)]
        one = judge(Case(left[:1], count_of(left), ledger), NOW + timedelta(seconds=number))
        ledger, gone = one.ledger, gone + len(one.goes)
        if not one.goes:
            break
    # The tenth is 25 % of 40, the twelfth is 30 %, the thirteenth would be more.
    assert gone == 12


def test_after_the_window_as_much_may_go_again() -> None:
    first = judge(case(some(10), more=some(20)), NOW)
    more = [loss(number) for number in range(20, 30)]
    soon = judge(case(more, ledger=first.ledger), NOW + WINDOW)
    late = judge(case(more, ledger=first.ledger), NOW + WINDOW + PERMIT)
    assert (soon.goes, set(late.goes)) == (frozenset(), digests(more))


def test_what_was_entered_goes_again_without_being_counted_twice() -> None:
    """After a crash between the entry and the deletion the same targets are still pending."""
    first = judge(case(some(8)), NOW)
    again = judge(case(some(8), ledger=first.ledger), NOW + PERMIT / 4)
    assert (set(again.goes), again.ledger) == (digests(some(8)), first.ledger)


def test_what_is_still_pending_gets_a_fresh_permit_and_counts_from_then() -> None:
    first = judge(case(some(8)), NOW)
    again = judge(case(some(8), ledger=first.ledger), LATER)
    assert again.ledger == Ledger().entered(some(8), LATER)


def test_what_stays_after_all_is_given_back() -> None:
    first = judge(case(some(8)), NOW)
    other = [loss(number) for number in range(8, 16)]
    again = judge(case(other, ledger=first.ledger, stays=frozenset(digests(some(8)))), LATER)
    assert set(again.goes) == set(again.ledger.entries) == digests(other)


def test_an_intent_that_was_deleted_is_one_decision() -> None:
    verdict = judge(case(some(20, decision="yes")), NOW)
    assert len(verdict.goes) == 20


def test_an_intent_that_was_deleted_with_over_a_hundred_targets_waits() -> None:
    verdict = judge(case(some(101, decision="yes")), NOW)
    assert scopes(verdict) == {"intent FleetSecret/pay/db"}


def test_a_decision_goes_after_a_part_of_its_intent_went() -> None:
    others = [loss(number, intent="other") for number in range(1000)]
    first = judge(case(some(10), more=[*others, *[loss(n) for n in range(10, 30)]]), NOW)
    left = [loss(number, decision="yes") for number in range(10, 30)]
    verdict = judge(case(left, more=others, ledger=first.ledger), LATER)
    assert len(verdict.goes) == 20


def test_who_went_by_a_decision_that_is_undone_is_judged_anew() -> None:
    many = some(20, decision="yes")
    first = judge(case(many, more=REST), NOW)
    assert len(first.goes) == 20
    verdict = judge(case(some(20), more=REST, ledger=first.ledger), NOW)
    assert (verdict.goes, verdict.ledger.entries) == (frozenset(), {})
    assert next(iter(verdict.plans.values())).message.startswith("20 of 20")


def test_emptying_counts_like_deleting() -> None:
    verdict = judge(case(some(20, empties=True), more=REST), NOW)
    assert verdict.goes == frozenset()
    (plan,) = verdict.plans.values()
    assert "emptied" in plan.message


def test_orphans_wait_however_few_they_are() -> None:
    orphans = [loss(0, orphan="another CRD"), loss(1, orphan="old.example.com")]
    verdict = judge(case([*orphans, loss(2)]), NOW)
    assert scopes(verdict) == {"orphans another CRD", "orphans old.example.com"}
    assert set(verdict.goes) == {loss(2).digest}


def test_an_approved_set_goes_and_does_not_fill_the_window() -> None:
    first = judge(case(some(40)), NOW)
    second = judge(case(some(40), plans=approved(first)), LATER)
    assert set(second.goes) == digests(some(40))
    assert not second.ledger.entries
    other = [loss(number, intent="other") for number in range(10)]
    third = judge(case([*some(20), *other], plans=second.plans, ledger=second.ledger), LATER)
    assert set(third.goes) == digests([*some(20), *other])


def test_an_approved_plan_is_forgotten_once_it_is_carried_out() -> None:
    second = judge(case(some(40), plans=approved(judge(case(some(40)), NOW))), LATER)
    assert judge(case([], plans=second.plans), LATER).plans
    assert not judge(case([], plans=second.plans), LATER + SHOWN_FOR).plans


@pytest.mark.parametrize("others", [some(39), some(41), [*some(39), loss(99)]])
def test_an_approval_does_not_reach_another_set(others: list[Loss]) -> None:
    first = judge(case(some(40)), NOW)
    second = judge(case(others, plans=approved(first)), LATER)
    assert second.goes == frozenset()
    assert set(second.plans) & set(first.plans) == set()
    assert [plan.id for plan in second.lapsed] == list(first.plans)


def test_an_approval_of_another_hash_under_the_id_does_not_count() -> None:
    first = judge(case(some(40)), NOW)
    forged = {
        id_: msgspec.structs.replace(plan, approval=Approval("eve", timestamp(NOW), "00"))
        for id_, plan in first.plans.items()
    }
    assert judge(case(some(40), plans=forged), LATER).goes == frozenset()


def test_an_old_approval_does_not_count() -> None:
    first = judge(case(some(40)), NOW)
    late = judge(case(some(40), plans=approved(first)), NOW + APPROVAL_FOR)
    assert (late.goes, [plan.id for plan in late.lapsed]) == (frozenset(), list(first.plans))
    (plan,) = late.plans.values()
    assert plan.approval is None


def test_an_approved_plan_that_was_not_finished_ends_with_its_approval() -> None:
    second = judge(case(some(40), plans=approved(judge(case(some(40)), NOW))), NOW)
    late = judge(case(some(40), plans=second.plans), NOW + APPROVAL_FOR)
    assert late.goes == frozenset()


def test_a_plan_keeps_its_id_and_its_age_while_its_set_stays() -> None:
    first = judge(case(some(40)), NOW)
    second = judge(case(some(40), plans=first.plans), LATER)
    assert second.plans == first.plans


def test_a_plan_goes_when_the_change_is_undone() -> None:
    first = judge(case(some(40)), NOW)
    assert judge(case([], plans=first.plans), LATER).plans == {}


def test_the_limits_of_a_policy_hold() -> None:
    assert judge(case(some(3), limits=DeletionLimits(2, 0, 100)), NOW).goes == frozenset()
    assert len(judge(case(some(90), limits=DeletionLimits(90, 30, 100)), NOW).goes) == 90
    assert judge(case(some(1), limits=DeletionLimits(10, 30, 0)), NOW).goes == frozenset()


def test_the_finding_says_what_to_do() -> None:
    (plan,) = judge(case(some(40)), NOW).plans.values()
    finding = held_finding(plan)
    assert (finding.state, finding.reason) == (State.HELD, "DeletionHeld")
    assert finding.message == (
        "40 of 40 targets of FleetSecret/pay/db would be deleted within 10 minutes"
        f" (limit: over 10 and over 30 %, or over 100); held as plan {plan.id}"
    )
    assert finding.hint == (
        f"undo the change to keep them, or let exactly 40 targets go: `keyfleet approve {plan.id}`"
    )
    (one,) = judge(case([loss(0, orphan="another CRD")]), NOW).plans.values()
    assert "to keep it, or let exactly 1 target go" in held_finding(one).hint
