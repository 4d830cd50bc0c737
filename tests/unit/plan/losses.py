# SPDX-License-Identifier: Apache-2.0
"""Losses that tests of the breaker judge."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from keyfleet.model.held import HeldTarget
from keyfleet.model.ledger import Loss
from keyfleet.plan.breaker import Case, Verdict
from keyfleet.plan.scales import Present, present_in

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)


def loss(
    number: int,
    *,
    intent: str = "db",
    cluster: str = "east",
    decision: str = "",
    orphan: str = "",
    empties: bool = False,
    tenant: str = "pay",
) -> Loss:
    key = f"FleetSecret/{tenant}/{intent}"
    target = HeldTarget(f"uid-{cluster}", cluster, f"n{number}", intent, f"{number}", key, empties)
    return Loss(target, decision and key, orphan)


def some(count: int, **facts: object) -> list[Loss]:
    return [loss(number, **facts) for number in range(count)]  # type: ignore[arg-type]


def digests(losses: Iterable[Loss]) -> set[str]:
    return {one.digest for one in losses}


def case(pending: list[Loss], *, more: list[Loss] | None = None, **facts: object) -> Case:
    """Return a case where `pending` is about to go of a fleet that has `more` besides."""
    there = present_in(one.target for one in [*pending, *(more or [])])
    return Case(pending, **{"present": there, **facts})  # type: ignore[arg-type]


def scopes(verdict: Verdict) -> set[str]:
    return {str(plan.scope) for plan in verdict.plans.values()}


REST = [loss(number, intent="rest", cluster="west") for number in range(1000)]


def count_of(losses: list[Loss]) -> Present:
    """Return what is present, counted by itself."""
    intents = Counter(one.target.intent for one in losses)
    clusters = Counter(one.target.cluster_uid for one in losses)
    return Present(intents, clusters, len(losses))
