# SPDX-License-Identifier: Apache-2.0
"""The fleet of a one-shot command: clusters are contacted only when something asks for them."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from keyfleet.base.clock import Clock
from keyfleet.base.errors import KeyfleetError, TemporaryError
from keyfleet.base.log import Hooks, NoHooks
from keyfleet.base.tasks import all_of
from keyfleet.engine.entry import facts_of, precedence, unreachable
from keyfleet.engine.identity import Identity, identity_objection, read_identity
from keyfleet.engine.live import LiveMember
from keyfleet.engine.members.scopes import EVERYWHERE
from keyfleet.engine.naming import with_settled_names
from keyfleet.engine.sealing.looking import KeyLook
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
        labels: Mapping[str, Mapping[str, str]] | None = None,
        keys: KeyLook | None = None,
    ) -> None:
        """Prepare; nothing is contacted.

        Args:
            snapshots: The clusters.
            hub: The hub.
            installation: Who we are.
            clock: For time limits.
            hooks: Observation.
            labels: By UID, of clusters that are labelled so whatever a snapshot says.
            keys: Reads sealing keys.
        """
        self.hub = hub
        self.keys = keys or KeyLook()
        self._labels = labels or {}
        self.installation = installation
        self._snapshots = with_settled_names(snapshots)
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

    def facts_of(self, name: ClusterName) -> ClusterFacts | None:
        """Return what is known of the cluster that answers to a name, empty for the hub."""
        snapshot = self.named(name) if name else self._hub_snapshot()
        return self._facts(snapshot) if snapshot else None

    async def hub_facts(self, *, certainly: bool) -> ClusterFacts:
        """Return the hub, with the labels of its FleetCluster where it is a member.

        Args:
            certainly: Contact labelled clusters that were never recognised: one may be the hub.
        """
        if certainly and self._hub_snapshot() is None:
            unknown = [found.name for found in self if found.labels and not self._uid(found)]
            await all_of(map(self.contact, unknown), name="contact")
        uid = ClusterUid(self.installation.hub)
        return self.facts_of(ClusterName("")) or ClusterFacts(ClusterName("hub"), uid, is_hub=True)

    def _hub_snapshot(self) -> ClusterSnapshot | None:
        found = [each for each in self if self._uid(each) == self.installation.hub]
        return min(found, key=precedence, default=None)

    async def contact(self, name: ClusterName) -> Contact:
        """Return the cluster, contacted and recognised, or why it cannot be used.

        Of two names of one cluster, either gives the same contact, under the name that counts.
        """
        async with self._locks.setdefault(name, asyncio.Lock()):
            if name not in self._contacts:
                self._contacts[name] = await self._connect(self._snapshots[name])
        return self._canonical(self._contacts[name])

    async def close(self) -> None:
        """Close every connection but the hub's."""
        members = [contact.member for contact in self._contacts.values()]
        clients = {id(member.client): member.client for member in members if member is not None}
        for client in clients.values():
            if client is not self.hub:
                await client.close()

    def _canonical(self, contact: Contact) -> Contact:
        if contact.member is None or contact.identity is None or contact.identity.is_weak:
            return contact
        uid = contact.identity.uid
        names = [found for found in self if self._uid(found) == uid]
        winner = min(names, key=precedence, default=contact.snapshot)
        known = self._contacts.get(winner.name)
        if known is not None and known.member is not None:
            return known
        aliases = frozenset(name for found in names for name in (found.name, *found.aliases))
        facts = self._facts_as(winner, uid)
        member = LiveMember(
            replace(
                facts,
                aliases=facts.aliases | aliases,
                former_uids=contact.member.facts.former_uids,
            ),
            contact.member.client,
            self.installation,
            winner.namespaces or EVERYWHERE,
            self.keys,
            self.hub,
        )
        self._contacts[winner.name] = replace(contact, snapshot=winner, member=member)
        return self._contacts[winner.name]

    def _uid(self, snapshot: ClusterSnapshot) -> str:
        contact = self._contacts.get(snapshot.name)
        known = contact.identity.uid if contact is not None and contact.identity else ""
        return known or snapshot.pinned_uid

    def _facts(self, snapshot: ClusterSnapshot) -> ClusterFacts:
        contact = self._contacts.get(snapshot.name)
        if contact is not None and contact.member is not None:
            return contact.member.facts
        uid = ClusterUid(snapshot.pinned_uid)
        return self._facts_as(snapshot, uid)

    def _facts_as(self, snapshot: ClusterSnapshot, uid: ClusterUid) -> ClusterFacts:
        facts = facts_of(snapshot, uid, is_hub=uid == self.installation.hub)
        return replace(facts, labels=self._labels.get(uid, facts.labels))

    async def _connect(self, snapshot: ClusterSnapshot) -> Contact:
        if snapshot.problem:
            return Contact(
                snapshot, problem=Finding(State.UNREACHABLE, "NoAccess", snapshot.problem)
            )
        if snapshot.is_agent:
            return await self._agent(snapshot)
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

    async def _agent(self, snapshot: ClusterSnapshot) -> Contact:
        """Return a cluster that nobody connects to: what lies on the hub for it can be seen."""
        client = Client(snapshot.name, await snapshot.open(), clock=self._clock, hooks=self._hooks)
        facts = self._facts_as(snapshot, ClusterUid(""))
        scopes = EVERYWHERE
        member = LiveMember(facts, client, self.installation, scopes, self.keys, self.hub)
        return Contact(snapshot, member)

    async def _recognise(
        self, snapshot: ClusterSnapshot, client: Client, identity: Identity, version: str
    ) -> Contact:
        if objection := identity_objection(snapshot, identity):
            await client.close()
            return Contact(snapshot, None, identity, version, objection)
        facts = replace(self._facts_as(snapshot, identity.uid), former_uids=identity.former_uids)
        scopes = snapshot.namespaces or EVERYWHERE
        member = LiveMember(facts, client, self.installation, scopes, self.keys, self.hub)
        return Contact(snapshot, member, identity, version)
