# SPDX-License-Identifier: Apache-2.0
"""The task that judges what may be deleted, and so opens the gate.

It waits until the changes of the moment have been heard, surveys the whole fleet, lets
`plan.breaker` judge, and writes the verdict down before anything goes. Passes ask at
`deletiongate.DeletionGate`.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime

from keyfleet.base.backoff import Backoff
from keyfleet.base.clock import Clock
from keyfleet.base.errors import ConflictError, InvariantError, KeyfleetError
from keyfleet.base.log import get_logger
from keyfleet.base.means import Means
from keyfleet.base.tasks import spawn, stop
from keyfleet.engine.deletion.doomed import Doomed, Lane, Survey
from keyfleet.engine.deletion.gate import DeletionGate
from keyfleet.engine.deletion.heldcopy import HeldCopy
from keyfleet.engine.deletion.heldnews import HeldNews, Tell
from keyfleet.engine.deletion.heldstore import Stored, hub_now
from keyfleet.kube.client import Client
from keyfleet.model.held import HELD_CONFIGMAP, HeldPlan
from keyfleet.model.ownership import SYSTEM_NAMESPACE
from keyfleet.model.plan import Finding, State
from keyfleet.model.policy import Policies
from keyfleet.plan.authority import policies_unknown
from keyfleet.plan.breaker import RULE, Case, Verdict, judge

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


class Breaker:
    """Judges deletions for all passes of one engine, which ask at its `gate`."""

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
        self._clock: Clock = means["clock"]
        self._random = means["random"]
        self._news = HeldNews(means["hooks"], tell)
        self._held = HeldCopy(hub, self.stir, means)
        self.gate = DeletionGate(doomed, now=self._now, stir=self.stir, wake=wake)
        self._stirred = asyncio.Event()
        self._stirred_at = 0.0
        self._tasks: list[asyncio.Task[None]] = []
        self._again: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Start watching for approvals, and judging."""
        self._tasks = [
            spawn(self._held.watch(), name="watch held plans"),
            spawn(self._run(), name="breaker"),
        ]

    async def close(self) -> None:
        """Stop; nothing goes any more."""
        if self._again is not None:
            self._again.cancel()
        await stop(*self._tasks)

    def stir(self) -> None:
        """Something changed that a verdict may depend on."""
        self._stirred_at = self._clock.monotonic()
        self._stirred.set()

    def changed(self) -> None:
        """The intents or the fleet changed: held plans may have become something else."""
        verdict = self.gate.verdict
        if verdict is not None and verdict.plans:
            self._look_again(CHANGED_S)

    async def _run(self) -> None:
        failures = 0
        await self._fleet_known()
        while True:
            await self._stirred.wait()
            await self._quiet()
            self._stirred.clear()
            if unknown := policies_unknown(self._policies()):
                self.gate.stand_still(unknown)
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
            known = self.gate.verdict
            stored = await self._held.read(known)
            survey = self._survey(stored)
            verdict = judge(self._case(survey, stored), self._now())
            # A predecessor has said what it held.
            before = known.plans if known else stored.plans
            try:
                stored = await self._held.save(stored, verdict)
            except ConflictError:
                continue
            self._take(stored.uid, survey, verdict, before)
            return
        raise ConflictError("breaker.contested", "the held plans changed under every verdict")

    def _survey(self, stored: Stored) -> Survey:
        survey = self._doomed.survey()
        for lane, asked in self.gate.asked().items():
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
        return Case(
            pending=list(survey.pending.values()),
            present=survey.present,
            ledger=stored.ledger,
            plans=stored.plans,
            limits=self._policies().deletions,
            stays=frozenset(self.gate.stayed(survey) & set(stored.ledger.entries)),
        )

    def _take(
        self, uid: str, survey: Survey, verdict: Verdict, before: Mapping[str, HeldPlan]
    ) -> None:
        self.gate.take(verdict)
        self._news.report(uid, verdict, before)
        self.gate.call(survey)
        if self._again is not None:
            self._again.cancel()
            self._again = None
        if verdict.plans:
            self._look_again(LOOK_AGAIN_S)

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
        self._held.forget()
        trouble = Finding(
            State.HELD,
            "DeletionsUncounted",
            f"what was deleted lately cannot be recorded: {error.message}; nothing is deleted",
            hint=f"see that Keyfleet may read and write ConfigMap"
            f" {SYSTEM_NAMESPACE}/{HELD_CONFIGMAP} on the hub",
            rule=RULE,
        )
        self.gate.stand_still(trouble)

    def _now(self) -> datetime:
        return hub_now(self._hub, self._clock)


def _crash(error: Exception) -> KeyfleetError:
    # The text of an unknown error may quote data: only its type is told.
    return InvariantError("breaker.crashed", f"no verdict was reached ({type(error).__name__})")
