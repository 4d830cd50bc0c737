# SPDX-License-Identifier: Apache-2.0
"""`keyfleet clusters trust`: accept who answers, and earlier names of a cluster."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from keyfleet.base.clock import timestamp
from keyfleet.base.errors import DeniedError, InvalidInputError
from keyfleet.base.keyring import ephemeral_keyring
from keyfleet.base.tasks import all_of
from keyfleet.cli.confirming import Yes, confirm
from keyfleet.cli.exits import Exit
from keyfleet.cli.hub import Hub, open_hub
from keyfleet.cli.members import Members, open_members
from keyfleet.cli.options import NO_OPTIONS, Common
from keyfleet.cli.output import Answer, show
from keyfleet.cli.tables import Column
from keyfleet.cli.terminal import note
from keyfleet.delivery.deliver import deliver
from keyfleet.engine.identity import Identity, read_identity
from keyfleet.engine.installation import KEY_SECRET
from keyfleet.engine.markedlist import Marked, list_marked
from keyfleet.engine.remarking import remark
from keyfleet.inventory.declared.resolve import ACCEPTED_NAMES
from keyfleet.inventory.kubeconfig.trust import Pin
from keyfleet.kube.client import Client
from keyfleet.kube.resources import FLEETCLUSTERS
from keyfleet.model.ownership import (
    HUB_LABEL,
    MARKED,
    SYSTEM_NAMESPACE,
    Claim,
    Installation,
    Spot,
)
from keyfleet.model.places import ClusterName
from keyfleet.model.plan import Step
from keyfleet.plugin import ClusterSnapshot


@dataclass(frozen=True, slots=True)
class Accepted:
    """Who a cluster was, who answers now, and the names its copies know it by."""

    snapshot: ClusterSnapshot
    identity: Identity
    former_names: tuple[str, ...]
    copies: tuple[Step, ...] = ()
    """What makes the copies of the former identity those of the present one."""
    sealed: int = 0
    """Copies of the former identity whose signature cannot be verified here."""
    is_keyless: bool = False
    """Because the hub's key may not be read by who asks."""

    @property
    def is_changed(self) -> bool:
        """Tell whether somebody else answers than before, or nobody was known."""
        return self.snapshot.pinned_uid != self.identity.uid

    @property
    def is_news(self) -> bool:
        """Tell whether there is anything to accept."""
        return self.is_changed or bool(self.former_names)


async def trust(
    name: str,
    /,
    *,
    yes: Yes = False,
    common: Common = NO_OPTIONS,
) -> Exit:
    """Accept the cluster that answers under a name now.

    After a cluster was rebuilt, or a name given to another one, Keyfleet sends nothing until
    somebody says that this is right. Copies that were delivered under an earlier name of the same
    cluster are accepted too, and those that came with it from a backup are marked as its own; for
    the latter you must be able to read the hub's key. No value is written.

    Args:
        name: The cluster's name or context.
        yes: Do not ask.
    """
    async with open_hub(common) as hub, open_members(hub) as members:
        snapshot = members.live.named(name)
        if snapshot is None:
            known = ", ".join(sorted(each.name for each in members.live)) or "none"
            raise InvalidInputError(
                "cli.unknown_cluster", "no cluster", name, hint=f"known: {known}"
            )
        found = await _find(snapshot, members, hub)
        _tell(found)
        if found.is_news:
            _require_key(found)
            confirm(f"Trust it as {snapshot.name}?", snapshot.name, is_yes=yes)
            await _remark(found, hub)
            await _accept(found, members, hub)
    show(trust_answer(found), common)
    return Exit.DONE


async def _find(snapshot: ClusterSnapshot, members: Members, hub: Hub) -> Accepted:
    access = await snapshot.open()
    client = Client(snapshot.name, access, clock=hub.clock)
    try:
        identity = await read_identity(client, access.endpoint)
        labels = f"{HUB_LABEL}={members.live.installation.hub_label}"
        marked = await list_marked(client, labels)
    finally:
        await client.close()
    return accepted_of(snapshot, identity, marked, members.live.installation)


