# SPDX-License-Identifier: Apache-2.0
"""Other tools' manifests that Keyfleet serves, found where they are: on the hub and in members.

The controller's rule holds here too: members are looked at only if KEYFLEET_DIALECTS names the
dialect (as for `keyfleet run`), or the hub itself has a CRD of it that we installed.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from keyfleet import builtin
from keyfleet.base.errors import DeniedError, KeyfleetError
from keyfleet.cli.hub import UNSERVED
from keyfleet.engine.declarations.claims import Claims, Declared, for_members, is_own
from keyfleet.engine.declarations.home import at_home
from keyfleet.engine.hubobjects import HUB, origin_of
from keyfleet.engine.understanding import understood
from keyfleet.kube.client import Client
from keyfleet.kube.objects import metadata_of
from keyfleet.kube.resources import CRDS, Resource
from keyfleet.model.intent import Origin
from keyfleet.model.places import ClusterName
from keyfleet.plugin import Role, Translation

DIALECTS = "KEYFLEET_DIALECTS"
"""Stands in for `run --dialects`."""


@dataclass(frozen=True, slots=True)
class Found:
    """One manifest and where it is."""

    document: Mapping[str, Any]
    origin: Origin
    resource: Resource
    translation: Translation
    condition: str = "Ready"
    """Type of the condition that says how it stands."""


def claims_here(environ: Mapping[str, str] = os.environ) -> Claims:
    """Return which manifests a setting makes ours."""
    names = (name.strip() for name in environ.get(DIALECTS, "").split(","))
    return Claims(frozenset(filter(None, names)))


def asking_kinds(domain: str) -> list[Declared]:
    """Return other tools' kinds whose manifests ask for something."""
    return [each for each in for_members(builtin.dialects(domain)) if each[1].role is Role.INTENT]


async def counting(hub: Client, declared: Iterable[Declared]) -> list[Declared]:
    """Return the kinds of which members are asked, too."""
    claims = claims_here()
    return [
        each for each in declared if each[0].name in claims.dialects or await _is_ours(hub, each)
    ]


async def manifests_in(
    client: Client,
    declared: Iterable[Declared],
    cluster: ClusterName = HUB,
    *,
    namespace: str = "",
) -> list[Found]:
    """Return the manifests of a cluster that are ours; none where they may not be listed."""
    found: list[Found] = []
    for each in declared:
        if not await _is_ours(client, each):
            continue
        found += await _listed(client, each, cluster, namespace)
    return found


async def _listed(
    client: Client, declared: Declared, cluster: ClusterName, namespace: str
) -> list[Found]:
    dialect, kind = declared
    resource = await served_version(client, declared)
    if resource is None:
        return []
    try:
        documents = (await client.list(resource, namespace=namespace)).items
    except (DeniedError, *UNSERVED):
        return []
    found = []
    for document in documents:
        origin = origin_of(dialect, kind.resource.kind, metadata_of(document), cluster)
        translation = at_home(understood(dialect, document, origin))
        found.append(Found(document, origin, resource, translation, kind.condition))
    return found


async def served_version(client: Client, declared: Declared) -> Resource | None:
    """Return a kind in the best version that a cluster serves."""
    kind = declared[1]
    versions = (kind.resource.version, *kind.versions)
    for resource in (replace(kind.resource, version=version) for version in versions):
        if await client.serves(resource):
            return resource
    return None


async def _is_ours(client: Client, declared: Declared) -> bool:
    dialect, kind = declared
    try:
        crd = await client.find_metadata(CRDS, kind.resource.label)
    except KeyfleetError:
        # Who may not look at CRDs sees what a setting names.
        return dialect.name in claims_here().dialects
    return crd is not None and (dialect.name in claims_here().dialects or is_own(crd))


def namesakes(found: Sequence[Found], namespace: str, name: str) -> list[Found]:
    """Return the manifests that are called so, or whose targets are."""
    return [
        each
        for each in found
        if each.origin.namespace == namespace
        and (
            each.origin.name == name
            or any(intent.targets.name == name for intent in each.translation.intents)
        )
    ]
