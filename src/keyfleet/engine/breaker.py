# SPDX-License-Identifier: Apache-2.0
"""The gate that every deletion passes, and the task that opens it.

A pass asks and goes on: either its target may go, or it learns why not and is run again once that
changes. The task waits until the changes of the moment have been heard, surveys the whole fleet,
lets `plan.breaker` judge, and writes the verdict down before anything goes.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from keyfleet.base.backoff import Backoff
from keyfleet.base.clock import Clock
from keyfleet.base.errors import ConflictError, InvariantError, KeyfleetError
from keyfleet.base.log import Hooks, get_logger
from keyfleet.base.means import Means
from keyfleet.base.tasks import spawn, stop
from keyfleet.engine.doomed import ORPHAN_REASONS, Doomed, Lane, Survey
from keyfleet.engine.heldstore import Stored, hub_now, load, save
from keyfleet.engine.memory import is_newer
from keyfleet.kube.client import Client
from keyfleet.kube.decoding import full_object
from keyfleet.kube.informer import Informer
from keyfleet.kube.objects import metadata_of
from keyfleet.kube.resources import CONFIGMAPS, Resource
from keyfleet.model.held import HELD_CONFIGMAP, HeldPlan, HeldTarget, ScopeKind
from keyfleet.model.intent import Origin
from keyfleet.model.ledger import Ledger, Loss
from keyfleet.model.ownership import SYSTEM_NAMESPACE, Marker
from keyfleet.model.places import ClusterName, IntentKey
from keyfleet.model.plan import Finding, State, Step
from keyfleet.model.policy import Policies
from keyfleet.plan.authority import policies_unknown
from keyfleet.plan.breaker import RULE, Case, Verdict, held_finding, judge
from keyfleet.plan.question import Question
from keyfleet.plugin import Event

log = get_logger("engine")

QUIET_S = 0.25
"""So long nothing may have been asked before all that was asked is judged together."""
IDLE_S = 0.02
"""Between two looks whether all passes are done."""
PATIENCE_S = 3.0
"""So long new questions and passes under way put off the judgement, at most."""
FIRST_S = 30.0
"""So long a fresh controller waits for clusters that are still being connected."""
LOOK_AGAIN_S = 15.0
"""How often held plans are compared with what is about to go, without anybody asking."""
CHANGED_S = 1.0
"""How soon they are compared when manifests change: a survey looks at every target."""
CONFLICTS_MAX = 5
RETRY = Backoff(base_s=0.5, cap_s=30.0)
JUDGING = "DeletionJudged"
"""Reason of a target whose verdict is due any moment; never shown."""

_JUDGING = Finding(State.PENDING, JUDGING, "the deletion is being judged", rule=RULE)
Tell = Callable[[Origin, Resource, tuple[Event, ...]], None]


class Breaker:
    """Lets deletions go or holds them, for all passes of one engine."""

    def __init__(
        self,
        hub: Client,
        doomed: Doomed,
        *,
        policies: Callable[[], Policies],
        is_fleet_known: Callable[[], bool],
        is_idle: Callable[[], bool],
        wake: Callable[[Lane], None],
        tell: Tell,
        means: Means,
    ) -> None:
        """Prepare; `start` begins.

        Args:
            hub: Where the held plans and the ledger are kept.
            doomed: Surveys the fleet.
            policies: The limits in force.
            is_fleet_known: Whether every cluster has been connected, or could not be.
            is_idle: Whether no pass runs or waits: whoever has something to ask has asked.
            wake: Runs a pass again, since what it was told is not so any more.
            tell: Where Kubernetes Events go.
            means: Clock, chance and hooks.
        """
        self._hub = hub
        self._doomed = doomed
        self._policies = policies
        self._is_fleet_known = is_fleet_known
        self._is_idle = is_idle
        self._wake = wake
        self._tell = tell
        self._clock: Clock = means["clock"]
        self._random = means["random"]
        self._hooks: Hooks = means["hooks"]
        self._informer: Informer[dict[str, Any]] = Informer(
            hub,
            CONFIGMAPS,
            namespace=SYSTEM_NAMESPACE,
            fields=f"metadata.name={HELD_CONFIGMAP}",
            on_change=self._on_configmap,
            decode=full_object,
            **means,
        )
        self._stored: Stored | None = None
        self._verdict: Verdict | None = None
        self._held: dict[str, HeldPlan] = {}
        self._granted: frozenset[str] = frozenset()
        self._orphans: dict[tuple[str, str, str], HeldPlan] = {}
        self._trouble: Finding | None = None
        self._asked: dict[Lane, dict[str, Loss]] = {}
        self._asking: dict[Lane, dict[str, Loss]] = {}
        self._told: dict[str, tuple[Lane, str]] = {}
        self._used: set[str] = set()
        self._heard = ""
        self._stirred = asyncio.Event()
        self._stirred_at = 0.0
        self._judged = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._again: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Start watching for approvals, and judging."""
        self._tasks = [
            spawn(self._informer.run(), name="watch held plans"),
            spawn(self._run(), name="breaker"),
        ]

    async def close(self) -> None:
        """Stop; nothing goes any more."""
        if self._again is not None:
            self._again.cancel()
        await stop(*self._tasks)

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
        self.stir()

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
            self.stir()
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
        return self._verdict is None and any(lane[1] == key for lane in self._asked)

    async def judged(self) -> None:
        """Wait for the next verdict."""
        await self._judged.wait()

    def stir(self) -> None:
        """Something changed that a verdict may depend on."""
        self._stirred_at = self._clock.monotonic()
        self._stirred.set()

    def changed(self) -> None:
        """The intents or the fleet changed: held plans may have become something else."""
        if self._verdict is not None and self._verdict.plans:
            self._look_again(CHANGED_S)

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
        self.stir()
        return self._trouble or _JUDGING

    def _may_go(self, loss: Loss) -> bool:
        if self._verdict is None:
            return False
        now = hub_now(self._hub, self._clock)
        return loss.digest in self._granted or self._verdict.ledger.is_permit(loss, now)

    # Judging.

    async def _run(self) -> None:
        failures = 0
        await self._fleet_known()
        while True:
            await self._stirred.wait()
            await self._quiet()
            self._stirred.clear()
            if unknown := policies_unknown(self._policies()):
                self._stand_still(unknown)
                continue
            try:
                await self._judge()
                failures = 0
            except Exception as error:  # noqa: BLE001 - the next verdict may be reached
                failures += 1
                self._fail(error if isinstance(error, KeyfleetError) else _crash(error))
                await self._clock.sleep(RETRY.delay_s(failures, self._random))
                self._stirred.set()

    async def _fleet_known(self) -> None:
        # What a restart has to do is judged as a whole, not cluster by cluster as they connect.
        until = self._clock.monotonic() + FIRST_S
        while not self._is_fleet_known() and self._clock.monotonic() < until:
            await self._clock.sleep(0.05)
        self.stir()

    async def _quiet(self) -> None:
        until = self._clock.monotonic() + PATIENCE_S
        while (now := self._clock.monotonic()) < until:
            rest = self._stirred_at + QUIET_S - now
            if rest <= 0 and self._is_idle():
                return
            await self._clock.sleep(max(rest, IDLE_S))

    async def _judge(self) -> None:
        for _ in range(CONFLICTS_MAX):
            stored = await self._read()
            survey = self._survey(stored)
            verdict = judge(self._case(survey, stored), hub_now(self._hub, self._clock))
            # A predecessor has said what it held.
            before = self._verdict.plans if self._verdict else stored.plans
            try:
                stored = await self._save(stored, verdict)
            except ConflictError:
                self._stored = None
            else:
                self._take(stored, survey, verdict, before)
                return
        raise ConflictError("breaker.contested", "the held plans changed under every verdict")

    async def _read(self) -> Stored:
        if self._stored is not None and not is_newer(self._heard, self._stored.version):
            return self._stored
        stored = await load(self._hub)
        if self._verdict is None:
            return stored
        # A deleted ConfigMap makes nothing undone, and stores only the first of many targets.
        known = {id_: plan for id_, plan in self._verdict.plans.items() if plan.begun}
        plans = {
            id_: known[id_] if plan.begun and id_ in known else plan
            for id_, plan in stored.plans.items()
        }
        entries = {**self._verdict.ledger.entries, **stored.ledger.entries}
        return replace(stored, plans=plans, ledger=Ledger(entries))

    def _survey(self, stored: Stored) -> Survey:
        survey = self._doomed.survey()
        for lane, asked in self._asked.items():
            for digest, loss in asked.items():
                survey.pending.setdefault(digest, loss)
                survey.lanes.setdefault(digest, lane)
        for plan in stored.plans.values():
            for target in plan.targets if not plan.begun else ():
                if target.cluster_uid in survey.unseen:
                    # What a person was told must not fall apart because a cluster is away.
                    loss = self._doomed.carried(target, plan.scope)
                    survey.pending.setdefault(loss.digest, loss)
        return survey

    def _case(self, survey: Survey, stored: Stored) -> Case:
        stayed = set(self._told) - set(survey.pending) - self._used
        return Case(
            pending=list(survey.pending.values()),
            present=survey.present,
            ledger=stored.ledger,
            plans=stored.plans,
            limits=self._policies().deletions,
            stays=frozenset(stayed & set(stored.ledger.entries)),
        )

    async def _save(self, stored: Stored, verdict: Verdict) -> Stored:
        after = replace(stored, plans=verdict.plans, ledger=verdict.ledger)
        if after.data() == stored.data():
            return after
        version, uid = await save(self._hub, after)
        return replace(after, version=version, uid=uid)

    def _take(
        self, stored: Stored, survey: Survey, verdict: Verdict, before: Mapping[str, HeldPlan]
    ) -> None:
        self._stored, self._verdict, self._trouble = stored, verdict, None
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
        self._report(stored.uid, verdict, before)
        self._wake_up(survey)
        judged, self._judged = self._judged, asyncio.Event()
        judged.set()
        if self._again is not None:
            self._again.cancel()
            self._again = None
        if verdict.plans:
            self._look_again(LOOK_AGAIN_S)

    def _wake_up(self, survey: Survey) -> None:
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

    def _report(self, uid: str, verdict: Verdict, before: Mapping[str, HeldPlan]) -> None:
        waiting = [plan for plan in verdict.plans.values() if not plan.begun]
        self._hooks.plans_held(len(waiting), sum(plan.total for plan in waiting))
        events = []
        for plan in verdict.lapsed:
            log.warning("engine.approval_lapsed", plan=plan.id, scope=str(plan.scope))
            note = f"the approval of plan {plan.id} reached nothing: its targets are others by now"
            events.append(Event("Warning", "ApprovalLapsed", note))
        for plan in waiting:
            if plan.id not in before:
                log.warning(
                    "engine.deletion_held", plan=plan.id, scope=str(plan.scope), targets=plan.total
                )
                events.append(Event("Warning", plan.reason, held_finding(plan).advice[:1024]))
        for plan in verdict.plans.values():
            if plan.begun and plan.approval and not (plan.id in before and before[plan.id].begun):
                by = plan.approval.by
                log.info("engine.plan_approved", plan=plan.id, targets=plan.total, by=by)
        if events and uid:
            self._tell(_configmap(uid), CONFIGMAPS, tuple(events))

    def _look_again(self, after_s: float) -> None:
        loop = asyncio.get_running_loop()
        if self._again is not None:
            if self._again.when() <= loop.time() + after_s:
                return
            self._again.cancel()
        self._again = loop.call_later(after_s, self._time_to_look)

    def _time_to_look(self) -> None:
        self._again = None
        self.stir()

    def _fail(self, error: KeyfleetError) -> None:
        log.warning("engine.breaker_failed", code=error.code)
        self._stored = None
        trouble = Finding(
            State.HELD,
            "DeletionsUncounted",
            f"what was deleted lately cannot be recorded: {error.message}; nothing is deleted",
            hint=f"see that Keyfleet may read and write ConfigMap"
            f" {SYSTEM_NAMESPACE}/{HELD_CONFIGMAP} on the hub",
            rule=RULE,
        )
        self._stand_still(trouble)

    def _stand_still(self, trouble: Finding) -> None:
        is_new, self._trouble = self._trouble != trouble, trouble
        if is_new:
            for lane in {lane for lane, _ in self._told.values()}:
                self._wake(lane)

    def _on_configmap(
        self, key: tuple[str, str], old: dict[str, Any] | None, new: dict[str, Any] | None
    ) -> None:
        del key, old
        self._heard = metadata_of(new).resource_version if new is not None else ""
        if new is None:
            self._stored = None
        if self._stored is None or is_newer(self._heard, self._stored.version):
            self.stir()


def _crash(error: Exception) -> KeyfleetError:
    # The text of an unknown error may quote data: only its type is told.
    return InvariantError("breaker.crashed", f"no verdict was reached ({type(error).__name__})")


def _configmap(uid: str) -> Origin:
    return Origin("", CONFIGMAPS.kind, SYSTEM_NAMESPACE, HELD_CONFIGMAP, uid=uid)
