# SPDX-License-Identifier: Apache-2.0
"""What taking Keyfleet out writes and deletes: `uninstalling` says what, and in which order."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from keyfleet.base.clock import Clock
from keyfleet.base.errors import ConflictError, DeniedError, KeyfleetError
from keyfleet.cli.controller import LEASE, leader
from keyfleet.cli.uninstalling import Part, owner_indexes
from keyfleet.kube.client import Client
from keyfleet.kube.lease_record import held, read_lease
from keyfleet.kube.objects import Metadata
from keyfleet.kube.resources import CRDS, LEASES, SECRETS, Resource
from keyfleet.manifests import SYSTEM_NAMESPACE

UNINSTALLER = "keyfleet-uninstall"
"""Holder of the Lease while Keyfleet is taken out."""
STOPS_WITHIN_S = 10.0
"""A leader that cannot renew stops by itself after so long (`kube.lease`)."""
CRD_GONE_S = 60.0
LEASE_S = 600
"""How long nobody else leads: longer than taking all out lasts, and not for long where that was
broken off and somebody wants a controller again."""
_POLL_S = 0.2
_TRIES = 20


async def take_lead(client: Client, clock: Clock, *, tell: Callable[[str], None]) -> None:
    """Hold the Lease, so that whoever leads stops; return when they have.

    Raises:
        DeniedError: The Lease may not be written.
    """
    before = await leader(client, clock)
    if not before.is_fresh or before.holder == UNINSTALLER:
        return
    for _ in range(_TRIES):
        lease = await client.find(LEASES, LEASE, namespace=SYSTEM_NAMESPACE)
        if lease is None:
            return
        transitions = read_lease(lease).transitions + 1
        body = held(
            lease,
            identity=UNINSTALLER,
            duration_s=LEASE_S,
            transitions=transitions,
            now=clock.now(),
        )
        try:
            await client.replace(LEASES, body)
        except ConflictError:
            continue
        tell(f"controller {before.holder} is told to stop; waiting {STOPS_WITHIN_S:.0f} s for it")
        await clock.sleep(STOPS_WITHIN_S)
        return


async def remove_owners(client: Client, metadata: Metadata, kinds: Iterable[Resource]) -> None:
    """Remove the owner references that lead to a kind that goes; others stay."""
    operations = [
        {"op": "remove", "path": f"/metadata/ownerReferences/{at}"}
        for at in owner_indexes(metadata, kinds)
    ]
    operations.append(
        {
            "op": "replace",
            "path": "/metadata/resourceVersion",
            "value": metadata.resource_version,
        }
    )
    await client.json_patch(SECRETS, metadata.name, operations, namespace=metadata.namespace)


@dataclass(frozen=True, slots=True)
class Removed:
    """What came of one part."""

    part: Part
    problem: KeyfleetError | None = None


async def remove(client: Client, clock: Clock, part: Part) -> Removed:
    """Delete one part; a CRD is waited for, since its objects go with it."""
    try:
        await client.delete(part.resource, part.name, namespace=part.namespace)
        if part.resource is CRDS:
            await _until_gone(client, clock, part)
    except KeyfleetError as error:
        return Removed(part, error)
    return Removed(part)


async def _until_gone(client: Client, clock: Clock, part: Part) -> None:
    try:
        async with asyncio.timeout(CRD_GONE_S):
            while await client.find_metadata(CRDS, part.name) is not None:
                await clock.sleep(_POLL_S)
    except TimeoutError:
        raise DeniedError(
            "cli.crd_stays",
            "the CRD does not go: something holds one of its objects by a finalizer",
            part.name,
            hint=f"kubectl get {part.name} --all-namespaces; remove the finalizers, then repeat",
        ) from None
