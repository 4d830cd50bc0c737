# SPDX-License-Identifier: Apache-2.0
"""One look at the fleet, for `plan`, `apply` and `diff`: the controller's passes, asked live.

`plan` gathers and decides, `apply` delivers the very steps that `plan` returned. Nothing is stored
but the targets; nothing is deleted unless pruning was asked for.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from keyfleet.base.errors import ConflictError, KeyfleetError, TemporaryError
from keyfleet.base.tasks import all_of
from keyfleet.delivery.deliver import deliver
from keyfleet.engine.intents import Intents
from keyfleet.engine.live import LiveMember
from keyfleet.engine.livefleet import Contact, LiveFleet
from keyfleet.engine.obstacles import cluster_paused, contested, failure_finding
from keyfleet.engine.resolving import HUB_WORD
from keyfleet.engine.revisions import Prints, is_other_source
from keyfleet.engine.shaping import Shaped, Surroundings, shape_intent
from keyfleet.engine.stores.looking import StoreLook
from keyfleet.engine.targets import Gatherer, forced_policy
from keyfleet.kube.client import Client
from keyfleet.model.deletion import DeletionLimits
from keyfleet.model.intent import Intent, Rejection
from keyfleet.model.ownership import Marker, read_marker
from keyfleet.model.places import (
    ClusterFacts,
    ClusterName,
    IntentKey,
    NamespaceFacts,
    Place,
)
from keyfleet.model.plan import Finding, State, Step, Verb
from keyfleet.model.policy import Policies
from keyfleet.plan.decide import decide
from keyfleet.plan.diff import changes
from keyfleet.plan.placement import cluster_missing, unknown_clusters
from keyfleet.plan.question import Question
from keyfleet.plugin import Source

DECISIONS_MAX = 4
ANOTHER_HUBS = "v0"
"""Stands for a fingerprint that says nothing here."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One target: what would happen, and the question it answers."""

    step: Step
    question: Question | None = None
    """None where the cluster could not be asked at all."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came of one planned step."""

    step: Step
    finding: Finding | None = None
    """Why the target is not as wanted; None when it is."""
    wrote: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """What one look is about."""

    intents: tuple[Intent, ...]
    policies: Policies
    sources: Mapping[str, Source]
    clusters: frozenset[ClusterName] | None = None
    """Only these clusters; None means all that the intents mean."""
    prune: bool = False
    """Also plan for marked targets that the intents no longer want."""
    crd_uids: Mapping[str, str] = field(default_factory=dict)
    """UID of the CRD by intent kind, where the hub serves it."""
    domain: str = "keyfleet.io"
    rejections: tuple[Rejection, ...] = ()
    is_of_files: bool = False
    """The hub may declare others, which keep what they hold."""
    stores: StoreLook | None = None
    """Reads what is in stores; None: nothing does."""


_TURNS = {Verb.RELEASE: 0, Verb.DELETE: 2}
"""When a step's turn comes; that of all others is 1."""


