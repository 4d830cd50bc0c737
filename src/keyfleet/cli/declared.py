# SPDX-License-Identifier: Apache-2.0
"""What is asked for: intents of files, or of the hub, with the policies that bind them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from keyfleet import builtin
from keyfleet.base import codec
from keyfleet.base.errors import DeniedError, OwnershipError
from keyfleet.cli.hub import UNSERVED, Hub, installed_domain
from keyfleet.cli.terminal import note
from keyfleet.cli.translating import FileIntent, translated
from keyfleet.engine.hubobjects import origin_of
from keyfleet.engine.policies import policies_from, with_files
from keyfleet.engine.understanding import understood
from keyfleet.kube.objects import Metadata, metadata_of
from keyfleet.kube.resources import CRDS, FLEETPOLICIES, FLEETSECRETS
from keyfleet.model.intent import Intent, Rejection
from keyfleet.model.policy import Policies
from keyfleet.model.v1alpha1.reading import Manifest
from keyfleet.plugin import Kind

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Declared:
    """What is asked for."""

    intents: tuple[Intent, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    policies: Policies = field(default_factory=Policies)
    crd_uids: Mapping[str, str] = field(default_factory=dict)
    domain: str = "keyfleet.io"
    files: tuple[FileIntent, ...] = ()
    """Where the intents stand, for those of files."""
    documents: tuple[Document, ...] = ()
    """The hub's FleetSecrets, as they are."""


async def declared_in_files(manifests: Iterable[Manifest], hub: Hub, namespace: str) -> Declared:
    """Return what files ask for; a person at a command line is limited by their own rights.

    Raises:
        InvalidInputError: The first manifest that cannot become an intent.
        OwnershipError: The hub declares a FleetSecret of the same name.
    """
    home = namespace or hub.access.namespace or "default"
    manifests = list(manifests)
    found = translated(manifests, namespace=home)
    if found.problems:
        raise found.problems[0]
    await _refuse_declared(hub, found.intents)
    forbidding = [each.document for each in manifests if each.kind == "FleetPolicy"]
    policies = replace(with_files(await hub_policies(hub), forbidding), is_operator=True)
    return Declared(
        intents=tuple(each.intent for each in found.intents),
        policies=policies,
        domain=await installed_domain(hub),
        files=found.intents,
    )


async def declared_on_hub(hub: Hub, namespace: str = "") -> Declared:
    """Return what the hub's FleetSecrets and annotated Secrets ask for, as the controller sees it.

    Other tools' manifests are not among them: `cli.foreign` finds those where they are.

    Raises:
        NotFoundError: The hub serves no FleetSecrets.
    """
    domain = await installed_domain(hub)
    documents = await _fleet_secrets(hub, namespace)
    intents: list[Intent] = []
    rejections: list[Rejection] = []
    for dialect in builtin.dialects(domain):
        for kind in (kind for kind in dialect.kinds if not kind.is_foreign):
            for manifest in await _manifests(kind, documents, hub):
                origin = origin_of(dialect, kind.resource.kind, metadata_of(manifest))
                answer = understood(dialect, manifest, origin)
                intents += answer.intents
                rejections += answer.rejections
    return Declared(
        tuple(intents),
        tuple(rejections),
        await hub_policies(hub),
        await _crd_uids(hub),
        domain,
        documents=tuple(documents),
    )


async def _fleet_secrets(hub: Hub, namespace: str) -> list[dict[str, Any]]:
    # All of them, since one of another namespace may contest a target; unless that is forbidden.
    try:
        return (await hub.client.list(FLEETSECRETS)).items
    except DeniedError:
        if not namespace:
            raise
        return (await hub.client.list(FLEETSECRETS, namespace=namespace)).items


async def hub_policies(hub: Hub) -> Policies:
    """Return what the hub's FleetPolicies say; incomplete where they cannot be read."""
    try:
        documents = (await hub.client.list(FLEETPOLICIES)).items
    except UNSERVED:
        # Without FleetSecrets nothing is installed here; with them, what is forbidden is missing.
        return Policies(is_complete=not await hub.client.serves(FLEETSECRETS))
    except DeniedError:
        return Policies(is_complete=False)
    return policies_from(documents, is_complete=True).policies


async def _manifests(kind: Kind, documents: Iterable[Document], hub: Hub) -> list[Document]:
    if not kind.metadata_only:
        return list(documents)
    try:
        found = await hub.client.list_metadata(kind.resource)
    except DeniedError:
        note("Warning: Secrets of the hub may not be listed; annotated Secrets are left out")
        return []
    return [_document(kind, metadata) for metadata in found if kind.wanted(metadata)]


def _document(kind: Kind, metadata: Metadata) -> Document:
    return {
        "apiVersion": kind.resource.api_version,
        "kind": kind.resource.kind,
        "metadata": codec.builtins(metadata),
    }


async def _crd_uids(hub: Hub) -> dict[str, str]:
    try:
        found = await hub.client.find_metadata(CRDS, FLEETSECRETS.label)
    except DeniedError:
        return {}
    return {FLEETSECRETS.kind: found.uid} if found else {}


async def _refuse_declared(hub: Hub, intents: Iterable[FileIntent]) -> None:
    for each in intents:
        key = each.intent.key
        try:
            found = await hub.client.find_metadata(FLEETSECRETS, key.name, namespace=key.namespace)
        except (DeniedError, *UNSERVED):
            continue
        if found is not None:
            raise OwnershipError(
                "cli.declared_on_hub",
                "the hub declares this FleetSecret, and its controller delivers it",
                f"{key.namespace}/{key.name} ({each.manifest.file})",
                hint=f"kubectl apply -f {each.manifest.file}; or give it another name",
            )
