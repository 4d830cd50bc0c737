# SPDX-License-Identifier: Apache-2.0
"""The breaker for one run from a laptop: judged over everything the run looked at, kept nowhere.

A plan that is held here has an id like any other; naming it with the next run lets exactly that set
go. Nothing is stored, so what earlier runs deleted is not counted.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from keyfleet.engine.oneshot import Planned
from keyfleet.model.deletion import DeletionLimits
from keyfleet.model.held import HeldPlan, HeldTarget
from keyfleet.model.ledger import Loss
from keyfleet.model.plan import Finding, Step, Verb
from keyfleet.plan.breaker import Case, held_finding, judge
from keyfleet.plan.scales import present_in


def held_back(
    planned: Iterable[Planned],
    limits: DeletionLimits,
    *,
    approved: Collection[str],
    now: datetime,
) -> tuple[Planned, ...]:
    """Return what was planned, without the losses that are too many and were not approved.

    Args:
        planned: Everything one run would do.
        limits: What may go without a person.
        approved: Ids of held plans that the person named.
        now: For the plans' age.
    """
    every = tuple(planned)
    losses = [_loss(one) for one in every if one.step.loses]
    there = present_in(_target(one) for one in every if _is_ours(one))
    verdict = judge(Case(losses, there, limits=limits), now)
    held = {
        digest: plan for digest, plan in verdict.held.items() if plan.id not in approved
    }  # fmt: skip
    return tuple(
        _held(one, held.get(_loss(one).digest)) if one.step.loses else one for one in every
    )


def _held(one: Planned, plan: HeldPlan | None) -> Planned:
    if plan is None:
        return one
    step = one.step
    return replace(
        one,
        step=Step(
            step.intent, step.place, Verb.NONE, _finding(plan), uid=step.uid, changes=step.changes
        ),
    )


def _finding(plan: HeldPlan) -> Finding:
    hint = (
        "see that this is meant; `keyfleet apply` with the same flags and"
        f" --approve {plan.id} lets exactly these {plan.total} go"
    )
    return replace(held_finding(plan), hint=hint)


def _is_ours(one: Planned) -> bool:
    question = one.question
    return question is not None and question.holding.belongs_to(question.key)


def _loss(one: Planned) -> Loss:
    return Loss(_target(one))


def _target(one: Planned) -> HeldTarget:
    step, question = one.step, one.question
    return HeldTarget(
        question.cluster.uid if question else "",
        step.place.cluster,
        step.place.namespace,
        step.place.name,
        step.uid,
        str(step.intent),
        empties=step.empties,
    )
