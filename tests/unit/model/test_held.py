# SPDX-License-Identifier: Apache-2.0
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base.errors import InvalidInputError
from keyfleet.model.held import (
    Approval,
    HeldPlan,
    HeldTarget,
    Scope,
    ScopeKind,
    held_data,
    held_plan,
    held_plan_of,
    held_plans_of,
    set_hash,
    tenant_of,
)

INTENT = Scope(ScopeKind.INTENT, "FleetSecret/pay/db")
names = st.sampled_from(["a", "b", "c"])
intents = st.sampled_from(["FleetSecret/a/b", "FleetSecret/a/c", "FleetSecret/b/c"])
targets = st.builds(HeldTarget, names, names, names, names, names, intents, st.booleans())
sets = st.frozensets(targets, max_size=8)


def plan_of(*uids: str, scope: Scope = INTENT) -> HeldPlan:
    found = [HeldTarget("u1", "east", "pay", "db", uid, "FleetSecret/pay/db") for uid in uids]
    return held_plan(
        scope, found, created="2026-11-21T10:00:00Z", reason="DeletionHeld", message="m"
    )  # fmt: skip


@given(sets, sets)
def test_equal_hashes_mean_equal_sets(
    one: frozenset[HeldTarget], two: frozenset[HeldTarget]
) -> None:
    same = {target.identity for target in one} == {target.identity for target in two}
    assert (set_hash(INTENT, one) == set_hash(INTENT, two)) == same


@given(st.lists(targets, unique=True), st.randoms())
def test_the_order_of_the_targets_does_not_matter(found: list[HeldTarget], random: Random) -> None:
    before = set_hash(INTENT, found)
    random.shuffle(found)
    assert set_hash(INTENT, found) == before


def test_the_scope_is_part_of_the_id() -> None:
    assert plan_of("1").id != plan_of("1", scope=Scope(ScopeKind.FLEET)).id


def test_a_clusters_name_is_only_an_alias() -> None:
    one = HeldTarget("u1", "east", "pay", "db", "1", "FleetSecret/pay/db")
    assert set_hash(INTENT, [one]) == set_hash(INTENT, [msgspec.structs.replace(one, cluster="e")])


@given(sets)
def test_a_plan_survives_being_stored(found: frozenset[HeldTarget]) -> None:
    plan = held_plan(INTENT, found, created="2026-11-21T10:00:00Z", reason="R", message="m")
    assert held_plan_of(plan.id, plan.to_json()) == plan
    assert plan.total == len(found) == sum(plan.clusters.values()) == sum(plan.intents.values())
    assert plan.is_listed


def test_a_large_set_is_written_out_in_part_and_bound_whole() -> None:
    whole = plan_of("1", "2", "3")
    plan = held_plan_of(whole.id, whole.to_json(2))
    assert [target.uid for target in plan.targets] == ["1", "2"]
    assert (plan.total, plan.is_listed, whole.is_listed) == (3, False, True)
    assert plan.hash == whole.hash != plan_of("1", "2").hash


def test_many_large_plans_fit_into_one_configmap() -> None:
    """A ConfigMap holds 1 MiB; the ledger lies there too."""
    many = [
        plan_of(*(f"{n:036d}" for n in range(600)), scope=Scope(ScopeKind.INTENT, f"{i:0250d}"))
        for i in range(100)
    ]
    data = held_data(many)
    assert sum(len(key) + len(text) for key, text in data.items()) < 700_000
    assert {plan.hash for plan in held_plans_of(data)} == {plan.hash for plan in many}


def test_an_approval_counts_for_the_set_it_was_given_for() -> None:
    plan, other = plan_of("1"), plan_of("2")
    approval = Approval(by="ann", at="2026-11-21T10:01:00Z", hash=plan.hash)
    assert not plan.is_approved
    assert msgspec.structs.replace(plan, approval=approval).is_approved
    assert not msgspec.structs.replace(other, approval=approval).is_approved


def test_a_target_and_a_scope_read_as_people_say_them() -> None:
    assert str(plan_of("1").targets[0]) == "east/pay/db"
    assert (str(INTENT), str(Scope("fleet"))) == ("intent FleetSecret/pay/db", "fleet")


@pytest.mark.parametrize("text", ["", "{}", "[]", "not json"])
def test_what_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        held_plan_of("x", text)


def test_a_plan_under_another_key_is_refused() -> None:
    """Somebody who copies an entry must not move an approval to another set."""
    with pytest.raises(InvalidInputError):
        held_plan_of("0000000000", plan_of("1").to_json())


def test_plans_are_found_among_other_keys_oldest_first() -> None:
    old = msgspec.structs.replace(plan_of("1"), created="2026-11-20T10:00:00Z")
    new = plan_of("2")
    data = {"ledger": "[]", new.id: new.to_json(), "note": "mine", old.id: old.to_json()}
    assert held_plans_of(data) == (old, new)


@pytest.mark.parametrize("edit", [{"begun": "yesterday"}, {"created": "x"}])
def test_a_plan_with_a_time_that_is_none_is_refused(edit: dict[str, str]) -> None:
    plan = msgspec.structs.replace(plan_of("1"), **edit)
    with pytest.raises(InvalidInputError):
        held_plan_of(plan.id, plan.to_json())


def test_a_plan_with_an_intent_that_is_none_is_refused() -> None:
    target = HeldTarget("u1", "east", "pay", "db", "1", "db")
    plan = msgspec.structs.replace(plan_of("1"), targets=(target,))
    with pytest.raises(InvalidInputError):
        held_plan_of(plan.id, plan.to_json())


def test_a_target_says_whose_it_is() -> None:
    assert HeldTarget("u1", "east", "n", "db", "1", "FleetSecret/pay/db").tenant == "pay"
    assert tenant_of("what somebody wrote") == ""
