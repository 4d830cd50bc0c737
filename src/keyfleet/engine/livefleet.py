# SPDX-License-Identifier: Apache-2.0
"""The fleet of a one-shot command: clusters are contacted only when something asks for them."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from keyfleet.base.clock import Clock
from keyfleet.base.errors import KeyfleetError, TemporaryError
from keyfleet.base.log import Hooks, NoHooks
from keyfleet.engine.entry import facts_of, unreachable
from keyfleet.engine.identity import Identity, identity_objection, read_identity
from keyfleet.engine.live import LiveMember
from keyfleet.kube.client import Client
from keyfleet.model.ownership import Installation
from keyfleet.model.places import ClusterFacts, ClusterName, ClusterUid
from keyfleet.model.plan import Finding, State
from keyfleet.plugin import ClusterSnapshot

CONNECT_S = 20.0
"""How long a cluster may take to say who it is."""


@dataclass(frozen=True, slots=True)
class Contact:
    """What came of contacting one cluster."""

    snapshot: ClusterSnapshot
    member: LiveMember | None = None
    identity: Identity | None = None
    version: str = ""
    problem: Finding | None = None
    """Why it cannot be used."""


class LiveFleet:
    """Clusters by name; closes what it opened."""

    def __init__(
        self,
        snapshots: Iterable[ClusterSnapshot],
        hub: Client,
        installation: Installation,
        *,
        clock: Clock,
        hooks: Hooks | None = None,
    ) -> None:
        self.hub = hub
        self.installation = installation
        self._snapshots = {snapshot.name: snapshot for snapshot in snapshots}
        self._clock = clock
        self._hooks = hooks or NoHooks()
        self._contacts: dict[ClusterName, Contact] = {}
        self._locks: dict[ClusterName, asyncio.Lock] = {}

    def __iter__(self) -> Iterator[ClusterSnapshot]:
        return iter(self._snapshots.values())

    def facts(self) -> list[ClusterFacts]:
        """Return what is known of every cluster without contacting any."""
        return [self._facts(snapshot) for snapshot in self]

    def named(self, name: str) -> ClusterSnapshot | None:
        """Return the cluster that answers to a name: its own, or an alias."""
        exact = self._snapshots.get(ClusterName(name))
        if exact is not None:
            return exact
        return next((found for found in self if name in found.aliases), None)

    async def contact(self, name: ClusterName) -> Contact:
        """Return the cluster, contacted and recognised, or why it cannot be used."""
        async with self._locks.setdefault(name, asyncio.Lock()):
            if name not in self._contacts:
                self._contacts[name] = await self._connect(self._snapshots[name])
            return self._contacts[name]

    async def close(self) -> None:
        """Close every connection but the hub's."""
        for contact in self._contacts.values():
            if contact.member is not None and contact.member.client is not self.hub:
                await contact.member.client.close()

    def _facts(self, snapshot: ClusterSnapshot) -> ClusterFacts:
        contact = self._contacts.get(snapshot.name)
        if contact is not None and contact.member is not None:
            return contact.member.facts
        uid = ClusterUid(snapshot.pinned_uid)
        return facts_of(snapshot, uid, is_hub=uid == self.installation.hub)

    async def _connect(self, snapshot: ClusterSnapshot) -> Contact:
        if snapshot.problem:
            return Contact(
                snapshot, problem=Finding(State.UNREACHABLE, "NoAccess", snapshot.problem)
            )
        client: Client | None = None
        try:
            access = await snapshot.open()
            client = Client(snapshot.name, access, clock=self._clock, hooks=self._hooks)
            async with asyncio.timeout(CONNECT_S):
                identity = await read_identity(client, access.endpoint)
                version = await client.version()
        except TimeoutError:
            error: KeyfleetError = TemporaryError("api.timeout", "no answer in time")
        except KeyfleetError as failure:
            error = failure
        else:
            return await self._recognise(snapshot, client, identity, version)
        if client is not None:
            await client.close()
        return Contact(
            snapshot, problem=replace(unreachable(snapshot.name, error), hint=error.hint)
        )

    async def _recognise(
        self, snapshot: ClusterSnapshot, client: Client, identity: Identity, version: str
    ) -> Contact:
        if objection := identity_objection(snapshot, identity):
            await client.close()
            return Contact(snapshot, None, identity, version, objection)
        is_hub = identity.uid == self.installation.hub
        member = LiveMember(
            facts_of(snapshot, identity.uid, is_hub=is_hub), client, self.installation
        )
        return Contact(snapshot, member, identity, version)
