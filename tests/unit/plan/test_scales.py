# SPDX-License-Identifier: Apache-2.0

from tests.unit.plan.losses import LATER, NOW, REST, case, count_of, digests, loss, scopes, some

from keyfleet.plan.breaker import judge
from keyfleet.plan.scales import present_in


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


def test_an_intent_that_waits_holds_up_nobody_else() -> None:
    other = loss(0, intent="other")
    verdict = judge(case([*some(40), other]), NOW)
    assert set(verdict.goes) == {other.digest}


def test_a_scope_is_named_in_the_message() -> None:
    east = [loss(0, intent=f"i{n}") for n in range(20)]
    (plan,) = judge(case(east, more=REST), NOW).plans.values()
    assert plan.message.startswith("20 of 20 targets in cluster east would be deleted")
    bulk = [loss(0, intent=f"i{n}", cluster=f"c{n}", tenant=f"t{n}") for n in range(40)]
    (plan,) = judge(case(bulk), NOW).plans.values()
    assert plan.message.startswith("40 of 40 targets of the fleet would be deleted")


def test_what_is_present_is_counted_per_scope() -> None:
    losses = [*some(2), loss(0, intent="x", cluster="west")]
    assert present_in(one.target for one in losses) == count_of(losses)
