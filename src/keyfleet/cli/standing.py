# SPDX-License-Identifier: Apache-2.0
"""How one secret stands in the fleet: from a FleetSecret's status, or looked at live; pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from keyfleet.cli.planned import finding_document
from keyfleet.kube.objects import metadata_of
from keyfleet.model.intent import Intent, Origin
from keyfleet.model.outcome import (
    ClusterResult,
    Outcome,
    TargetResult,
    cluster_result,
    count_states,
    worst_first,
)
from keyfleet.model.places import ClusterName
from keyfleet.model.plan import Finding, State, Step
from keyfleet.model.v1alpha1 import FleetSecretStatus, parse_status
from keyfleet.model.v1alpha1.fleetsecret import ClusterState

NOT_DELIVERED = Finding(
    State.PENDING, "NotDelivered", "it differs from what is declared, and nobody wrote it yet"
)
"""Of a target that was looked at live and would be written."""
WELL = (State.IN_SYNC, State.PAUSED)


@dataclass(frozen=True, slots=True)
class Standing:
    """How one secret stands."""

    kind: str
    namespace: str
    name: str
    ready: str = "Unknown"
    """`True`, `False` or `Unknown`."""
    reason: str = ""
    message: str = ""
    revision: int = 0
    clusters: tuple[ClusterResult, ...] = ()
    """Worst first; of a FleetSecret at most the 50 its status holds."""
    counts: Mapping[State, int] | None = None
    """Clusters by state, all of them; None while nothing is known."""
    created: str = ""
    sync_handled: str = ""
    cluster: str = ""
    """Where its manifest is, unless that is the hub."""
    is_partial: bool = False
    """Only some of its clusters were asked for."""

    @property
    def total(self) -> int:
        """How many clusters are meant."""
        return sum((self.counts or {}).values())

    @property
    def is_well(self) -> bool:
        """Tell whether every cluster is InSync or Paused, as of the present declaration."""
        if self.counts is None or (self.ready != "True" and not self.is_partial):
            return False
        return all(state in WELL for state, count in self.counts.items() if count)

    @property
    def is_waiting(self) -> bool:
        """Tell whether a controller has something left to do, of what it could do."""
        return any(each.reason == NOT_DELIVERED.reason for each in self.clusters)

    def within(self, is_chosen: Callable[[str], bool]) -> "Standing":
        """Return the standing in some of the clusters."""
        kept = tuple(each for each in self.clusters if is_chosen(each.cluster))
        return replace(self, clusters=kept, counts=count_states(kept), is_partial=True)


def standing_of(document: Mapping[str, Any]) -> Standing:
    """Return how a FleetSecret stands, by its status."""
    metadata = metadata_of(document)
    status = parse_status(FleetSecretStatus, document.get("status"))
    known = Standing(
        "FleetSecret",
        metadata.namespace,
        metadata.name,
        revision=status.revision,
        clusters=tuple(map(_cluster, status.clusters)),
        created=metadata.creation_timestamp or "",
        sync_handled=status.sync_handled,
    )
    ready = next((found for found in status.conditions if found.type == "Ready"), None)
    if ready is None or status.observed_generation < metadata.generation:
        message = "no controller has looked at this generation yet"
        return replace(known, reason="NotObserved", message=message)
    return replace(
        known,
        ready=ready.status,
        reason=ready.reason,
        message=ready.message,
        counts=_counts(status),
    )


def foreign_standing(
    document: Mapping[str, Any], origin: Origin, here: ClusterName, *, condition: str = "Ready"
) -> Standing:
    """Return how another tool's manifest stands, by the condition that its dialect writes.

    Args:
        document: The manifest.
        origin: Where it is.
        here: What that cluster is called in the fleet, the hub too.
        condition: Type of the condition, see `Kind.condition`.
    """
    status = document.get("status") or {}
    ready = _present_condition(document, condition)
    known = Standing(
        origin.kind, origin.namespace, origin.name, created=origin.created, cluster=origin.cluster
    )
    if ready is None:
        message = "no controller has looked at this manifest yet"
        return replace(known, reason="NotObserved", message=message)
    said, reason, message = (str(ready.get(name, "")) for name in ("status", "reason", "message"))
    state = {"True": State.IN_SYNC, "False": State.FAILED}.get(said, State.PENDING)
    in_sync = int(state is State.IN_SYNC)
    result = ClusterResult(here, state, reason, message, targets=1, in_sync=in_sync)
    return replace(
        known,
        ready=said,
        reason=reason,
        message=message,
        clusters=(result,),
        counts={state: 1},
        sync_handled=str(status.get("syncHandled", "")),
    )


def _present_condition(document: Mapping[str, Any], type_: str) -> Mapping[str, Any] | None:
    """Return a condition; None where nobody said it, or of an earlier generation only."""
    status = document.get("status") or {}
    # Some tools do not say of which generation they speak.
    generation = metadata_of(document).generation
    if status.get("observedGeneration", generation) != generation:
        return None
    conditions = [one for one in status.get("conditions") or () if isinstance(one, Mapping)]
    return next((one for one in conditions if one.get("type") == type_), None)


def _cluster(found: ClusterState) -> ClusterResult:
    state = State(found.state) if found.state in list(State) else State.FAILED
    return ClusterResult(
        ClusterName(found.name),
        state,
        found.reason,
        found.message,
        found.targets,
        found.in_sync,
        found.revision,
        found.propagation_ms if isinstance(found.propagation_ms, int) else None,
    )


def _counts(status: FleetSecretStatus) -> dict[State, int]:
    summary = status.summary
    found = {
        State.IN_SYNC: summary.in_sync,
        State.PENDING: summary.pending,
        State.HELD: summary.held,
        State.PAUSED: summary.paused,
        State.REFUSED: summary.refused,
        State.CONFLICT: summary.conflict,
        State.FAILED: summary.failed,
        State.UNREACHABLE: summary.unreachable,
    }
    return {state: count for state, count in found.items() if count}


def live_standing(intent: Intent, steps: Iterable[Step]) -> Standing:
    """Return how an intent stands, from what would be done for it now."""
    ordered = sorted(steps, key=lambda step: step.place)
    clusters = worst_first(
        cluster_result(ClusterName(name), [_target(step) for step in own])
        for name, own in groupby(ordered, key=lambda step: step.place.cluster)
    )
    worst = Outcome(intent.key, clusters=clusters).worst
    return Standing(
        intent.key.kind,
        intent.key.namespace,
        intent.key.name,
        ready="False" if worst else "True",
        reason=(worst.reason or worst.state.value) if worst else "Synced",
        message=worst.message if worst else "",
        revision=min((each.revision for each in clusters if each.revision), default=0),
        clusters=clusters,
        counts=count_states(clusters),
        created=intent.origin.created,
    )


def _target(step: Step) -> TargetResult:
    finding = step.finding
    if finding is None and step.writes:
        finding = NOT_DELIVERED
    state = finding.state if finding else State.IN_SYNC
    reason, message = (finding.reason, finding.message) if finding else ("", "")
    return TargetResult(
        step.place.namespace, step.place.name, state, reason, message, step.revision
    )


def rejected_standing(kind: str, namespace: str, name: str, finding: Finding) -> Standing:
    """Return how a manifest stands that is no intent."""
    found = finding_document(finding)
    return Standing(
        kind,
        namespace,
        name,
        ready="False",
        reason=found["reason"],
        message=found["message"],
        counts={},
    )
