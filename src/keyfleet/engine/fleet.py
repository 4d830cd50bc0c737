# SPDX-License-Identifier: Apache-2.0
"""The clusters of the fleet as the inventory says, each engaged on its own.

An `Entry` lives as long as the inventory lists the cluster. It has a lane from the start, so that
keys can wait for a cluster that is not reachable yet; the lane runs once the member is engaged:
logged in, recognised, listed and verified.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from random import Random
from typing import cast

from keyfleet.base.backoff import Backoff
from keyfleet.base.clock import Clock
from keyfleet.base.errors import (
    DeniedError,
    KeyfleetError,
    TemporaryError,
    UnreachableError,
)
from keyfleet.base.log import Hooks, get_logger
from keyfleet.base.tasks import all_of, spawn, stop
from keyfleet.engine.circuit import Circuit
from keyfleet.engine.identity import Identity, identity_objection, read_identity
from keyfleet.engine.lane import Lane
from keyfleet.engine.member import Member, MemberEvents
from keyfleet.kube.access import Endpoint
from keyfleet.kube.client import Client
from keyfleet.model.ownership import Installation
from keyfleet.model.places import ClusterFacts, ClusterName, ClusterUid
from keyfleet.model.plan import Finding, State
from keyfleet.plugin import ClusterSnapshot

log = get_logger("engine")

FOLLOW_S = 300.0
"""How often a login is resolved again, to notice a CA bundle or server that was replaced."""
ENGAGE_BACKOFF = Backoff(base_s=0.5, cap_s=10.0)


def unreachable(name: str, error: KeyfleetError) -> Finding:
    """Return the finding for a cluster that does not answer."""
    reason = "AuthenticationFailed" if error.code == "api.unauthorized" else "Unreachable"
    return Finding(
        State.UNREACHABLE,
        reason,
        f"cluster {name}: {error.message}",
        hint=f"`keyfleet clusters` shows when {name} answered last",
    )


class Entry:
    """One cluster of the inventory."""

    def __init__(self, snapshot: ClusterSnapshot, lane: Lane) -> None:
        self.snapshot = snapshot
        self.lane = lane
        self.member: Member | None = None
        self.client: Client | None = None
        self.identity: Identity | None = None
        self.known_uid = ""
        """Who answered first, also before that is pinned on the FleetCluster."""
        self.circuit: Circuit | None = None
        self.version = ""
        self.warnings: tuple[str, ...] = ()
        self.problem: Finding | None = Finding(
            State.PENDING, "Connecting", f"cluster {snapshot.name} is being connected"
        )
        """Why nothing can be delivered there now."""
        self.engaging: asyncio.Task[None] | None = None
        self.following: asyncio.Task[None] | None = None

    @property
    def name(self) -> ClusterName:
        """The cluster's name."""
        return self.snapshot.name

    @property
    def facts(self) -> ClusterFacts:
        """What placement may know, also while the cluster is away."""
        if self.member is not None:
            return self.member.facts
        uid = self.identity.uid if self.identity else ClusterUid(self.snapshot.pinned_uid)
        return facts_of(self.snapshot, uid, is_hub=False)


def facts_of(snapshot: ClusterSnapshot, uid: ClusterUid, *, is_hub: bool) -> ClusterFacts:
    """Return what placement and policies may know of a cluster."""
    return ClusterFacts(snapshot.name, uid, snapshot.labels, snapshot.aliases, is_hub)


class FleetEvents(MemberEvents):
    """What the fleet tells the engine."""

    def cluster_ready(self, entry: Entry) -> None:
        """The cluster is engaged: everything that concerns it is due."""

    def cluster_changed(self, entry: Entry) -> None:
        """Reachability, problem or facts changed: statuses are due."""

    async def cluster_leaving(self, entry: Entry) -> None:
        """The inventory no longer lists the cluster; it is still engaged."""

    def cluster_gone(self, entry: Entry) -> None:
        """The cluster is disengaged."""


