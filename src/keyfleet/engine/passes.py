# SPDX-License-Identifier: Apache-2.0
"""One pass: make one intent true in one cluster.

Gather, decide, deliver, remember. A pass may be repeated, cut short or meet another writer at any
point; what it leaves undone the next one does.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from random import Random
from typing import Protocol

from keyfleet.base.clock import Clock
from keyfleet.base.errors import (
    ConflictError,
    KeyfleetError,
    PermanentError,
    TemporaryError,
    UnreachableError,
)
from keyfleet.base.log import Hooks, get_logger
from keyfleet.base.tasks import all_of
from keyfleet.delivery.deliver import Delivered, deliver
from keyfleet.engine.entry import Entry
from keyfleet.engine.lane import Again
from keyfleet.engine.members.member import Member
from keyfleet.engine.members.memory import after_write
from keyfleet.engine.members.targetview import TargetView
from keyfleet.engine.obstacles import cluster_paused, contested, failure_finding
from keyfleet.engine.settled import PassResult, Settled, found, in_sync, nothing, pass_result
from keyfleet.engine.shaping import Shaped
from keyfleet.engine.targets import Gatherer, forced_policy
from keyfleet.model.intent import Intent
from keyfleet.model.places import SECRET, ClusterName, IntentKey, Place
from keyfleet.model.plan import Finding, State, Step, Verb
from keyfleet.plan.decide import decide
from keyfleet.plan.leaving import TARGET_MISSING
from keyfleet.plan.question import Question
from keyfleet.plan.sealing import (
    CERTIFICATE_EXPIRED,
    CERTIFICATE_MISSING,
    HUB_NAMESPACE_MISSING,
    KIND_MISSING,
)

log = get_logger("engine")

DECISIONS_MAX = 4
"""Decisions about one target in one pass, when others write at the same time."""
RECHECK_S = 30.0
"""When a target that is not watched, such as somebody else's, is looked at again."""
_UNHEARD = (
    "TargetTerminating",
    TARGET_MISSING,
    KIND_MISSING,
    CERTIFICATE_MISSING,
    CERTIFICATE_EXPIRED,
    HUB_NAMESPACE_MISSING,
)
"""Reasons to look again at what no watch shows."""

Ask = Callable[[], Awaitable[Question]]


class Gate(Protocol):
    """What every loss has to pass; the breaker."""

    def objection(
        self, question: Question, step: Step, lane: tuple[ClusterName, IntentKey]
    ) -> Finding | None:
        """Return why the target may not go now; None when it may."""
        ...

    def spared(self, question: Question, step: Step) -> None:
        """A target that might go did not."""
        ...


