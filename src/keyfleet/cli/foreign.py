# SPDX-License-Identifier: Apache-2.0
"""Other tools' manifests that Keyfleet serves, found where they are: on the hub and in members.

The controller's rules hold here too, as far as the environment says them: members are looked at
only if KEYFLEET_DIALECTS names the dialect (as for `keyfleet run`), or the hub itself has a CRD of
it that we installed; and what a selector of `run` leaves to others is left out.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from keyfleet import builtin
from keyfleet.base.errors import DeniedError, KeyfleetError
from keyfleet.cli.hub import UNSERVED
from keyfleet.cli.sealing.options.servingoptions import SELECTOR, selector_of, writes_sealed_status
from keyfleet.engine.declarations.claims import Claims, Declared, for_members, is_own
from keyfleet.engine.declarations.home import at_home
from keyfleet.engine.hubobjects import HUB, origin_of
from keyfleet.engine.understanding import understood
from keyfleet.kube.client import Client
from keyfleet.kube.objects import metadata_of
from keyfleet.kube.resources import CRDS, Resource
from keyfleet.model.intent import Origin
from keyfleet.model.places import ClusterName
from keyfleet.plugin import Role, Translation, labels_of

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
    has_status: bool = True
    """The controller writes it there."""


def claims_here(environ: Mapping[str, str] = os.environ) -> Claims:
    """Return which manifests a setting makes ours.

    Raises:
        InvalidInputError: `cli.usage`: the variable for the labels holds no selector.
    """
    names = (name.strip() for name in environ.get(DIALECTS, "").split(","))
    selector = selector_of(environ.get(SELECTOR, ""))
    labels = {"sealed-secrets": selector} if selector else {}
    return Claims(frozenset(filter(None, names)), labels=labels)


def asking_kinds(domain: str) -> list[Declared]:
    """Return other tools' kinds whose manifests ask for something."""
    dialects = builtin.dialects(domain, writes_sealed_status=writes_sealed_status())
    return [each for each in for_members(dialects) if each[1].role is Role.INTENT]


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
    found, claims = [], claims_here()
    for document in documents:
        if not claims.selects(dialect, kind, labels_of(document)):
            continue
        origin = origin_of(dialect, kind.resource.kind, metadata_of(document), cluster)
        translation = at_home(understood(dialect, document, origin))
        found.append(
            Found(document, origin, resource, translation, kind.condition, kind.has_status)
        )
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
