# SPDX-License-Identifier: Apache-2.0
"""Tell users of a cluster what happened to their objects, as Kubernetes Events.

Best effort: an event that cannot be sent is dropped, and nothing waits for one. What must not be
lost belongs into a status. A note is our own constant text with names in it; never a value, never
what a server or provider answered.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from keyfleet.base.clock import Clock, micro_timestamp
from keyfleet.base.errors import KeyfleetError, NotFoundError
from keyfleet.base.log import get_logger
from keyfleet.kube.client import Client
from keyfleet.kube.event_series import Happening, SeriesBook
from keyfleet.kube.objects import Metadata
from keyfleet.kube.resources import EVENTS, Resource

CONTROLLER = "keyfleet.io/controller"
NOTE_BYTES = 1024
FIELD_LENGTH = 128
QUEUED = 1000
"""Events that wait to be sent; the oldest is dropped first."""

_log = get_logger("kube")


@dataclass(frozen=True, slots=True)
class Regarding:
    """The object that an event is about."""

    resource: Resource
    namespace: str
    name: str
    uid: str
    resource_version: str = ""

    def reference(self) -> dict[str, str]:
        """Return the ObjectReference."""
        fields = {
            "apiVersion": self.resource.api_version,
            "kind": self.resource.kind,
            "namespace": self.namespace,
            "name": self.name,
            "uid": self.uid,
            "resourceVersion": self.resource_version,
        }
        return {key: value for key, value in fields.items() if value}


def regarding(resource: Resource, metadata: Metadata) -> Regarding:
    """Return what an event about this object refers to."""
    return Regarding(
        resource, metadata.namespace, metadata.name, metadata.uid, metadata.resource_version
    )


def event_body(
    about: Regarding, happening: Happening, *, name: str, instance: str, now: str
) -> dict[str, Any]:
    """Return an events.k8s.io/v1 Event.

    Args:
        about: What it is about; its namespace is the event's, `default` for cluster-scoped kinds.
        happening: What it says; a note over 1,024 bytes is cut.
        name: The event's own name, unique in its namespace.
        instance: Which replica says so.
        now: RFC 3339 with microseconds.
    """
    return {
        "apiVersion": EVENTS.api_version,
        "kind": EVENTS.kind,
        "metadata": {"name": name, "namespace": about.namespace or "default"},
        "eventTime": now,
        "reportingController": CONTROLLER,
        "reportingInstance": instance[:FIELD_LENGTH],
        "type": happening.type,
        "reason": happening.reason[:FIELD_LENGTH],
        "action": happening.action[:FIELD_LENGTH],
        "note": _cut(happening.note),
        "regarding": about.reference(),
    }


def series_patch(count: int, now: str) -> Mapping[str, Any]:
    """Return the merge patch that records a repeat; `count` is 2 or more."""
    return {"series": {"count": count, "lastObservedTime": now}}


def _cut(note: str) -> str:
    return note.encode()[:NOTE_BYTES].decode("utf-8", "ignore")


@dataclass(frozen=True, slots=True)
class _Queued:
    about: Regarding
    happening: Happening
    name: str
    count: int
    now: str


class EventRecorder:
    """Record events about objects of one cluster."""

    def __init__(self, client: Client, *, instance: str, clock: Clock, random: Random) -> None:
        self._client = client
        self._instance = instance
        self._clock = clock
        self._random = random
        self._book = SeriesBook()
        self._queue: OrderedDict[str, _Queued] = OrderedDict()
        self._filled = asyncio.Event()

    def record(self, about: Regarding, *, kind: str, reason: str, action: str, note: str) -> None:
        """Queue an event; never waits, never fails.

        Args:
            about: The object.
            kind: `Normal` or `Warning`.
            reason: CamelCase, why.
            action: CamelCase, what was done or tried.
            note: For people; no values.
        """
        happening = Happening(about.uid, kind, reason, action, note)
        fresh = f"{about.name[:200]}.{self._random.getrandbits(64):016x}"
        series = self._book.note(happening, name=fresh, now=self._clock.monotonic())
        if series is None:
            return
        now = micro_timestamp(self._clock.now())
        waiting = self._queue.get(series.name)
        count = waiting.count if waiting and waiting.count == 1 else series.count
        self._queue[series.name] = _Queued(about, happening, series.name, count, now)
        if len(self._queue) > QUEUED:
            self._queue.popitem(last=False)
        self._filled.set()

    async def run(self) -> None:
        """Send what is queued, until cancelled."""
        while True:
            await self._filled.wait()
            self._filled.clear()
            while self._queue:
                _, queued = self._queue.popitem(last=False)
                await self._send(queued)

    async def _send(self, queued: _Queued) -> None:
        try:
            await self._write(queued)
        except KeyfleetError as error:
            _log.debug("kube.event_dropped", cluster=self._client.cluster, code=error.code)
            self._book.forget(queued.happening)

    async def _write(self, queued: _Queued) -> None:
        if queued.count > 1:
            try:
                await self._repeat(queued)
            except NotFoundError:
                # Events live an hour; the series outlived its event.
                self._book.forget(queued.happening)
            else:
                return
        body = event_body(
            queued.about,
            queued.happening,
            name=queued.name,
            instance=self._instance,
            now=queued.now,
        )
        await self._client.create(EVENTS, body)

    async def _repeat(self, queued: _Queued) -> None:
        await self._client.merge_patch(
            EVENTS,
            queued.name,
            series_patch(queued.count, queued.now),
            namespace=queued.about.namespace or "default",
        )