class Passes:
    """Runs passes with what all of them share."""

    def __init__(
        self,
        gatherer: Callable[[], Gatherer],
        gate: Gate,
        *,
        clock: Clock,
        random: Random,
        hooks: Hooks,
    ) -> None:
        self._gatherer = gatherer
        self._gate = gate
        self._clock = clock
        self._random = random
        self._hooks = hooks

    async def deliver_intent(
        self, entry: Entry, member: Member, intent: Intent, shaped: Shaped
    ) -> PassResult:
        """Bring every target of the intent in this cluster in line."""
        gatherer = self._gatherer()
        view, name = member.view(intent.targets.kind), intent.targets.name
        try:
            wanted = {} if shaped.is_source_gone else await gatherer.wanted(intent, view)
        except KeyfleetError as error:
            return pass_result([self._failed(Place(member.facts.name, "", name), error)], [])
        settled = await all_of(
            [
                self._settle(
                    entry,
                    view,
                    Place(view.facts.name, at[0], name, view.kind),
                    partial(gatherer.ask_wanted, intent, shaped, view, at),
                    shaped.finding,
                )
                for at in wanted.items()
            ],
            name="settle",
        )
        delivered = {one.result.namespace for one in settled if one.result.state is State.IN_SYNC}
        left: list[Settled] = []
        for other in member.views:
            # Of another kind, a target goes once the one that takes its place is there.
            stays = wanted if other is view else wanted.keys() - delivered
            spots = [
                spot
                for spot in await other.owned(intent.key)
                if spot[1] != name or spot[0] not in stays
            ]
            left += await self._left_over(entry, other, intent.key, spots, forced_policy(shaped))
        return pass_result(settled, left)

    async def look(self, member: Member, intent: Intent) -> PassResult | None:
        """Return how the targets stand if each is as it was delivered; None when one is not."""
        name, gatherer = intent.targets.name, self._gatherer()
        view = member.view(intent.targets.kind)
        try:
            wanted = await gatherer.wanted(intent, view)
            owned = [
                (other is view, spot)
                for other in member.views
                for spot in await other.owned(intent.key)
            ]
            found = [await gatherer.as_delivered(intent, view, at) for at in wanted.items()]
        except KeyfleetError:
            # The pass that follows meets it again, and says so.
            return None
        if any(not ours or spot[1] != name or spot[0] not in wanted for ours, spot in owned):
            return None
        targets = tuple(one for one in found if one is not None)
        if len(targets) != len(found):
            return None
        is_unheard = any(one.reason in _UNHEARD for one in targets)
        return PassResult(targets, again=self._recheck() if is_unheard else None)

    async def clean_up(self, entry: Entry, member: Member, key: IntentKey) -> PassResult:
        """Delete or release what an intent that is gone left in this cluster."""
        left: list[Settled] = []
        for view in member.views:
            left += await self._left_over(entry, view, key, await view.owned(key), "")
        return pass_result([], left)

    async def _left_over(
        self,
        entry: Entry,
        view: TargetView,
        key: IntentKey,
        spots: list[tuple[str, str]],
        policy: str,
    ) -> list[Settled]:
        ask = partial(self._gatherer().ask_left_over, key, view, policy=policy)
        return await all_of(
            [
                self._settle(
                    entry, view, Place(view.facts.name, *spot, view.kind), partial(ask, spot), None
                )
                for spot in spots
            ],
            name="clean up",
        )

    async def _settle(
        self, entry: Entry, view: TargetView, place: Place, ask: Ask, objection: Finding | None
    ) -> Settled:
        """Decide and deliver until the target is settled; errors become its result."""
        try:
            for _ in range(DECISIONS_MAX):
                settled = await self._decide_and_write(entry, view, await ask(), objection)
                if settled is not None:
                    return settled
        except UnreachableError as error:
            if entry.circuit is not None:
                entry.circuit.failed(error)
            return replace(found(place, failure_finding(place, error)), again=Again())
        except KeyfleetError as error:
            return self._failed(place, error)
        return replace(found(place, contested(place)), again=Again())

    async def _decide_and_write(
        self, entry: Entry, view: TargetView, question: Question, objection: Finding | None
    ) -> Settled | None:
        if objection is not None:
            return self._left_alone(question, replace(nothing(question), finding=objection))
        question = self._gatherer().governed(question, view)
        step = decide(question)
        if not step.writes:
            return self._left_alone(question, step)
        if entry.snapshot.paused:
            return found(question.place, cluster_paused(entry.name))
        if not step.loses:
            if step.verb is Verb.CREATE and step.place.kind != SECRET:
                await self._make_way(entry, step)
            return await self._write(view, question, step)
        return await self._lose(entry, view, question, step)

    async def _make_way(self, entry: Entry, step: Step) -> None:
        """Let go of what becomes once more of that which is written at the same place now.

        Before it is written: a controller of sealed secrets tries for a moment only to write a
        Secret, and gives up where that is still another's.
        """
        place, gatherer = step.place, self._gatherer()
        spot = (place.namespace, place.name)
        for view in entry.member.views if entry.member else ():
            if view.kind != place.kind and spot in await view.owned(step.intent):
                ask = partial(gatherer.ask_left_over, step.intent, view, spot)
                if (await ask()).is_succeeded:
                    await self._settle(entry, view, replace(place, kind=view.kind), ask, None)

    async def _lose(
        self, entry: Entry, view: TargetView, question: Question, step: Step
    ) -> Settled | None:
        lane = (entry.name, question.key)
        if finding := self._gate.objection(question, step, lane):
            return self._left_alone(question, replace(nothing(question), finding=finding))
        try:
            settled = await self._write(view, question, step)
        except PermanentError:
            self._gate.spared(question, step)
            raise
        if settled is None:
            # Somebody wrote first. After any other failure nobody knows whether it went: it counts.
            self._gate.spared(question, step)
        return settled

    def _left_alone(self, question: Question, step: Step) -> Settled:
        if step.finding is None:
            is_gone = question.desired is None
            return Settled(
                in_sync(question, step),
                is_gone=is_gone,
                heir=question.rival if is_gone else None,
            )
        settled = found(question.place, step.finding, revision=step.revision)
        if step.finding.state is State.CONFLICT or step.finding.reason in _UNHEARD:
            # Nobody tells when a foreign object comes, changes or goes.
            return replace(settled, again=self._recheck())
        return settled

    def _recheck(self) -> Again:
        return Again(RECHECK_S * (1.0 + self._random.random()))

    async def _write(self, view: TargetView, question: Question, step: Step) -> Settled | None:
        began = self._clock.monotonic()
        spot = (step.place.namespace, step.place.name)
        with view.writing(spot):
            try:
                delivered = await deliver(step, view.client, at=view.address(spot))
            except ConflictError:
                # Somebody wrote since the decision: look at what is there and decide again.
                view.memory.doubt(spot)
                return None
            self._remember(view, question, step, delivered)
        took_s = self._clock.monotonic() - began
        self._hooks.step_done(view.facts.name, step.verb, State.IN_SYNC, took_s)
        log.info(
            "delivery.written",
            cluster=step.place.cluster,
            namespace=step.place.namespace,
            name=step.place.name,
            intent=str(step.intent),
            verb=str(step.verb),
            revision=step.revision,
        )
        if step.finding is not None:
            # A rule had it taken away; that is why it is not there.
            return replace(found(question.place, step.finding), wrote=True)
        return Settled(
            in_sync(question, step),
            wrote=True,
            is_made=step.verb in (Verb.CREATE, Verb.RECREATE),
            is_gone=question.desired is None,
        )

    def _failed(self, place: Place, error: KeyfleetError) -> Settled:
        finding = failure_finding(place, error)
        self._hooks.step_done(place.cluster, Verb.NONE, finding.state, 0.0)
        told = error.retry_after if isinstance(error, TemporaryError) else None
        again = Again(told.total_seconds() if told else None)
        return replace(found(place, finding), again=again)

    def _remember(
        self, view: TargetView, question: Question, step: Step, delivered: Delivered
    ) -> None:
        spot = (step.place.namespace, step.place.name)
        if step.verb is Verb.DELETE:
            view.memory.deleted(spot, step.uid)
            return
        # What was made anew has nothing of what was there but what was written.
        before = None if step.verb is Verb.RECREATE else question.actual
        actual = after_write(before, step, delivered)
        view.memory.wrote(spot, actual, step.intent)
