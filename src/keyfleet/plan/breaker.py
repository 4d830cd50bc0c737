# SPDX-License-Identifier: Apache-2.0
"""The deletion breaker: how much may go without a person, judged over all that is about to go.

Everything that would be deleted or emptied is judged together with what went in the last ten
minutes, per intent, per hub namespace, per cluster and for the whole fleet. A scope that would lose
too much loses nothing more: its pending targets become a held plan, which exactly one approval lets
go.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from keyfleet.base.clock import parse_timestamp, timestamp
from keyfleet.model.deletion import DeletionLimits
from keyfleet.model.held import Approval, HeldPlan, Scope, ScopeKind, held_plan
from keyfleet.model.ledger import PERMIT, Ledger, Loss
from keyfleet.model.plan import Finding, State
from keyfleet.plan.scales import Candidate, Present, Scales

ORPHANS_HELD = "OrphansHeld"
RULE = "deletion-breaker"
APPROVAL_FOR = timedelta(hours=1)
"""How long an approval is good for."""
SHOWN_FOR = timedelta(minutes=1)
"""How long a plan in work is kept at least, so that who waits for it sees that it began."""


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that one judgement looks at."""

    pending: Sequence[Loss]
    present: Present
    ledger: Ledger = field(default_factory=Ledger)
    plans: Mapping[str, HeldPlan] = field(default_factory=dict)
    """Held plans by id; those in work with every target."""
    limits: DeletionLimits = field(default_factory=DeletionLimits)
    stays: frozenset[str] = frozenset()
    """Digests of entered targets that are there and are not about to go any more."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What may go, what waits, and what to remember."""

    goes: frozenset[str]
    """Digests of the targets that may go now."""
    ledger: Ledger
    plans: Mapping[str, HeldPlan]
    """By id, those in work included."""
    lapsed: tuple[HeldPlan, ...] = ()
    """Approved plans whose set is not the one that is about to go any more, or that came late."""

    @property
    def held(self) -> dict[str, HeldPlan]:
        """Digest of each target that waits -> its plan."""
        return {
            Loss(target).digest: plan
            for plan in self.plans.values()
            if not plan.begun
            for target in plan.targets
        }


def judge(case: Case, now: datetime) -> Verdict:
    """Return what may go now; what does is entered in the ledger that is returned."""
    ledger = _still_so(case, case.ledger.since(now).without(case.stays))
    working = {id_: plan for id_, plan in case.plans.items() if _is_in_work(plan, now)}
    granted = {Loss(target).digest for plan in working.values() for target in plan.targets}
    free = [loss for loss in case.pending if loss.digest not in granted]
    orphans = [loss for loss in free if loss.orphan]
    counted = [loss for loss in free if not loss.orphan and loss.digest not in ledger.entries]
    known = [loss for loss in free if not loss.orphan and loss.digest in ledger.entries]
    scales = Scales(case.pending, case.present, ledger, case.limits)
    candidates = [*_orphan_plans(orphans), *scales.too_much(counted)]
    plans, lapsed = _carried_on(candidates, case.plans, now)
    stopped = {loss.digest for candidate in candidates for loss in candidate.losses}
    go = [loss for loss in counted if loss.digest not in stopped]
    pending = {loss.digest for loss in case.pending}
    still = {
        id_: plan
        for id_, plan in working.items()
        if now - parse_timestamp(plan.begun) < SHOWN_FOR
        or any(Loss(target).digest in pending for target in plan.targets)
    }
    begun = {
        Loss(target).digest for plan in plans.values() if plan.begun for target in plan.targets
    }
    return Verdict(
        goes=frozenset({loss.digest for loss in (*go, *known)} | (granted & pending) | begun),
        ledger=ledger.entered([*go, *_aging(known, ledger, now)], now),
        plans={**still, **plans},
        lapsed=lapsed,
    )


def held_finding(plan: HeldPlan) -> Finding:
    """Return the finding for a target that waits."""
    noun = "target" if plan.total == 1 else "targets"
    return Finding(
        State.HELD,
        plan.reason,
        f"{plan.message}; held as plan {plan.id}",
        hint=f"undo the change to keep {'it' if plan.total == 1 else 'them'},"
        f" or let exactly {plan.total} {noun} go: `keyfleet approve {plan.id}`",
        rule=RULE,
    )


def _orphan_plans(orphans: Sequence[Loss]) -> list[Candidate]:
    groups: dict[str, list[Loss]] = {}
    for loss in orphans:
        groups.setdefault(loss.orphan, []).append(loss)
    return [
        Candidate(Scope(ScopeKind.ORPHANS, of), losses, ORPHANS_HELD, f"orphans: {of}")
        for of, losses in groups.items()
    ]


def _is_in_work(plan: HeldPlan, now: datetime) -> bool:
    return bool(plan.begun) and now - parse_timestamp(plan.begun) < APPROVAL_FOR


def _carried_on(
    candidates: Iterable[Candidate], before: Mapping[str, HeldPlan], now: datetime
) -> tuple[dict[str, HeldPlan], tuple[HeldPlan, ...]]:
    """Return the candidates as plans, begun where approved, and the approvals that reach none."""
    plans: dict[str, HeldPlan] = {}
    for one in candidates:
        plan = _plan(one, now)
        known = before.get(plan.id)
        if known is not None and not known.begun:
            plan = msgspec.structs.replace(plan, created=known.created)
            if known.approval is not None and _is_good(plan, known.approval, now):
                begun = timestamp(now)
                plan = msgspec.structs.replace(plan, approval=known.approval, begun=begun)
        plans[plan.id] = plan
    lapsed = tuple(
        plan
        for id_, plan in before.items()
        if plan.approval is not None
        and not plan.begun
        and (id_ not in plans or not plans[id_].begun)
    )
    return plans, lapsed


def _plan(one: Candidate, now: datetime) -> HeldPlan:
    targets = [loss.target for loss in one.losses]
    return held_plan(
        one.scope, targets, created=timestamp(now), reason=one.reason, message=one.message
    )


def _is_good(plan: HeldPlan, approval: Approval, now: datetime) -> bool:
    return approval.hash == plan.hash and now - parse_timestamp(approval.at) < APPROVAL_FOR


def _aging(known: Iterable[Loss], ledger: Ledger, now: datetime) -> list[Loss]:
    # Who was let go and still is there gets a fresh permit, and counts from now.
    return [loss for loss in known if not ledger.is_permit(loss, now + PERMIT / 2)]


def _still_so(case: Case, ledger: Ledger) -> Ledger:
    # Whoever was let go by one decision, which is undone, and is about to go for another reason has
    # not gone: it is judged anew.
    others = [loss.digest for loss in case.pending if not ledger.covers(loss)]
    return ledger.without(others)
