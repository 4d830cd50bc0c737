# SPDX-License-Identifier: Apache-2.0
"""What came of an intent: one result per target, summed up per cluster and in all; of a store."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from keyfleet.model.places import ClusterName, IntentKey
from keyfleet.model.plan import State
from keyfleet.model.stores import StoreRef


@dataclass(frozen=True, slots=True)
class TargetResult:
    """How one target stands."""

    namespace: str
    name: str
    state: State
    reason: str = ""
    message: str = ""
    revision: int = 0
    hint: str = ""
    """The end of the message that says what would change it."""

    @property
    def is_on_its_way(self) -> bool:
        """Tell whether only a failed request stands between this target and what is wanted."""
        return self.state is State.UNREACHABLE or self.reason in ("Retrying", "Contested")


@dataclass(frozen=True, slots=True)
class ClusterResult:
    """How an intent stands in one cluster."""

    cluster: ClusterName
    state: State
    reason: str = ""
    message: str = ""
    targets: int = 0
    in_sync: int = 0
    revision: int = 0
    """Lowest revision among the targets that have one."""
    propagation_ms: int | None = None
    """Time from the last source change being seen to its last target here being written."""
    hint: str = ""
    """The end of the message that says what would change it."""

    @property
    def cause(self) -> str:
        """The message without its hint."""
        return self.message.removesuffix(f"; {self.hint}") if self.hint else self.message


class Written(StrEnum):
    """What writes did to targets, as people are told of it."""

    CREATED = "Created"
    UPDATED = "Updated"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an intent stands in the fleet."""

    intent: IntentKey
    generation: int = 0
    """Generation of the manifest that this answers."""
    revision: int = 0
    source_fingerprint: str = ""
    clusters: tuple[ClusterResult, ...] = ()
    """Worst first, then by name."""
    problem: ClusterResult | None = None
    """Something to say of the intent as a whole, such as a missing source; `cluster` is empty.
    It is no fault where its state is InSync."""
    sync_handled: str = ""
    """Token of the last `keyfleet sync` that was carried out everywhere."""
    counts: Mapping[State, int] = field(default_factory=dict)
    """Clusters by state."""
    refreshed_at: str = ""
    """When the last successful reading of its sources began, RFC 3339; empty: not known here."""
    version: str = ""
    """`Intent.version` of the manifest that was carried out last; empty: not known here."""
    target: str = ""
    """Name of the targets; empty where none is ever made."""
    written: Written | None = None
    """What was done to targets since this was last told on the manifest."""
    skipped: tuple[str, ...] = ()
    """Entries of the manifest that are left out since their secrets are gone; told once."""
    synced: bool = False
    """What a `keyfleet sync` asked for was done since this was last told on the manifest."""
    notices: tuple[str, ...] = ()
    """What the manifest's author should know although nothing is wrong."""

    @property
    def worst(self) -> ClusterResult | None:
        """Return what keeps this from being Ready; None when it is.

        Paused clusters do not count.
        """
        if self.problem is not None and self.problem.state is not State.IN_SYNC:
            return self.problem
        bad = [
            result for result in self.clusters if result.state not in (State.IN_SYNC, State.PAUSED)
        ]
        return min(bad, key=_order, default=None)


def _order(result: ClusterResult) -> tuple[int, str]:
    return (result.state.severity, result.cluster)


def worst_first(results: Iterable[ClusterResult]) -> tuple[ClusterResult, ...]:
    """Return the results in the order people need them."""
    return tuple(sorted(results, key=_order))


def count_states(results: Iterable[ClusterResult]) -> dict[State, int]:
    """Return how many clusters are in each state."""
    return dict(Counter(result.state for result in results))


def cluster_result(
    cluster: ClusterName, targets: Iterable[TargetResult], *, propagation_ms: int | None = None
) -> ClusterResult:
    """Return one cluster's targets as one line: the worst decides.

    A cluster where nothing is wanted is InSync with zero targets.
    """
    all_targets = list(targets)
    worst = min(all_targets, key=lambda result: result.state.severity, default=None)
    revisions = [result.revision for result in all_targets if result.revision]
    return ClusterResult(
        cluster=cluster,
        state=worst.state if worst else State.IN_SYNC,
        reason=worst.reason if worst else "",
        message=worst.message if worst else "",
        targets=len(all_targets),
        in_sync=sum(result.state is State.IN_SYNC for result in all_targets),
        revision=min(revisions, default=0),
        propagation_ms=propagation_ms,
        hint=worst.hint if worst else "",
    )


class Readiness(StrEnum):
    """What validating a store gave."""

    READY = "Ready"
    UNKNOWN = "Unknown"
    """It could not be found out, which keeps nobody from using it."""
    ERROR = "Error"


@dataclass(frozen=True, slots=True)
class StoreOutcome:
    """How a store stands."""

    store: StoreRef
    generation: int = 0
    """Generation of the manifest that this answers."""
    readiness: Readiness = Readiness.READY
    reason: str = ""
    """CamelCase; empty: what the dialect says of such a readiness."""
    message: str = ""
    """Why it is not ready, or not known to be; never a value."""
    capabilities: str = ""
    """`ReadOnly`, `WriteOnly` or `ReadWrite`; empty: its provider is not known."""
    is_unopened: bool = False
    """Not even a client could be made, rather than the validation having failed."""
