# SPDX-License-Identifier: Apache-2.0
"""Gather the questions about one intent in one cluster: one per target, wanted or left over."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from keyfleet.base.errors import TransformError
from keyfleet.engine.intents import Intents
from keyfleet.engine.material import lineage_of
from keyfleet.engine.settled import found
from keyfleet.engine.shaping import Shaped, transform_finding
from keyfleet.engine.views import ClusterView, KindOfTargets, look_of
from keyfleet.model.carriers import carrier_annotations
from keyfleet.model.desired import Actual, Content, DesiredObject
from keyfleet.model.flows import Lineage
from keyfleet.model.intent import Creation, DeletionPolicy, Intent, Read, SecretRef
from keyfleet.model.outcome import TargetResult
from keyfleet.model.ownership import (
    HUB_LABEL,
    Claim,
    Holding,
    Installation,
    Marker,
    read_marker,
    spot_in,
)
from keyfleet.model.places import (
    SEALED_SECRET,
    SECRET,
    ClusterFacts,
    ClusterName,
    IntentKey,
    NamespaceFacts,
    Place,
    TargetFacts,
)
from keyfleet.model.plan import Finding, State
from keyfleet.model.policy import Policies
from keyfleet.model.sealed import Sealing
from keyfleet.plan.checks import first_objection
from keyfleet.plan.dressing import dressing
from keyfleet.plan.facing import facing
from keyfleet.plan.flows import can_never_flow
from keyfleet.plan.leaving import target_missing
from keyfleet.plan.placement import is_succeeded, is_wanted_at, wanted_namespaces
from keyfleet.plan.question import Made, Question
from keyfleet.plan.sealing import is_sealed_so
from keyfleet.transform.shape import placed


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What one target should be."""

    desired: DesiredObject | None = None
    fingerprint: str = ""
    made: Made = field(default_factory=Made)
    obstacle: Finding | None = None


