# SPDX-License-Identifier: Apache-2.0
"""FleetCluster: one member of the fleet and how to reach it."""

from enum import StrEnum
from typing import Annotated, ClassVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from keyfleet.model.v1alpha1.common import (
    ApiStruct,
    ClusterText,
    Conditions,
    NamespaceName,
    ObjectName,
    Rule,
    SecretKey,
)


class OnRemoved(StrEnum):
    """What happens to a cluster's targets when its FleetCluster goes."""

    RETAIN = "Retain"
    DELETE = "Delete"


class KubeconfigReference(ApiStruct, frozen=True, kw_only=True):
    """A Secret on the hub that holds a kubeconfig."""

    namespace: NamespaceName
    """Namespace of the Secret."""
    name: ObjectName
    """Name of the Secret."""
    key: SecretKey = "value"
    """Key that holds the kubeconfig; the default is the one Cluster API writes."""


class Limits(ApiStruct, frozen=True, kw_only=True):
    """How hard this cluster may be asked."""

    in_flight: Annotated[int, Meta(ge=1, le=1000)] | None = None
    """Requests at a time; default: 32, halved when the cluster is slow."""


class ClusterSealing(ApiStruct, frozen=True, kw_only=True):
    """How secrets are sealed for this cluster."""

    certificate: Annotated[str, Meta(min_length=1, max_length=65536)] | None = None
    """PEM of the certificate to seal with; default: that of the newest sealing key in the
    cluster."""
    hub_namespace: NamespaceName | None = None
    """Namespace on the hub where FleetSecrets with `delivery.via: Hub` are written for this
    cluster; it is never created. Default: `fleet-` and its name with `agent: true`, else none."""


class FleetClusterSpec(ApiStruct, frozen=True, kw_only=True):
    """How to reach the cluster: one of `context`, `kubeconfigRef`, `inCluster` and `agent`."""

    context: ClusterText | None = None
    """Context of the kubeconfig that Keyfleet was started with."""
    kubeconfig_ref: KubeconfigReference | None = None
    """A Secret on the hub with a kubeconfig."""
    in_cluster: bool = False
    """The cluster Keyfleet itself runs in."""
    agent: bool = False
    """Never connect to it: it takes what is sealed for it from its namespace on the hub."""
    namespaces: Annotated[tuple[NamespaceName, ...], Meta(max_length=100)] = ()
    """The only namespaces in which the login may reach Secrets; default: all. Each is watched."""
    paused: bool = False
    """Write and delete nothing in this cluster; reading and status go on."""
    limits: Limits = Limits()
    """How hard this cluster may be asked."""
    on_removed: OnRemoved = OnRemoved.RETAIN
    """What happens to the delivered secrets when this FleetCluster is deleted."""
    sealing: ClusterSealing = ClusterSealing()
    """How secrets are sealed for this cluster."""

    cel_rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "[has(self.context), has(self.kubeconfigRef), has(self.inCluster) && self.inCluster,"
            " has(self.agent) && self.agent].filter(given, given).size() == 1",
            "give exactly one of context, kubeconfigRef, inCluster: true and agent: true",
        ),
    )


class ClusterIdentity(ApiStruct, frozen=True, kw_only=True, omit_defaults=True):
    """Which cluster this name was pinned to."""

    uid: str = ""
    """UID of the cluster's `kube-system` namespace."""
    ca_sha256: str = msgspec.field(default="", name="caSHA256")
    """SHA-256 of the CA bundle it was reached with."""
    pinned_at: str = ""
    """When it was pinned."""


class ClusterCounts(ApiStruct, frozen=True, kw_only=True):
    """What Keyfleet keeps in this cluster."""

    targets: int = 0
    """Targets in this cluster."""
    in_sync: int = 0
    """Targets that are as wanted."""


class FleetClusterStatus(ApiStruct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of the cluster."""

    conditions: Conditions = ()
    """`Ready`: reachable, and the cluster it was pinned to."""
    observed_generation: int = 0
    """Generation that this status answers."""
    roles: tuple[str, ...] = ()
    """`hub`, `member` or both."""
    reachable: bool | UnsetType = UNSET
    """Whether it answers; absent while unknown."""
    version: str = ""
    """Kubernetes version it serves."""
    identity: ClusterIdentity | UnsetType = UNSET
    """Which cluster this name was pinned to."""
    last_error: str = ""
    """What went wrong last; never a value."""
    last_contact: str = ""
    """When reachability last changed."""
    counts: ClusterCounts | UnsetType = UNSET
    """What Keyfleet keeps in this cluster."""