class OneShot:
    """Plans and applies for some intents over a live fleet."""

    def __init__(self, fleet: LiveFleet, request: Request) -> None:
        self._fleet = fleet
        self._request = request
        self._intents = Intents()
        for intent in request.intents:
            self._intents.put(intent)
        for rejection in request.rejections:
            self._intents.reject(rejection)
        self._gatherer = Gatherer(
            fleet.installation,
            request.policies,
            self._intents,
            deletion_hold=lambda _key, _marker: None,
            accepted_names=self._accepted_names,
            cluster_now=fleet.facts_of,
            knows_hub=not request.is_of_files,
        )

    @property
    def limits(self) -> DeletionLimits:
        """How much may go without a person."""
        return self._request.policies.deletions

    async def plan(self) -> tuple[Planned, ...]:
        """Return every target of every intent with what would happen to it, in a stable order."""
        found = await all_of(map(self._plan_intent, self._request.intents), name="plan")
        planned = [one for several in found for one in several]
        return tuple(sorted(planned, key=lambda one: (one.step.intent, one.step.place)))

    async def apply(self, planned: Iterable[Planned]) -> tuple[Delivery, ...]:
        """Deliver what was planned; a target that changed meanwhile is decided again.

        What is let go comes first. What goes, goes last, and where what takes its place could not
        be written, it stays.
        """
        every = list(planned)
        done: dict[int, Delivery] = {}
        for turn in range(3):
            due = [at for at, one in enumerate(every) if _TURNS.get(one.step.verb, 1) == turn]
            missing = {_spot(one.step): one.finding for one in done.values() if one.finding}
            found = await all_of(
                (self._deliver(every[at], missing.get(_spot(every[at].step))) for at in due),
                name="apply",
            )
            done.update(zip(due, found, strict=True))
        return tuple(done[at] for at in range(len(every)))

    async def _plan_intent(self, intent: Intent) -> list[Planned]:
        missing = unknown_clusters(intent, self._fleet.facts())
        absent = [_nowhere(intent.key, name, cluster_missing(name)) for name in missing]
        asked = await all_of(map(self._fleet.contact, self._meant(intent)), name="contact")
        contacts = list({contact.snapshot.name: contact for contact in asked}.values())
        try:
            shaped = await self._shape(intent, contacts)
        except KeyfleetError as error:
            finding = Finding(State.PENDING, "SourceUnreachable", error.message, hint=error.hint)
            shaped = Shaped(finding=finding)
        plans = [self._plan_cluster(intent, shaped, contact) for contact in contacts]
        found = await all_of(plans, name="plan cluster")
        return [*absent, *(one for several in found for one in several)]

    def _meant(self, intent: Intent) -> list[ClusterName]:
        only = self._request.clusters
        return [
            facts.name
            for facts in self._fleet.facts()
            if (only is None or facts.name in only)
            and (intent.targets.clusters.matches(facts) or self._request.prune)
        ]

    async def _shape(self, intent: Intent, contacts: list[Contact]) -> Shaped:
        markers = await self._markers(intent, contacts)
        sources = {read.ref.cluster for read in intent.all_reads}
        for source in sources:
            if source and (snapshot := self._fleet.named(source)) is not None:
                await self._fleet.contact(snapshot.name)
        resolved = {source: await self._resolved(source) for source in sources}
        look = self._request.stores
        if look is not None:
            await look.find(intent, resolved.__getitem__)
        await self._fleet.keys.find(intent, resolved.__getitem__)

        def revise(asked: Intent, prints: Prints) -> int:
            known = [(asked.revision, asked.source_fingerprint)]
            known += [(marker.revision, self._source_of(marker)) for marker in markers]
            revision, last = max(known)
            if self._fleet.installation.ring.ephemeral:
                # Fingerprints of a key of this run compare with nothing that is stored.
                return max(revision, 1)
            return revision + is_other_source(last, prints)

        return await shape_intent(
            intent,
            Surroundings(
                installation=self._fleet.installation,
                policies=self._request.policies,
                sources=self._request.sources,
                resolve=resolved.__getitem__,
                revise=revise,
                crd_uid=lambda key: self._request.crd_uids.get(key.kind, ""),
                domain=self._request.domain,
                stores=look.stores if look else None,
                keys=self._fleet.keys.keys,
                namespace_of=look.namespace_of if look else _by_name,
            ),
        )

    def _source_of(self, marker: Marker) -> str:
        # Fingerprints of another hub, whose targets are taken over, compare with none of ours.
        return marker.source if marker.hub == self._fleet.installation.hub else ANOTHER_HUBS

    async def _resolved(self, source: ClusterName) -> tuple[ClusterFacts, Client] | None:
        if not source or (source == HUB_WORD and self._fleet.named(source) is None):
            policies = self._request.policies
            is_told = policies.flows.is_declared or policies.file_flows.is_declared
            return await self._fleet.hub_facts(certainly=is_told), self._fleet.hub
        snapshot = self._fleet.named(source)
        if snapshot is None:
            return None
        contact = await self._fleet.contact(snapshot.name)
        if contact.member is None:
            message = contact.problem.message if contact.problem else "not connected"
            raise TemporaryError("source.cluster_away", message, str(source))
        return contact.member.facts, contact.member.client

    async def _markers(self, intent: Intent, contacts: list[Contact]) -> list[Marker]:
        found: list[Marker] = []
        for contact in contacts:
            if contact.member is None or not intent.targets.clusters.matches(contact.member.facts):
                continue
            try:
                view = contact.member.view(intent.targets.kind)
                for name, namespace in (await self._gatherer.wanted(intent, view)).items():
                    actual = None
                    if namespace is not None:
                        actual = await view.actual(name, intent.targets.name, intent.key)
                    marker = read_marker(actual.annotations) if actual else None
                    if marker is not None and marker.intent == intent.key:
                        found.append(marker)
            except KeyfleetError:
                # The cluster will say so itself when its targets are looked at.
                continue
        return found

    async def _plan_cluster(
        self, intent: Intent, shaped: Shaped, contact: Contact
    ) -> list[Planned]:
        cluster = contact.snapshot.name
        if contact.member is None or contact.problem is not None:
            problem = contact.problem or Finding(State.UNREACHABLE, "Unreachable", "no answer")
            return [_nowhere(intent.key, cluster, problem)]
        try:
            return await self._plan_member(intent, shaped, contact.member, contact)
        except KeyfleetError as error:
            place = Place(cluster, "", intent.targets.name)
            return [_nowhere(intent.key, cluster, failure_finding(place, error))]

    async def _plan_member(
        self, intent: Intent, shaped: Shaped, member: LiveMember, contact: Contact
    ) -> list[Planned]:
        # Without --prune nothing is deleted, whatever became of the source.
        are_all_unwanted = self._request.prune and shaped.is_source_gone
        view = member.view(intent.targets.kind)
        wanted = {} if are_all_unwanted else await self._gatherer.wanted(intent, view)
        planned = []
        for at in wanted.items():
            question = await self._gatherer.ask_wanted(intent, shaped, view, at)
            planned.append(self._decided(question, shaped, contact))
        if self._request.prune:
            planned += await self._plan_left_over(intent, shaped, contact, set(wanted))
        return planned

    async def _plan_left_over(
        self, intent: Intent, shaped: Shaped, contact: Contact, wanted: set[str]
    ) -> list[Planned]:
        member = contact.member
        if member is None:
            return []
        planned = []
        found = [(view, spot) for view in member.views for spot in await view.owned(intent.key)]
        for view, spot in found:
            is_named = spot[1] == intent.targets.name and view.kind == intent.targets.kind
            if is_named and spot[0] in wanted:
                continue
            question = await self._gatherer.ask_left_over(
                intent.key, view, spot, policy=forced_policy(shaped)
            )
            planned.append(_unless_paused(question, decide(question), contact))
        return planned

    def _decided(self, question: Question, shaped: Shaped, contact: Contact) -> Planned:
        if shaped.finding is not None:
            step = Step(question.key, question.place, Verb.NONE, shaped.finding)
            return Planned(step, question)
        return _unless_paused(question, self._decide(question), contact)

    def _decide(self, question: Question) -> Step:
        step = decide(question)
        if step.verb is Verb.DELETE and not self._request.prune:
            # What a rule wants taken away is taken away by the controller, or by --prune.
            return replace(step, verb=Verb.NONE)
        return step

    async def _deliver(self, planned: Planned, missing: Finding | None) -> Delivery:
        step = planned.step
        if step.verb is Verb.DELETE and missing is not None:
            return Delivery(step, missing)
        contact = None
        if step.writes:
            contact = await self._fleet.contact(step.place.cluster)
        if contact is None or contact.member is None or planned.question is None:
            return Delivery(step, step.finding)
        question = planned.question
        is_cleared = False
        try:
            for _ in range(DECISIONS_MAX):
                try:
                    view = contact.member.view(step.place.kind)
                    at = view.address((step.place.namespace, step.place.name))
                    await deliver(step, view.client, at=at)
                except (ConflictError, TemporaryError) as error:
                    is_cleared |= step.verb is Verb.RECREATE
                    if not isinstance(error, ConflictError) and not is_cleared:
                        raise
                    # Nobody comes after a laptop to fill a place that was cleared: try on.
                    question = await self._look_again(question, contact.member)
                    step = self._decide(question)
                    if not step.writes:
                        return Delivery(step, step.finding)
                else:
                    return Delivery(step, step.finding, wrote=True)
        except KeyfleetError as error:
            return Delivery(step, failure_finding(step.place, error))
        return Delivery(step, contested(step.place))

    async def _look_again(self, question: Question, member: LiveMember) -> Question:
        place = question.place
        view = member.view(place.kind)
        actual = await view.actual(place.namespace, place.name, question.key)
        return replace(question, actual=actual)

    def _accepted_names(self, name: ClusterName) -> frozenset[str]:
        snapshot = self._fleet.named(name)
        return snapshot.accepted_names if snapshot else frozenset()


