# SPDX-License-Identifier: Apache-2.0
"""Held plans as `keyfleet approve` shows them; pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from keyfleet.base import codec
from keyfleet.cli.output import Answer, age
from keyfleet.cli.tables import Column
from keyfleet.model.held import HeldPlan, HeldTarget

_PLANS = (
    Column("ID"),
    Column("SCOPE"),
    Column("TARGETS"),
    Column("AGE"),
    Column("REASON"),
    Column("MESSAGE", is_wide=True),
)
_TARGETS = (
    Column("PLAN"),
    Column("DOES"),
    Column("TARGET"),
    Column("INTENT"),
    Column("UID", is_wide=True),
)


def waiting_answer(plans: Sequence[HeldPlan], now: datetime) -> Answer:
    """Return what waits for a person in every format."""
    return Answer(
        columns=_PLANS,
        rows=[
            (
                plan.id,
                str(plan.scope),
                str(plan.total),
                age(plan.created, now),
                plan.reason,
                plan.message,
            )
            for plan in plans
        ],
        document={"plans": [plan_document(plan) for plan in plans]},
        names=[plan.id for plan in plans],
        summary=f"{len(plans)} held; `keyfleet approve ID` shows one and lets it go"
        if plans
        else "nothing waits for approval",
    )


def plan_answer(plans: Sequence[HeldPlan], results: Sequence[str]) -> Answer:
    """Return the targets of some plans, and what became of each plan."""
    return Answer(
        columns=_TARGETS,
        rows=[row for plan in plans for row in _target_rows(plan)],
        document={
            "plans": [
                {**plan_document(plan), "result": result}
                for plan, result in zip(plans, results, strict=True)
            ]
        },
        names=[str(target) for plan in plans for target in plan.targets],
        summary="; ".join(
            f"plan {plan.id}: {result}" for plan, result in zip(plans, results, strict=True)
        ),
    )


def plan_document(plan: HeldPlan) -> dict[str, Any]:
    """Return a plan for a program: as it is stored, and whether every target is listed."""
    document: dict[str, Any] = codec.builtins(plan)
    return {**document, "isListed": plan.is_listed}


def plan_lines(plan: HeldPlan) -> Iterator[str]:
    """Give what a person reads before they let a plan go: all of it, as far as it is stored."""
    yield f"Plan {plan.id} ({plan.scope}): {plan.message}"
    for target in plan.targets:
        yield f"  {_does(target)} {target} of {target.intent}"
    if not plan.is_listed:
        yield f"  and {plan.total - len(plan.targets)} more, in all:"
        yield from (f"  {count} in cluster {name}" for name, count in plan.clusters.items())
        yield from (f"  {count} of {name}" for name, count in plan.intents.items())


def successor(plan: HeldPlan, plans: Iterable[HeldPlan]) -> HeldPlan | None:
    """Return the plan of the same scope that waits in another one's place."""
    found = (one for one in plans if one.scope == plan.scope and one.id != plan.id)
    return next((one for one in found if not one.begun), None)


def _target_rows(plan: HeldPlan) -> Iterator[tuple[str, ...]]:
    for target in plan.targets:
        yield (plan.id, _does(target), str(target), target.intent, target.uid)
    if not plan.is_listed:
        more = plan.total - len(plan.targets)
        yield (plan.id, "", f"and {more} more", "", "")


def _does(target: HeldTarget) -> str:
    return "empty" if target.empties else "delete"
