# SPDX-License-Identifier: Apache-2.0
"""Engage a cluster: log in, recognise it, list and verify, and stay with it through outages."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from random import Random

from keyfleet.base.backoff import Backoff
from keyfleet.base.clock import Clock
from keyfleet.base.errors import (
    DeniedError,
    InvariantError,
    KeyfleetError,
    TemporaryError,
    UnreachableError,
)
from keyfleet.base.log import Hooks, get_logger
from keyfleet.base.tasks import spawn, stop
from keyfleet.engine.circuit import Circuit
from keyfleet.engine.entry import Entry, FleetEvents, unreachable, unusable
from keyfleet.engine.identity import Identity, identity_objection, read_identity
from keyfleet.engine.members.agentmember import AgentMember
from keyfleet.engine.members.member import Member
from keyfleet.engine.members.scopes import EVERYWHERE
from keyfleet.engine.relay import relay
from keyfleet.engine.sealing.certificates import Certificates
from keyfleet.kube.access import Access, Endpoint
from keyfleet.kube.client import Client
from keyfleet.model.ownership import Installation
from keyfleet.model.places import ClusterUid
from keyfleet.model.plan import Finding, State

log = get_logger("engine")

FOLLOW_S = 300.0
"""How often a login is resolved again, to notice a CA bundle or server that was replaced."""
STRANGER_S = 60.0
"""How often a cluster that answered as another is asked again: an address may lead back."""
STRANGERS = ("IdentityChanged", "IdentityUnreadable")
"""Who answers is not, or cannot be shown to be, the cluster that is known."""
FLEET_LISTS = 50
"""Lists of members at a time: when a network segment comes back, a thousand are due at once. The
hub's own are not among them, so that no member can keep it waiting."""
START_S = 60.0
"""How long the first lists of a cluster may take."""
ENGAGE_BACKOFF = Backoff(base_s=0.5, cap_s=10.0)


