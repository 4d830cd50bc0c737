# SPDX-License-Identifier: Apache-2.0
"""Every right that Keyfleet asks for, each with its reason: the one list that roles are made from.

A right that is not here is not granted; a right that no request of the engine's tests needs fails
tests/cluster/engine/test_rights.py. `doctor` asks the API server for exactly these.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from keyfleet.kube.resources import (
    CLUSTEREXTERNALSECRETS,
    CLUSTERGENERATORS,
    CLUSTERSECRETSTORES,
    CONFIGMAPS,
    CRDS,
    EVENTS,
    EXTERNALSECRETS,
    FLEETCLUSTERS,
    FLEETPOLICIES,
    FLEETSECRETS,
    GENERATORS,
    LEASES,
    NAMESPACES,
    SEALEDSECRETS,
    SECRETS,
    SECRETSTORES,
    Resource,
)
from keyfleet.model.held import HELD_CONFIGMAP
from keyfleet.model.ownership import SYSTEM_NAMESPACE

KEY_SECRET = "keyfleet-fingerprint"  # noqa: S105 - the object's name
LEASE = "keyfleet"
SEALING_KEY_LABEL = "sealedsecrets.bitnami.com/sealed-secrets-key"
KUBE_SYSTEM = "kube-system"


class Part(StrEnum):
    """Which cluster a right is held in."""

    HUB = "hub"
    MEMBER = "member"
    HUB_ESO = "hub-eso"
    """Beside `HUB`, where the hub's own manifests of External Secrets are served."""
    MEMBER_ESO = "member-eso"
    """Beside `MEMBER`, where a member's are."""
    HUB_SEALED = "hub-sealed"
    """Beside `HUB`, where the hub's own SealedSecrets are served."""
    MEMBER_SEALED = "member-sealed"
    """Beside `MEMBER`, where a member's are."""


class Reach(StrEnum):
    """How far a right reaches, and so how it is bound."""

    CLUSTER = "cluster"
    """Everywhere: its objects have no namespace, or may lie in any."""
    CHOSEN = "chosen"
    """Everywhere, or in the namespaces that somebody lists."""
    SYSTEM = "system"
    """In keyfleet-system only."""
    KEYS = "keys"
    """In kube-system only, where a cluster's sealing keys are."""

    @property
    def namespace(self) -> str:
        """The only namespace it ever reaches into; empty: all, or those that somebody lists."""
        return {Reach.SYSTEM: SYSTEM_NAMESPACE, Reach.KEYS: KUBE_SYSTEM}.get(self, "")


@dataclass(frozen=True, slots=True)
class Right:
    """One verb on one resource."""

    part: Part
    reach: Reach
    verb: str
    """As RBAC spells it."""
    group: str
    resource: str
    """Plural, without subresource."""
    subresource: str
    """Empty for the object itself."""
    name: str
    """The only object it holds for; empty: any."""
    why: str
    """One sentence for a person who decides whether to grant it."""

    @property
    def namespace(self) -> str:
        """The only namespace it is ever granted in; empty: all, or those that somebody lists."""
        return self.reach.namespace

    @property
    def path(self) -> str:
        """The resource as a rule spells it: `fleetsecrets/status`."""
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource


def rights(part: Part) -> tuple[Right, ...]:
    """Return what the controller needs on the hub, or in a member, or there for a dialect."""
    return tuple(_PARTS[part]())


