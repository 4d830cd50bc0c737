# SPDX-License-Identifier: Apache-2.0
"""Why is this Secret here, or not: everything that was considered, and the edit that changes it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from keyfleet.base.errors import KeyfleetError
from keyfleet.engine.fates import Fates
from keyfleet.engine.live import LiveMember
from keyfleet.engine.livefleet import Contact
from keyfleet.engine.obstacles import failure_finding
from keyfleet.engine.oneshot import Planned
from keyfleet.model.desired import Actual
from keyfleet.model.intent import Intent, Rejection
from keyfleet.model.ownership import MARKED, Claim, Holding, Installation, spot_in
from keyfleet.model.places import ClusterFacts, ClusterName, IntentKey, NamespaceFacts, Place
from keyfleet.model.plan import Finding, State, Step


@dataclass(frozen=True, slots=True)
class Considered:
    """One rule that was looked at, and whether it lets the intent reach this place."""

    rule: str
    holds: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """One intent that has to do with the place."""

    intent: IntentKey
    source: str
    considered: tuple[Considered, ...]
    step: Step | None = None
    """What the next pass would do, where the intent wants the place."""
    rejection: Rejection | None = None
    said: Finding | None = None
    """What its manifest's status says where that is not well; None: nothing of the kind."""

    @property
    def wants(self) -> bool:
        """Tell whether the intent wants a target here."""
        return self.rejection is None and all(rule.holds for rule in self.considered)

    @property
    def is_failing(self) -> bool:
        """Tell whether what it wants cannot be made now."""
        told = self.step.finding if self.step else None
        return any(one is not None and one.state is State.FAILED for one in (told, self.said))

    @property
    def is_said_anyway(self) -> bool:
        """Tell whether its status says no more than what the next pass comes to."""
        told = self.step.finding if self.step else None
        return told is not None and self.said is not None and told.reason == self.said.reason


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is at one place and why."""

    place: Place
    exists: bool = False
    type: str = ""
    holding: Holding = field(default_factory=Holding)
    candidates: tuple[Candidate, ...] = ()
    finding: Finding | None = None
    """Why the place could not be looked at."""
    fate: str = ""
    """What becomes of a target of ours that nothing wants here."""

    @property
    def is_as_wanted(self) -> bool:
        """Tell whether nothing is left to do or to explain away."""
        steps = [candidate.step for candidate in self.candidates if candidate.step is not None]
        return self.finding is None and all(
            step.finding is None and not step.writes for step in steps
        )


class Explainer:
    """Explains places of the fleet, from what was planned for the intents."""

    def __init__(
        self,
        installation: Installation,
        intents: Iterable[Intent],
        planned: Iterable[Planned],
        rejections: Iterable[Rejection] = (),
        fates: Fates | None = None,
        said: Mapping[IntentKey, Finding] = MappingProxyType({}),
    ) -> None:
        self._fates = fates
        self._said = said
        self._installation = installation
        self._intents = list(intents)
        self._rejections = list(rejections)
        self._steps = {(one.step.intent, one.step.place): one.step for one in planned}

    async def explain(self, namespace: str, name: str, contact: Contact) -> Explanation:
        """Return what is at `namespace/name` of a cluster and why.

        The intents considered are those of that very name, and those whose targets are called so.
        """
        place = Place(contact.snapshot.name, namespace, name)
        member = contact.member
        if member is None:
            return Explanation(place, finding=contact.problem)
        try:
            # Of a cluster that nobody connects to, only what lies on the hub for it can be seen.
            view = member.carriers if member.facts.is_agent else member
            actual = await view.actual(namespace, name, IntentKey("", namespace, name))
            facts = await member.namespace(namespace)
        except KeyfleetError as error:
            return Explanation(place, finding=failure_finding(place, error))
        holding = self._holding(member, place, actual)
        candidates = tuple(self._candidates(member.facts, facts, place))
        is_unwanted = not any(one.wants or one.rejection for one in candidates)
        fate = ""
        if is_unwanted and self._fates is not None:
            fate = await self._fates.tell(holding, member.facts)
        return Explanation(
            place,
            exists=actual is not None,
            type=actual.type if actual else "",
            holding=holding,
            candidates=candidates,
            fate=fate,
        )

    def _holding(self, member: LiveMember, place: Place, actual: Actual | None) -> Holding:
        if actual is None:
            return Holding(Claim.NOBODYS)
        spot = spot_in(member.facts, place.namespace, place.name)
        return MARKED.claims(actual.annotations, spot, self._installation)

    def _candidates(
        self, cluster: ClusterFacts, namespace: NamespaceFacts | None, place: Place
    ) -> list[Candidate]:
        found = []
        for intent in self._intents:
            is_namesake = (intent.key.namespace, intent.key.name) == (place.namespace, place.name)
            if is_namesake or intent.targets.name == place.name:
                found.append(self._candidate(intent, cluster, namespace, place))
        rejected = [
            Candidate(rejection.key, "", (), rejection=rejection)
            for rejection in self._rejections
            if (rejection.key.namespace, rejection.key.name) == (place.namespace, place.name)
        ]
        return [*found, *rejected]

    def _candidate(
        self,
        intent: Intent,
        cluster: ClusterFacts,
        namespace: NamespaceFacts | None,
        place: Place,
    ) -> Candidate:
        considered = considered_rules(intent, cluster, namespace, place)
        step = self._steps.get((intent.key, replace(place, kind=intent.targets.kind)))
        # Several entries may want parts of one remote secret.
        source = ", ".join(dict.fromkeys(str(read.ref) for read in intent.reads))
        return Candidate(intent.key, source, considered, step, said=self._said.get(intent.key))


def considered_rules(
    intent: Intent, cluster: ClusterFacts, namespace: NamespaceFacts | None, place: Place
) -> tuple[Considered, ...]:
    """Return each placement rule with whether it lets the intent reach the place."""
    targets = intent.targets
    facts = namespace or NamespaceFacts(place.namespace)
    return (
        Considered(
            "placement.clusters",
            targets.clusters.matches(cluster),
            f"{targets.clusters.describe()}; this is {_cluster_text(cluster)}",
        ),
        Considered(
            "placement.namespaces",
            targets.namespaces.matches(facts),
            f"{targets.namespaces.describe()}; this is {_labelled(place.namespace, facts.labels)}",
        ),
        Considered(
            "placement.name", targets.name == place.name, f"targets are called {targets.name}"
        ),
    )


def _cluster_text(cluster: ClusterFacts) -> str:
    return _labelled(ClusterName(cluster.name), cluster.labels)


def _labelled(name: str, labels: Mapping[str, str]) -> str:
    pairs = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
    return f"{name} ({pairs})" if pairs else name
