# SPDX-License-Identifier: Apache-2.0
"""The clusters of the fleet as the inventory says: who is in, who goes, who is who.

Two entries may turn out to be one cluster under two names. One of them serves it then and answers
to both names; the other says `Duplicate` and is no member of its own.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator
from random import Random
from typing import Any

from keyfleet.base.clock import Clock
from keyfleet.base.errors import TemporaryError
from keyfleet.base.log import Hooks
from keyfleet.base.means import Means
from keyfleet.base.tasks import all_of, spawn, stop
from keyfleet.engine.engagement import Engagements
from keyfleet.engine.entry import Entry, FleetEvents, duplicate_of, precedence
from keyfleet.engine.identity import Identity
from keyfleet.engine.lane import Lane
from keyfleet.engine.naming import with_settled_names
from keyfleet.engine.sealing.certificates import Certificates
from keyfleet.kube.client import Client
from keyfleet.model.ownership import Installation
from keyfleet.model.places import ClusterFacts, ClusterName, ClusterUid, IntentKey
from keyfleet.model.plan import Finding
from keyfleet.plugin import ClusterSnapshot


class Fleet:
    """All entries, by name; iterating gives those that stand for a cluster of their own."""

    def __init__(
        self,
        installation: Installation,
        *,
        events: FleetEvents,
        new_lane: Callable[[ClusterSnapshot], Lane],
        clock: Clock,
        random: Random,
        hooks: Hooks,
        certificates: Certificates | None = None,
        hub: Client | None = None,
    ) -> None:
        self._installation = installation
        self._events = events
        self._new_lane = new_lane
        self._hooks = hooks
        means = Means(clock=clock, random=random, hooks=hooks)
        self._engagements = Engagements(
            installation,
            events,
            recognised=self._recognised,
            certificates=certificates,
            hub=hub,
            **means,
        )
        self._entries: dict[ClusterName, Entry] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._hub: Entry | None = None
        self._hub_told: tuple[ClusterFacts | None] | None = None
        """What was found out by pins, so that not every decision walks through the fleet."""
        self.is_known = False
        """The inventory has been heard at least once."""

    def __iter__(self) -> Iterator[Entry]:
        return iter([entry for entry in self._entries.values() if entry.duplicate_of is None])

    def concerning(self, intent: IntentKey) -> list[Entry]:
        """Return the clusters that an intent may mean: one found in a member means that one."""
        if not intent.cluster:
            return list(self)
        found = self.get(intent.cluster)
        return [found] if found is not None else []

    def get(self, name: ClusterName) -> Entry | None:
        """Return the entry that serves a cluster's name or alias."""
        exact = self._entries.get(name)
        if exact is not None:
            return self._entries.get(exact.duplicate_of) if exact.duplicate_of else exact
        return next((entry for entry in self if entry.facts.answers_to(name)), None)

    def hub(self) -> Entry | None:
        """Return the entry that is the hub itself, when it is a member."""
        return self._hub

    def hub_facts(self) -> ClusterFacts | None:
        """Return the hub as a member, from its pinned identity before it is engaged.

        Returns:
            None when the hub is no member, so that nothing says what it is.
        Raises:
            TemporaryError: One of the labelled clusters may turn out to be the hub (engine:
                back-off; a source whose labels are not known yet goes nowhere).
        """
        if self._hub is not None:
            return self._hub.facts
        if self._hub_told is None:
            self._hub_told = (self._find_hub(),)
        return self._hub_told[0]

    def _find_hub(self) -> ClusterFacts | None:
        uid = self._installation.hub
        for entry in self:
            if entry.snapshot.pinned_uid == uid:
                return entry.facts_as(ClusterUid(uid), is_hub=True)
        if not self.is_known or any(map(_may_be_the_hub, self)):
            raise TemporaryError("source.hub_unrecognised", "which cluster is the hub is not known")
        return None

    def is_served_elsewhere(self, entry: Entry) -> bool:
        """Tell whether another entry is this very cluster."""
        return entry.identity is not None and any(
            other is not entry
            and other.identity is not None
            and other.identity.uid == entry.identity.uid
            for other in self._entries.values()
        )

    def is_idle(self) -> bool:
        """Tell whether no pass runs or waits for its turn in any cluster."""
        return all(entry.lane.is_idle for entry in self._entries.values())

    def is_settled(self) -> bool:
        """Tell whether every cluster is engaged, or known to be out of reach."""
        return self.is_known and not any(
            entry.problem is not None and entry.problem.reason == "Connecting"
            for entry in self._entries.values()
        )

    async def update(self, snapshots: Iterable[ClusterSnapshot]) -> None:
        """Make the entries what the inventory lists now."""
        wanted = with_settled_names(snapshots)
        self._hub_told = None
        for name in [name for name in self._entries if name not in wanted]:
            # Aside, since a cluster that goes may answer slowly and nobody else waits for it.
            self._aside(self._leave(self._entries.pop(name)), name=f"leave {name}")
        for name, snapshot in wanted.items():
            await self._put(name, snapshot)
        self.is_known = True
        self._hub_told = None

    async def close(self) -> None:
        """Disengage everything."""
        await all_of((self._end(entry) for entry in self._entries.values()), name="disengage")
        await stop(*self._tasks)

    async def _put(self, name: ClusterName, snapshot: ClusterSnapshot) -> None:
        entry = self._entries.get(name)
        if entry is None:
            entry = self._entries[name] = Entry(snapshot, self._new_lane(snapshot))
            self._engagements.engage_later(entry)
            return
        old, entry.snapshot = entry.snapshot, snapshot
        if old.pinned_uid and old.pinned_uid != snapshot.pinned_uid:
            # A person accepted another cluster.
            entry.known_uid = ""
        if _must_log_in_again(entry, old):
            await self._engagements.disengage(entry)
            if entry.duplicate_of is not None or old.pinned_uid != snapshot.pinned_uid:
                # Who only logs in anew stays who it is, and its duplicates stay aside.
                self._separate(entry)
            self._engagements.engage_later(entry)
        elif _facts_of(old) != _facts_of(snapshot):
            self._refresh_facts(entry)
            if entry.member is None and old.labels != snapshot.labels:
                # The hub is known by its pin, also while its entry cannot be engaged.
                self._hub_told = None
                self._events.cluster_relabelled(entry)
        elif old.declared_as != snapshot.declared_as:
            self._events.cluster_changed(entry)

    def _refresh_facts(self, entry: Entry) -> None:
        member = entry.member
        if member is None:
            self._events.cluster_changed(entry)
            return
        before = member.facts.labels
        member.facts = entry.facts_as(member.facts.uid, is_hub=member.facts.is_hub)
        if before != member.facts.labels:
            self._events.cluster_relabelled(entry)
        self._events.cluster_ready(entry)

    def _aside(self, coroutine: Coroutine[Any, Any, None], *, name: str) -> None:
        task = spawn(coroutine, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _end(self, entry: Entry) -> None:
        await self._engagements.disengage(entry)
        await entry.lane.close()

    async def _leave(self, entry: Entry) -> None:
        entry.lane.pause()
        await self._events.cluster_leaving(entry)
        await self._end(entry)
        self._separate(entry)
        if entry.name not in self._entries:
            self._hooks.cluster_removed(entry.name)
            self._events.cluster_gone(entry)

    # One cluster under two names.

    def _recognised(self, entry: Entry, identity: Identity) -> Finding | None:
        if identity.is_weak:
            return None
        for other in self:
            if other is entry or other.identity is None or other.identity.uid != identity.uid:
                continue
            if other.problem is not None and other.member is None:
                continue
            if _stands(other, against=entry, as_=identity):
                return self._merge(entry, into=other)
            self._aside(self._yield_to(other, entry), name=f"disengage {other.name}")
        entry.is_hub = identity.uid == self._installation.hub
        if entry.is_hub and self._hub is not entry:
            self._hub = entry
            self._events.cluster_relabelled(entry)
        return None

    async def _yield_to(self, entry: Entry, winner: Entry) -> None:
        finding = self._merge(entry, into=winner)
        await stop(entry.engaging)
        await self._engagements.clean_up(entry)
        self._engagements.set_problem(entry, finding)

    def _merge(self, entry: Entry, *, into: Entry) -> Finding:
        into.merged |= {entry.name, *entry.snapshot.aliases, *entry.merged}
        entry.duplicate_of, entry.merged = into.name, frozenset()
        for other in self._entries.values():
            if other.duplicate_of == entry.name:
                other.duplicate_of = into.name
        if into.member is not None:
            self._refresh_facts(into)
        return duplicate_of(entry.name, into.name)

    def _separate(self, entry: Entry) -> None:
        """Undo what recognising the entry led to: it goes, or is to be recognised anew."""
        if self._hub is entry:
            self._events.cluster_relabelled(entry)
            self._hub = self._hub_told = None
        entry.is_hub = False
        winner = self._entries.get(entry.duplicate_of) if entry.duplicate_of else None
        if winner is not None:
            winner.merged -= {entry.name, *entry.snapshot.aliases}
            self._refresh_facts(winner)
        entry.duplicate_of, entry.merged = None, frozenset()
        for other in self._entries.values():
            if other.duplicate_of == entry.name:
                # A duplicate that stood back takes over, or finds out that it still is one.
                other.duplicate_of = None
                self._engagements.engage_later(other)


def _stands(served: Entry, *, against: Entry, as_: Identity) -> bool:
    """Tell whether an entry goes on to serve a cluster that another entry says to be, too.

    A UID is no secret: every marker in the cluster names it. Whoever answers with it under another
    CA than the one we know may be anybody, so the one that was known earlier is believed, else a
    new member could draw to itself what goes to another. Under the same CA it is one cluster.
    """
    known = served.identity
    if known is not None and known.ca_sha256 and known.ca_sha256 == as_.ca_sha256:
        return precedence(served.snapshot) < precedence(against.snapshot)
    return _known_since(served) <= _known_since(against)


def _known_since(entry: Entry) -> str:
    return entry.snapshot.pinned_at or "~"


def _may_be_the_hub(entry: Entry) -> bool:
    # Only one with labels matters: without them it says nothing about what the hub holds.
    if entry.snapshot.is_agent:
        return False
    is_untried = entry.problem is not None and entry.problem.reason == "Connecting"
    return is_untried and not entry.snapshot.pinned_uid and bool(entry.snapshot.labels)


def _must_log_in_again(entry: Entry, old: ClusterSnapshot) -> bool:
    new = entry.snapshot
    if _login_of(old) != _login_of(new):
        return True
    # Pinning who already answers changes nothing; pinning somebody else does.
    uid = entry.identity.uid if entry.identity else ""
    return old.pinned_uid != new.pinned_uid and (new.pinned_uid != uid or entry.member is None)


def _login_of(snapshot: ClusterSnapshot) -> tuple[str, str, int, str]:
    home = snapshot.hub_namespace
    return (snapshot.generation, snapshot.problem, snapshot.in_flight, home)


def _facts_of(snapshot: ClusterSnapshot) -> tuple[object, ...]:
    names = (snapshot.aliases, snapshot.accepted_names)
    return (dict(snapshot.labels), *names, snapshot.paused, snapshot.sealing_certificate)