@dataclass(frozen=True, slots=True)
class Gatherer:
    """What all questions of an installation share."""

    installation: Installation
    policies: Policies
    intents: Intents
    deletion_hold: Callable[[IntentKey, Marker | None], Finding | None]
    """Why a target of this intent may not be deleted now."""
    accepted_names: Callable[[ClusterName], frozenset[str]] = lambda _: frozenset()
    """Earlier names of a cluster that a person accepted."""
    cluster_now: Callable[[ClusterName], ClusterFacts | None] = lambda _: None
    """The cluster that answers to a name, empty for the hub; None when that cannot be said."""
    knows_hub: bool = True
    """`intents` are all that the hub declares; else a marker that names another one counts."""

    async def wanted(self, intent: Intent, view: ClusterView) -> dict[str, NamespaceFacts | None]:
        """Return the namespaces of this cluster where the intent wants a target."""
        namespaces = await view.namespaces(intent)
        return wanted_namespaces(intent, view.facts, namespaces)

    async def ask_wanted(
        self,
        intent: Intent,
        shaped: Shaped,
        view: ClusterView,
        at: tuple[str, NamespaceFacts | None],
    ) -> Question:
        """Return the question about one wanted target."""
        name, namespace = at
        facts = namespace or NamespaceFacts(name)
        place = Place(view.facts.name, name, intent.targets.name, view.kind)
        sealing = await self._sealing(intent, view, name)
        actual = await _actual(view, place, intent) if namespace else None
        intent = facing(intent, actual)
        wanted = await self._wanted(intent, shaped, TargetFacts(view.facts, facts), at, actual)
        is_made_by_ours = await _is_made_by_ours(view, place, intent.key, actual)
        question = Question(
            key=intent.key,
            place=place,
            cluster=view.facts,
            installation=self.installation,
            intent=intent,
            desired=wanted.desired,
            fingerprint=wanted.fingerprint,
            made=wanted.made,
            obstacle=sealing if isinstance(sealing, Finding) else wanted.obstacle,
            sealing=sealing if isinstance(sealing, Sealing) else None,
            actual=actual,
            namespace=namespace,
            asker=shaped.asker,
            source=shaped.source,
            source_spots=shaped.source_spots,
            lineage=shaped.lineage,
            policies=self.policies,
            rival=self.intents.rival(
                intent.key,
                view.facts,
                facts,
                place.name,
                place.kind,
                may_write=lambda other: (
                    self._may_write(other, view.facts, facts)
                    and not (is_made_by_ours and other.key.kind == SEALED_SECRET)
                ),
            ),
            is_made_by_ours=is_made_by_ours,
            holder_wants=self._holder_wants(actual, intent.key, view, facts, place.name),
        )
        return await self._resealable(question, shaped, TargetFacts(view.facts, facts), at)

    async def _sealing(
        self, intent: Intent, view: ClusterView, at: str
    ) -> Sealing | Finding | None:
        """Return how the target in a namespace is sealed, or why it cannot be; None: it is not."""
        scope = intent.targets.sealed_as
        if scope is None:
            return None
        found = await view.certificate()
        if isinstance(found, Finding):
            return found
        carrier = None
        if intent.targets.is_carried:
            carrier = carrier_annotations(view.facts.name, at, intent.targets.name)
        return Sealing(found, scope, self.installation.ring, carrier)

    async def _resealable(
        self,
        question: Question,
        shaped: Shaped,
        facts: TargetFacts,
        at: tuple[str, NamespaceFacts | None],
    ) -> Question:
        """Return the question with the values that are needed to seal a target anew.

        What templates made before and is kept was not rendered, and cannot be read from there.
        """
        intent, desired, is_kept = question.intent, question.desired, bool(question.made.inputs)
        if intent is None or desired is None or question.obstacle or not is_kept:
            return question
        if question.sealing is None or is_sealed_so(question, desired.base):
            return question
        wanted = await self._wanted(intent, shaped, facts, at, None)
        return replace(
            question,
            desired=wanted.desired,
            fingerprint=wanted.fingerprint,
            made=wanted.made,
            obstacle=wanted.obstacle,
        )

    async def _wanted(
        self,
        intent: Intent,
        shaped: Shaped,
        facts: TargetFacts,
        at: tuple[str, NamespaceFacts | None],
        actual: Actual | None,
    ) -> _Wanted:
        if shaped.renderer is None:
            desired = shaped.desired(facts) if shaped.desired else None
            if desired is not None and desired.write_mode is not intent.shape.write_mode:
                # What is there has a say in how it is met.
                desired = replace(desired, write_mode=intent.shape.write_mode)
            return _Wanted(desired, shaped.fingerprint)
        renderer, name = shaped.renderer, intent.targets.name
        nothing = _Wanted(placed(renderer.unknown(), intent.shape, facts, name=name))
        if at[1] is None:
            # A namespace that is not there has no labels for templates to look at.
            return nothing
        try:
            holding = self._holding(intent, facts, actual)
            found = await renderer.at(facts, actual, holding)
        except TransformError as error:
            return replace(nothing, obstacle=transform_finding(error))
        desired = placed(found.content, intent.shape, facts, name=name)
        return _Wanted(desired, found.fingerprint, found.made)

    def _holding(self, intent: Intent, facts: TargetFacts, actual: Actual | None) -> Holding:
        if actual is None:
            return Holding()
        spot = spot_in(facts.cluster, facts.namespace.name, intent.targets.name)
        return intent.guard.ownership.holding(intent.key, actual.evidence, spot, self.installation)

    async def as_delivered(
        self, intent: Intent, view: ClusterView, at: tuple[str, NamespaceFacts | None]
    ) -> TargetResult | None:
        """Return a target that is as it was delivered; None when it is not, or who knows."""
        name, namespace = at
        place = Place(view.facts.name, name, intent.targets.name, view.kind)
        if intent.shape.creation is Creation.NEVER:
            return TargetResult(name, place.name, State.IN_SYNC)
        look = replace(look_of(intent), with_values=False)
        actual = await view.actual(name, place.name, intent.key, look) if namespace else None
        if namespace and actual is None and intent.shape.creation is Creation.EXISTING:
            return found(place, target_missing(place)).result
        if namespace is None or actual is None or actual.is_deleting or not actual.is_as_marked:
            return None
        facts, intent = TargetFacts(view.facts, namespace), facing(intent, actual)
        holding = self._holding(intent, facts, actual)
        revision = holding.marker.revision if holding.marker else 0
        is_ours = holding.claim in (Claim.OURS, Claim.INHERITED) and holding.belongs_to(intent.key)
        # Without the label by which it is watched nobody would hear of the next change.
        is_heard = holding.claim is Claim.INHERITED or HUB_LABEL in actual.labels
        is_kept = is_ours and is_heard and not dressing(intent.shape.dress, actual)
        if not is_kept or revision < intent.revision or self._is_refused(intent, facts, actual):
            return None
        sealing = await self._sealing(intent, view, name)
        if sealing is not None and not _is_sealed_for(sealing, holding.marker):
            return None
        return TargetResult(name, place.name, State.IN_SYNC, revision=revision)

    def _is_refused(self, intent: Intent, facts: TargetFacts, actual: Actual) -> bool:
        """Tell whether a rule of now speaks against what was delivered, or may do so."""
        is_declared = self.policies.flows.is_declared or self.policies.file_flows.is_declared
        if is_declared and any(isinstance(read.ref, SecretRef) for read in intent.secret_reads):
            # What a Secret brings along is known only once it is read.
            return True
        first, *others = [self._known_of(read, intent) for read in intent.secret_reads]
        name = intent.targets.name
        content = Content(actual.type, {}, {}, {})
        question = Question(
            key=intent.key,
            place=Place(facts.cluster.name, facts.namespace.name, name),
            cluster=facts.cluster,
            installation=self.installation,
            intent=intent,
            desired=placed(content, intent.shape, facts, name=name),
            actual=actual,
            namespace=facts.namespace,
            lineage=replace(first, besides=tuple(others)),
            policies=self.policies,
        )
        return first_objection(question) is not None

    def governed(self, question: Question, view: ClusterView) -> Question:
        """Return the question under the rules and labels of this very moment.

        Gathering may wait for a slow cluster; a policy that came meanwhile counts.
        """
        if question.intent is None:
            return replace(question, policies=self.policies)
        lineage = self._lineage_now(question.intent, question.lineage)
        then = (question.policies, question.cluster, question.lineage)
        if then == (self.policies, view.facts, lineage):
            return question
        return replace(question, policies=self.policies, cluster=view.facts, lineage=lineage)

    def _lineage_now(self, intent: Intent, lineage: Lineage) -> Lineage:
        pairs = zip(intent.secret_reads, lineage.parts, strict=False)
        return lineage.read_in(
            self.cluster_now(read.ref.cluster) or part.cluster for read, part in pairs
        )

    async def ask_left_over(
        self,
        key: IntentKey,
        view: ClusterView,
        spot: tuple[str, str],
        *,
        policy: str = "",
    ) -> Question:
        """Return the question about a target that is marked as the intent's and not wanted.

        Args:
            key: The intent, live or gone.
            view: The cluster.
            spot: Namespace and name of the target.
            policy: What the living intent wants done; empty means as the marker says.
        """
        actual = await view.actual(*spot, key)
        namespace = await view.namespace(spot[0]) or NamespaceFacts(spot[0])
        return self.left_over(key, view, spot, actual, namespace, policy=policy)

    def left_over(
        self,
        key: IntentKey,
        view: KindOfTargets,
        spot: tuple[str, str],
        actual: Actual | None,
        namespace: NamespaceFacts,
        *,
        policy: str = "",
    ) -> Question:
        """Return the question about a target that is not wanted, from what is known already."""
        intent, cluster = self.intents.get(key), view.facts
        place = Place(cluster.name, *spot, view.kind)
        return Question(
            key=key,
            place=place,
            cluster=cluster,
            installation=self.installation,
            intent=intent,
            actual=actual,
            namespace=namespace,
            policies=self.policies,
            rival=self._heir(key, cluster, namespace, place),
            deletion_policy=policy or (intent.guard.on_intent_deleted if intent else ""),
            is_succeeded=intent is not None
            and not policy
            and is_succeeded(intent, cluster, namespace, place),
            accepted_names=self.accepted_names(cluster.name),
            deletion_hold=self.deletion_hold(key, _marker(actual)),
        )

    def _heir(
        self, key: IntentKey, cluster: ClusterFacts, namespace: NamespaceFacts, place: Place
    ) -> IntentKey | None:
        for intent in self.intents.wanting(cluster, namespace, place.name, place.kind):
            if intent.key != key and self._may_write(intent, cluster, namespace):
                return intent.key
        return None

    def _may_write(self, intent: Intent, cluster: ClusterFacts, namespace: NamespaceFacts) -> bool:
        # Of which type is not known before its source was read.
        asker = NamespaceFacts(intent.key.namespace)
        if not self.policies.may_write(asker, cluster, namespace, intent.shape.type or None):
            return False
        return not any(
            can_never_flow(self._known_of(read, intent), cluster, self.policies)
            for read in intent.secret_reads
        )

    def _known_of(self, read: Read, intent: Intent) -> Lineage:
        source = self.cluster_now(read.ref.cluster)
        return lineage_of(read, source, intent.labels) if source else Lineage()

    def _holder_wants(
        self,
        actual: Actual | None,
        key: IntentKey,
        view: ClusterView,
        namespace: NamespaceFacts,
        name: str,
    ) -> bool:
        marker = _marker(actual)
        if marker is None or marker.intent == key:
            return False
        if self.intents.rejection(marker.intent):
            # What it wants cannot be said now, so it keeps what it has.
            return True
        holder = self.intents.get(marker.intent)
        if holder is None and not self.knows_hub:
            return bool(marker.intent_uid) and not marker.released
        return holder is not None and is_wanted_at(holder, view.facts, namespace, name, view.kind)


