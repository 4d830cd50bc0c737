# SPDX-License-Identifier: Apache-2.0
"""Elect one leader by a Lease.

Expiry is judged by the local monotonic clock since the Lease was last *seen to change*: wall clocks
of two machines are never compared. A leader that cannot renew gives up at the renew deadline, which
lies before the others may take over, and its work has ended before anything else happens. A leader
that is shut down keeps renewing until its work has ended, then releases.

A Lease does not fence: a process that is frozen past its lease may still send a write. Writes
therefore carry preconditions.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from random import Random
from typing import Any

from keyfleet.base.clock import Clock
from keyfleet.base.errors import (
    ConflictError,
    KeyfleetError,
    LostLeadershipError,
    NotFoundError,
    TemporaryError,
    UnreachableError,
)
from keyfleet.base.log import get_logger
from keyfleet.base.tasks import spawn, stop
from keyfleet.kube.client import Client
from keyfleet.kube.lease_record import LeaseRecord, held, new_lease, read_lease, released
from keyfleet.kube.resources import LEASES

RELEASE_S = 5.0
"""How long a shutdown waits for the release to be written."""

_log = get_logger("kube")


class LeaderElection:
    """One candidate for one Lease."""

    def __init__(  # noqa: PLR0913 - one object with all its settings, all but one by name
        self,
        client: Client,
        *,
        namespace: str,
        name: str,
        identity: str,
        clock: Clock,
        random: Random,
        lease_duration_s: float = 15.0,
        renew_deadline_s: float = 10.0,
        retry_s: float = 2.0,
    ) -> None:
        """Prepare.

        Raises:
            ValueError: Not lease duration > renew deadline > 1.2 x retry.
        """
        if not lease_duration_s > renew_deadline_s > 1.2 * retry_s:
            message = "a lease must outlast its renew deadline, and that a retry"
            raise ValueError(message)
        self.transitions = 0
        """Changes of holder up to the own term: grows from term to term."""
        self._client = client
        self._namespace = namespace
        self._name = name
        self._identity = identity
        self._clock = clock
        self._random = random
        self._duration_s = lease_duration_s
        self._deadline_s = renew_deadline_s
        self._retry_s = retry_s
        self._subject = f"{client.cluster}/{namespace}/{name} ({LEASES.label})"
        self._lease: dict[str, Any] = {}
        self._seen = LeaseRecord()
        self._seen_at = float("-inf")
        self._renewed_at = float("-inf")
        self._is_held = False

    @property
    def is_leader(self) -> bool:
        """Whether this candidate leads, and renewed within the deadline."""
        return self._is_held and self._clock.monotonic() < self._give_up_at

    @property
    def _give_up_at(self) -> float:
        return self._renewed_at + self._deadline_s

    async def lead(self, work: Callable[[], Awaitable[None]]) -> None:
        """Wait to be elected, then run `work` until it ends or leadership is lost.

        Raises:
            LostLeadershipError: The Lease could not be renewed; `work` was cancelled and has ended.
            PermanentError: The Lease may not be read or written.
        """
        await self._acquire()
        _log.info("kube.leadership_won", lease=self._name, transitions=self.transitions)
        working = spawn(_run(work), name="leader's work")
        renewing = spawn(self._renew_until_lost(), name="lease renewal")
        try:
            await asyncio.wait({working, renewing}, return_when=asyncio.FIRST_COMPLETED)
            is_finished = working.done()
        finally:
            await stop(working)
            is_lost = renewing.done()
            await stop(renewing)
            await self._step_down(is_lost=is_lost)
        if not is_finished:
            raise LostLeadershipError("lease.lost", "leadership was lost", self._subject)
        working.result()

    async def _acquire(self) -> None:
        while not await self._attempt():
            await self._clock.sleep(self._retry_s * (1.0 + 0.2 * self._random.random()))

    async def _attempt(self) -> bool:
        try:
            return await self._within(self._deadline_s, self._take_if_free())
        except TemporaryError as error:
            _log.debug("kube.lease_retried", lease=self._name, code=error.code)
            return False

    async def _take_if_free(self) -> bool:
        lease = await self._client.find(LEASES, self._name, namespace=self._namespace)
        if lease is None:
            return await self._write(new_lease(self._namespace, self._name), transitions=0)
        self._observe(lease)
        if self._is_somebody_elses():
            return False
        is_change = self._seen.holder != self._identity
        return await self._write(lease, transitions=self._seen.transitions + is_change)

    def _observe(self, lease: dict[str, Any]) -> None:
        record = read_lease(lease)
        if record != self._seen:
            self._seen = record
            self._seen_at = self._clock.monotonic()

    def _is_somebody_elses(self) -> bool:
        if self._seen.holder in {"", self._identity}:
            return False
        return self._clock.monotonic() < self._seen_at + self._seen.duration_s

    async def _write(self, lease: dict[str, Any], *, transitions: int) -> bool:
        # From before the request: the server may count the term from any moment after this.
        began = self._clock.monotonic()
        body = held(
            lease,
            identity=self._identity,
            duration_s=self._duration_s,
            transitions=transitions,
            now=self._clock.now(),
        )
        is_new = "resourceVersion" not in lease["metadata"]
        write = self._client.create if is_new else self._client.replace
        written = await write(LEASES, body)
        body["metadata"] = {**lease["metadata"], "resourceVersion": written.resource_version}
        self._lease, self._renewed_at, self._is_held = body, began, True
        self.transitions = transitions
        return True

    async def _renew_until_lost(self) -> None:
        while self.is_leader:
            left_s = self._give_up_at - self._clock.monotonic()
            await self._clock.sleep(min(self._retry_s, left_s))
            if not await self._renew():
                break
        self._is_held = False

    async def _renew(self) -> bool:
        left_s = self._give_up_at - self._clock.monotonic()
        try:
            return await self._within(
                left_s, self._write(self._lease, transitions=self.transitions)
            )
        except (ConflictError, NotFoundError):
            return await self._contest()
        except KeyfleetError as error:
            _log.warning("kube.lease_not_renewed", lease=self._name, code=error.code)
            return self.is_leader

    async def _contest(self) -> bool:
        """Find out who wrote; tell whether this candidate still leads."""
        left_s = self._give_up_at - self._clock.monotonic()
        try:
            return await self._within(left_s, self._take_again())
        except KeyfleetError:
            return self.is_leader

    async def _take_again(self) -> bool:
        lease = await self._client.find(LEASES, self._name, namespace=self._namespace)
        if lease is None:
            # Deleted by somebody: a new one must not start counting from zero.
            fresh = new_lease(self._namespace, self._name)
            return await self._write(fresh, transitions=self.transitions + 1)
        if read_lease(lease).holder != self._identity:
            return False
        return await self._write(lease, transitions=read_lease(lease).transitions)

    async def _within(self, seconds: float, request: Coroutine[Any, Any, bool]) -> bool:
        asking = spawn(request, name="lease request")
        waiting = spawn(self._clock.sleep(max(seconds, 0.0)), name="lease deadline")
        try:
            await asyncio.wait({asking, waiting}, return_when=asyncio.FIRST_COMPLETED)
            if asking.done():
                return asking.result()
            raise UnreachableError("api.timeout", "no answer in time", self._subject)
        finally:
            await stop(asking, waiting)

    async def _step_down(self, *, is_lost: bool) -> None:
        self._is_held = False
        if is_lost:
            _log.warning("kube.leadership_lost", lease=self._name)
            return
        _log.info("kube.leadership_released", lease=self._name)
        try:
            async with asyncio.timeout(RELEASE_S):
                await self._release()
        except (KeyfleetError, TimeoutError):
            _log.debug("kube.lease_not_released", lease=self._name)

    async def _release(self) -> None:
        try:
            await self._client.replace(LEASES, released(self._lease, now=self._clock.now()))
        except ConflictError:
            # A renewal that was cut off on the way back may have been written all the same.
            lease = await self._client.find(LEASES, self._name, namespace=self._namespace)
            if lease is not None and read_lease(lease).holder == self._identity:
                await self._client.replace(LEASES, released(lease, now=self._clock.now()))


async def _run(work: Callable[[], Awaitable[None]]) -> None:
    await work()
