# SPDX-License-Identifier: Apache-2.0
"""One pass: make one intent true in one cluster.

Gather, decide, deliver, remember. A pass may be repeated, cut short or meet another writer at any
point; what it leaves undone the next one does.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from typing import Protocol

from keyfleet.base.clock import Clock
from keyfleet.base.errors import (
    ConflictError,
    DeniedError,
    KeyfleetError,
    NotFoundError,
    PermanentError,
    TemporaryError,
    UnreachableError,
)
from keyfleet.base.log import Hooks, get_logger
from keyfleet.base.tasks import all_of
from keyfleet.delivery.deliver import Delivered, deliver
from keyfleet.engine.entry import Entry
from keyfleet.engine.lane import Again
from keyfleet.engine.member import Member
from keyfleet.engine.shaping import Shaped
from keyfleet.engine.targets import Gatherer, forced_policy
from keyfleet.kube.responses import NOT_SERVED
from keyfleet.model.desired import Actual
from keyfleet.model.intent import Intent
from keyfleet.model.outcome import TargetResult
from keyfleet.model.places import ClusterName, IntentKey, Place
from keyfleet.model.plan import Finding, State, Step, Verb
from keyfleet.plan.decide import decide
from keyfleet.plan.question import Question

log = get_logger("engine")

DECISIONS_MAX = 4
"""Decisions about one target in one pass, when others write at the same time."""
RECHECK_S = 30.0
"""When a target that is not watched, such as somebody else's, is looked at again."""


@dataclass(frozen=True, slots=True)
class PassResult:
    """What one pass found and did."""

    targets: tuple[TargetResult, ...]
    """Of the wanted targets."""
    left_over: tuple[TargetResult, ...] = ()
    """Of targets that are not wanted and still there."""
    wrote: int = 0
    again: Again | None = None
    heirs: frozenset[IntentKey] = frozenset()
    """Intents for which unwanted targets were left: it is their turn now."""


@dataclass(frozen=True, slots=True)
class _Settled:
    result: TargetResult
    wrote: bool = False
    again: Again | None = None
    is_gone: bool = False
    heir: IntentKey | None = None


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
        name = intent.targets.name
        try:
            wanted = {} if shaped.is_source_gone else await gatherer.wanted(intent, member)
        except KeyfleetError as error:
            return _pass_result([self._failed(Place(member.facts.name, "", name), error)], [])
        settled = await all_of(
            [
                self._settle(
                    entry,
                    member,
                    Place(member.facts.name, at[0], name),
                    partial(gatherer.ask_wanted, intent, shaped, member, at),
                    shaped.finding,
                )
                for at in wanted.items()
            ],
            name="settle",
        )
        spots = [
            spot
            for spot in await member.owned(intent.key)
            if spot[1] != name or spot[0] not in wanted
        ]
        left = await self._left_over(entry, member, intent.key, spots, forced_policy(shaped))
        return _pass_result(settled, left)

    async def clean_up(self, entry: Entry, member: Member, key: IntentKey) -> PassResult:
        """Delete or release what an intent that is gone left in this cluster."""
        spots = await member.owned(key)
        return _pass_result([], await self._left_over(entry, member, key, spots, ""))

    async def _left_over(
        self,
        entry: Entry,
        member: Member,
        key: IntentKey,
        spots: list[tuple[str, str]],
        policy: str,
    ) -> list[_Settled]:
        ask = partial(self._gatherer().ask_left_over, key, member, policy=policy)
        return await all_of(
            [
                self._settle(
                    entry, member, Place(member.facts.name, *spot), partial(ask, spot), None
                )
                for spot in spots
            ],
            name="clean up",
        )

    async def _settle(
        self, entry: Entry, member: Member, place: Place, ask: Ask, objection: Finding | None
    ) -> _Settled:
        """Decide and deliver until the target is settled; errors become its result."""
        try:
            for _ in range(DECISIONS_MAX):
                settled = await self._decide_and_write(entry, member, await ask(), objection)
                if settled is not None:
                    return settled
        except UnreachableError as error:
            if entry.circuit is not None:
                entry.circuit.failed(error)
            return replace(_found(place, failure_finding(place, error)), again=Again())
        except KeyfleetError as error:
            return self._failed(place, error)
        return replace(_found(place, contested(place)), again=Again())

    async def _decide_and_write(
        self, entry: Entry, member: Member, question: Question, objection: Finding | None
    ) -> _Settled | None:
        if objection is not None:
            return self._left_alone(question, replace(_nothing(question), finding=objection))
        question = self._gatherer().governed(question, member)
        step = decide(question)
        if not step.writes:
            return self._left_alone(question, step)
        if entry.snapshot.paused:
            return _found(question.place, cluster_paused(entry.name))
        if not step.loses:
            return await self._write(member, question, step)
        return await self._lose(entry, member, question, step)

    async def _lose(
        self, entry: Entry, member: Member, question: Question, step: Step
    ) -> _Settled | None:
        lane = (entry.name, question.key)
        if finding := self._gate.objection(question, step, lane):
            return self._left_alone(question, replace(_nothing(question), finding=finding))
        try:
            settled = await self._write(member, question, step)
        except PermanentError:
            self._gate.spared(question, step)
            raise
        if settled is None:
            # Somebody wrote first. After any other failure nobody knows whether it went: it counts.
            self._gate.spared(question, step)
        return settled

    def _left_alone(self, question: Question, step: Step) -> _Settled:
        if step.finding is None:
            is_gone = question.desired is None
            return _Settled(
                _result(question, State.IN_SYNC, revision=step.revision),
                is_gone=is_gone,
                heir=question.rival if is_gone else None,
            )
        settled = _found(question.place, step.finding, revision=step.revision)
        if step.finding.state is State.CONFLICT or step.finding.reason == "TargetTerminating":
            # Nobody tells when a foreign object changes or goes.
            return replace(settled, again=Again(RECHECK_S * (1.0 + self._random.random())))
        return settled

    async def _write(self, member: Member, question: Question, step: Step) -> _Settled | None:
        began = self._clock.monotonic()
        spot = (step.place.namespace, step.place.name)
        with member.writing(spot):
            try:
                delivered = await deliver(step, member.client)
            except ConflictError:
                # Somebody wrote since the decision: look at what is there and decide again.
                member.memory.doubt(spot)
                return None
            self._remember(member, question, step, delivered)
        took_s = self._clock.monotonic() - began
        self._hooks.step_done(member.facts.name, step.verb, State.IN_SYNC, took_s)
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
            return replace(_found(question.place, step.finding), wrote=True)
        return _Settled(
            _result(question, State.IN_SYNC, revision=step.revision),
            wrote=True,
            is_gone=question.desired is None,
        )

    def _failed(self, place: Place, error: KeyfleetError) -> _Settled:
        finding = failure_finding(place, error)
        self._hooks.step_done(place.cluster, Verb.NONE, finding.state, 0.0)
        told = error.retry_after if isinstance(error, TemporaryError) else None
        again = Again(told.total_seconds() if told else None)
        return replace(_found(place, finding), again=again)

    def _remember(
        self, member: Member, question: Question, step: Step, delivered: Delivered
    ) -> None:
        spot = (step.place.namespace, step.place.name)
        if step.verb is Verb.DELETE:
            member.memory.deleted(spot, step.uid)
            return
        # What was made anew has nothing of what was there but what was written.
        before = None if step.verb is Verb.RECREATE else question.actual
        actual = after_write(before, step, delivered)
        member.memory.wrote(spot, actual, step.intent)


