# SPDX-License-Identifier: Apache-2.0
"""What FleetPolicies allow, in the form that checks read."""

from dataclasses import dataclass, field

from keyfleet.model.deletion import DeletionLimits
from keyfleet.model.flows import Flows
from keyfleet.model.matchers import ChosenClusters, ChosenNamespaces
from keyfleet.model.ownership import SYSTEM_NAMESPACE
from keyfleet.model.places import ClusterFacts, NamespaceFacts


def is_system(namespace: str) -> bool:
    """Tell whether a namespace is the cluster's own or Keyfleet's."""
    return namespace == SYSTEM_NAMESPACE or namespace.startswith("kube-")


@dataclass(frozen=True, slots=True)
class SourceScope:
    """From where a hub namespace may read."""

    clusters: ChosenClusters
    namespaces: ChosenNamespaces


@dataclass(frozen=True, slots=True)
class TargetScope:
    """To where a hub namespace may write, and what."""

    clusters: ChosenClusters
    namespaces: ChosenNamespaces
    kinds: tuple[str, ...] = ()
    """Empty means Secret."""
    types: tuple[str, ...] = ()
    """Secret types; empty means any ordinary one."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One entry of `FleetPolicy.spec.namespaces`."""

    policy: str
    """Name of the FleetPolicy."""
    hub: ChosenNamespaces
    """The hub namespaces that get the right."""
    sources: SourceScope | None = None
    targets: TargetScope | None = None


@dataclass(frozen=True, slots=True)
class Policies:
    """Everything the hub's FleetPolicies say."""

    grants: tuple[Grant, ...] = ()
    is_complete: bool = True
    """False while the list could not be had: then nothing may be delivered."""
    is_operator: bool = False
    """A person at a command line, whose own cluster rights are the limit."""
    unreadable: tuple[str, ...] = ()
    """FleetPolicies that cannot be read: what they forbid is not known, so nothing is delivered."""
    flows: Flows = field(default_factory=Flows)
    """What may flow where."""
    file_flows: Flows = field(default_factory=Flows)
    """What FleetPolicies of files say on top: they can only forbid."""
    deletions: DeletionLimits = field(default_factory=DeletionLimits)
    """How much may be deleted without a person."""

    def may_read(self, asker: NamespaceFacts, cluster: ClusterFacts, namespace: str) -> bool:
        """Tell whether a hub namespace may read Secrets of a namespace of a cluster.

        System namespaces hold the keys of clusters and of Keyfleet: there `*` is not enough.
        """
        if self.is_operator or (cluster.is_hub and namespace == asker.name):
            return True
        return any(
            grant.sources is not None
            and grant.sources.clusters.matches(cluster)
            and grant.sources.namespaces.matches(NamespaceFacts(namespace))
            and (not is_system(namespace) or namespace in grant.sources.namespaces.names)
            for grant in self._of(asker)
        )

    def may_write(
        self,
        asker: NamespaceFacts,
        cluster: ClusterFacts,
        namespace: NamespaceFacts,
        type_: str | None,
    ) -> bool:
        """Tell whether a hub namespace may write Secrets of a type to a namespace of a cluster.

        Without a type (None): whether it may write Secrets of any type there.
        """
        if self.is_operator or namespace.name == asker.name:
            return True
        return any(
            grant.targets is not None and _covers(grant.targets, cluster, namespace, type_)
            for grant in self._of(asker)
        )

    def names_system_namespace(
        self, asker: NamespaceFacts, cluster: ClusterFacts, namespace: NamespaceFacts
    ) -> bool:
        """Tell whether a hub namespace was granted a `kube-*` namespace of a cluster by name.

        A label or `*` is not enough, nor is the grant of somebody else or for another cluster.
        """
        return any(
            grant.targets is not None
            and namespace.name in grant.targets.namespaces.names
            and grant.targets.clusters.matches(cluster)
            for grant in self._of(asker)
        )

    def _of(self, asker: NamespaceFacts) -> tuple[Grant, ...]:
        return tuple(grant for grant in self.grants if grant.hub.matches(asker))


def _covers(
    scope: TargetScope, cluster: ClusterFacts, namespace: NamespaceFacts, type_: str | None
) -> bool:
    return (
        scope.clusters.matches(cluster)
        and scope.namespaces.matches(namespace)
        and (not scope.kinds or "Secret" in scope.kinds)
        and (not scope.types or type_ is None or type_ in scope.types)
    )