async def _actual(view: ClusterView, place: Place, intent: Intent) -> Actual | None:
    """Return what is at a place, with its values where the decision needs them."""
    look, at = look_of(intent), (place.namespace, place.name)
    actual = await view.actual(*at, intent.key, look)
    closer = look_of(facing(intent, actual))
    if actual is None or actual.data is not None or not closer.with_values:
        return actual
    return await view.actual(*at, intent.key, closer)


async def _is_made_by_ours(
    view: ClusterView, place: Place, key: IntentKey, actual: Actual | None
) -> bool:
    """Tell whether a Secret was made of a SealedSecret that was delivered for this very intent."""
    owners = actual.owners if actual and view.kind == SECRET else ()
    makers = {one.uid for one in owners if one.is_controller and one.kind == SEALED_SECRET}
    return bool(makers) and await view.sealed_uid((place.namespace, place.name), key) in makers


def _is_sealed_for(sealing: Sealing | Finding, marker: Marker | None) -> bool:
    if isinstance(sealing, Finding) or marker is None:
        return False
    return marker.certificate == sealing.certificate.fingerprint


def _marker(actual: Actual | None) -> Marker | None:
    return read_marker(actual.annotations) if actual else None


def forced_policy(shaped: Shaped) -> str:
    """Return what to do with targets whatever the intent's deletion policy; empty for nothing."""
    return DeletionPolicy.DELETE if shaped.is_source_gone else ""
