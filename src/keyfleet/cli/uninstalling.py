# SPDX-License-Identifier: Apache-2.0
"""Take Keyfleet out of a cluster, so that every delivered Secret stays and works.

The order is the safety. First nobody serves any more: the Deployment goes and the Lease is taken,
so that whatever controller runs elsewhere stops by itself. Then every owner reference to a kind of
ours is removed, so that Kubernetes' collector follows no deletion into a Secret. Then the kinds go:
those of other tools that we installed, FleetSecrets, and FleetPolicies last, because a rule that is
gone while something still asks would let through what it forbade. Rights and admission policies go
after all objects that need them; in a member they go first, as they are what lets a controller in.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from keyfleet.base.errors import NotFoundError
from keyfleet.cli.controller import LEASE
from keyfleet.engine.installation import KEY_SECRET
from keyfleet.kube.client import Client
from keyfleet.kube.objects import Metadata
from keyfleet.kube.resources import (
    ADMISSION_BINDINGS,
    ADMISSION_POLICIES,
    CONFIGMAPS,
    CRDS,
    FLEETCLUSTERS,
    FLEETPOLICIES,
    FLEETSECRETS,
    LEASES,
    NAMESPACES,
    SECRETS,
    SERVICE_ACCOUNTS,
    Resource,
)
from keyfleet.manifests import SYSTEM_NAMESPACE, everything, incluster
from keyfleet.manifests import foreign as tools
from keyfleet.manifests.deployment import DEPLOYMENTS
from keyfleet.manifests.roles import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    ROLE_BINDINGS,
    ROLES,
)
from keyfleet.manifests.sealedsecrets.service import SERVICES
from keyfleet.model.held import HELD_CONFIGMAP
from keyfleet.model.ownership import MANAGED_BY, MANAGED_BY_LABEL

KINDS = (FLEETSECRETS, FLEETCLUSTERS, FLEETPOLICIES)
"""In the order in which they go."""
_ORDER = (
    DEPLOYMENTS,
    SERVICES,
    CRDS,
    ADMISSION_BINDINGS,
    ADMISSION_POLICIES,
    ROLE_BINDINGS,
    ROLES,
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    SERVICE_ACCOUNTS,
    CONFIGMAPS,
    SECRETS,
    LEASES,
    NAMESPACES,
)
_NOT_OURS_TO_COUNT = ("kube-root-ca.crt",)
"""What Kubernetes itself puts into every namespace."""


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """One object that Keyfleet's installation made."""

    rank: int
    name: str
    namespace: str = ""

    @property
    def resource(self) -> Resource:
        """Its kind."""
        return _ORDER[self.rank]

    @property
    def label(self) -> str:
        """How kubectl names it."""
        group = f".{self.resource.group}" if self.resource.group else ""
        return f"{self.resource.kind.lower()}{group}/{self.name}"


@dataclass(frozen=True, slots=True)
class Installed:
    """What there is to take out of a cluster."""

    parts: tuple[Part, ...] = ()
    """In the order in which they go."""
    owned: tuple[Metadata, ...] = ()
    """Secrets whose owner references lead to a kind of ours."""
    strangers: tuple[str, ...] = ()
    """What others put into keyfleet-system, which therefore stays."""
    declared: Mapping[str, int] = field(default_factory=dict)
    """Objects by kind, which go with their CRD."""
    kinds: tuple[Resource, ...] = ()
    """The kinds that go."""


async def find_installed(
    client: Client, *, is_member_only: bool = False, keeps_key: bool = False
) -> Installed:
    """Return what an installation left in a cluster.

    Args:
        client: The cluster.
        is_member_only: Only what `install --member` made.
        keeps_key: Leave keyfleet-system with the installation's key.
    """
    parts = {
        part
        for part in _known(is_member_only=is_member_only)
        if part.resource is not NAMESPACES and await _is_there(client, part)
    }
    parts |= await _bound_elsewhere(client, is_member_only=is_member_only)
    if not is_member_only:
        parts |= {
            part for part in _by_products(keeps_key=keeps_key) if await _is_there(client, part)
        }
    foreign = await _foreign(client, is_member_only=is_member_only)
    parts |= {Part(_ORDER.index(CRDS), kind.label) for kind in foreign}
    kept = {Part(_ORDER.index(SECRETS), KEY_SECRET, SYSTEM_NAMESPACE)} if keeps_key else set()
    strangers = await _strangers(client, parts | kept)
    home = Part(_ORDER.index(NAMESPACES), SYSTEM_NAMESPACE)
    if not strangers and not keeps_key and await _is_there(client, home):
        parts.add(home)
    kinds = foreign if is_member_only else (*foreign, *KINDS)
    if not kinds:
        return Installed(_sorted(parts), strangers=strangers)
    owned = tuple(
        found for found in await client.list_metadata(SECRETS) if owner_indexes(found, kinds)
    )
    declared = await _declared(client, kinds)
    return Installed(_sorted(parts), owned, strangers, declared, kinds)