class Engagements:
    """Engages and disengages entries, each in tasks of its own."""

    def __init__(
        self,
        installation: Installation,
        events: FleetEvents,
        *,
        recognised: Callable[[Entry, Identity], Finding | None],
        clock: Clock,
        random: Random,
        hooks: Hooks,
        certificates: Certificates | None = None,
        hub: Client | None = None,
    ) -> None:
        """Prepare.

        Args:
            installation: Who we are.
            events: What the fleet tells the engine.
            recognised: Told who a cluster is; returns why its entry shall not serve it.
            clock: For waits.
            random: For jitter.
            hooks: Observation.
            certificates: What is sealed with in each cluster; None: nothing is.
            hub: Where clusters take what is for them; None: none does.
        """
        self._hub = hub
        self._certificates = certificates
        self._installation = installation
        self._events = events
        self._recognised = recognised
        self._clock = clock
        self._random = random
        self._hooks = hooks
        self._lists = asyncio.Semaphore(FLEET_LISTS)

    def engage_later(self, entry: Entry) -> None:
        """Start to engage a cluster, and go on trying."""
        entry.engaging = spawn(self._engage(entry), name=f"engage {entry.name}")

    async def _engage(self, entry: Entry) -> None:
        failures = 0
        while True:
            try:
                await self._try_to_engage(entry)
            except TemporaryError as error:
                failures += 1
                await self.clean_up(entry)
                self.set_problem(entry, unreachable(entry.name, error))
                self._hooks.cluster_reachable(entry.name, False)
                await self._clock.sleep(ENGAGE_BACKOFF.delay_s(failures, self._random))
            except KeyfleetError as error:
                # Refused or unusable as configured; rights may be granted later, so look again.
                failures += 1
                await self.clean_up(entry)
                self.set_problem(entry, unusable(entry.name, error))
                await self._clock.sleep(2 * ENGAGE_BACKOFF.delay_s(failures, self._random))
            except Exception as crash:  # noqa: BLE001 - else the cluster is "Connecting" for ever
                # Only the type: the text of an unknown error may quote a login.
                kind = type(crash).__name__
                log.error("engine.engage_crashed", cluster=entry.name, error=kind)  # noqa: TRY400
                failures += 1
                await self.clean_up(entry)
                bug = InvariantError(
                    "engine.engage_crashed", "a bug keeps it from being connected", kind
                )
                self.set_problem(entry, unusable(entry.name, bug))
                await self._clock.sleep(2 * ENGAGE_BACKOFF.delay_s(failures, self._random))
            else:
                if entry.problem is None or entry.problem.reason not in STRANGERS:
                    return
                await self._clock.sleep(STRANGER_S * (1.0 + 0.1 * self._random.random()))

    async def _try_to_engage(self, entry: Entry) -> None:
        snapshot = entry.snapshot
        if snapshot.problem:
            self.set_problem(entry, Finding(State.UNREACHABLE, "NoAccess", snapshot.problem))
            return
        access = await snapshot.open()
        if snapshot.is_agent:
            await self._engage_agent(entry, access)
            return
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
        if finding := identity_objection(known, identity) or self._recognised(entry, identity):
            self.set_problem(entry, finding)
            await client.close()
            entry.client = None
            return
        entry.known_uid = identity.uid
        await self._start_member(entry, client, identity, access.endpoint)
        entry.following = spawn(self._follow(entry, access.generation), name=f"follow {entry.name}")

    async def _engage_agent(self, entry: Entry, access: Access) -> None:
        """Serve a cluster that nobody connects to: its carriers, which lie on the hub."""
        client = Client(entry.name, access, clock=self._clock, hooks=self._hooks)
        member = AgentMember(
            entry.facts_as(ClusterUid(""), is_hub=False),
            client,
            self._installation,
            events=self._events,
            clock=self._clock,
            random=self._random,
            hooks=self._hooks,
            lists=self._lists,
            hub=self._hub,
        )
        entry.member = member
        await _started(member)
        self.set_problem(entry, None)
        entry.lane.resume(past_backoff=True)
        self._events.cluster_ready(entry)

    async def _follow(self, entry: Entry, generation: str) -> None:
        # Credentials refresh themselves; what verifies the server does not.
        while True:
            await self._clock.sleep(FOLLOW_S)
            try:
                access = await entry.snapshot.open()
                is_readable = await _is_readable_now(entry, access.endpoint)
            except KeyfleetError as error:
                log.warning("engine.login_unreadable", cluster=entry.name, code=error.code)
                continue
            if access.generation != generation or is_readable:
                log.info("engine.login_changed", cluster=entry.name)
                entry.engaging = spawn(self._engage_anew(entry), name=f"engage {entry.name}")
                return

    async def _engage_anew(self, entry: Entry) -> None:
        await self.clean_up(entry)
        await self._engage(entry)

    async def _start_member(
        self, entry: Entry, client: Client, identity: Identity, endpoint: Endpoint
    ) -> None:
        member = Member(
            entry.facts_as(identity.uid, is_hub=entry.is_hub),
            client,
            self._installation,
            events=self._events,
            clock=self._clock,
            random=self._random,
            hooks=relay(self._hooks, lambda state: self._watch_is(entry, state)),
            lists=self._lists,
            scopes=entry.snapshot.namespaces or EVERYWHERE,
            certificates=self._certificates,
            hub=self._hub,
        )
        entry.member = member
        await _started(member)
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
            if entry.member is not None and await entry.member.is_rewound():
                log.warning("engine.cluster_restored", cluster=entry.name)
                entry.engaging = spawn(self._engage_anew(entry), name=f"engage {entry.name}")
                raise DeniedError("engine.cluster_restored", "its store is an earlier one")
            return
        if known.is_weak:
            # The same CA and address, and by now its UID may be read: learn it, in order.
            log.info("engine.identity_readable", cluster=entry.name)
            entry.engaging = spawn(self._engage_anew(entry), name=f"engage {entry.name}")
            raise DeniedError("engine.identity_readable", "its UID can be read now", entry.name)
        snapshot = replace(entry.snapshot, pinned_uid=known.uid)
        self.set_problem(entry, identity_objection(snapshot, found))
        entry.engaging = spawn(self._engage_anew(entry), name=f"engage {entry.name}")
        raise DeniedError("engine.identity_changed", "another cluster answers", entry.name)

    def _watch_is(self, entry: Entry, state: str) -> None:
        if state == "failed" and entry.circuit is not None:
            entry.circuit.failed(UnreachableError("api.watch_failed", "a watch broke"))

    def _opened(self, entry: Entry, error: KeyfleetError) -> None:
        self._hooks.cluster_reachable(entry.name, False)
        self.set_problem(entry, unreachable(entry.name, error))

    def _answered(self, entry: Entry, *, was_away: bool) -> None:
        if entry.problem is None or entry.problem.reason not in STRANGERS:
            self._closed(entry, was_away=was_away)

    def _closed(self, entry: Entry, *, was_away: bool) -> None:
        self._hooks.cluster_reachable(entry.name, True)
        self.set_problem(entry, None)
        entry.lane.resume(past_backoff=was_away)
        if was_away and entry.member is not None:
            # A single broken watch keeps its own back-off: what broke it may be still there.
            entry.member.nudge()

    def set_problem(self, entry: Entry, problem: Finding | None) -> None:
        """Say why nothing can be delivered there, or (None) that it can."""
        if entry.problem == problem:
            return
        entry.problem = problem
        if problem is not None:
            entry.lane.pause()
            log.warning("engine.cluster_not_ready", cluster=entry.name, reason=problem.reason)
        else:
            log.info("engine.cluster_ready", cluster=entry.name)
        self._events.cluster_changed(entry)

    async def disengage(self, entry: Entry) -> None:
        """Log out of a cluster and forget who it was."""
        await stop(entry.engaging)
        await self.clean_up(entry)
        entry.identity = None

    async def clean_up(self, entry: Entry) -> None:
        """Stop everything that runs for a cluster; its lane keeps its keys."""
        entry.lane.pause()
        circuit, member, client = entry.circuit, entry.member, entry.client
        entry.circuit = entry.member = entry.client = None
        await stop(entry.following)
        if member is not None:
            await self._events.cluster_disengaging(entry)
        if circuit is not None:
            await circuit.close()
        if member is not None:
            await member.stop()
        if client is not None:
            await client.close()


async def _started(member: Member) -> None:
    try:
        async with asyncio.timeout(START_S):
            await member.start()
    except TimeoutError:
        raise TemporaryError("engine.engage_timeout", "its first lists take too long") from None


async def _is_readable_now(entry: Entry, endpoint: Endpoint) -> bool:
    """Tell whether a cluster that was known by CA and address lets its UID be read by now."""
    known, client = entry.identity, entry.client
    if known is None or client is None or not known.is_weak:
        return False
    return not (await read_identity(client, endpoint)).is_weak
