# SPDX-License-Identifier: Apache-2.0
"""Say on each manifest how it stands: at most one write a second per object, after deliveries.

A first change is written as soon as its deliveries are done, a stream of changes once a second, so
that a status is never more than two seconds behind and never delays a secret.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from keyfleet.base.clock import Clock, timestamp
from keyfleet.base.errors import KeyfleetError, NotFoundError, PermanentError
from keyfleet.base.log import Hooks, NoHooks, get_logger
from keyfleet.base.tasks import all_of, spawn, stop
from keyfleet.kube.client import Client
from keyfleet.kube.resources import Resource
from keyfleet.model.intent import Origin
from keyfleet.model.places import ClusterName, IntentKey
from keyfleet.plugin import Event, Report

log = get_logger("engine")
_NO_HOOKS = NoHooks()

SOON_S = 0.03
"""Wait for the deliveries of the same change, which mostly end together."""
BETWEEN_S = 1.0
"""Least time between two writes to one object."""
BUSY_S = 1.0
"""How long a status waits for deliveries that are on their way."""
CONNECTING_S = 15.0
"""How long, after a start, a status waits for clusters to be connected and looked at: what was true
before the start mostly still is, and saying otherwise for a moment would be noise."""
LOOK_AGAIN_S = 0.5
"""How soon a status that waits sees that there is nothing to wait for any more."""
RETRY_S = 2.0
REFUSED_S = 300.0
"""Longest wait after a status that the API server refuses for what it says."""
LANE_WIDTH = 8
"""Status writes at a time: deliveries have the connection first."""


class Say(Protocol):
    """How the dialect of a manifest says what came of it."""

    def __call__(self, before: Mapping[str, Any] | None, /, *, now: str) -> Report:
        """Return status and events, given the present status."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What to say on one manifest."""

    report: Say
    origin: Origin
    resource: Resource
    before: Mapping[str, Any] | None
    """Its status as last seen."""
    has_status: bool


class Subject(Protocol):
    """What the status keeper asks about a manifest, be it an intent or a store."""

    def answer(self, key: IntentKey) -> Answer | None:
        """Return what to say now; None when there is no manifest any more."""
        ...

    def patience_s(self, key: IntentKey) -> float:
        """Return how long the status may wait for what is on its way; 0 when nothing is."""
        ...


Tell = Callable[[Origin, Resource, tuple[Event, ...]], None]
Clients = Callable[[ClusterName], Client | None]
"""The way to the manifests of a cluster, empty is the hub; None while it is away."""