def _hub() -> Iterator[Right]:
    def right(reach: Reach, verbs: str, resource: Resource, why: str, **rest: str) -> list[Right]:
        return _rights(Part.HUB, reach, verbs, resource, why, **rest)

    for native in (FLEETSECRETS, FLEETCLUSTERS, FLEETPOLICIES):
        kind = native.kind
        yield from right(Reach.CLUSTER, "list watch", native, f"to follow every {kind}")
        yield from right(
            Reach.CLUSTER, "patch", native, f"to write the status of a {kind}", subresource="status"
        )
    yield from right(
        Reach.CLUSTER,
        "get",
        FLEETSECRETS,
        "to ask once more whether a FleetSecret is really gone before its targets are deleted",
    )
    yield from right(
        Reach.CLUSTER,
        "get",
        FLEETCLUSTERS,
        "to read a status before it is written, and to ask whether a FleetCluster is really gone",
    )
    yield from right(
        Reach.CLUSTER, "list watch", CRDS, "to know which native kinds are served, and since when"
    )
    for native in (FLEETSECRETS, FLEETCLUSTERS):
        yield from right(
            Reach.CLUSTER,
            "get",
            CRDS,
            "to delete nothing when the kind went and not the object",
            name=native.label,
        )
    yield from right(
        Reach.CLUSTER,
        "get list watch",
        NAMESPACES,
        "to recognise the hub, and to delete nothing while a namespace is being deleted",
    )
    yield from right(
        Reach.CLUSTER, "create patch", EVENTS, "to tell what happened on the object it happened to"
    )
    yield from right(
        Reach.CHOSEN,
        "get list watch",
        SECRETS,
        "to read sources and kubeconfigs, to notice their changes, and to find annotated Secrets",
    )
    yield from right(
        Reach.CHOSEN,
        "get list watch",
        CONFIGMAPS,
        "to read templates that FleetSecrets name, to notice their changes, and to hear of"
        " approvals of held plans",
    )
    yield from right(
        Reach.SYSTEM,
        "create patch",
        SECRETS,
        "to make the installation's key where `install` did not; an apply is asked for its name",
        name=KEY_SECRET,
    )
    yield from right(
        Reach.SYSTEM, "create", LEASES, "to make the Lease where there is none: no name is asked"
    )
    yield from right(
        Reach.SYSTEM, "get update", LEASES, "to lead, and to see who leads", name=LEASE
    )
    yield from _plans(right)


def _plans(right: Callable[..., list[Right]]) -> Iterator[Right]:
    yield from right(
        Reach.SYSTEM,
        "create",
        CONFIGMAPS,
        "to make the ConfigMap of held plans where there is none: no name is asked",
    )
    yield from right(
        Reach.SYSTEM,
        "patch",
        CONFIGMAPS,
        "to count what is deleted, and to hold what is too much",
        name=HELD_CONFIGMAP,
    )


def _member() -> Iterator[Right]:
    def right(reach: Reach, verbs: str, resource: Resource, why: str, **rest: str) -> list[Right]:
        return _rights(Part.MEMBER, reach, verbs, resource, why, **rest)

    yield from right(
        Reach.CLUSTER,
        "get",
        NAMESPACES,
        "to recognise the cluster by the UID of kube-system before a value is sent to it",
        name=KUBE_SYSTEM,
    )
    yield from right(
        Reach.CLUSTER,
        "list watch",
        NAMESPACES,
        "to serve namespaces by their labels, and as soon as they come",
    )
    yield from right(
        Reach.CHOSEN, "list watch", SECRETS, "to find the targets by their label and see edits"
    )
    yield from right(
        Reach.CHOSEN,
        "get",
        SECRETS,
        "to look at what stands at a target's name, and to read sources in this cluster",
    )
    yield from right(Reach.CHOSEN, "create patch delete", SECRETS, "to write and remove targets")


def _manifests(part: Part) -> Iterator[Right]:
    """Yield what it takes to serve External Secrets' manifests, wherever they are."""

    def right(verbs: str, resource: Resource, why: str, **rest: str) -> list[Right]:
        return _rights(part, Reach.CLUSTER, verbs, resource, why, **rest)

    for served in (EXTERNALSECRETS, CLUSTEREXTERNALSECRETS, SECRETSTORES, CLUSTERSECRETSTORES):
        kind = served.kind
        yield from right("list watch", served, f"to follow every {kind}")
        why = f"to write the status of a {kind}"
        yield from right("patch", served, why, subresource="status")
    for generator in (*GENERATORS, CLUSTERGENERATORS):
        yield from right("list watch", generator, f"to follow every {generator.kind}")
    yield from right(
        "get",
        EXTERNALSECRETS,
        "to ask once more whether an ExternalSecret is really gone before its target is deleted",
    )
    yield from right(
        "create patch delete",
        EXTERNALSECRETS,
        "to make those that ClusterExternalSecrets ask for, and to take upstream's finalizer off"
        " one that is being deleted",
    )
    yield from right(
        "patch",
        CLUSTEREXTERNALSECRETS,
        "to take upstream's finalizer off one that is being deleted",
    )
    yield from right(
        "get",
        CRDS,
        "to delete nothing when the kind went and not the object",
        name=EXTERNALSECRETS.label,
    )


