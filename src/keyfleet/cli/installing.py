# SPDX-License-Identifier: Apache-2.0
"""Make a cluster the hub, and wait until it really is: kinds served, policies in force."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import partial
from typing import Any

import msgspec

from keyfleet.base.clock import Clock
from keyfleet.base.errors import (
    DeniedError,
    KeyfleetError,
    NotFoundError,
    NotReadyError,
    PermanentError,
    UnsupportedError,
)
from keyfleet.cli.exits import TIMED_OUT
from keyfleet.engine.installation import KEY_SECRET, ensure_keyring, load_keyring
from keyfleet.kube import requests
from keyfleet.kube.client import Client
from keyfleet.kube.objects import Metadata
from keyfleet.kube.resources import (
    ADMISSION_BINDINGS,
    ADMISSION_POLICIES,
    CRDS,
    NAMESPACES,
    SECRETS,
    SERVICE_ACCOUNTS,
    Resource,
)
from keyfleet.kube.responses import NOT_SERVED
from keyfleet.manifests import SYSTEM_NAMESPACE, everything, probes
from keyfleet.manifests.deployment import DEPLOYMENTS
from keyfleet.manifests.roles import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    ROLE_BINDINGS,
    ROLES,
)
from keyfleet.manifests.sealedsecrets.service import SERVICES

_POLL_S = 0.1
_MOMENT_S = 1.0
_MEMBER = "keyfleet-member"
_RESOURCES = {
    resource.kind: resource
    for resource in (
        *(NAMESPACES, CRDS, ADMISSION_POLICIES, ADMISSION_BINDINGS),
        *(SERVICE_ACCOUNTS, CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS, ROLES, ROLE_BINDINGS),
        *(SERVICES, DEPLOYMENTS),
    )
}


class Change(StrEnum):
    """What applying an object did."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    KEPT = "kept"
    """It is another's, and was not touched."""


@dataclass(frozen=True, slots=True)
class Applied:
    """One object of the installation."""

    resource: Resource
    name: str
    change: Change
    namespace: str = ""

    @property
    def label(self) -> str:
        """How kubectl names it: `kind.group/name`."""
        group = f".{self.resource.group}" if self.resource.group else ""
        return f"{self.resource.kind.lower()}{group}/{self.name}"


async def install_hub(
    client: Client, clock: Clock, domain: str, *, more: Iterable[Mapping[str, Any]] = ()
) -> list[Applied]:
    """Apply everything a hub needs; what is there already is left as it is.

    Args:
        client: The hub.
        clock: Its date names the key.
        domain: Of annotations.
        more: What comes last, once the key is there: the controller would make one too.
    Raises:
        DeniedError: Installing needs rights on namespaces, CRDs, admission policies and Secrets.
        UnsupportedError: `cli.hub_too_old`; the kinds that would be unguarded are not there then.
    """
    applied = [await apply(client, document) for document in everything(domain)]
    applied.append(await _ensure_key(client, clock))
    return [*applied, *[await apply(client, document) for document in more]]


async def install_member(
    client: Client, documents: Iterable[Mapping[str, Any]], *, tell: Callable[[str], None]
) -> list[Applied]:
    """Apply what lets a controller into a member; a member may be too old for the policy.

    Raises:
        DeniedError: It needs rights on namespaces, ServiceAccounts, roles and admission policies.
    """
    applied = []
    for document in documents:
        try:
            # It may be a hub as well: a field manager of its own takes nothing of that back.
            applied.append(await apply(client, document, manager=_MEMBER))
        except UnsupportedError:
            if document["kind"] not in (ADMISSION_POLICIES.kind, ADMISSION_BINDINGS.kind):
                raise
            tell(f"Warning: left out {document['kind']}, which this cluster does not serve")
    return applied


