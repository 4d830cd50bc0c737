# SPDX-License-Identifier: Apache-2.0
"""The deletion breaker: how much may go without a person, judged over all that is about to go.

Everything that would be deleted or emptied is judged together with what went in the last ten
minutes, per intent, per hub namespace, per cluster and for the whole fleet. A scope that would lose
too much loses nothing more: its pending targets become a held plan, which exactly one approval lets
go.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from keyfleet.base.clock import parse_timestamp, timestamp
from keyfleet.model.deletion import DeletionLimits
from keyfleet.model.held import (
    Approval,
    HeldPlan,
    HeldTarget,
    Scope,
    ScopeKind,
    held_plan,
    tenant_of,
)
from keyfleet.model.ledger import PERMIT, Gone, Ledger, Loss
from keyfleet.model.plan import Finding, State

DELETION_HELD = "DeletionHeld"
ORPHANS_HELD = "OrphansHeld"
RULE = "deletion-breaker"
APPROVAL_FOR = timedelta(hours=1)
"""How long an approval is good for."""
SHOWN_FOR = timedelta(minutes=1)
"""How long a plan in work is kept at least, so that who waits for it sees that it began."""
WINDOW_TEXT = "within 10 minutes"


@dataclass(frozen=True, slots=True)
class Present:
    """How many targets there are, those about to go included."""

    intents: Mapping[str, int] = field(default_factory=dict)
    clusters: Mapping[str, int] = field(default_factory=dict)
    """By UID of the cluster."""
    fleet: int = 0


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
    scales = _Scales(case, ledger)
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


@dataclass(frozen=True, slots=True)
class _Candidate:
    scope: Scope
    losses: Sequence[Loss]
    reason: str
    message: str


class _Scales:
    """Weighs what is pending with what went."""

    def __init__(self, case: Case, ledger: Ledger) -> None:
        self._present, self._limits = case.present, case.limits
        self._tenants: Counter[str] = Counter()
        for intent, count in case.present.intents.items():
            self._tenants[tenant_of(intent)] += count
        self._pending = Counter(loss.target.cluster_uid for loss in case.pending if not loss.orphan)
        self._gone = list(ledger.entries.values())
        pending = {loss.digest for loss in case.pending}
        self._vanished = [
            gone
            for digest, gone in ledger.entries.items()
            if digest not in pending and not gone.empties
        ]

    def too_much(self, losses: Sequence[Loss]) -> list[_Candidate]:
        """Return what must wait, by the narrowest scope that explains it."""
        found, rest = self._part(losses, ScopeKind.INTENT, lambda target: target.intent)
        # What takes a cluster away altogether is no tenant's doing, and is one plan instead of one
        # for each of them. Else a tenant that deletes very much keeps no other from deleting.
        found += self._emptied(rest)
        tenants, rest = self._part(
            _without(rest, found), ScopeKind.NAMESPACE, lambda target: target.tenant
        )
        return [*found, *tenants, *self._by_place(rest)]

    def _emptied(self, losses: Sequence[Loss]) -> list[_Candidate]:
        clusters = self._tripped_clusters(
            [loss for loss in losses if self._is_emptied(loss.target.cluster_uid)]
        )
        every = [loss for one in clusters for loss in one.losses]
        fleet = self._weigh(Scope(ScopeKind.FLEET), every) if len(clusters) > 1 else None
        return [fleet] if fleet else clusters

    def _by_place(self, losses: Sequence[Loss]) -> list[_Candidate]:
        tripped = self._tripped_clusters(losses)
        fleet = self._weigh(Scope(ScopeKind.FLEET), losses)
        if fleet is None:
            return tripped
        if len(tripped) == 1:
            # One cluster lost its label or its place in the fleet; the others go on without it.
            fleet = self._weigh(Scope(ScopeKind.FLEET), _without(losses, tripped))
            return [*tripped, *([fleet] if fleet else [])]
        return [fleet]

    def _part(
        self, losses: Sequence[Loss], kind: ScopeKind, of: Callable[[HeldTarget], str]
    ) -> tuple[list[_Candidate], list[Loss]]:
        parts = _by(losses, of).items()
        found = [self._weigh(Scope(kind, name), theirs) for name, theirs in parts]
        held = [one for one in found if one is not None]
        return held, _without(losses, held)

    def _is_emptied(self, cluster_uid: str) -> bool:
        return self._pending[cluster_uid] >= self._present.clusters.get(cluster_uid, 0)

    def _tripped_clusters(self, losses: Sequence[Loss]) -> list[_Candidate]:
        clusters = _by(losses, lambda target: target.cluster_uid).values()
        weighed = (
            self._weigh(Scope(ScopeKind.CLUSTER, theirs[0].target.cluster), theirs)
            for theirs in clusters
        )
        return [one for one in weighed if one is not None]

    def _weigh(self, scope: Scope, losses: Sequence[Loss]) -> _Candidate | None:
        if not losses:
            return None
        uid = losses[0].target.cluster_uid
        gone = [one for one in self._gone if _is_of(one, scope, uid)]
        has = self._has(scope, uid) + sum(_is_of(one, scope, uid) for one in self._vanished)
        lost = len(losses) + len(gone)
        # What one explicit decision takes along is one loss, unless it is very much.
        decided = {loss.decision for loss in losses} | {one.decision for one in gone}
        plain = sum(not loss.decision for loss in losses) + sum(not one.decision for one in gone)
        units = plain + len(decided - {""})
        if scope.kind == ScopeKind.INTENT and all(loss.decision for loss in losses):
            units = 1
        is_large_share = units > self._limits.targets and lost * 100 > self._limits.percent * has
        if not is_large_share and lost <= self._limits.total:
            return None
        return _Candidate(scope, losses, DELETION_HELD, self._say(scope, losses, lost, has))

    def _has(self, scope: Scope, uid: str) -> int:
        if scope.kind == ScopeKind.FLEET:
            return self._present.fleet
        if scope.kind == ScopeKind.CLUSTER:
            return self._present.clusters.get(uid, 0)
        if scope.kind == ScopeKind.NAMESPACE:
            return self._tenants[scope.name]
        return self._present.intents.get(scope.name, 0)

    def _say(self, scope: Scope, losses: Sequence[Loss], lost: int, has: int) -> str:
        where = {
            ScopeKind.FLEET: "of the fleet",
            ScopeKind.CLUSTER: f"in cluster {scope.name}",
            ScopeKind.NAMESPACE: f"of hub namespace {scope.name}",
        }.get(ScopeKind(scope.kind), f"of {scope.name}")
        verb = "emptied" if all(loss.target.empties for loss in losses) else "deleted"
        return (
            f"{lost} of {max(has, lost)} targets {where} would be {verb} {WINDOW_TEXT}"
            f" (limit: {self._limits.describe()})"
        )


def _orphan_plans(orphans: Sequence[Loss]) -> list[_Candidate]:
    groups: dict[str, list[Loss]] = {}
    for loss in orphans:
        groups.setdefault(loss.orphan, []).append(loss)
    return [
        _Candidate(Scope(ScopeKind.ORPHANS, of), losses, ORPHANS_HELD, f"orphans: {of}")
        for of, losses in groups.items()
    ]


def _is_in_work(plan: HeldPlan, now: datetime) -> bool:
    return bool(plan.begun) and now - parse_timestamp(plan.begun) < APPROVAL_FOR


def _carried_on(
    candidates: Iterable[_Candidate], before: Mapping[str, HeldPlan], now: datetime
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


def _plan(one: _Candidate, now: datetime) -> HeldPlan:
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


def _is_of(gone: Gone, scope: Scope, cluster_uid: str) -> bool:
    if scope.kind == ScopeKind.CLUSTER:
        return gone.cluster == cluster_uid
    if scope.kind == ScopeKind.NAMESPACE:
        return tenant_of(gone.intent) == scope.name
    return scope.kind == ScopeKind.FLEET or gone.intent == scope.name


def _without(losses: Sequence[Loss], held: Iterable[_Candidate]) -> list[Loss]:
    taken = {loss.digest for one in held for loss in one.losses}
    return [loss for loss in losses if loss.digest not in taken]


def _by(losses: Iterable[Loss], key: Callable[[HeldTarget], str]) -> dict[str, list[Loss]]:
    found: dict[str, list[Loss]] = {}
    for loss in losses:
        found.setdefault(key(loss.target), []).append(loss)
    return found


def present_in(targets: Iterable[HeldTarget]) -> Present:
    """Return how many of these targets each scope has."""
    every = list(targets)
    return Present(
        Counter(target.intent for target in every),
        Counter(target.cluster_uid for target in every),
        len(every),
    )
