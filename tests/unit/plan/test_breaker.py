# SPDX-License-Identifier: Apache-2.0
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from keyfleet.base.clock import timestamp
from keyfleet.model.deletion import DeletionLimits
from keyfleet.model.held import Approval, HeldPlan, HeldTarget
from keyfleet.model.ledger import PERMIT, WINDOW, Ledger, Loss
from keyfleet.model.plan import State
from keyfleet.plan.breaker import (
    APPROVAL_FOR,
    SHOWN_FOR,
    Case,
    Present,
    Verdict,
    held_finding,
    judge,
    present_in,
)

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)


def loss(
    number: int,
    *,
    intent: str = "db",
    cluster: str = "east",
    decision: str = "",
    orphan: str = "",
    empties: bool = False,
    tenant: str = "pay",
) -> Loss:
    key = f"FleetSecret/{tenant}/{intent}"
    target = HeldTarget(f"uid-{cluster}", cluster, f"n{number}", intent, f"{number}", key, empties)
    return Loss(target, decision and key, orphan)


def some(count: int, **facts: object) -> list[Loss]:
    return [loss(number, **facts) for number in range(count)]  # type: ignore[arg-type]


def digests(losses: Iterable[Loss]) -> set[str]:
    return {one.digest for one in losses}


def case(pending: list[Loss], *, more: list[Loss] | None = None, **facts: object) -> Case:
    """Return a case where `pending` is about to go of a fleet that has `more` besides."""
    there = present_in(one.target for one in [*pending, *(more or [])])
    return Case(pending, **{"present": there, **facts})  # type: ignore[arg-type]


def scopes(verdict: Verdict) -> set[str]:
    return {str(plan.scope) for plan in verdict.plans.values()}


def approved(verdict: Verdict, at: datetime = NOW) -> dict[str, HeldPlan]:
    return {
        id_: msgspec.structs.replace(plan, approval=Approval("ann", timestamp(at), plan.hash))
        for id_, plan in verdict.plans.items()
    }


REST = [loss(number, intent="rest", cluster="west") for number in range(1000)]


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
        one = judge(Case(left[:1], _present(left), ledger), NOW + timedelta(seconds=number))
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


def test_many_intents_deleted_at_once_wait_together() -> None:
    bulk = [loss(0, intent=f"i{n}", decision="yes", cluster=f"c{n % 3}") for n in range(40)]
    verdict = judge(case(bulk), NOW)
    assert (verdict.goes, scopes(verdict)) == (frozenset(), {"fleet"})
    assert next(iter(verdict.plans.values())).total == 40


def test_a_few_intents_deleted_at_once_go() -> None:
    few = [loss(n, intent=f"i{i}", decision="yes") for i in range(5) for n in range(8)]
    assert len(judge(case(few), NOW).goes) == 40


def test_a_cluster_that_loses_its_place_waits_alone() -> None:
    east = [loss(0, intent=f"i{n}") for n in range(20)]
    verdict = judge(case(east, more=REST), NOW)
    assert scopes(verdict) == {"cluster east"}


def test_in_a_small_fleet_a_cluster_still_waits_alone() -> None:
    east = [loss(0, intent=f"i{n}") for n in range(20)]
    one = loss(0, intent="x", cluster="west")
    verdict = judge(case([*east, one]), NOW)
    assert (scopes(verdict), set(verdict.goes)) == ({"cluster east"}, {one.digest})


def test_beside_one_cluster_the_rest_of_the_fleet_is_judged_too() -> None:
    east = [loss(0, intent=f"i{n}") for n in range(20)]
    rest = [loss(0, intent=f"i{n}", cluster=f"c{n}", tenant=f"t{n}") for n in range(20)]
    verdict = judge(case([*east, *rest]), NOW)
    assert (scopes(verdict), verdict.goes) == ({"cluster east", "fleet"}, frozenset())


def test_several_clusters_of_a_large_fleet_wait_one_by_one() -> None:
    pending = [loss(0, intent=f"i{n}", cluster=c) for c in ("a", "b") for n in range(20)]
    verdict = judge(case(pending, more=REST), NOW)
    assert scopes(verdict) == {"cluster a", "cluster b"}


