# SPDX-License-Identifier: Apache-2.0
"""Gather the questions about one intent in one cluster: one per target, wanted or left over."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from keyfleet.engine.intents import Intents
from keyfleet.engine.shaping import Shaped
from keyfleet.engine.views import ClusterView
from keyfleet.model.desired import Actual
from keyfleet.model.flows import Lineage
from keyfleet.model.intent import DeletionPolicy, Intent
from keyfleet.model.ownership import Installation, Marker, read_marker
from keyfleet.model.places import (
    ClusterFacts,
    ClusterName,
    IntentKey,
    NamespaceFacts,
    Place,
    TargetFacts,
)
from keyfleet.model.plan import Finding
from keyfleet.model.policy import Policies
from keyfleet.plan.flows import can_never_flow
from keyfleet.plan.placement import is_wanted_at, wanted_namespaces
from keyfleet.plan.question import Question


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
        place = Place(view.facts.name, name, intent.targets.name)
        actual = await view.actual(name, place.name, intent.key) if namespace else None
        desired = shaped.desired(TargetFacts(view.facts, facts)) if shaped.desired else None
        return Question(
            key=intent.key,
            place=place,
            cluster=view.facts,
            installation=self.installation,
            intent=intent,
            desired=desired,
            fingerprint=shaped.fingerprint,
            actual=actual,
            namespace=namespace,
            asker=shaped.asker,
            source=shaped.source,
            source_spot=shaped.source_spot,
            lineage=shaped.lineage,
            policies=self.policies,
            rival=self.intents.rival(
                intent.key,
                view.facts,
                facts,
                place.name,
                may_write=lambda other: self._may_write(other, view.facts, facts),
            ),
            holder_wants=self._holder_wants(actual, intent.key, view, facts, place.name),
        )

    def governed(self, question: Question, view: ClusterView) -> Question:
        """Return the question under the rules and labels of this very moment.

        Gathering may wait for a slow cluster; a policy that came meanwhile counts.
        """
        if question.intent is None:
            return replace(question, policies=self.policies)
        now = self.cluster_now(question.intent.reads[0].ref.cluster) or question.lineage.cluster
        then = (question.policies, question.cluster, question.lineage.cluster)
        if then == (self.policies, view.facts, now):
            return question
        return replace(
            question,
            policies=self.policies,
            cluster=view.facts,
            lineage=replace(question.lineage, cluster=now),
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
        return self.left_over(key, view.facts, spot, actual, namespace, policy=policy)

    def left_over(
        self,
        key: IntentKey,
        cluster: ClusterFacts,
        spot: tuple[str, str],
        actual: Actual | None,
        namespace: NamespaceFacts,
        *,
        policy: str = "",
    ) -> Question:
        """Return the question about a target that is not wanted, from what is known already."""
        intent = self.intents.get(key)
        name = spot[1]
        return Question(
            key=key,
            place=Place(cluster.name, *spot),
            cluster=cluster,
            installation=self.installation,
            intent=intent,
            actual=actual,
            namespace=namespace,
            policies=self.policies,
            rival=self._heir(key, cluster, namespace, name),
            deletion_policy=policy or (intent.guard.on_intent_deleted if intent else ""),
            accepted_names=self.accepted_names(cluster.name),
            deletion_hold=self.deletion_hold(key, _marker(actual)),
        )

    def _heir(
        self, key: IntentKey, cluster: ClusterFacts, namespace: NamespaceFacts, name: str
    ) -> IntentKey | None:
        for intent in self.intents.wanting(cluster, namespace, name):
            if intent.key != key and self._may_write(intent, cluster, namespace):
                return intent.key
        return None

    def _may_write(self, intent: Intent, cluster: ClusterFacts, namespace: NamespaceFacts) -> bool:
        # Of which type is not known before its source was read.
        asker = NamespaceFacts(intent.key.namespace)
        if not self.policies.may_write(asker, cluster, namespace, intent.shape.type or None):
            return False
        ref = intent.reads[0].ref
        source = self.cluster_now(ref.cluster)
        lineage = Lineage(source, ref.namespace, own=intent.labels) if source else Lineage()
        return not can_never_flow(lineage, cluster, self.policies)

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
        return holder is not None and is_wanted_at(holder, view.facts, namespace, name)


def _marker(actual: Actual | None) -> Marker | None:
    return read_marker(actual.annotations) if actual else None


def forced_policy(shaped: Shaped) -> str:
    """Return what to do with targets whatever the intent's deletion policy; empty for nothing."""
    return DeletionPolicy.DELETE if shaped.is_source_gone else ""