def after_write(before: Actual | None, step: Step, delivered: Delivered) -> Actual:
    """Return the live object as a delivered step left it."""
    write = step.write
    labels = dict(before.labels) if before else {}
    annotations = dict(before.annotations) if before else {}
    if write is not None:
        _merge(labels, write.labels)
        _merge(annotations, write.annotations)
    return Actual(
        uid=delivered.uid,
        resource_version=delivered.resource_version,
        type=write.type if write else "",
        labels=labels,
        annotations=annotations,
        fingerprint=step.fingerprint,
        is_immutable=before.is_immutable if before else False,
    )


def _merge(into: dict[str, str], change: Mapping[str, str | None]) -> None:
    for name, value in change.items():
        if value is None:
            into.pop(name, None)
        else:
            into[name] = value


def failure_finding(place: Place, error: KeyfleetError) -> Finding:
    """Return how a request that failed is told."""
    where = str(place)
    if error.code == NOT_SERVED:
        return Finding(State.PENDING, "Retrying", f"{where}: {error.message}")
    if isinstance(error, NotFoundError):
        return Finding(
            State.PENDING,
            "NamespaceMissing",
            f"namespace of {where} does not exist",
            hint="create the namespace; the secret follows at once",
            rule="write",
        )
    if error.code == "api.namespace_terminating":
        return Finding(
            State.PENDING,
            "NamespaceTerminating",
            f"namespace of {where} is being deleted",
            hint="wait, or find which finalizer keeps the namespace; make it anew if it is needed",
        )
    if isinstance(error, DeniedError):
        return Finding(
            State.FAILED,
            "Forbidden",
            f"cluster {place.cluster} forbids it: {error.subject}",
            hint="grant Keyfleet the verb on Secrets of that namespace",
            rule="write",
        )
    if isinstance(error, TemporaryError):
        return Finding(State.PENDING, "Retrying", f"{where}: {error.message}")
    return Finding(State.FAILED, "WriteRefused", f"{where}: {error}", hint=error.hint)


def cluster_paused(name: ClusterName) -> Finding:
    """Return why nothing is written to a cluster that is paused."""
    return Finding(
        State.PAUSED,
        "ClusterPaused",
        f"cluster {name} is paused",
        hint=f"set spec.paused of FleetCluster {name} to false",
    )


def contested(place: Place) -> Finding:
    """Return what is told when somebody else wrote before every decision."""
    return Finding(
        State.PENDING,
        "Contested",
        f"{place} changed under every decision",
        hint="find who else writes it",
    )


def _nothing(question: Question) -> Step:
    marker = question.holding.marker
    revision = marker.revision if marker and question.holding.belongs_to(question.key) else 0
    return Step(question.key, question.place, Verb.NONE, revision=revision)


def _found(place: Place, finding: Finding, *, revision: int = 0) -> _Settled:
    return _Settled(
        TargetResult(
            place.namespace,
            place.name,
            finding.state,
            finding.reason,
            finding.advice,
            revision,
        )
    )


def _result(question: Question, state: State, *, revision: int) -> TargetResult:
    return TargetResult(question.place.namespace, question.place.name, state, revision=revision)


def _pass_result(settled: list[_Settled], left: list[_Settled]) -> PassResult:
    everything = [*settled, *left]
    again = [one.again for one in everything if one.again is not None]
    earliest = min(again, key=lambda one: one.after_s or 0.0, default=None)
    return PassResult(
        targets=tuple(one.result for one in settled),
        left_over=tuple(one.result for one in left if not one.is_gone),
        wrote=sum(one.wrote for one in everything),
        again=earliest,
        heirs=frozenset(one.heir for one in left if one.heir is not None),
    )