def test_a_tenant_who_deletes_very_much_keeps_no_other_from_deleting() -> None:
    mass = [loss(0, intent=f"i{n}", decision="yes", tenant="mass") for n in range(16)]
    other = loss(0, intent="other")
    verdict = judge(case([*mass, other], more=some(3, intent="more")), NOW)
    assert (scopes(verdict), set(verdict.goes)) == ({"namespace mass"}, {other.digest})
    assert "16 of 16 targets of hub namespace mass" in next(iter(verdict.plans.values())).message


def test_what_a_tenant_lost_before_counts_for_the_tenant_alone() -> None:
    mine = [loss(0, intent=f"i{n}", tenant="mass") for n in range(20)]
    rest = [*REST, *some(60, intent="stay")]
    first = judge(case(mine[:9], more=[*mine[9:], *rest]), NOW)
    other = loss(0, intent="other")
    verdict = judge(case([*mine[9:], other], more=rest, ledger=first.ledger), LATER)
    assert (scopes(verdict), set(verdict.goes)) == ({"namespace mass"}, {other.digest})


def test_a_cluster_that_loses_everything_is_one_plan_and_not_one_for_each_tenant() -> None:
    east = [loss(0, intent=f"i{n}", tenant=tenant) for tenant in ("a", "b") for n in range(12)]
    verdict = judge(case(east, more=REST), NOW)
    assert (scopes(verdict), verdict.goes) == ({"cluster east"}, frozenset())


def test_clusters_that_lose_everything_wait_one_by_one_in_a_large_fleet() -> None:
    pending = [loss(0, intent=f"i{n}", cluster=c) for c in ("a", "b") for n in range(12)]
    verdict = judge(case(pending, more=REST), NOW)
    assert scopes(verdict) == {"cluster a", "cluster b"}


def test_a_tenant_is_judged_also_where_an_emptied_cluster_holds_nothing() -> None:
    """What other plans took of the cluster leaves it below its limits, but not the tenant."""
    wide = [loss(n, intent="wide") for n in range(20)]
    few = [loss(0, intent=f"i{n}", cluster=c) for c in ("east", "west") for n in range(6)]
    verdict = judge(case([*wide, *few], more=some(1000, tenant="other", cluster="far")), NOW)
    assert (scopes(verdict), verdict.goes) == (
        {"intent FleetSecret/pay/wide", "namespace pay"},
        frozenset(),
    )


def test_a_cluster_that_many_tenants_leave_keeps_nobody_elsewhere_from_deleting() -> None:
    east = [loss(0, intent="i", tenant=f"t{n}") for n in range(20)]
    stay = [loss(1, intent="i", tenant=f"t{n}") for n in range(40)]
    rest = [loss(0, intent="j", cluster=f"c{n}", tenant=f"u{n}") for n in range(20)]
    verdict = judge(case([*east, *rest], more=stay), NOW)
    assert (scopes(verdict), set(verdict.goes)) == ({"cluster east"}, digests(rest))


def test_who_went_by_a_decision_that_is_undone_is_judged_anew() -> None:
    many = some(20, decision="yes")
    first = judge(case(many, more=REST), NOW)
    assert len(first.goes) == 20
    verdict = judge(case(some(20), more=REST, ledger=first.ledger), NOW)
    assert (verdict.goes, verdict.ledger.entries) == (frozenset(), {})
    assert next(iter(verdict.plans.values())).message.startswith("20 of 20")


def test_an_intent_that_waits_holds_up_nobody_else() -> None:
    other = loss(0, intent="other")
    verdict = judge(case([*some(40), other]), NOW)
    assert set(verdict.goes) == {other.digest}


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


def test_a_scope_is_named_in_the_message() -> None:
    east = [loss(0, intent=f"i{n}") for n in range(20)]
    (plan,) = judge(case(east, more=REST), NOW).plans.values()
    assert plan.message.startswith("20 of 20 targets in cluster east would be deleted")
    bulk = [loss(0, intent=f"i{n}", cluster=f"c{n}", tenant=f"t{n}") for n in range(40)]
    (plan,) = judge(case(bulk), NOW).plans.values()
    assert plan.message.startswith("40 of 40 targets of the fleet would be deleted")


def _present(losses: list[Loss]) -> Present:
    intents = Counter(one.target.intent for one in losses)
    clusters = Counter(one.target.cluster_uid for one in losses)
    return Present(intents, clusters, len(losses))


def test_what_is_present_is_counted_per_scope() -> None:
    losses = [*some(2), loss(0, intent="x", cluster="west")]
    assert present_in(one.target for one in losses) == _present(losses)
