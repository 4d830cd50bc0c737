# SPDX-License-Identifier: Apache-2.0
"""The gate that every deletion passes.

A pass asks and goes on: either its target may go, or it learns why not and is run again once that
changes. What is answered comes from the last verdict, which `breaker.Breaker` reaches.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from keyfleet.engine.deletion.doomed import ORPHAN_REASONS, Doomed, Lane, Survey
from keyfleet.model.held import HeldPlan, HeldTarget, ScopeKind
from keyfleet.model.ledger import Loss
from keyfleet.model.ownership import Marker
from keyfleet.model.places import ClusterName, IntentKey
from keyfleet.model.plan import Finding, State, Step
from keyfleet.plan.breaker import RULE, Verdict, held_finding
from keyfleet.plan.question import Question

JUDGING = "DeletionJudged"
"""Reason of a target whose verdict is due any moment; never shown."""
JUDGED_S = 10.0
"""When a pass looks again that was told that a verdict is due, should nobody call it."""

_JUDGING = Finding(State.PENDING, JUDGING, "the deletion is being judged", rule=RULE)


class DeletionGate:
    """Lets deletions go or holds them, as the last verdict says; remembers who asked for what."""

    def __init__(
        self,
        doomed: Doomed,
        *,
        now: Callable[[], datetime],
        stir: Callable[[], None],
        wake: Callable[[Lane], None],
    ) -> None:
        """Make a gate that lets nothing go until there is a verdict.

        Args:
            doomed: Tells what a step takes away.
            now: The hub's time, which permits end by.
            stir: Asks for a verdict.
            wake: Runs a pass again, since what it was told is not so any more.
        """
        self.verdict: Verdict | None = None
        self._doomed = doomed
        self._now = now
        self._stir = stir
        self._wake = wake
        self._held: dict[str, HeldPlan] = {}
        self._granted: frozenset[str] = frozenset()
        self._orphans: dict[tuple[str, str, str], HeldPlan] = {}
        self._trouble: Finding | None = None
        self._asked: dict[Lane, dict[str, Loss]] = {}
        self._asking: dict[Lane, dict[str, Loss]] = {}
        self._told: dict[str, tuple[Lane, str]] = {}
        self._used: set[str] = set()
        self._judged = asyncio.Event()

    # What passes ask.

    def began(self, lane: Lane) -> None:
        """A pass begins: what the last one asked for does not count beside it."""
        self._asking[lane] = {}

    def ended(self, lane: Lane) -> None:
        """A pass ended: what it asked for is what there is."""
        asked = self._asking.pop(lane, {})
        if asked:
            self._asked[lane] = asked
        else:
            self._asked.pop(lane, None)

    def cluster_gone(self, cluster: ClusterName) -> None:
        """A cluster left the fleet: no pass will run there and say what it asks for now."""
        for lane in [lane for lane in self._asked if lane[0] == cluster]:
            del self._asked[lane]
        self._stir()

    def objection(self, question: Question, step: Step, lane: Lane) -> Finding | None:
        """Return why a target may not go now; None when it may."""
        loss = self._doomed.loss(question, step)
        objection = self._answer(loss, lane)
        if objection is not None:
            self._asking.setdefault(lane, {})[loss.digest] = loss
        return objection

    def spared(self, question: Question, step: Step) -> None:
        """A target that might go did not: the request failed, or somebody else wrote first."""
        self._used.discard(self._doomed.loss(question, step).digest)

    def orphan_hold(
        self, key: IntentKey, marker: Marker | None, hold: Finding | None
    ) -> Finding | None:
        """Return why a target may not be deleted although its intent is gone, with the way out."""
        if hold is None or marker is None or hold.reason not in ORPHAN_REASONS:
            return hold
        plan = self._orphans.get((marker.cluster, marker.namespace, marker.name))
        if plan is None:
            self._stir()
            return hold
        if plan.begun:
            return None
        finding = held_finding(plan)
        return replace(hold, message=f"{key}: {finding.message}", hint=finding.hint, rule=RULE)

    def departing(self, target: HeldTarget) -> Finding | None:
        """Return why a target in a cluster that left the fleet may not go now."""
        return self._answer(Loss(target), None)

    def is_unjudged(self, key: IntentKey) -> bool:
        """Tell whether an intent asked, and nothing at all was judged since the start."""
        is_silent = self.verdict is None and self._trouble is None
        return is_silent and any(lane[1] == key for lane in self._asked)

    async def judged(self) -> None:
        """Wait for the next verdict."""
        await self._judged.wait()

    def _answer(self, loss: Loss, lane: Lane | None) -> Finding | None:
        digest = loss.digest
        if self._may_go(loss):
            # From here on it counts as gone, whether its end is seen by the watch first or by us.
            self._used.add(digest)
            return None
        plan = self._held.get(digest)
        if lane is not None:
            self._told[digest] = (lane, plan.id if plan else "")
        if plan is not None:
            return held_finding(plan)
        self._stir()
        return self._trouble or _JUDGING

    def _may_go(self, loss: Loss) -> bool:
        if self.verdict is None:
            return False
        return loss.digest in self._granted or self.verdict.ledger.is_permit(loss, self._now())

    # What the breaker tells, and has to know.

    def asked(self) -> Mapping[Lane, Mapping[str, Loss]]:
        """Return what passes asked for, by digest, and where."""
        return self._asked

    def stayed(self, survey: Survey) -> set[str]:
        """Return the digests of what was asked for, did not go, and is about to go no more."""
        return set(self._told) - set(survey.pending) - self._used

    def take(self, verdict: Verdict) -> None:
        """Answer by this verdict from now on."""
        self.verdict, self._trouble = verdict, None
        self._held = verdict.held
        begun = [plan for plan in verdict.plans.values() if plan.begun]
        self._granted = frozenset(
            Loss(target).digest for plan in begun for target in plan.targets
        )  # fmt: skip
        self._orphans = {
            (target.cluster_uid, target.namespace, target.name): plan
            for plan in verdict.plans.values()
            if plan.scope.kind == ScopeKind.ORPHANS
            for target in plan.targets
        }
        self._used &= set(verdict.ledger.entries)

    def call(self, survey: Survey) -> None:
        """Run the passes again that were told something else than the verdict says of them."""
        told, self._told = self._told, {}
        lanes = set()
        for digest, lane in survey.lanes.items():
            plan = self._held.get(digest)
            now = plan.id if plan else ""
            if told.get(digest, (lane, None))[1] != now or not now:
                lanes.add(lane)
            self._told[digest] = (lane, now)
        over = set(told) - set(survey.lanes) - self._used
        lanes |= {told[digest][0] for digest in over}
        for lane in lanes:
            self._wake(lane)
        judged, self._judged = self._judged, asyncio.Event()
        judged.set()

    def stand_still(self, trouble: Finding) -> None:
        """Tell whoever asks, and has no permit yet, why there is none to have now."""
        is_new, self._trouble = self._trouble != trouble, trouble
        if is_new:
            for lane in {lane for lane, _ in self._told.values()}:
                self._wake(lane)