async def apply(
    client: Client, document: Mapping[str, Any], *, manager: str = requests.FIELD_MANAGER
) -> Applied:
    """Apply one manifest, and say what that did.

    Raises:
        UnsupportedError: `cli.hub_too_old`: the cluster does not serve its kind.
    """
    resource, metadata = _RESOURCES[document["kind"]], document["metadata"]
    name, namespace = metadata["name"], metadata.get("namespace", "")
    try:
        before = await client.find_metadata(resource, name, namespace=namespace)
        after = await client.apply(resource, document, force=True, manager=manager)
    except (NotFoundError, UnsupportedError) as error:
        if isinstance(error, NotFoundError) and error.code != NOT_SERVED:
            # The kind is served; the namespace it shall go into is absent.
            raise
        raise UnsupportedError(
            "cli.hub_too_old",
            "the cluster does not serve a kind that a hub needs",
            resource.label,
            hint="use a cluster of Kubernetes 1.30 or later as the hub; members may be older",
        ) from None
    if before is None:
        return Applied(resource, name, Change.CREATED, namespace)
    is_same = before.resource_version == after.resource_version or _differ_in_status(before, after)
    change = Change.UNCHANGED if is_same else Change.UPDATED
    return Applied(resource, name, change, namespace)


def _differ_in_status(before: Metadata, after: Metadata) -> bool:
    """Tell whether only a status was written meanwhile, such as that a CRD is established now."""
    return (
        before.generation == after.generation > 0
        and before.labels == after.labels
        and before.annotations == after.annotations
    )


async def _ensure_key(client: Client, clock: Clock) -> Applied:
    is_known = await load_keyring(client) is not None
    await ensure_keyring(client, clock.now())
    change = Change.UNCHANGED if is_known else Change.CREATED
    return Applied(SECRETS, KEY_SECRET, change, SYSTEM_NAMESPACE)


async def wait_until_ready(
    client: Client,
    clock: Clock,
    *,
    within: timedelta,
    tell: Callable[[str], None],
    kinds: Iterable[Resource] = (),
) -> None:
    """Wait until every kind is served and every policy refuses what it should.

    Args:
        client: The hub.
        clock: For the waits.
        within: In all.
        kinds: Further kinds, of other tools.
        tell: Told what is waited for, when that takes longer than a moment.
    Raises:
        NotReadyError: `cli.timed_out`.
    """
    patience = _Patience(clock, tell)
    try:
        async with asyncio.timeout(within.total_seconds()):
            for resource, document in probes(SYSTEM_NAMESPACE):
                kind = resource.kind
                await patience.until(f"kind {kind}", partial(_is_served, client, resource))
                await patience.until(
                    f"the policies on {kind}", partial(_refuses, client, resource, document)
                )
            for resource in kinds:
                await patience.until(f"kind {resource.kind}", partial(_is_served, client, resource))
    except TimeoutError:
        raise NotReadyError(
            TIMED_OUT, "the installation is not ready in time", f"waiting for {patience.thing}"
        ) from None


class _Patience:
    """Waits for one thing after the other, and says so when one takes longer than a moment."""

    def __init__(self, clock: Clock, tell: Callable[[str], None]) -> None:
        self.thing = ""
        self._clock = clock
        self._tell = tell

    async def until(self, thing: str, holds: Callable[[], Awaitable[bool]]) -> None:
        self.thing = thing
        speak_at = self._clock.monotonic() + _MOMENT_S
        while not await holds():
            if self._clock.monotonic() > speak_at:
                self._tell(f"waiting for {thing}")
                speak_at = float("inf")
            await self._clock.sleep(_POLL_S)


async def _is_served(client: Client, resource: Resource) -> bool:
    crd = await client.find(CRDS, f"{resource.plural}.{resource.group}")
    return "Established" in _true_conditions(crd or {}) and await client.serves(resource)


def _true_conditions(document: Mapping[str, Any]) -> Iterator[str]:
    for condition in (document.get("status") or {}).get("conditions") or ():
        if condition.get("status") == "True":
            yield str(condition.get("type"))


async def _refuses(client: Client, resource: Resource, document: Mapping[str, Any]) -> bool:
    request = requests.create(resource, document)
    trial = msgspec.structs.replace(request, target=f"{request.target}&dryRun=All")
    try:
        await client.transport.send(trial)
    except DeniedError:
        # Who may not create one cannot try: RBAC answers before the policies.
        return True
    except PermanentError as error:
        return error.code == "api.invalid"
    except KeyfleetError:
        return False
    return False
