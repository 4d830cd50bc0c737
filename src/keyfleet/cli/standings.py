# SPDX-License-Identifier: Apache-2.0
"""Print how secrets stand: one line each, or with `-o wide` one per cluster; pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from keyfleet.cli.output import Answer, age
from keyfleet.cli.standing import Standing
from keyfleet.cli.tables import Column
from keyfleet.model.outcome import ClusterResult
from keyfleet.model.plan import State

_SHORT = tuple(map(Column, ("SECRET", "KIND", "READY", "IN SYNC", "REVISION", "REASON", "AGE")))
_WIDE = tuple(
    map(
        Column,
        (
            *("SECRET", "CLUSTER", "STATE", "REASON", "TARGETS", "REVISION"),
            *("PROPAGATION", "MESSAGE"),
        ),
    )
)


def standings_answer(found: Sequence[Standing], *, now: datetime, wide: bool = False) -> Answer:
    """Return the standings in every format."""
    rows = [row for each in found for row in (_wide(each) if wide else [_short(each, now)])]
    return Answer(
        columns=_WIDE if wide else _SHORT,
        rows=rows,
        document={"items": [standing_document(each) for each in found]},
        names=[f"{each.namespace}/{each.name}" for each in found],
        summary=_summary(found),
    )


def _summary(found: Sequence[Standing]) -> str:
    if not found:
        return "no secret is declared"
    bad = sum(not each.is_well for each in found)
    number = f"{len(found)} secret{'s' if len(found) != 1 else ''}"
    return f"{number}, {bad} not in sync" if bad else f"{number}, all in sync"


def _short(each: Standing, now: datetime) -> tuple[str, ...]:
    in_sync = "" if each.counts is None else f"{each.counts.get(State.IN_SYNC, 0)}/{each.total}"
    revision = str(each.revision or "")
    secret = _secret(each)
    created = age(each.created, now)
    return (secret, each.kind, each.ready, in_sync, revision, each.reason, created)


def _secret(each: Standing) -> str:
    place = f" in {each.cluster}" if each.cluster else ""
    return f"{each.namespace}/{each.name}{place}"


def _wide(each: Standing) -> Iterator[tuple[str, ...]]:
    secret = _secret(each)
    if not each.clusters:
        yield (secret, "", "", each.reason, "", str(each.revision or ""), "", each.message)
    for cluster in each.clusters:
        yield (secret, *_cells(cluster))
    hidden = each.total - len(each.clusters)
    if hidden > 0 and each.clusters:
        yield (secret, f"({hidden} more)", "", "", "", "", "", "")


def _cells(found: ClusterResult) -> tuple[str, ...]:
    propagation = "" if found.propagation_ms is None else f"{found.propagation_ms} ms"
    targets = f"{found.in_sync}/{found.targets}"
    revision = str(found.revision or "")
    head = (found.cluster, found.state.value, found.reason, targets, revision)
    return (*head, propagation, found.message)


def standing_document(each: Standing) -> dict[str, Any]:
    """Return a standing as plain data."""
    place = {"cluster": each.cluster} if each.cluster else {}
    return {
        "kind": each.kind,
        **place,
        "namespace": each.namespace,
        "name": each.name,
        "ready": each.ready,
        "reason": each.reason,
        "message": each.message,
        "revision": each.revision,
        "summary": {state.value: count for state, count in (each.counts or {}).items()},
        "clusters": [_cluster_document(cluster) for cluster in each.clusters],
    }


def _cluster_document(found: ClusterResult) -> dict[str, Any]:
    document = {
        "name": found.cluster,
        "state": found.state.value,
        "reason": found.reason,
        "message": found.message,
        "targets": found.targets,
        "inSync": found.in_sync,
        "revision": found.revision,
        "propagationMs": found.propagation_ms,
    }
    return {name: value for name, value in document.items() if value not in ("", None)}