class Fleet:
    """All entries, by name."""

    def __init__(
        self,
        installation: Installation,
        *,
        events: FleetEvents,
        new_lane: Callable[[ClusterSnapshot], Lane],
        clock: Clock,
        random: Random,
        hooks: Hooks,
    ) -> None:
        self._installation = installation
        self._events = events
        self._new_lane = new_lane
        self._clock = clock
        self._random = random
        self._hooks = hooks
        self._entries: dict[ClusterName, Entry] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self._hub: Entry | None = None
        self.is_known = False
        """The inventory has been heard at least once."""

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self._entries.values()))

    def get(self, name: ClusterName) -> Entry | None:
        """Return the entry of a cluster's name or alias."""
        exact = self._entries.get(name)
        if exact is not None:
            return exact
        return next((entry for entry in self if entry.facts.answers_to(name)), None)

    def hub(self) -> Entry | None:
        """Return the entry that is the hub itself, when it is a member."""
        return self._hub

    async def update(self, snapshots: Iterable[ClusterSnapshot]) -> None:
        """Make the entries what the inventory lists now."""
        wanted = {snapshot.name: snapshot for snapshot in snapshots}
        for name in [name for name in self._entries if name not in wanted]:
            self._remove(self._entries.pop(name))
        for name, snapshot in wanted.items():
            await self._put(name, snapshot)
        self.is_known = True

    async def close(self) -> None:
        """Disengage everything."""
        await all_of((self._end(entry) for entry in self), name="disengage")
        await stop(*self._leaving)

    async def _put(self, name: ClusterName, snapshot: ClusterSnapshot) -> None:
        entry = self._entries.get(name)
        if entry is None:
            entry = self._entries[name] = Entry(snapshot, self._new_lane(snapshot))
            self._engage_later(entry)
            return
        old, entry.snapshot = entry.snapshot, snapshot
        if old.pinned_uid and old.pinned_uid != snapshot.pinned_uid:
            # A person accepted another cluster.
            entry.known_uid = ""
        if _must_log_in_again(entry, old):
            await self._disengage(entry)
            self._engage_later(entry)
        elif _facts_of(old) != _facts_of(snapshot):
            self._refresh_facts(entry)

    def _refresh_facts(self, entry: Entry) -> None:
        member = entry.member
        if member is not None:
            is_hub = member.facts.is_hub
            member.facts = facts_of(entry.snapshot, member.facts.uid, is_hub=is_hub)
        self._events.cluster_ready(entry) if member else self._events.cluster_changed(entry)

    def _remove(self, entry: Entry) -> None:
        # Aside, since a cluster that goes may answer slowly and nobody else waits for it.
        task = spawn(self._leave(entry), name=f"leave {entry.name}")
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def _end(self, entry: Entry) -> None:
        await self._disengage(entry)
        await entry.lane.close()

    async def _leave(self, entry: Entry) -> None:
        entry.lane.pause()
        await self._events.cluster_leaving(entry)
        await self._end(entry)
        if self._hub is entry:
            self._hub = None
        if entry.name not in self._entries:
            self._hooks.cluster_removed(entry.name)
        self._events.cluster_gone(entry)
        # A duplicate that stood back takes over.
        for other in self:
            if other.problem is not None and other.problem.reason == "Duplicate":
                self._engage_later(other)

    def _engage_later(self, entry: Entry) -> None:
        entry.engaging = spawn(self._engage(entry), name=f"engage {entry.name}")

    async def _engage(self, entry: Entry) -> None:
        failures = 0
        while True:
            try:
                await self._try_to_engage(entry)
            except TemporaryError as error:
                failures += 1
                await self._clean_up(entry)
                self._set_problem(entry, unreachable(entry.name, error))
                self._hooks.cluster_reachable(entry.name, False)
                await self._clock.sleep(ENGAGE_BACKOFF.delay_s(failures, self._random))
            except KeyfleetError as error:
                # Refused or unusable as configured; rights may be granted later, so look again.
                failures += 1
                await self._clean_up(entry)
                self._set_problem(entry, _unusable(entry.name, error))
                await self._clock.sleep(2 * ENGAGE_BACKOFF.delay_s(failures, self._random))
            else:
                return

    async def _try_to_engage(self, entry: Entry) -> None:
        snapshot = entry.snapshot
        if snapshot.problem:
            self._set_problem(entry, Finding(State.UNREACHABLE, "NoAccess", snapshot.problem))
            return
        access = await snapshot.open()
        entry.warnings = access.warnings
        client = Client(
            snapshot.name,
            access,
            clock=self._clock,
            hooks=self._hooks,
            in_flight=snapshot.in_flight or 32,
        )
        entry.client = client
        identity = await read_identity(client, access.endpoint)
        entry.identity = identity
        entry.version = await client.version()
        known = replace(snapshot, pinned_uid=snapshot.pinned_uid or entry.known_uid)
        if finding := identity_objection(known, identity) or self._duplicate(entry, identity):
            self._set_problem(entry, finding)
            await client.close()
            entry.client = None
            return
        entry.known_uid = identity.uid
        await self._start_member(entry, client, identity, access.endpoint)
        entry.following = spawn(self._follow(entry, access.generation), name=f"follow {entry.name}")

    async def _follow(self, entry: Entry, generation: str) -> None:
        # Credentials refresh themselves; what verifies the server does not.
        while True:
            await self._clock.sleep(FOLLOW_S)
            try:
                access = await entry.snapshot.open()
            except KeyfleetError as error:
                log.warning("engine.login_unreadable", cluster=entry.name, code=error.code)
                continue
            if access.generation != generation:
                log.info("engine.login_changed", cluster=entry.name)
                entry.engaging = spawn(self._engage_anew(entry), name=f"engage {entry.name}")
                return

    async def _engage_anew(self, entry: Entry) -> None:
        await self._clean_up(entry)
        await self._engage(entry)

    async def _start_member(
        self, entry: Entry, client: Client, identity: Identity, endpoint: Endpoint
    ) -> None:
        is_hub = identity.uid == self._installation.hub
        member = Member(
            facts_of(entry.snapshot, identity.uid, is_hub=is_hub),
            client,
            self._installation,
            events=self._events,
            clock=self._clock,
            random=self._random,
            hooks=cast("Hooks", _WatchRelay(self._hooks, lambda: self._doubt(entry))),
        )
        entry.member = member
        if is_hub:
            self._hub = entry
        try:
            async with asyncio.timeout(60):
                await member.start()
        except TimeoutError:
            raise TemporaryError("engine.engage_timeout", "its first lists take too long") from None
        entry.circuit = Circuit(
            lambda: self._probe(entry, client, identity, endpoint),
            on_doubt=entry.lane.pause,
            on_open=lambda error: self._opened(entry, error),
            on_close=lambda was_away: self._answered(entry, was_away=was_away),
            clock=self._clock,
            random=self._random,
        )
        self._closed(entry, was_away=True)
        self._events.cluster_ready(entry)

    async def _probe(
        self, entry: Entry, client: Client, known: Identity, endpoint: Endpoint
    ) -> None:
        # A session that broke may come back as another cluster: recognise it before it gets data.
        found = await read_identity(client, endpoint)
        if found.uid == known.uid or found.is_weak:
            return
        snapshot = replace(entry.snapshot, pinned_uid=known.uid)
        self._set_problem(entry, identity_objection(snapshot, found))
        entry.engaging = spawn(self._clean_up(entry), name=f"disengage {entry.name}")
        raise DeniedError("engine.identity_changed", "another cluster answers", entry.name)

    def _doubt(self, entry: Entry) -> None:
        if entry.circuit is not None:
            entry.circuit.failed(UnreachableError("api.watch_failed", "a watch broke"))

    def _opened(self, entry: Entry, error: KeyfleetError) -> None:
        self._hooks.cluster_reachable(entry.name, False)
        self._set_problem(entry, unreachable(entry.name, error))

    def _answered(self, entry: Entry, *, was_away: bool) -> None:
        if entry.problem is None or entry.problem.reason != "IdentityChanged":
            self._closed(entry, was_away=was_away)

    def _closed(self, entry: Entry, *, was_away: bool) -> None:
        self._hooks.cluster_reachable(entry.name, True)
        self._set_problem(entry, None)
        entry.lane.resume(past_backoff=was_away)
        if was_away and entry.member is not None:
            # A single broken watch keeps its own back-off: what broke it may be still there.
            entry.member.nudge()

    def _set_problem(self, entry: Entry, problem: Finding | None) -> None:
        if entry.problem == problem:
            return
        entry.problem = problem
        if problem is not None:
            entry.lane.pause()
            log.warning("engine.cluster_not_ready", cluster=entry.name, reason=problem.reason)
        else:
            log.info("engine.cluster_ready", cluster=entry.name)
        self._events.cluster_changed(entry)

    def _duplicate(self, entry: Entry, identity: Identity) -> Finding | None:
        if identity.is_weak:
            return None
        for other in self:
            if other is entry or other.identity is None or other.identity.uid != identity.uid:
                continue
            if other.problem is not None and other.member is None:
                continue
            if _precedence(other) < _precedence(entry):
                return _duplicate_of(entry.name, other.name)
            self._stand_back(other, entry.name)
        return None

    def _stand_back(self, entry: Entry, winner: ClusterName) -> None:
        entry.engaging = spawn(self._yield_to(entry, winner), name=f"disengage {entry.name}")

    async def _yield_to(self, entry: Entry, winner: ClusterName) -> None:
        await self._clean_up(entry)
        self._set_problem(entry, _duplicate_of(entry.name, winner))

    async def _disengage(self, entry: Entry) -> None:
        await stop(entry.engaging)
        await self._clean_up(entry)
        entry.identity = None

    async def _clean_up(self, entry: Entry) -> None:
        entry.lane.pause()
        circuit, member, client = entry.circuit, entry.member, entry.client
        entry.circuit = entry.member = entry.client = None
        await stop(entry.following)
        if circuit is not None:
            await circuit.close()
        if member is not None:
            await member.stop()
        if client is not None:
            await client.close()


