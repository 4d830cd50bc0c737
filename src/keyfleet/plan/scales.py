# SPDX-License-Identifier: Apache-2.0
"""Is it too much? What is about to go, weighed with what went, scope by scope.

The narrowest scope that explains a loss holds it, and what it holds counts for no other: so one
intent, or one tenant, that loses very much keeps nobody else from deleting.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from keyfleet.model.deletion import DeletionLimits
from keyfleet.model.held import HeldTarget, Scope, ScopeKind, tenant_of
from keyfleet.model.ledger import Gone, Ledger, Loss

DELETION_HELD = "DeletionHeld"
WINDOW_TEXT = "within 10 minutes"


@dataclass(frozen=True, slots=True)
class Present:
    """How many targets there are, those about to go included."""

    intents: Mapping[str, int] = field(default_factory=dict)
    clusters: Mapping[str, int] = field(default_factory=dict)
    """By UID of the cluster."""
    fleet: int = 0


def present_in(targets: Iterable[HeldTarget]) -> Present:
    """Return how many of these targets each scope has."""
    every = list(targets)
    return Present(
        Counter(target.intent for target in every),
        Counter(target.cluster_uid for target in every),
        len(every),
    )


@dataclass(frozen=True, slots=True)
class Candidate:
    """What would be too much for one scope."""

    scope: Scope
    losses: Sequence[Loss]
    reason: str
    message: str


class Scales:
    """Weighs what is pending with what went."""

    def __init__(
        self,
        pending: Sequence[Loss],
        present: Present,
        ledger: Ledger,
        limits: DeletionLimits,
    ) -> None:
        """Prepare.

        Args:
            pending: Everything that is about to go.
            present: What there is, `pending` included.
            ledger: What went within the window.
            limits: How much may go.
        """
        self._present, self._limits = present, limits
        self._tenants: Counter[str] = Counter()
        for intent, count in present.intents.items():
            self._tenants[tenant_of(intent)] += count
        self._pending = Counter(loss.target.cluster_uid for loss in pending if not loss.orphan)
        self._gone = list(ledger.entries.values())
        digests = {loss.digest for loss in pending}
        self._vanished = [
            gone
            for digest, gone in ledger.entries.items()
            if digest not in digests and not gone.empties
        ]

    def too_much(self, losses: Sequence[Loss]) -> list[Candidate]:
        """Return what must wait, by the narrowest scope that explains it."""
        found, rest = self._part(losses, ScopeKind.INTENT, lambda target: target.intent)
        # What takes a cluster away altogether is no tenant's doing, and is one plan instead of one
        # for each of them. Else a tenant that deletes very much keeps no other from deleting.
        found += self._emptied(rest)
        tenants, rest = self._part(
            _without(rest, found), ScopeKind.NAMESPACE, lambda target: target.tenant
        )
        return [*found, *tenants, *self._by_place(rest)]

    def _emptied(self, losses: Sequence[Loss]) -> list[Candidate]:
        clusters = self._tripped_clusters(
            [loss for loss in losses if self._is_emptied(loss.target.cluster_uid)]
        )
        every = [loss for one in clusters for loss in one.losses]
        fleet = self._weigh(Scope(ScopeKind.FLEET), every) if len(clusters) > 1 else None
        return [fleet] if fleet else clusters

    def _by_place(self, losses: Sequence[Loss]) -> list[Candidate]:
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
    ) -> tuple[list[Candidate], list[Loss]]:
        parts = _by(losses, of).items()
        found = [self._weigh(Scope(kind, name), theirs) for name, theirs in parts]
        held = [one for one in found if one is not None]
        return held, _without(losses, held)

    def _is_emptied(self, cluster_uid: str) -> bool:
        return self._pending[cluster_uid] >= self._present.clusters.get(cluster_uid, 0)

    def _tripped_clusters(self, losses: Sequence[Loss]) -> list[Candidate]:
        clusters = _by(losses, lambda target: target.cluster_uid).values()
        weighed = (
            self._weigh(Scope(ScopeKind.CLUSTER, theirs[0].target.cluster), theirs)
            for theirs in clusters
        )
        return [one for one in weighed if one is not None]

    def _weigh(self, scope: Scope, losses: Sequence[Loss]) -> Candidate | None:
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
        return Candidate(scope, losses, DELETION_HELD, self._say(scope, losses, lost, has))

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
            ScopeKind.NAMESPACE: _namespace(scope.name),
        }.get(ScopeKind(scope.kind), f"of {scope.name}")
        verb = "emptied" if all(loss.target.empties for loss in losses) else "deleted"
        return (
            f"{lost} of {max(has, lost)} targets {where} would be {verb} {WINDOW_TEXT}"
            f" (limit: {self._limits.describe()})"
        )


def _namespace(tenant: str) -> str:
    return f"of namespace {tenant}" if " in " in tenant else f"of hub namespace {tenant}"


def _is_of(gone: Gone, scope: Scope, cluster_uid: str) -> bool:
    if scope.kind == ScopeKind.CLUSTER:
        return gone.cluster == cluster_uid
    if scope.kind == ScopeKind.NAMESPACE:
        return tenant_of(gone.intent) == scope.name
    return scope.kind == ScopeKind.FLEET or gone.intent == scope.name


def _without(losses: Sequence[Loss], held: Iterable[Candidate]) -> list[Loss]:
    taken = {loss.digest for one in held for loss in one.losses}
    return [loss for loss in losses if loss.digest not in taken]


def _by(losses: Iterable[Loss], key: Callable[[HeldTarget], str]) -> dict[str, list[Loss]]:
    found: dict[str, list[Loss]] = {}
    for loss in losses:
        found.setdefault(key(loss.target), []).append(loss)
    return found