async def _foreign(client: Client, *, is_member_only: bool) -> tuple[Resource, ...]:
    """Return other tools' kinds whose CRDs we installed; a hub's stay while it is one."""
    if is_member_only and await client.find_metadata(CRDS, FLEETSECRETS.label) is not None:
        return ()
    found = await client.list_metadata(CRDS, labels=f"{MANAGED_BY_LABEL}={MANAGED_BY}")
    names = {each.name for each in found}
    return tuple(kind for kind in tools.KINDS if kind.label in names)


def _known(*, is_member_only: bool) -> set[Part]:
    documents = incluster.member(dialects=tools.NAMES)
    if not is_member_only:
        documents = [
            *documents,
            *everything(),
            *incluster.controller("none", is_member=True, dialects=tools.NAMES),
        ]
    return {_part(document) for document in documents}


def _part(document: Mapping[str, Any]) -> Part:
    rank = next(at for at, known in enumerate(_ORDER) if known.kind == document["kind"])
    metadata = document["metadata"]
    return Part(rank, metadata["name"], metadata.get("namespace", ""))


def _by_products(*, keeps_key: bool) -> list[Part]:
    found = [
        Part(_ORDER.index(CONFIGMAPS), HELD_CONFIGMAP, SYSTEM_NAMESPACE),
        Part(_ORDER.index(LEASES), LEASE, SYSTEM_NAMESPACE),
    ]
    key = Part(_ORDER.index(SECRETS), KEY_SECRET, SYSTEM_NAMESPACE)
    return found if keeps_key else [*found, key]


async def _is_there(client: Client, part: Part) -> bool:
    try:
        found = await client.find_metadata(part.resource, part.name, namespace=part.namespace)
    except NotFoundError:
        return False
    is_going = found is not None and part.resource is NAMESPACES and found.deletion_timestamp
    return found is not None and not is_going


async def _bound_elsewhere(client: Client, *, is_member_only: bool) -> set[Part]:
    # One binding per namespace that somebody listed at `install --namespaces`; and the sealing keys
    # may be elsewhere than in kube-system.
    prefix = "keyfleet-member" if is_member_only else "keyfleet-"
    parts = set()
    for resource in (ROLES, ROLE_BINDINGS):
        found = await client.list_metadata(resource, labels=f"{MANAGED_BY_LABEL}={MANAGED_BY}")
        rank, ours = (
            _ORDER.index(resource),
            (each for each in found if each.name.startswith(prefix)),
        )
        parts |= {Part(rank, each.name, each.namespace) for each in ours}
    return parts


async def _strangers(client: Client, parts: Iterable[Part]) -> tuple[str, ...]:
    ours = {(part.resource, part.name) for part in parts if part.namespace == SYSTEM_NAMESPACE}
    found = []
    for resource in (SECRETS, CONFIGMAPS, SERVICE_ACCOUNTS, DEPLOYMENTS):
        for each in await client.list_metadata(resource, namespace=SYSTEM_NAMESPACE):
            is_default = each.name == "default" and resource is SERVICE_ACCOUNTS
            if is_default or each.name in _NOT_OURS_TO_COUNT or (resource, each.name) in ours:
                continue
            found.append(f"{resource.kind}/{each.name}")
    return tuple(sorted(found))


async def _declared(client: Client, kinds: Iterable[Resource]) -> dict[str, int]:
    found = {}
    for resource in kinds:
        if await client.serves(resource):
            found[resource.kind] = len(await client.list_metadata(resource))
    return found


def _sorted(parts: Iterable[Part]) -> tuple[Part, ...]:
    names = [resource.label for resource in (*tools.KINDS, *KINDS)]

    def place(part: Part) -> tuple[int, int, Part]:
        is_kind = part.resource is CRDS and part.name in names
        return (part.rank, names.index(part.name) if is_kind else 0, part)

    return tuple(sorted(parts, key=place))


def owner_indexes(metadata: Metadata, kinds: Iterable[Resource]) -> list[int]:
    """Return which owner references lead to one of these kinds, the last one first."""
    known = {(kind.group, kind.kind) for kind in kinds}
    owners = metadata.owner_references or []
    found = [(owner.api_version.partition("/")[0], owner.kind) in known for owner in owners]
    return [at for at, is_known in enumerate(found) if is_known][::-1]
