# SPDX-License-Identifier: Apache-2.0
"""G4: deletions beyond the limits wait for approval, whatever the order of events.

A small fleet loses and regains targets at random, the controller crashes at any moment, people
approve what they saw. An independent count of what really went checks every step.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from keyfleet.base.clock import timestamp
from keyfleet.model.deletion import DeletionLimits
from keyfleet.model.held import Approval, HeldPlan, HeldTarget, held_data, held_plans_of
from keyfleet.model.ledger import WINDOW, Ledger, Loss, ledger_of
from keyfleet.plan.breaker import Case, Verdict, judge
from keyfleet.plan.scales import present_in

LIMITS = DeletionLimits(targets=4, percent=30, total=12)
INTENTS = ("S/one/a", "S/one/b", "S/two/c", "S/two/d")
CLUSTERS = ("x", "y", "z")
START = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


def targets() -> set[HeldTarget]:
    return {
        HeldTarget(f"uid-{cluster}", cluster, f"n{number}", intent, f"{number}", intent)
        for intent in INTENTS
        for cluster in CLUSTERS
        for number in range(3)
    }


class Histories(RuleBasedStateMachine):
    """Random histories of one fleet."""

    @initialize()
    def begin(self) -> None:
        self.now = START
        self.there = targets()
        self.unwanted: set[HeldTarget] = set()
        self.decided: set[str] = set()
        self.ledger, self.plans = Ledger(), dict[str, HeldPlan]()
        self.stored = ("[]", dict[str, str]())
        self.lost: list[tuple[datetime, HeldTarget, bool]] = []
        self.approved: list[tuple[datetime, HeldTarget]] = []
        self.seen: dict[str, frozenset[HeldTarget]] = {}
        self.let_go: set[HeldTarget] = set()

    # What happens to the fleet.

    @rule(intents=st.sets(st.sampled_from(INTENTS)), clusters=st.sets(st.sampled_from(CLUSTERS)))
    def selector_changes(self, intents: set[str], clusters: set[str]) -> None:
        for target in self.there:
            if target.intent in intents and target.cluster in clusters:
                self.unwanted.add(target)

    @rule(intent=st.sampled_from(INTENTS))
    def intent_is_deleted(self, intent: str) -> None:
        self.decided.add(intent)
        self.unwanted |= {target for target in self.there if target.intent == intent}

    @rule(intents=st.sets(st.sampled_from(INTENTS)))
    def changes_are_undone(self, intents: set[str]) -> None:
        self.decided -= intents
        self.unwanted = {one for one in self.unwanted if one.intent not in intents}

    @rule(numbers=st.sets(st.integers(0, 35), min_size=1, max_size=6))
    def some_targets_are_not_wanted(self, numbers: set[int]) -> None:
        every = sorted(self.there)
        self.unwanted |= {every[number % len(every)] for number in numbers if every}

    @rule(seconds=st.sampled_from([1, 45, 300, 570, 600, 660]))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    # What the controller does.

    @rule()
    def controller_judges(self) -> None:
        self._judge()

    @rule(share=st.sampled_from([0.5, 1.0]), seconds=st.sampled_from([0, 50]))
    def controller_deletes(self, share: float, seconds: int) -> None:
        """Any part of what may go is deleted, then or later."""
        self.now += timedelta(seconds=seconds)
        may = [one for one in sorted(self.unwanted) if self._may_go(one)]
        for target in may[: round(share * len(may))]:
            self._delete(target)

    @rule(share=st.sampled_from([0.5, 1.0]), seconds=st.sampled_from([0, 50]))
    def controller_judges_and_deletes(self, share: float, seconds: int) -> None:
        self._judge()
        self.controller_deletes(share, seconds)

    def _may_go(self, target: HeldTarget) -> bool:
        is_granted = any(plan.begun and target in plan.targets for plan in self.plans.values())
        return is_granted or self.ledger.is_permit(self._loss(target), self.now)

    def _loss(self, target: HeldTarget) -> Loss:
        return Loss(target, target.intent if target.intent in self.decided else "")

    @rule()
    def controller_crashes_and_another_takes_over(self) -> None:
        text, data = self.stored
        self.ledger = ledger_of(text)
        self.plans = {plan.id: plan for plan in held_plans_of(data)}

    @rule(pick=st.integers(0, 5), change=st.booleans())
    def a_person_approves(self, pick: int, change: bool) -> None:
        waiting = [plan for plan in self.plans.values() if not plan.begun]
        if not waiting:
            return
        plan = waiting[pick % len(waiting)]
        approval = Approval("ann", timestamp(self.now), plan.hash)
        self.plans[plan.id] = msgspec.structs.replace(plan, approval=approval)
        self.seen[plan.id] = frozenset(plan.targets)
        if change and self.there:
            self.unwanted.add(min(self.there))

    def _judge(self) -> Verdict:
        pending = [self._loss(one) for one in self.unwanted]
        stays = frozenset(Loss(one).digest for one in self.there - self.unwanted)
        case = Case(pending, present_in(self.there), self.ledger, self.plans, LIMITS, stays)
        verdict = judge(case, self.now)
        for id_, plan in verdict.plans.items():
            if plan.begun and not (id_ in self.plans and self.plans[id_].begun):
                # An approval never reaches another set than the one that was shown.
                assert frozenset(plan.targets) == self.seen[id_]
                self.let_go |= set(plan.targets)
        self.ledger, self.plans = verdict.ledger, dict(verdict.plans)
        self.stored = (verdict.ledger.to_json(), held_data(verdict.plans.values()))
        return verdict

    def _delete(self, target: HeldTarget) -> None:
        is_approved = any(plan.begun and target in plan.targets for plan in self.plans.values())
        assert not is_approved or target in self.let_go
        self.there.discard(target)
        self.unwanted.discard(target)
        if is_approved:
            self.approved.append((self.now, target))
        else:
            self.lost.append((self.now, target, target.intent in self.decided))

    # What must hold.

    @invariant()
    def no_scope_loses_too_much(self) -> None:
        if not hasattr(self, "lost"):
            return
        self._check(lambda target: "fleet")
        self._check(lambda target: target.cluster)
        self._check(lambda target: target.tenant)

    @invariant()
    def no_intent_loses_too_much_unless_it_was_deleted(self) -> None:
        if hasattr(self, "lost"):
            self._check(lambda target: target.intent, decisions=False)

    def _check(self, scope: Callable[[HeldTarget], str], *, decisions: bool = True) -> None:
        recent = [
            (target, is_decided) for at, target, is_decided in self.lost if self.now - at < WINDOW
        ]
        for name in {scope(target) for target, _ in recent}:
            theirs = [one for one in recent if scope(one[0]) == name]
            plain = [target for target, is_decided in theirs if not is_decided]
            units = len(plain) + len({one.intent for one, decided in theirs if decided})
            if not decisions and len(plain) < len(theirs):
                continue
            # What a scope had at the beginning: also what went since by a person's word.
            before = [one for at, one in self.approved if self.now - at < WINDOW]
            had = len(theirs) + sum(scope(one) == name for one in (*self.there, *before))
            is_large = len(theirs) * 100 > LIMITS.percent * had
            assert len(theirs) <= LIMITS.total
            assert units <= LIMITS.targets or not is_large


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=80, stateful_step_count=30)