class _WatchRelay:
    """Pass observations on, and tell the circuit when a watch breaks."""

    def __init__(self, hooks: Hooks, on_failed: Callable[[], None]) -> None:
        self._hooks = hooks
        self._on_failed = on_failed

    def watch_changed(self, cluster: str, resource: str, state: str) -> None:
        """A watch changed its state."""
        self._hooks.watch_changed(cluster, resource, state)
        if state == "failed":
            self._on_failed()

    def __getattr__(self, name: str) -> object:
        return getattr(self._hooks, name)


def _must_log_in_again(entry: Entry, old: ClusterSnapshot) -> bool:
    new = entry.snapshot
    if _login_of(old) != _login_of(new):
        return True
    # Pinning who already answers changes nothing; pinning somebody else does.
    uid = entry.identity.uid if entry.identity else ""
    return old.pinned_uid != new.pinned_uid and (new.pinned_uid != uid or entry.member is None)


def _login_of(snapshot: ClusterSnapshot) -> tuple[str, str, int]:
    return (snapshot.generation, snapshot.problem, snapshot.in_flight)


def _facts_of(snapshot: ClusterSnapshot) -> tuple[object, ...]:
    return (dict(snapshot.labels), snapshot.aliases, snapshot.paused, snapshot.accepted_names)


def _precedence(entry: Entry) -> tuple[bool, str]:
    return (entry.snapshot.is_bare, entry.name)


def _duplicate_of(name: str, winner: str) -> Finding:
    return Finding(
        State.HELD,
        "Duplicate",
        f"{name} is the same cluster as {winner}",
        hint=f"remove one of the two, or pause {name}",
        rule="identity",
    )


def _unusable(name: str, error: KeyfleetError) -> Finding:
    state = State.UNREACHABLE
    return Finding(state, "NoAccess", f"cluster {name}: {error.message}", hint=error.hint)