def _spot(step: Step) -> tuple[IntentKey, ClusterName, str, str]:
    return step.intent, step.place.cluster, step.place.namespace, step.place.name


def _by_name(key: IntentKey) -> NamespaceFacts:
    return NamespaceFacts(key.namespace, is_seen=False)


def _unless_paused(question: Question, step: Step, contact: Contact) -> Planned:
    if contact.snapshot.paused and step.writes:
        finding = cluster_paused(contact.snapshot.name)
        return Planned(Step(step.intent, step.place, Verb.NONE, finding), question)
    return _planned(question, step)


def _planned(question: Question, step: Step) -> Planned:
    if question.obstacle is not None:
        return Planned(step, question)
    wanted = question.desired if step.verb is not Verb.DELETE else None
    content = wanted.finalised(question.actual) if wanted else None
    if question.desired is None and step.verb is not Verb.DELETE:
        return Planned(step, question)
    if question.sealing is not None and (step.write is None or step.write.data is None):
        # What is sealed cannot be looked into; it is as it shall be.
        return Planned(step, question)
    found = changes(question.key, question.installation, question.actual, content)
    return Planned(replace(step, changes=found), question)


def _nowhere(key: IntentKey, cluster: str, finding: Finding) -> Planned:
    return Planned(Step(key, Place(ClusterName(cluster), "", ""), Verb.NONE, finding))
