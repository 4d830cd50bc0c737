# SPDX-License-Identifier: Apache-2.0
"""What every intent came to, cluster by cluster, put together when somebody asks."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from keyfleet.engine.settled import PassResult
from keyfleet.model.intent import Creation, Intent
from keyfleet.model.outcome import (
    ClusterResult,
    Outcome,
    Written,
    cluster_result,
    count_states,
    worst_first,
)
from keyfleet.model.places import ClusterFacts, ClusterName, IntentKey
from keyfleet.model.plan import Finding, State
from keyfleet.plan.leaving import TARGET_MISSING
from keyfleet.plan.placement import cluster_missing, unknown_clusters

WAITING = "Waiting"
"""Reason of a cluster that no pass has looked at yet."""


@dataclass(slots=True)
class _Known:
    clusters: dict[ClusterName, ClusterResult] = field(default_factory=dict)
    problem: Finding | None = None
    propagation_ms: dict[ClusterName, int] = field(default_factory=dict)
    sync_token: str = ""
    sync_waits: set[ClusterName] = field(default_factory=set)
    sync_handled: str = ""
    is_sync_told: bool = True
    written: Written | None = None
    skipped: tuple[str, ...] = ()
    is_skip_told: bool = True


@dataclass(frozen=True, slots=True)
class News:
    """What nobody was told yet."""

    written: Written | None = None
    """What was done to targets."""
    skipped: tuple[str, ...] = ()
    """Entries that are left out from now on."""
    synced: bool = False
    """What a `keyfleet sync` asked for was done."""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """A cluster as results need it."""

    facts: ClusterFacts
    problem: Finding | None


class Results:
    """The last result of each (intent, cluster)."""

    def __init__(self) -> None:
        self._known: dict[IntentKey, _Known] = {}
        self._in_sync: Counter[ClusterName] = Counter()
        self._by_cluster: dict[ClusterName, set[IntentKey]] = {}

    def store(self, key: IntentKey, cluster: ClusterName, result: PassResult) -> bool:
        """Remember a pass; tell whether it says anything new."""
        known = self._known.setdefault(key, _Known())
        before = known.clusters.get(cluster)
        after = cluster_result(
            cluster,
            (*result.targets, *result.left_over),
            propagation_ms=known.propagation_ms.get(cluster),
        )
        known.clusters[cluster] = after
        self._by_cluster.setdefault(cluster, set()).add(key)
        self._in_sync[cluster] += after.in_sync - (before.in_sync if before else 0)
        if known.written is not Written.CREATED:
            known.written = result.written or known.written
        return before != after

    def skip(self, key: IntentKey, entries: tuple[str, ...]) -> None:
        """Remember which entries of an intent were left out."""
        known = self._known.setdefault(key, _Known())
        if known.skipped != entries:
            known.skipped, known.is_skip_told = entries, False

    def take_news(self, key: IntentKey) -> News:
        """Return what happened since it was last asked."""
        known = self._known.get(key)
        if known is None:
            return News()
        skipped = () if known.is_skip_told else known.skipped
        news = News(known.written, skipped, synced=not known.is_sync_told)
        known.written, known.is_skip_told, known.is_sync_told = None, True, True
        return news

    def propagated(self, key: IntentKey, cluster: ClusterName, seconds: float) -> None:
        """Remember how long the last change took to get there."""
        known = self._known.setdefault(key, _Known())
        known.propagation_ms[cluster] = round(seconds * 1000)

    def problem(self, key: IntentKey, finding: Finding | None) -> bool:
        """Remember what is wrong with the intent as a whole; tell whether it is new."""
        known = self._known.setdefault(key, _Known())
        before, known.problem = known.problem, finding
        return before != finding

    def leave(self, key: IntentKey, cluster: ClusterName) -> None:
        """Forget a cluster that the intent no longer concerns."""
        known = self._known.get(key)
        if known is not None:
            self._uncount(key, cluster, known.clusters.pop(cluster, None))
            known.propagation_ms.pop(cluster, None)
            if not known.clusters:
                # Nobody looks at the source any more: what was wrong with it may be so no longer.
                known.problem = None

    def is_well(self, key: IntentKey) -> bool:
        """Tell whether an intent is as its manifest asks, wherever it was looked at."""
        known = self._known.get(key)
        if known is None or (known.problem and known.problem.state is not State.IN_SYNC):
            return False
        # That nothing is there to write into is as asked.
        return all(
            result.state is State.IN_SYNC or result.reason == TARGET_MISSING
            for result in known.clusters.values()
        )

    def in_sync(self, cluster: ClusterName) -> int:
        """Return how many targets of a cluster are as wanted."""
        return self._in_sync[cluster]

    def of_cluster(self, cluster: ClusterName) -> list[IntentKey]:
        """Return the intents that have a result in a cluster."""
        return list(self._by_cluster.get(cluster, ()))

    def leave_cluster(self, cluster: ClusterName) -> None:
        """Forget a cluster that is gone."""
        for key in list(self._known):
            self.leave(key, cluster)
        del self._in_sync[cluster]

    def forget(self, key: IntentKey) -> None:
        """Forget an intent."""
        known = self._known.pop(key, None)
        for cluster, result in known.clusters.items() if known else ():
            self._uncount(key, cluster, result)

    def _uncount(self, key: IntentKey, cluster: ClusterName, result: ClusterResult | None) -> None:
        if result is None:
            return
        self._in_sync[cluster] -= result.in_sync
        keys = self._by_cluster[cluster]
        keys.discard(key)
        if not keys:
            del self._by_cluster[cluster]

    def sync_began(self, key: IntentKey, token: str, clusters: Iterable[ClusterName]) -> None:
        """A person asked for a sync: wait for a pass in each of these clusters."""
        known = self._known.setdefault(key, _Known())
        known.sync_token, known.sync_waits = token, set(clusters)
        self._finish_sync(known)

    def sync_passed(self, key: IntentKey, cluster: ClusterName) -> bool:
        """A pass ended; tell whether that was the last one a sync waited for."""
        known = self._known.get(key)
        if known is None or known.sync_handled == known.sync_token:
            return False
        known.sync_waits.discard(cluster)
        self._finish_sync(known)
        known.is_sync_told = known.sync_handled != known.sync_token
        return not known.is_sync_told

    def _finish_sync(self, known: _Known) -> None:
        if not known.sync_waits:
            known.sync_handled = known.sync_token

    def awaits(self, intent: Intent, fleet: Iterable[Whereabouts]) -> bool:
        """Tell whether a cluster that concerns the intent is being connected or looked at first."""
        known = self._known.get(intent.key, _Known())
        return any(
            cluster.facts.name not in known.clusters
            if cluster.problem is None
            else cluster.problem.reason == "Connecting"
            for cluster in fleet
            if cluster.facts.name in known.clusters
            or intent.targets.clusters.matches(cluster.facts)
        )

    def outcome(
        self,
        intent: Intent,
        fleet: Iterable[Whereabouts],
        *,
        revision: int,
        source_fingerprint: str,
    ) -> Outcome:
        """Return how an intent stands in the whole fleet now."""
        known = self._known.get(intent.key, _Known())
        everywhere = list(fleet)
        results = [
            _result(known, cluster)
            for cluster in everywhere
            if intent.targets.clusters.matches(cluster.facts)
            or cluster.facts.name in known.clusters
        ]
        results += [
            _from_finding(ClusterName(name), cluster_missing(name))
            for name in unknown_clusters(intent, [cluster.facts for cluster in everywhere])
        ]
        problem = _from_finding(ClusterName(""), known.problem) if known.problem else None
        return Outcome(
            intent=intent.key,
            generation=intent.origin.generation,
            revision=revision or intent.revision,
            source_fingerprint=source_fingerprint or intent.source_fingerprint,
            clusters=worst_first(results),
            problem=problem,
            sync_handled=known.sync_handled,
            counts=count_states(results),
            target=intent.targets.name if intent.shape.creation is not Creation.NEVER else "",
            notices=intent.notices,
        )


def _result(known: _Known, cluster: Whereabouts) -> ClusterResult:
    name = cluster.facts.name
    last = known.clusters.get(name)
    if cluster.problem is None:
        return last or ClusterResult(name, State.PENDING, WAITING, "not looked at yet")
    away = _from_finding(name, cluster.problem)
    return replace(away, targets=last.targets, revision=last.revision) if last else away


def _from_finding(cluster: ClusterName, finding: Finding) -> ClusterResult:
    return ClusterResult(cluster, finding.state, finding.reason, finding.advice, hint=finding.hint)
