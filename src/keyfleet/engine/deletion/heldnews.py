# SPDX-License-Identifier: Apache-2.0
"""What is said of a verdict: Events on ConfigMap `keyfleet-held`, log lines and a metric."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from keyfleet.base.log import Hooks, get_logger
from keyfleet.kube.resources import CONFIGMAPS, Resource
from keyfleet.model.held import HELD_CONFIGMAP, HeldPlan
from keyfleet.model.intent import Origin
from keyfleet.model.ownership import SYSTEM_NAMESPACE
from keyfleet.plan.breaker import Verdict, held_finding
from keyfleet.plugin import Event

log = get_logger("engine")

Tell = Callable[[Origin, Resource, tuple[Event, ...]], None]


class HeldNews:
    """Says what a verdict changed, each thing once."""

    def __init__(self, hooks: Hooks, tell: Tell) -> None:
        self._hooks = hooks
        self._tell = tell

    def report(self, uid: str, verdict: Verdict, before: Mapping[str, HeldPlan]) -> None:
        """Say what is new.

        Args:
            uid: Of the ConfigMap; empty when there is none to tell of.
            verdict: What was decided.
            before: The plans that were said before, by id.
        """
        waiting = [plan for plan in verdict.plans.values() if not plan.begun]
        self._hooks.plans_held(len(waiting), sum(plan.total for plan in waiting))
        new = [plan for plan in waiting if plan.id not in before]
        events = (*_lapsed(verdict.lapsed), *_held(new))
        for plan in verdict.plans.values():
            if plan.begun and plan.approval and not (plan.id in before and before[plan.id].begun):
                by = plan.approval.by
                log.info("engine.plan_approved", plan=plan.id, targets=plan.total, by=by)
        if events and uid:
            origin = Origin("", CONFIGMAPS.kind, SYSTEM_NAMESPACE, HELD_CONFIGMAP, uid=uid)
            self._tell(origin, CONFIGMAPS, events)


def _lapsed(plans: Iterable[HeldPlan]) -> Iterator[Event]:
    for plan in plans:
        log.warning("engine.approval_lapsed", plan=plan.id, scope=str(plan.scope))
        note = f"the approval of plan {plan.id} reached nothing: its targets are others by now"
        yield Event("Warning", "ApprovalLapsed", note)


def _held(plans: Iterable[HeldPlan]) -> Iterator[Event]:
    for plan in plans:
        log.warning("engine.deletion_held", plan=plan.id, scope=str(plan.scope), targets=plan.total)
        yield Event("Warning", plan.reason, held_finding(plan).advice[:1024])
