# SPDX-License-Identifier: Apache-2.0
"""Names of things: intents, clusters, namespaces, and the place of one object in the fleet."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NewType

ClusterName = NewType("ClusterName", str)
"""Name of a cluster in the fleet; an alias, the UID is the identity."""
ClusterUid = NewType("ClusterUid", str)
"""UID of a cluster's `kube-system` namespace."""


SECRET, SEALED_SECRET = "Secret", "SealedSecret"
"""Kinds of targets."""
CARRIER = "Carrier"
"""A SealedSecret that lies on the hub until its cluster takes it; its place is the one there."""
FORMER_CARRIER = "FormerCarrier"
"""A carrier in a namespace of the hub where its cluster took its own before."""


@dataclass(frozen=True, slots=True, order=True)
class IntentKey:
    """What an intent is called, stable over restarts; queues hold these."""

    kind: str
    """Kind of the manifest, such as `FleetSecret`, or `Secret` for the annotation form."""
    namespace: str
    name: str
    cluster: ClusterName = ClusterName("")
    """Where the manifest was found; empty is the hub."""

    def __str__(self) -> str:
        place = f"{self.cluster}:" if self.cluster else ""
        return f"{place}{self.kind}/{self.namespace}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> "IntentKey":
        """Return the key that is written so.

        >>> IntentKey.parse("east:ExternalSecret/shop/db").cluster
        'east'
        """
        kind, namespace, name = text.split("/", 2)
        cluster, _, kind = kind.rpartition(":")
        return cls(kind, namespace, name, ClusterName(cluster))


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """One object's place in the fleet."""

    cluster: ClusterName
    namespace: str
    name: str
    kind: str = SECRET
    """`Secret`, or what is delivered instead: `SealedSecret`, `Carrier`, `FormerCarrier`."""

    def __str__(self) -> str:
        return f"{self.cluster}/{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    """What placement and policies may know of a cluster."""

    name: ClusterName
    uid: ClusterUid = ClusterUid("")
    labels: Mapping[str, str] = field(default_factory=dict)
    aliases: frozenset[str] = frozenset()
    """Further names it answers to, such as its kubeconfig context."""
    is_hub: bool = False
    former_uids: frozenset[str] = frozenset()
    """What it was known by before its UID could be read."""
    sealing_certificate: str = ""
    """PEM of what is sealed for it, where its declaration says; empty: its newest key's."""
    hub_namespace: str = ""
    """Of the hub: where what the cluster takes for itself is written; empty: nowhere."""
    is_agent: bool = False
    """Nobody connects to it: it takes what is for it from the hub."""

    def answers_to(self, name: str) -> bool:
        """Tell whether `name` means this cluster."""
        return name == self.name or name in self.aliases


@dataclass(frozen=True, slots=True)
class NamespaceFacts:
    """What placement may know of a namespace."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    is_terminating: bool = False
    annotations: Mapping[str, str] = field(default_factory=dict)
    """For templates; placement never looks at them."""
    is_seen: bool = True
    """False: only the name is known, so that no labels mean nothing."""


@dataclass(frozen=True, slots=True)
class TargetFacts:
    """Where one desired object goes: what templates and overrides may vary with."""

    cluster: ClusterFacts
    namespace: NamespaceFacts
