# SPDX-License-Identifier: Apache-2.0
"""What may flow where: the rules of policies, and where the data of a delivery comes from.

A source is a list of label sets, never merged: what is true of its cluster, what a policy assigns
to it, and what a managed Secret that is read as a source brings along. An empty set among them says
that part of the way is not known.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from keyfleet.model.matchers import ChosenClusters, ChosenNamespaces
from keyfleet.model.places import ClusterFacts, ClusterName, NamespaceFacts
from keyfleet.model.selectors import Selector
from keyfleet.model.stores import StoreRef

Labels = Mapping[str, str]
LabelSets = tuple[Labels, ...]

UNKNOWN: LabelSets = ({},)
"""One set without labels: nobody says where it comes from."""
HUB_WORD = "hub"
"""What policies may call the hub, whatever its FleetCluster is named."""


class FlowAction(StrEnum):
    """What a rule says about a flow."""

    DENY = "Deny"
    ALLOW = "Allow"


class OnRefused(StrEnum):
    """What becomes of a target that was delivered before its flow was forbidden."""

    KEEP = "Keep"
    """It stays and gets no further value."""
    DELETE = "Delete"


@dataclass(frozen=True, slots=True)
class FlowRule:
    """One entry of `FleetPolicy.spec.flows`."""

    policy: str
    """Name of the FleetPolicy."""
    name: str
    source: Selector
    target: Selector
    action: FlowAction = FlowAction.DENY
    on_refused: OnRefused = OnRefused.KEEP

    @property
    def title(self) -> str:
        """Policy and rule, as findings name them."""
        return f"{self.policy}/{self.name}"

    @property
    def is_deny(self) -> bool:
        """Tell whether it forbids."""
        return self.action is FlowAction.DENY


@dataclass(frozen=True, slots=True)
class ChosenStores:
    """Stores by name and kind."""

    names: tuple[str, ...]
    """`*` is every store."""
    kinds: tuple[str, ...] = ()
    """Empty: any kind."""

    def matches(self, store: StoreRef) -> bool:
        """Tell whether a store is meant."""
        is_named = store.name in self.names or "*" in self.names
        return is_named and (not self.kinds or store.kind in self.kinds)


@dataclass(frozen=True, slots=True)
class SourceLabels:
    """One entry of `FleetPolicy.spec.sources`: a label set for Secrets of some namespaces."""

    policy: str
    clusters: ChosenClusters
    namespaces: ChosenNamespaces
    labels: Labels
    stores: ChosenStores | None = None
    """Only what is read from these stores; None: Secrets and stores alike."""

    def covers(self, cluster: ClusterFacts, namespace: str, store: StoreRef | None = None) -> bool:
        """Tell whether a source gets the labels.

        Args:
            cluster: Where the Secret is, or the store is declared.
            namespace: Of the Secret or store; empty for a store of the whole cluster.
            store: The store; None for a Secret.
        """
        if cluster.is_hub:
            # A label that is missed may be one that a Deny asks for.
            cluster = replace(cluster, aliases=cluster.aliases | {HUB_WORD})
        if not self.clusters.matches(cluster):
            return False
        if self.stores is not None and (store is None or not self.stores.matches(store)):
            return False
        # A store of the whole cluster is in no namespace: its name is enough.
        is_anywhere = self.stores is not None and not namespace
        return is_anywhere or self.namespaces.matches(NamespaceFacts(namespace))


@dataclass(frozen=True, slots=True)
class Flows:
    """The flow rules of some policies together."""

    rules: tuple[FlowRule, ...] = ()
    sources: tuple[SourceLabels, ...] = ()
    denying: tuple[str, ...] = ()
    """Policies that set `defaultFlow: Deny`."""
    allowing: tuple[str, ...] = ()
    """Policies that set `defaultFlow: Allow`."""

    @property
    def is_declared(self) -> bool:
        """Tell whether anything is said about flows, so that a source has to say what it is."""
        return bool(self.rules or self.denying)

    def __add__(self, other: "Flows") -> "Flows":
        return Flows(
            self.rules + other.rules,
            self.sources + other.sources,
            self.denying + other.denying,
            self.allowing + other.allowing,
        )


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where data comes from, as label sets."""

    sets: LabelSets = UNKNOWN
    """One set per part of its way; an empty one for a part that nobody labelled."""
    claimed: LabelSets = ()
    """Labels of the declarations that moved it: their authors' word, which can only forbid."""
    is_classified: bool = False
    """Somebody who may say so said what it is."""


@dataclass(frozen=True, slots=True)
class Lineage:
    """The source of a delivery, before any policy assigns labels to it."""

    cluster: ClusterFacts = field(default_factory=lambda: ClusterFacts(ClusterName("")))
    """Where it is read."""
    namespace: str = ""
    carried: Provenance = Provenance(())
    """What the source brings along as a managed Secret; nothing when it is none."""
    own: Labels = field(default_factory=dict)
    """The labels of the declaration itself."""
    besides: tuple["Lineage", ...] = ()
    """Of what else the data is made."""
    store: StoreRef | None = None
    """From which store; None: it is a Secret of the cluster."""

    def under(self, sources: Iterable[SourceLabels]) -> Provenance:
        """Return where the data comes from, given what policies assign."""
        sources = tuple(sources)
        found = [self._alone_under(sources), *(each.under(sources) for each in self.besides)]
        if len(found) == 1:
            return found[0]
        return Provenance(
            unique_sets(labels for each in found for labels in each.sets),
            unique_sets(labels for each in found for labels in each.claimed),
            all(each.is_classified for each in found),
        )

    @property
    def parts(self) -> tuple["Lineage", ...]:
        """Everything that the data is made of."""
        return (self, *self.besides)

    def read_in(self, clusters: Iterable[ClusterFacts]) -> "Lineage":
        """Return the same, with what is known now of the clusters of its parts."""
        first, *others = [
            replace(part, cluster=cluster, besides=())
            for part, cluster in zip(self.parts, clusters, strict=True)
        ]
        return replace(first, besides=tuple(others))

    def _alone_under(self, sources: Iterable[SourceLabels]) -> Provenance:
        covering = (
            entry for entry in sources if entry.covers(self.cluster, self.namespace, self.store)
        )
        assigned = [entry.labels for entry in covering]
        named = [labels for labels in (self.cluster.labels, *assigned) if labels]
        is_classified = bool(named) or self.carried.is_classified
        unknown = () if is_classified else UNKNOWN
        return Provenance(
            unique_sets((*named, *self.carried.sets, *unknown)),
            unique_sets(labels for labels in (*self.carried.claimed, self.own) if labels),
            is_classified,
        )


def unique_sets(sets: Iterable[Labels]) -> LabelSets:
    """Return the label sets once each, in one order whatever order they come in.

    >>> unique_sets([{"b": "1"}, {}, {"b": "1"}])
    ({}, {'b': '1'})
    """
    found = {tuple(sorted(labels.items())) for labels in sets}
    return tuple(dict(items) for items in sorted(found))