def accepted_of(
    snapshot: ClusterSnapshot,
    identity: Identity,
    marked: Iterable[Marked],
    installation: Installation,
) -> Accepted:
    """Return what there is to accept; pure.

    Args:
        snapshot: The cluster as it was known.
        identity: Who answers.
        marked: What there has the hub's label.
        installation: Whose signatures count.
    """
    known = {snapshot.name, *snapshot.aliases, *snapshot.accepted_names, ""}
    former = frozenset({snapshot.pinned_uid} - {"", identity.uid})
    unsigned = replace(installation, ring=ephemeral_keyring())
    names: set[str] = set()
    copies: list[Step] = []
    sealed = 0
    for each in marked:
        metadata = each.metadata
        spot = Spot(identity.uid, metadata.namespace, metadata.name, former)
        holding = MARKED.claims(metadata.annotations or {}, spot, installation)
        marker = holding.marker
        if marker is None or holding.claim is Claim.COPY:
            continue
        names.add(marker.cluster_name)
        if marker.cluster == identity.uid:
            continue
        if holding.is_ours:
            after = msgspec.structs.replace(marker, cluster=identity.uid)
            # Anybody could have written an unsigned one: to sign it here would make it true.
            signer = installation if holding.claim is Claim.OURS else unsigned
            copies.append(remark(metadata, after, signer, snapshot.name, each.kind))
        sealed += holding.claim is Claim.UNVERIFIED
    return Accepted(
        snapshot,
        identity,
        tuple(sorted(names - known)),
        tuple(copies),
        sealed,
        is_keyless=installation.ring.ephemeral,
    )


def _require_key(found: Accepted) -> None:
    if found.sealed and found.is_keyless:
        raise DeniedError(
            "cli.no_key",
            f"{found.sealed} copies there are signed, and the key that signs may not be read",
            f"Secret {SYSTEM_NAMESPACE}/{KEY_SECRET} of the hub",
            hint="trust it as somebody who may read that Secret",
        )


async def _remark(found: Accepted, hub: Hub) -> None:
    if not found.copies:
        return
    # Before the pin, so that the controller finds its targets in order, and a second try goes on.
    access = await found.snapshot.open()
    client = Client(found.snapshot.name, access, clock=hub.clock)
    try:
        await all_of((deliver(step, client) for step in found.copies), name="remark")
    finally:
        await client.close()


def _tell(found: Accepted) -> None:
    snapshot, identity = found.snapshot, found.identity
    if found.is_changed:
        note(f"{snapshot.name} was:  {_shown(snapshot.pinned_uid, snapshot.pinned_ca_sha256)}")
        note(f"{snapshot.name} is now: {_shown(identity.uid, identity.ca_sha256)}")
        if identity.is_weak:
            note("Warning: kube-system may not be read here; CA and address stand in for its UID")
    if found.former_names:
        note(f"{snapshot.name} holds copies from when it was called: {_names(found)}")
    if found.sealed:
        note(f"Warning: {found.sealed} copies are signed under a key that is lost; they stay as")
        note("they are, in conflict: delete them by hand, or set spec.conflictPolicy")
    if found.copies:
        note(f"{len(found.copies)} copies came with it; they are marked as its own, not rewritten")


def _shown(uid: str, ca_sha256: str) -> str:
    if not uid:
        return "not known"
    return f"kube-system {uid}, CA SHA-256 {ca_sha256[:16] or 'none'}"


def _names(found: Accepted) -> str:
    return ", ".join(found.former_names)


async def _accept(found: Accepted, members: Members, hub: Hub) -> None:
    snapshot, identity = found.snapshot, found.identity
    document = members.documents.get(snapshot.name)
    if document is None:
        context = members.contexts[ClusterName(snapshot.name)]
        members.trust.pin(context, Pin(identity.uid, identity.ca_sha256))
        return
    if found.former_names:
        names = ",".join(sorted({*snapshot.accepted_names, *found.former_names}))
        body = {"metadata": {"annotations": {ACCEPTED_NAMES: names}}}
        await hub.client.merge_patch(FLEETCLUSTERS, snapshot.name, body)
    if found.is_changed:
        await hub.client.merge_patch(
            FLEETCLUSTERS, snapshot.name, _identity_patch(identity, hub), subresource="status"
        )


def _identity_patch(identity: Identity, hub: Hub) -> dict[str, Any]:
    pinned: Mapping[str, str] = {
        "uid": identity.uid,
        "caSHA256": identity.ca_sha256,
        "pinnedAt": timestamp(hub.clock.now()),
    }
    return {"status": {"identity": pinned}}


def trust_answer(found: Accepted) -> Answer:
    """Return what was accepted in every format."""
    result = "trusted" if found.is_news else "unchanged"
    name, uid = str(found.snapshot.name), str(found.identity.uid)
    return Answer(
        columns=tuple(map(Column, ("NAME", "RESULT", "UID", "EARLIER NAMES"))),
        rows=[(name, result, uid, _names(found))],
        document={
            "name": name,
            "result": result,
            "uid": uid,
            "formerNames": list(found.former_names),
            "copies": len(found.copies),
        },
        names=[name],
    )