def _member_eso() -> Iterator[Right]:
    def right(reach: Reach, verbs: str, resource: Resource, why: str) -> list[Right]:
        return _rights(Part.MEMBER_ESO, reach, verbs, resource, why)

    yield from _manifests(Part.MEMBER_ESO)
    yield from _at_home(Part.MEMBER_ESO)
    yield from right(
        Reach.CHOSEN,
        "get list watch",
        CONFIGMAPS,
        "to read templates that ExternalSecrets name, and to notice their changes",
    )


def _sealed(part: Part) -> Iterator[Right]:
    """Yield what it takes to serve SealedSecrets, wherever they are."""

    def right(verbs: str, resource: Resource, why: str, **rest: str) -> list[Right]:
        return _rights(part, Reach.CLUSTER, verbs, resource, why, **rest)

    yield from right("list watch", SEALEDSECRETS, "to follow every SealedSecret")
    yield from right(
        "patch", SEALEDSECRETS, "to write the status of a SealedSecret", subresource="status"
    )
    yield from right(
        "get",
        SEALEDSECRETS,
        "to ask once more whether a SealedSecret is really gone before its Secret is deleted",
    )
    yield from right(
        "get",
        CRDS,
        "to delete nothing when the kind went and not the object",
        name=SEALEDSECRETS.label,
    )
    yield from _rights(
        part,
        Reach.KEYS,
        "get list watch",
        SECRETS,
        "to open sealed values with the cluster's keys, and to notice new ones",
    )
    yield from _rights(
        part, Reach.KEYS, "create", SECRETS, "to make the cluster's sealing key, and its successors"
    )


def _hub_sealed() -> Iterator[Right]:
    yield from _sealed(Part.HUB_SEALED)
    why = "to lay out what clusters take for themselves, and to take it away again"
    yield from _rights(Part.HUB_SEALED, Reach.CLUSTER, "create patch delete", SEALEDSECRETS, why)


def _member_sealed() -> Iterator[Right]:
    yield from _sealed(Part.MEMBER_SEALED)
    yield from _at_home(Part.MEMBER_SEALED)
    why = "to deliver FleetSecrets as SealedSecrets, and to take them away again"
    yield from _rights(Part.MEMBER_SEALED, Reach.CLUSTER, "create patch delete", SEALEDSECRETS, why)


def _at_home(part: Part) -> Iterator[Right]:
    """Yield what it takes in a member that manifests of its own count there."""

    def right(verbs: str, resource: Resource, why: str) -> list[Right]:
        return _rights(part, Reach.CLUSTER, verbs, resource, why)

    yield from right("list watch", CRDS, "to know which kinds are served there, and since when")
    yield from right("get", NAMESPACES, "to delete nothing while a namespace is being deleted")
    yield from right("create patch", EVENTS, "to tell what happened on the object it happened to")


def _rights(
    part: Part,
    reach: Reach,
    verbs: str,
    resource: Resource,
    why: str,
    *,
    name: str = "",
    subresource: str = "",
) -> list[Right]:
    return [
        Right(part, reach, verb, resource.group, resource.plural, subresource, name, why)
        for verb in verbs.split()
    ]


_PARTS: Mapping[Part, Callable[[], Iterator[Right]]] = {
    Part.HUB: _hub,
    Part.MEMBER: _member,
    Part.HUB_ESO: lambda: _manifests(Part.HUB_ESO),
    Part.MEMBER_ESO: _member_eso,
    Part.HUB_SEALED: _hub_sealed,
    Part.MEMBER_SEALED: _member_sealed,
}
