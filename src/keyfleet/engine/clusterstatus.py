# SPDX-License-Identifier: Apache-2.0
"""Say on each FleetCluster whether it answers, who it is and what went wrong.

The identity is pinned here at first use. A status is written when something changes, never as a
heartbeat.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import UNSET

from keyfleet.base.clock import Clock, timestamp
from keyfleet.base.errors import KeyfleetError, NotFoundError
from keyfleet.base.log import get_logger
from keyfleet.base.tasks import all_of, spawn, stop
from keyfleet.engine.entry import Entry
from keyfleet.kube.client import Client
from keyfleet.kube.objects import metadata_of
from keyfleet.kube.resources import FLEETCLUSTERS
from keyfleet.model.places import ClusterName
from keyfleet.model.plan import State
from keyfleet.model.v1alpha1 import (
    ClusterCounts,
    ClusterIdentity,
    Condition,
    FleetClusterStatus,
    parse_status,
    to_document,
)
from keyfleet.plan.sealing import AGENT_ONLY

log = get_logger("engine")

COUNTS_S = 10.0
"""How far the counts may be behind, once the cluster's lane has no work: what was counted before a
start mostly still is so, and half of it would be noise."""
SETTLE_S = 0.2
"""A change is mostly followed by another: engaged, then reachable."""


class ClusterStatuses:
    """Writes FleetCluster statuses, one write per cluster at a time."""

    def __init__(self, hub: Client, clock: Clock, in_sync: Callable[[ClusterName], int]) -> None:
        self._hub = hub
        self._clock = clock
        self._in_sync = in_sync
        self._counts_due: dict[Entry, asyncio.TimerHandle] = {}
        self._counted: set[Entry] = set()
        """Whose next status brings new counts."""
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._dirty: dict[str, Entry] = {}
        """What changed while it was written; a FleetCluster made anew has another entry."""

    def changed(self, entry: Entry) -> None:
        """A cluster's state changed: write it soon."""
        if not entry.snapshot.is_declared:
            return
        if entry.name in self._tasks:
            self._dirty[entry.name] = entry
            return
        self._tasks[entry.name] = spawn(self._write(entry), name=f"status {entry.name}")

    def counted(self, entry: Entry) -> None:
        """The number of targets may have changed: say so, but not at every delivery."""
        if entry not in self._counts_due:
            loop = asyncio.get_running_loop()
            self._counts_due[entry] = loop.call_later(COUNTS_S, self._count, entry)

    def _count(self, entry: Entry) -> None:
        self._counts_due.pop(entry, None)
        if entry.member is None:
            return
        if not entry.lane.is_idle:
            self.counted(entry)
            return
        self._counted.add(entry)
        self.changed(entry)

    async def flush(self) -> None:
        """Say what was counted and not said yet, as before a shutdown; then write no more.

        Else the next controller would say it, after a restart at which nothing changed.
        """
        due = [entry for entry in {*self._counts_due, *self._counted} if entry.lane.is_idle]
        await self.close()
        self._counted.update(due)
        await all_of((self._say_last(entry) for entry in due), name="last cluster status")

    async def _say_last(self, entry: Entry) -> None:
        try:
            await self._say(entry)
        except KeyfleetError as error:
            log.debug("engine.status_unsaid", cluster=entry.name, code=error.code)

    async def close(self) -> None:
        """Stop writing."""
        for timer in self._counts_due.values():
            timer.cancel()
        self._counts_due.clear()
        self._counted.clear()
        await stop(*self._tasks.values())

    async def _write(self, entry: Entry) -> None:
        try:
            await self._clock.sleep(SETTLE_S)
            entry = self._dirty.pop(entry.name, entry)
            await self._say(entry)
        except NotFoundError:
            log.debug("engine.status_unwanted", cluster=entry.name)
        except KeyfleetError as error:
            log.warning("engine.status_failed", cluster=entry.name, code=error.code)
            self._dirty.setdefault(entry.name, entry)
            await self._clock.sleep(2.0)
        finally:
            self._tasks.pop(entry.name, None)
        if latest := self._dirty.pop(entry.name, None):
            self.changed(latest)

    async def _say(self, entry: Entry) -> None:
        document = await self._hub.get(FLEETCLUSTERS, entry.name)
        now = timestamp(self._clock.now())
        before = document.get("status")
        is_due = entry in self._counted or "counts" not in (before or {})
        counts = self._counts(entry) if is_due else None
        after = cluster_status(entry, document, now, counts=counts)
        if before != after:
            await self._hub.json_patch(
                FLEETCLUSTERS,
                entry.name,
                [{"op": "add", "path": "/status", "value": after}],
                subresource="status",
            )
        self._counted.discard(entry)

    def _counts(self, entry: Entry) -> ClusterCounts | None:
        if entry.member is None or not entry.member.is_ready:
            return None
        in_sync = self._in_sync(entry.name)
        return ClusterCounts(targets=entry.member.target_count, in_sync=in_sync)


def cluster_status(
    entry: Entry, document: dict[str, Any], now: str, *, counts: ClusterCounts | None
) -> dict[str, Any]:
    """Return the status of a FleetCluster, the same while nothing changed."""
    before = parse_status(FleetClusterStatus, document.get("status"))
    is_reachable = entry.problem is None or entry.problem.state is not State.UNREACHABLE
    is_known = entry.problem is None or entry.problem.reason != "Connecting"
    reachable = is_reachable if is_known else before.reachable
    if entry.snapshot.is_agent:
        reachable = UNSET
    has_changed = reachable != before.reachable
    status = msgspec.structs.replace(
        before,
        conditions=(_ready(entry, before, now, metadata_of(document).generation),),
        observed_generation=metadata_of(document).generation,
        roles=("hub", "member") if entry.facts.is_hub else ("member",),
        reachable=reachable,
        version=entry.version or before.version,
        identity=_identity(entry, before, now),
        last_error=entry.problem.message if entry.problem else "",
        last_contact=now if has_changed else before.last_contact,
        counts=counts or before.counts,
    )
    return to_document(status)


def _identity(entry: Entry, before: FleetClusterStatus, now: str) -> Any:
    identity = entry.identity
    is_recognised = entry.member is not None or entry.problem is None
    if identity is None or not (is_recognised or entry.duplicate_of is not None):
        return before.identity
    pinned = before.identity
    if not isinstance(pinned, ClusterIdentity) or not pinned.uid:
        return ClusterIdentity(uid=identity.uid, ca_sha256=identity.ca_sha256, pinned_at=now)
    if pinned.uid != identity.uid and identity.is_pinned_by(pinned.uid):
        # It was pinned by CA and address while its UID could not be read.
        return ClusterIdentity(uid=identity.uid, ca_sha256=identity.ca_sha256, pinned_at=now)
    if pinned.ca_sha256 != identity.ca_sha256:
        # The CA was rotated; the UID vouches for the cluster.
        return msgspec.structs.replace(pinned, ca_sha256=identity.ca_sha256)
    return pinned


def _reason(entry: Entry) -> str:
    return AGENT_ONLY if entry.snapshot.is_agent else "Reachable"


def _ready(entry: Entry, before: FleetClusterStatus, now: str, generation: int) -> Condition:
    old = next((found for found in before.conditions if found.type == "Ready"), None)
    problem = entry.problem
    status = "True" if problem is None else "False"
    return Condition(
        type="Ready",
        status=status,
        reason=problem.reason if problem else _reason(entry),
        message=problem.message if problem else "",
        last_transition_time=old.last_transition_time if old and old.status == status else now,
        observed_generation=generation,
    )
