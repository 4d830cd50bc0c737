# SPDX-License-Identifier: Apache-2.0
"""The fleet of one command: FleetClusters of files and of the hub, then contexts."""

import os
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from keyfleet.base.errors import DeniedError
from keyfleet.base.tasks import all_of
from keyfleet.cli.hub import UNSERVED, Hub
from keyfleet.cli.sealing.certificates.service import key_namespace_here
from keyfleet.cli.terminal import note
from keyfleet.engine.entry import precedence
from keyfleet.engine.identity import read_identity
from keyfleet.engine.installation import laptop_installation
from keyfleet.engine.livefleet import Contact, LiveFleet
from keyfleet.engine.sealing.looking import KeyLook
from keyfleet.inventory.declared import Login, snapshot_of
from keyfleet.inventory.kubeconfig import snapshots_of
from keyfleet.inventory.kubeconfig.trust import FILE, Pin, TrustStore, state_folder
from keyfleet.kube.kubeconfig import Context
from keyfleet.kube.resources import FLEETCLUSTERS
from keyfleet.model.places import ClusterName
from keyfleet.plugin import ClusterSnapshot

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Members:
    """The clusters a command may use."""

    live: LiveFleet
    documents: Mapping[str, Document]
    """FleetClusters of the hub by name."""
    contexts: Mapping[ClusterName, Context]
    """Contexts that no FleetCluster names, by the cluster's name."""
    trust: TrustStore
    is_installed: bool
    """The hub serves FleetClusters."""

    async def contact(self, names: Iterable[ClusterName]) -> list[Contact]:
        """Contact clusters side by side; a context seen for the first time is remembered."""
        contacts = await all_of(map(self.live.contact, names), name="contact")
        for contact in contacts:
            self._remember(contact)
        return contacts

    def _remember(self, contact: Contact) -> None:
        context = self.contexts.get(contact.snapshot.name)
        identity = contact.identity
        if context is None or contact.member is None or identity is None:
            return
        pinned = contact.snapshot.pinned_uid
        if not pinned or (pinned != identity.uid and identity.is_pinned_by(pinned)):
            self.trust.pin(context, Pin(identity.uid, identity.ca_sha256))


@asynccontextmanager
async def open_members(
    hub: Hub,
    extra: Iterable[Document] = (),
    *,
    adopts: frozenset[str] = frozenset(),
    is_guarded: bool = False,
    key_namespace: str = "",
) -> AsyncIterator[Members]:
    """Give the fleet as the hub, the files and the kubeconfig know it; nothing is contacted yet.

    Args:
        hub: Where FleetClusters are asked for.
        extra: FleetClusters of files; they come before those of the hub.
        adopts: Hubs whose targets count as ours, see `Installation`.
        is_guarded: Flow rules of the hub are about the labels that the hub gives: a cluster keeps
            them under whatever name a file calls it.
        key_namespace: Where clusters keep their sealing keys; empty: as the environment says.
    """
    trust = TrustStore(state_folder(os.environ) / FILE)
    documents = await _documents(hub)
    known = {**(documents or {}), **_with_status(extra, documents or {})}
    login = Login(hub.kubeconfig, hub.surroundings, hub.client)
    declared = [_trusted(snapshot_of(each, login), hub, trust) for each in known.values()]
    contexts = _undeclared(hub, declared)
    identity = await read_identity(hub.client, hub.access.endpoint)
    live = LiveFleet(
        [*declared, *(_trusted(found, hub, trust) for found in contexts)],
        hub.client,
        replace(await laptop_installation(hub.client, identity.uid), adopts=adopts),
        clock=hub.clock,
        labels=_labels_by_uid(documents or {}, login) if is_guarded else {},
        keys=KeyLook(key_namespace or key_namespace_here()),
    )
    named = {found.name: hub.kubeconfig.contexts[found.generation] for found in contexts}
    try:
        yield Members(live, documents or {}, named, trust, documents is not None)
    finally:
        await live.close()


async def _documents(hub: Hub) -> dict[str, Document] | None:
    """Return the hub's FleetClusters by name; None where it serves none."""
    try:
        found = await hub.client.list(FLEETCLUSTERS)
    except UNSERVED:
        return None
    except DeniedError as error:
        note(f"Warning: FleetClusters may not be listed ({error.subject}); contexts are used")
        return None
    return {document["metadata"]["name"]: document for document in found.items}


def _labels_by_uid(documents: Mapping[str, Document], login: Login) -> dict[str, Mapping[str, str]]:
    snapshots = (snapshot_of(each, login) for each in documents.values())
    # Of several names of one cluster the first counts, as for the controller.
    known = sorted(snapshots, key=precedence, reverse=True)
    return {found.pinned_uid: found.labels for found in known if found.pinned_uid}


def relabelled(files: Iterable[Document], documents: Mapping[str, Document]) -> str:
    """Return the first FleetCluster of files that the hub labels otherwise; empty for none.

    Args:
        files: FleetClusters of files.
        documents: Those of the hub by name.
    """
    for each in files:
        for known in documents.values():
            if _is_same(each, known) and _labels(each) != _labels(known):
                return str(each["metadata"]["name"])
    return ""


def _is_same(one: Document, other: Document) -> bool:
    contexts = [each["spec"].get("context") for each in (one, other)]
    is_named_alike = one["metadata"]["name"] == other["metadata"]["name"]
    return is_named_alike or (contexts[0] is not None and contexts[0] == contexts[1])


def _labels(document: Document) -> Mapping[str, str]:
    return document["metadata"].get("labels") or {}


def _with_status(
    extra: Iterable[Document], documents: Mapping[str, Document]
) -> dict[str, Document]:
    # What the controller pinned counts for a FleetCluster of the same name in a file, too.
    return {
        each["metadata"]["name"]: {
            **each,
            "status": documents.get(each["metadata"]["name"], {}).get("status"),
        }
        for each in extra
    }


def _undeclared(hub: Hub, declared: Iterable[ClusterSnapshot]) -> list[ClusterSnapshot]:
    """Return a snapshot per cluster of the kubeconfig that no FleetCluster names.

    Two contexts of one cluster entry are one cluster with two names, else everything would go
    there twice.
    """
    contexts = hub.kubeconfig.contexts
    names = {name for found in declared for name in (found.name, *found.aliases)}
    entries = {contexts[name].cluster for name in names if name in contexts}
    found: dict[str, ClusterSnapshot] = {}
    for snapshot in sorted(snapshots_of(hub.kubeconfig, hub.surroundings), key=lambda s: s.name):
        entry = contexts[snapshot.generation].cluster
        if entry in entries or snapshot.name in names:
            continue
        first = found.setdefault(entry, snapshot)
        found[entry] = replace(first, aliases=first.aliases | snapshot.aliases)
    return list(found.values())


def _trusted(snapshot: ClusterSnapshot, hub: Hub, trust: TrustStore) -> ClusterSnapshot:
    if snapshot.pinned_uid:
        return snapshot
    contexts = (hub.kubeconfig.contexts.get(name) for name in sorted(snapshot.aliases))
    pins = [pin for context in contexts if context and (pin := trust.pinned(context))]
    if not pins:
        return snapshot
    return replace(snapshot, pinned_uid=pins[0].uid, pinned_ca_sha256=pins[0].ca_sha256)
