# SPDX-License-Identifier: Apache-2.0
"""`keyfleet clusters trust`: accept who answers, and earlier names of a cluster."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from cyclopts import Parameter

from keyfleet.base.clock import timestamp
from keyfleet.base.errors import InvalidInputError
from keyfleet.cli.exits import Exit
from keyfleet.cli.hub import Hub, open_hub
from keyfleet.cli.members import Members, open_members
from keyfleet.cli.options import NO_OPTIONS, Common
from keyfleet.cli.output import Answer, show
from keyfleet.cli.tables import Column
from keyfleet.cli.terminal import note
from keyfleet.engine.identity import Identity, read_identity
from keyfleet.inventory.declared.resolve import ACCEPTED_NAMES
from keyfleet.inventory.kubeconfig.trust import Pin
from keyfleet.kube.client import Client
from keyfleet.kube.resources import FLEETCLUSTERS, SECRETS
from keyfleet.model.ownership import HUB_LABEL, read_marker
from keyfleet.model.places import ClusterName
from keyfleet.plugin import ClusterSnapshot


@dataclass(frozen=True, slots=True)
class Accepted:
    """Who a cluster was, who answers now, and the names its copies know it by."""

    snapshot: ClusterSnapshot
    identity: Identity
    former_names: tuple[str, ...]

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
    yes: Annotated[bool, Parameter(name=["--yes", "-y"], negative="")] = False,
    common: Common = NO_OPTIONS,
) -> Exit:
    """Accept the cluster that answers under a name now.

    After a cluster was rebuilt, or a name given to another one, Keyfleet sends nothing until
    somebody says that this is right. Copies that were delivered under an earlier name of the same
    cluster are accepted too.

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
            _confirm(snapshot, is_yes=yes)
            await _accept(found, members, hub)
    show(trust_answer(found), common)
    return Exit.DONE


async def _find(snapshot: ClusterSnapshot, members: Members, hub: Hub) -> Accepted:
    access = await snapshot.open()
    client = Client(snapshot.name, access, clock=hub.clock)
    try:
        identity = await read_identity(client, access.endpoint)
        names = await _former_names(client, snapshot, identity, members)
    finally:
        await client.close()
    return Accepted(snapshot, identity, names)


async def _former_names(
    client: Client, snapshot: ClusterSnapshot, identity: Identity, members: Members
) -> tuple[str, ...]:
    labels = f"{HUB_LABEL}={members.live.installation.hub_label}"
    known = {snapshot.name, *snapshot.aliases, *snapshot.accepted_names, ""}
    markers = [
        read_marker(metadata.annotations or {})
        for metadata in await client.list_metadata(SECRETS, labels=labels)
    ]
    return tuple(
        sorted(
            {
                marker.cluster_name
                for marker in markers
                if marker is not None
                and marker.cluster == identity.uid
                and marker.cluster_name not in known
            }
        )
    )


def _tell(found: Accepted) -> None:
    snapshot, identity = found.snapshot, found.identity
    if found.is_changed:
        note(f"{snapshot.name} was:  {_shown(snapshot.pinned_uid, snapshot.pinned_ca_sha256)}")
        note(f"{snapshot.name} is now: {_shown(identity.uid, identity.ca_sha256)}")
        if identity.is_weak:
            note("Warning: kube-system may not be read here; CA and address stand in for its UID")
    if found.former_names:
        note(f"{snapshot.name} holds copies from when it was called: {_names(found)}")


def _shown(uid: str, ca_sha256: str) -> str:
    if not uid:
        return "not known"
    return f"kube-system {uid}, CA SHA-256 {ca_sha256[:16] or 'none'}"


def _names(found: Accepted) -> str:
    return ", ".join(found.former_names)


def _confirm(snapshot: ClusterSnapshot, *, is_yes: bool) -> None:
    if is_yes:
        return
    if not sys.stdin.isatty():
        raise InvalidInputError(
            "cli.unconfirmed", "nobody is there to ask", str(snapshot.name), hint="--yes accepts it"
        )
    sys.stderr.write(f"Trust it as {snapshot.name}? Type its name to accept: ")
    sys.stderr.flush()
    if sys.stdin.readline().strip() != snapshot.name:
        raise InvalidInputError("cli.unconfirmed", "not accepted, nothing changed", snapshot.name)


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
        },
        names=[name],
    )