class Statuses:
    """Writes statuses and events of manifests."""

    def __init__(
        self,
        clients: Clients,
        subject: Subject,
        tell: Tell,
        clock: Clock,
        hooks: Hooks = _NO_HOOKS,
    ) -> None:
        self._clients = clients
        self._subject = subject
        self._tell = tell
        self._clock = clock
        self._hooks = hooks
        self._due: dict[IntentKey, asyncio.TimerHandle] = {}
        self._failures: dict[IntentKey, tuple[str, int]] = {}
        self._changed_at: dict[IntentKey, float] = {}
        self._written_at: dict[IntentKey, float] = {}
        self._told: dict[IntentKey, tuple[Event, ...]] = {}
        self._written: dict[IntentKey, tuple[str, Mapping[str, Any]]] = {}
        self._tasks: dict[IntentKey, asyncio.Task[None]] = {}
        self._queued: set[IntentKey] = set()
        """Whose write waits for its turn: it says what is true then, whatever changes before."""
        self._widths: dict[ClusterName, asyncio.Semaphore] = {}
        """A member that answers slowly keeps nobody else's statuses waiting."""
        self._is_closed = False

    def changed(self, key: IntentKey) -> None:
        """An intent's outcome changed: write it soon."""
        if self._is_closed:
            return
        self._changed_at.setdefault(key, self._clock.monotonic())
        if key in self._failures and key in self._due:
            # What failed may be put otherwise now.
            self._due.pop(key).cancel()
            self._schedule(key, RETRY_S)
        elif key not in self._due:
            self._schedule(key, SOON_S)

    def settled(self, key: IntentKey) -> None:
        """No delivery of the intent is on its way any more: what waited for them is due."""
        timer = self._due.pop(key, None)
        if timer is not None:
            timer.cancel()
            self._schedule(key, SOON_S)

    def forget(self, key: IntentKey) -> None:
        """The manifest is gone."""
        if timer := self._due.pop(key, None):
            timer.cancel()
        self._written_at.pop(key, None)
        self._changed_at.pop(key, None)
        self._written.pop(key, None)
        self._told.pop(key, None)
        self._failures.pop(key, None)

    def gone(self, key: IntentKey) -> None:
        """The manifest was deleted, and not only its cluster went."""
        self.forget(key)
        self._hooks.manifest_gone(key.kind, (key.cluster, key.namespace, key.name))

    async def flush(self) -> None:
        """Write what was found out and not said yet, as before a shutdown; then write no more."""
        due = self._ripe(self._due.keys() | self._queued)
        await self.close()
        await all_of((self._write(key) for key in due), name="last status")

    async def flush_cluster(self, cluster: ClusterName) -> None:
        """Write what was found out of a member's manifests, before it is let go."""
        known = self._due.keys() | self._queued
        due = self._ripe([key for key in known if key.cluster == cluster])
        for key in due:
            if timer := self._due.pop(key, None):
                timer.cancel()
            if key in self._queued:
                self._tasks[key].cancel()
        await all_of((self._write(key) for key in due), name="last status")

    def _ripe(self, keys: Iterable[IntentKey]) -> list[IntentKey]:
        return [key for key in keys if self._subject.patience_s(key) < CONNECTING_S]

    async def close(self) -> None:
        """Stop writing."""
        self._is_closed = True
        for timer in self._due.values():
            timer.cancel()
        self._due.clear()
        await stop(*self._tasks.values())

    def _schedule(self, key: IntentKey, delay_s: float) -> None:
        since = self._clock.monotonic() - self._written_at.get(key, float("-inf"))
        delay_s = max(delay_s, BETWEEN_S - since)
        loop = asyncio.get_running_loop()
        self._due[key] = loop.call_later(delay_s, self._fire, key)

    def _fire(self, key: IntentKey) -> None:
        del self._due[key]
        if key in self._queued:
            # To look again and again whether its turn has come cost most of a start with thousands.
            return
        running = self._tasks.get(key)
        if running is not None and not running.done():
            self._schedule(key, SOON_S)
            return
        waited_s = self._clock.monotonic() - self._changed_at.get(key, float("-inf"))
        patience_s = self._subject.patience_s(key)
        if waited_s < patience_s:
            # Deliveries first, but a long one does not silence the status.
            self._schedule(key, min(patience_s - waited_s, LOOK_AGAIN_S))
            return
        self._tasks[key] = spawn(self._write(key), name=f"status {key}")
        self._tasks[key].add_done_callback(lambda _: self._tasks.pop(key, None))

    async def _write(self, key: IntentKey) -> None:
        width = self._widths.setdefault(key.cluster, asyncio.Semaphore(LANE_WIDTH))
        self._queued.add(key)
        try:
            await width.acquire()
        finally:
            self._queued.discard(key)
        try:
            await self._write_now(key)
        finally:
            width.release()

    async def _write_now(self, key: IntentKey) -> None:
        client = self._clients(key.cluster)
        if client is None:
            # It is told once the cluster is back.
            return
        answer = self._subject.answer(key)
        if answer is None:
            self.forget(key)
            return
        self._written_at[key] = self._clock.monotonic()
        self._changed_at.pop(key, None)
        try:
            await self._say(client, key, answer)
        except NotFoundError:
            self.forget(key)
        except KeyfleetError as error:
            self._failed(key, error)
        else:
            self._failures.pop(key, None)

    def _failed(self, key: IntentKey, error: KeyfleetError) -> None:
        code, count = self._failures.get(key, ("", 0))
        count = count + 1 if code == error.code else 1
        self._failures[key] = (error.code, count)
        if count == 1:
            log.warning("engine.status_failed", intent=str(key), code=error.code)
        if key in self._due or self._is_closed:
            return
        if isinstance(error, PermanentError):
            # Refused as it is: only other words, or another API server, can change that.
            self._schedule(key, min(RETRY_S * 2.0 ** min(count, 30), REFUSED_S))
        else:
            self._schedule(key, RETRY_S)

    async def _say(self, client: Client, key: IntentKey, answer: Answer) -> None:
        uid, written = self._written.get(key, ("", None))
        before = written if written is not None and uid == answer.origin.uid else answer.before
        report = answer.report(before, now=timestamp(self._clock.now()))
        self._observe(key, report.status)
        if report.status is not None and report.status != before:
            if answer.has_status:
                await client.json_patch(
                    answer.resource,
                    answer.origin.name,
                    [{"op": "add", "path": "/status", "value": report.status}],
                    namespace=answer.origin.namespace,
                    subresource="status",
                )
            # One that is not written is remembered, so that events are told when it changes.
            self._written[key] = (answer.origin.uid, report.status)
        if report.status is not None or self._told.get(key) != report.events:
            # Where there is no status to compare with, an event is news only when it differs.
            self._told[key] = report.events
            self._tell(answer.origin, answer.resource, report.events)

    def _observe(self, key: IntentKey, status: Mapping[str, Any] | None) -> None:
        for condition in (status or {}).get("conditions") or ():
            subject = (key.cluster, key.namespace, key.name)
            name, state = str(condition.get("type", "")), str(condition.get("status", ""))
            reason = str(condition.get("reason", ""))
            self._hooks.manifest_said(key.kind, subject, name, state, reason)
