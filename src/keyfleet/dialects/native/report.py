# SPDX-License-Identifier: Apache-2.0
"""Outcome -> status and events of a FleetSecret.

The same outcome over the same status gives the same status: a time changes only where a state does,
so an unchanged fleet writes nothing.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from keyfleet.model.intent import Rejection
from keyfleet.model.outcome import ClusterResult, Outcome, worst_first
from keyfleet.model.plan import State
from keyfleet.model.v1alpha1.common import Condition
from keyfleet.model.v1alpha1.fleetsecret import (
    ClusterState,
    FleetSecretStatus,
    Summary,
)
from keyfleet.model.v1alpha1.parsing import parse_status, to_document
from keyfleet.plugin import Event, Report

CLUSTERS_MAX = 50
MESSAGE_MAX_BYTES = 1024
"""What an Event takes as its note."""

READY = "Ready"
SYNCED = "Synced"


def report(outcome: Outcome | Rejection, before: Mapping[str, Any] | None, *, now: str) -> Report:
    """Return the whole status, and events where something changed for people.

    Args:
        outcome: What came of the FleetSecret, or why it was not understood.
        before: Its present `status`.
        now: RFC 3339; used only where the Ready condition flips.
    """
    known = parse_status(FleetSecretStatus, before)
    if isinstance(outcome, Rejection):
        status = _rejected(outcome, known, now)
    else:
        status = _answered(outcome, known, now)
    return Report(to_document(status), _events(status, known))


def _rejected(rejection: Rejection, before: FleetSecretStatus, now: str) -> FleetSecretStatus:
    # Nothing is delivered anew, but what was delivered stands: revision and clusters stay.
    parts = (f"{rejection.path}: {rejection.message}" if rejection.path else rejection.message,)
    message = "; ".join((*parts, rejection.hint) if rejection.hint else parts)
    generation = rejection.origin.generation
    ready = _ready("False", rejection.reason, message, generation)
    return msgspec.structs.replace(
        before, conditions=_conditions(ready, before, now), observed_generation=generation
    )


def _answered(outcome: Outcome, before: FleetSecretStatus, now: str) -> FleetSecretStatus:
    results = worst_first(outcome.clusters)
    return FleetSecretStatus(
        conditions=_conditions(_readiness(outcome, results), before, now),
        observed_generation=outcome.generation,
        revision=outcome.revision,
        source_fingerprint=outcome.source_fingerprint,
        sync_handled=outcome.sync_handled,
        summary=_summary(results),
        clusters=_states(results, before),
    )


def _readiness(outcome: Outcome, results: tuple[ClusterResult, ...]) -> Condition:
    worst = outcome.worst
    if worst is not None:
        where = f"{worst.cluster}: " if worst.cluster else ""
        text = worst.message or worst.reason or worst.state.value
        return _ready("False", worst.reason or worst.state, f"{where}{text}", outcome.generation)
    if not results:
        message = "the placement selects no cluster: nothing is delivered"
        return _ready("True", "NoTargets", message, outcome.generation)
    paused = sum(result.state is State.PAUSED for result in results)
    if paused == len(results):
        return _ready("True", "Paused", "paused: nothing is written", outcome.generation)
    synced = f"in sync in {len(results) - paused} of {len(results)} clusters"
    message = f"{synced}, {paused} paused" if paused else synced
    return _ready("True", SYNCED, message, outcome.generation)


def _ready(status: str, reason: str, message: str, generation: int) -> Condition:
    return Condition(
        type=READY,
        status=status,
        reason=reason,
        message=_short(message),
        observed_generation=generation,
    )


def _conditions(ready: Condition, before: FleetSecretStatus, now: str) -> tuple[Condition, ...]:
    old = _previous(before)
    since = old.last_transition_time if old and old.status == ready.status else now
    # Ready stands first: it is what people and `_events` look for.
    others = (condition for condition in before.conditions if condition.type != READY)
    return (msgspec.structs.replace(ready, last_transition_time=since or now), *others)


def _previous(status: FleetSecretStatus) -> Condition | None:
    return next((found for found in status.conditions if found.type == READY), None)


def _summary(results: tuple[ClusterResult, ...]) -> Summary:
    counts = dict.fromkeys(State, 0)
    for result in results:
        counts[result.state] += 1
    return Summary(
        clusters=len(results),
        in_sync=counts[State.IN_SYNC],
        pending=counts[State.PENDING],
        held=counts[State.HELD],
        paused=counts[State.PAUSED],
        refused=counts[State.REFUSED],
        conflict=counts[State.CONFLICT],
        failed=counts[State.FAILED],
        unreachable=counts[State.UNREACHABLE],
        text=f"{counts[State.IN_SYNC]}/{len(results)}",
    )


def _states(
    results: tuple[ClusterResult, ...], before: FleetSecretStatus
) -> tuple[ClusterState, ...]:
    measured = {(known.name, known.revision): known.propagation_ms for known in before.clusters}
    # A figure survives the process that measured it, for as long as the revision stays.
    return tuple(
        _state(result, measured.get((result.cluster, result.revision), UNSET))
        for result in results[:CLUSTERS_MAX]
    )


def _state(result: ClusterResult, measured_ms: int | UnsetType) -> ClusterState:
    return ClusterState(
        name=result.cluster,
        state=result.state.value,
        reason=result.reason,
        message=_short(result.message),
        targets=result.targets,
        in_sync=result.in_sync,
        revision=result.revision,
        propagation_ms=measured_ms if result.propagation_ms is None else result.propagation_ms,
    )


def _events(status: FleetSecretStatus, before: FleetSecretStatus) -> tuple[Event, ...]:
    ready, old = status.conditions[0], _previous(before)
    is_same = old is not None and (old.status, old.reason) == (ready.status, ready.reason)
    if is_same and status.revision == before.revision:
        return ()
    kind = "Normal" if ready.reason == SYNCED else "Warning"
    return (Event(kind, ready.reason, ready.message),)


def _short(text: str) -> str:
    return text.encode()[:MESSAGE_MAX_BYTES].decode(errors="ignore")
