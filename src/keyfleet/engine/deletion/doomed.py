# SPDX-License-Identifier: Apache-2.0
"""Everything that is about to go, all over the fleet, as the watches show it at one moment.

A pass sees one intent in one cluster. The breaker has to see all of them at once, before the first
target goes: so whatever is marked and not wanted is decided here too, by the same `decide`, without
reading anything.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Protocol

from keyfleet.engine.entry import Entry
from keyfleet.engine.fleet import Fleet
from keyfleet.engine.intents import Intents
from keyfleet.engine.members.member import Member
from keyfleet.engine.members.targetview import TargetView
from keyfleet.engine.shaping import Shaped
from keyfleet.engine.targets import Gatherer
from keyfleet.model.held import HeldTarget, Scope, ScopeKind
from keyfleet.model.intent import DeletionPolicy
from keyfleet.model.ledger import Loss
from keyfleet.model.ownership import MARKED, Claim, Installation, spot_in
from keyfleet.model.places import ClusterFacts, ClusterName, IntentKey, NamespaceFacts
from keyfleet.model.plan import Finding, Step, Verb
from keyfleet.plan.decide import decide
from keyfleet.plan.placement import is_wanted_at
from keyfleet.plan.question import Question
from keyfleet.plan.scales import Present

Lane = tuple[ClusterName, IntentKey]
"""Where a pass has to run once a verdict is there."""
ORPHAN_REASONS = ("KindReplaced", "DomainNotServed")
"""Holds of targets whose intent cannot be looked up any more; an approval overcomes them."""


@dataclass(slots=True)
class Survey:
    """What is there and what of it is about to go."""

    pending: dict[str, Loss] = field(default_factory=dict)
    """By digest."""
    lanes: dict[str, Lane] = field(default_factory=dict)
    present: Present = field(default_factory=Present)
    unseen: frozenset[str] = frozenset()
    """UIDs of clusters that belong to the fleet and cannot be seen now."""


class Namespaces(Protocol):
    """The namespaces where manifests are."""

    def has_namespace(self, key: IntentKey) -> bool:
        """Tell whether the namespace of an intent exists in the cluster where it was found."""
        ...


class Doomed:
    """Surveys the fleet for what is about to go."""

    def __init__(
        self,
        installation: Installation,
        declared: Namespaces,
        fleet: Fleet,
        intents: Intents,
        gatherer: Callable[[], Gatherer],
    ) -> None:
        """Prepare.

        Args:
            installation: Who we are.
            declared: Tells whether the namespace of an intent is there.
            fleet: The clusters.
            intents: The living intents.
            gatherer: Makes the questions that passes ask, without what an approval overcomes.
        """
        self.leaving: dict[ClusterName, Member] = {}
        """Clusters that left the fleet and are being cleaned up."""
        self._installation = installation
        self._declared = declared
        self._fleet = fleet
        self._intents = intents
        self._gatherer = gatherer
        self._sourceless: set[IntentKey] = set()
        self._emptied: dict[IntentKey, str] = {}

    def shaped(self, key: IntentKey, shaped: Shaped) -> None:
        """Note what became of an intent's source: it concerns all its targets everywhere."""
        self._sourceless.discard(key)
        self._emptied.pop(key, None)
        if shaped.is_source_gone:
            self._sourceless.add(key)
        elif shaped.is_empty:
            self._emptied[key] = shaped.fingerprint

    def forget(self, key: IntentKey) -> None:
        """Drop what is remembered of an intent that is gone."""
        self._sourceless.discard(key)
        self._emptied.pop(key, None)

    def decision(self, key: IntentKey) -> str:
        """Return which explicit decision takes an intent's targets along; empty for none."""
        is_deleted = not self._intents.is_known(key) and self._declared.has_namespace(key)
        return str(key) if is_deleted else ""

    def loss(self, question: Question, step: Step) -> Loss:
        """Return what a step takes away."""
        return Loss(_target(question, step), self.decision(question.key))

    def carried(self, target: HeldTarget, scope: Scope) -> Loss:
        """Return a target of a held plan as the loss it was, while its cluster cannot be seen."""
        if scope.kind == ScopeKind.ORPHANS:
            return Loss(target, orphan=scope.name)
        return Loss(target, self.decision(IntentKey.parse(target.intent)))

    def departing(self, member: Member) -> list[HeldTarget]:
        """Return what this installation delivered to a cluster that leaves the fleet."""
        found = (
            self._departing(view, key, spot)
            for view, key in product(member.views, member.owners())
            for spot in view.spots_of(key)
        )
        return [loss.target for loss in found if loss is not None]

    def survey(self) -> Survey:
        """Return everything that is about to go now."""
        found = Survey()
        intents: Counter[str] = Counter()
        clusters: Counter[str] = Counter()
        unseen = set()
        for name, member, entry in self._members():
            if member is None:
                unseen.add(str(entry.facts.uid) if entry else "")
                continue
            for view, key in product(member.views, member.owners()):
                for loss in self._looked_at(member, view, key, is_leaving=entry is None):
                    # Anybody there could write marks: what nothing wants, and nobody would delete,
                    # must not make a loss look small.
                    intents[str(key)] += 1
                    clusters[member.facts.uid] += 1
                    if loss is not None:
                        found.pending[loss.digest] = loss
                        found.lanes[loss.digest] = (name, key)
        found.present = Present(intents, clusters, clusters.total())
        found.unseen = frozenset(unseen - {""})
        return found

    def _members(self) -> Iterator[tuple[ClusterName, Member | None, Entry | None]]:
        for entry in self._fleet:
            is_seen = entry.member is not None and entry.member.is_ready
            if not entry.snapshot.paused:
                yield entry.name, entry.member if is_seen else None, entry
        for name, member in self.leaving.items():
            yield name, member, None

    def _looked_at(
        self, member: Member, view: TargetView, key: IntentKey, *, is_leaving: bool
    ) -> Iterator[Loss | None]:
        """Give the loss of each target that counts; None for one that stays."""
        spots = view.spots_of(key)
        if is_leaving:
            yield from filter(None, (self._departing(view, key, spot) for spot in spots))
            return
        if self._intents.rejection(key):
            return
        intent = self._intents.get(key)
        is_blind = intent is not None and member.is_blind_for(intent)
        for spot in spots:
            namespace = member.namespace_now(spot[0]) or NamespaceFacts(spot[0])
            is_wanted = intent is not None and is_wanted_at(
                intent, member.facts, namespace, spot[1], view.kind
            )
            if self._is_to_move(member, key, namespace, spot):
                yield None
            elif key in self._sourceless or not (is_wanted or is_blind):
                loss = self._left_over(view, key, spot, namespace)
                if loss is not None:
                    yield loss
            else:
                yield self._emptying(view, key, spot)

    def _is_to_move(
        self, member: Member, key: IntentKey, namespace: NamespaceFacts, spot: tuple[str, str]
    ) -> bool:
        """Tell whether a target of another kind stays until its successor is there."""
        intent = self._intents.get(key)
        if intent is None or key in self._sourceless:
            return False
        kind = intent.targets.kind
        is_wanted = is_wanted_at(intent, member.facts, namespace, spot[1], kind)
        return is_wanted and spot not in member.view(kind).spots_of(key)

    def _left_over(
        self, view: TargetView, key: IntentKey, spot: tuple[str, str], namespace: NamespaceFacts
    ) -> Loss | None:
        actual = view.shown(spot)
        if actual is None:
            return None
        policy = DeletionPolicy.DELETE if key in self._sourceless else ""
        gatherer = self._gatherer()
        question = gatherer.left_over(key, view, spot, actual, namespace, policy=policy)
        hold = question.deletion_hold
        step = decide(replace(question, deletion_hold=None))
        if step.verb is not Verb.DELETE:
            return None
        if hold is not None and hold.reason not in ORPHAN_REASONS:
            return None
        loss = self.loss(question, step)
        return replace(loss, orphan=_orphan_kind(question, hold)) if hold else loss

    def _emptying(self, view: TargetView, key: IntentKey, spot: tuple[str, str]) -> Loss | None:
        empty, known = self._emptied.get(key), view.memory.get(spot)
        if empty is None or known is None or known.intent != key or known.fingerprint == empty:
            return None
        facts = view.facts
        return Loss(HeldTarget(facts.uid, facts.name, *spot, known.uid, str(key), empties=True))

    def _departing(self, view: TargetView, key: IntentKey, spot: tuple[str, str]) -> Loss | None:
        metadata = view.target(spot)
        if metadata is None or not is_ours(
            metadata.annotations or {}, view.facts, spot, self._installation
        ):
            return None
        facts = view.facts
        return Loss(HeldTarget(facts.uid, facts.name, *spot, metadata.uid, str(key)))


def is_ours(
    annotations: dict[str, str],
    cluster: ClusterFacts,
    spot: tuple[str, str],
    installation: Installation,
) -> bool:
    """Tell whether a live object verifies as ours for its place and was not let go."""
    holding = MARKED.claims(annotations, spot_in(cluster, *spot), installation)
    return (
        holding.claim is Claim.OURS and holding.marker is not None and not holding.marker.released
    )


def _target(question: Question, step: Step) -> HeldTarget:
    place = question.place
    return HeldTarget(
        question.cluster.uid,
        place.cluster,
        place.namespace,
        place.name,
        step.uid,
        str(question.key),
        empties=step.empties,
    )


def _orphan_kind(question: Question, hold: Finding) -> str:
    marker = question.holding.marker
    if hold.reason == "DomainNotServed" and marker is not None:
        return f"annotation domain {marker.domain} is not configured any more"
    return f"made under another {question.key.kind} CRD than the hub serves now"
