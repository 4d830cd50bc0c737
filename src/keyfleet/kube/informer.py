# SPDX-License-Identifier: Apache-2.0
"""Keep a cache of one collection of one cluster, through everything that can go wrong.

An informer lists, then watches (`keyfleet.kube.attempts`); how an attempt ends decides the next by
`keyfleet.kube.watching`.
It is level-triggered: consumers may miss steps in between and see every final state. Where the
server streams lists, list and watch are one connection.
"""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from random import Random
from typing import Generic, TypeVar

from keyfleet.base.clock import Clock
from keyfleet.base.errors import InvariantError, KeyfleetError, UnreachableError
from keyfleet.base.log import Hooks, NoHooks, get_logger
from keyfleet.base.tasks import spawn, stop
from keyfleet.kube.attempts import Attempts, Listener, Progress
from keyfleet.kube.client import Client
from keyfleet.kube.collection import Collection
from keyfleet.kube.store import Key, Store
from keyfleet.kube.watching import (
    FIRST,
    HURRY_S,
    SUCCESS_S,
    Action,
    Attempt,
    End,
    Recovery,
    end_of,
    recover,
    retry_after_s,
)

T = TypeVar("T")

SILENCE_S = 130.0
"""Bookmarks come about once a minute: two missed ones and some slack."""
_NO_HOOKS = NoHooks()
_log = get_logger("kube")


class Informer(Generic[T]):
    """A cache of one collection of one cluster."""

    def __init__(
        self,
        client: Client,
        what: Collection[T],
        on_change: Callable[[Key, T | None, T | None], None],
        *,
        clock: Clock,
        random: Random,
        hooks: Hooks = _NO_HOOKS,
        silence_s: float = SILENCE_S,
        lists: asyncio.Semaphore | None = None,
    ) -> None:
        """Prepare; `run` does the work.

        Args:
            client: The cluster.
            what: What is watched.
            on_change: Called with (key, old, new) for every real change, synchronously, for the
                initial list too; `old` or `new` is None for added and deleted items.
            clock: For the waits and for `live`.
            random: For the jitter.
            hooks: Told about states and signs of life.
            silence_s: A watch that says nothing for this long is replaced.
            lists: Bounds the lists in progress in the whole fleet.
        """
        self.synced = False
        """A complete list has been had; stays true while reconnecting."""
        self.error: KeyfleetError | None = None
        """Why the informer is not live."""
        self.heard_at = float("-inf")
        """When the server was last heard, on the monotonic clock."""
        self._client = client
        self._what = what
        self._clock = clock
        self._random = random
        self._hooks = hooks
        self._silence_s = silence_s
        self._subject = what.subject(client.cluster)
        self._names = (client.cluster, what.resource.label, what.watch_name(client.cluster))
        self._store: Store[T] = Store(what.decode, on_change, subject=self._subject)
        self._attempts: Attempts[T] = Attempts(
            client,
            what,
            self._store,
            self._listener(),
            clock=clock,
            random=random,
            silence_s=silence_s,
            lists=lists or asyncio.Semaphore(),
        )
        self._state = ""
        self._failures = 0
        self._refusals = 0
        self._failed: End | None = None
        self._may_hurry = False
        self._hurried_at = float("-inf")
        self._first_list = asyncio.Event()
        self._nudged = asyncio.Event()

    @property
    def is_replacing(self) -> bool:
        """Tell whether changes come from a complete list: what is gone was last seen earlier."""
        return self._store.is_replacing

    @property
    def items(self) -> Mapping[Key, T]:
        """The items by (namespace, name)."""
        return self._store.items

    @property
    def live(self) -> bool:
        """Whether the watch is open and was heard within `silence_s`."""
        heard_s = self._clock.monotonic() - self.heard_at
        return self._state == "live" and heard_s <= self._silence_s

    async def wait_synced(self) -> None:
        """Wait for the first complete list."""
        await self._first_list.wait()

    async def is_rewound(self) -> bool:
        """Tell whether the server's store went back to an earlier state than was heard of it.

        After a restore from a backup a watch that goes on from where it was waits for versions that
        do not come for long: it looks open, and shows nothing.

        Raises:
            TemporaryError: The server does not answer.
            DeniedError: The collection may not be listed.
        """
        known = self._store.resource_version
        if not known.isdecimal():
            return False
        now = await self._client.store_version(self._what.resource, selection=self._what.selection)
        return now.isdecimal() and int(now) < int(known)

    def nudge(self) -> None:
        """Make the next attempt now instead of after the back-off."""
        if self._state != "live":
            self._nudged.set()

    def hurry(self) -> None:
        """Make the next attempt now if it only waits for the cluster to be there again."""
        now = self._clock.monotonic()
        if self._may_hurry and now - self._hurried_at >= HURRY_S:
            self._hurried_at = now
            self._nudged.set()

    async def run(self) -> None:
        """Keep the cache until cancelled; no error of the cluster ends it."""
        attempt = FIRST
        self._client.watches.add(self)
        try:
            while True:
                recovery = await self._try(attempt)
                await self._pause(recovery)
                attempt = recovery.attempt
        finally:
            self._client.watches.discard(self)
            self._enter("stopped")

    def _listener(self) -> Listener:
        return Listener(
            listing=partial(self._enter, "listing"),
            listed=self._sync,
            opened=self._go_live,
            heard=self._alive,
        )

    async def _try(self, attempt: Attempt) -> Recovery:
        began = self._clock.monotonic()
        error: KeyfleetError | None = None
        streamed = attempt.action is Action.LIST and self._client.streams_lists
        progress = Progress(attempt)
        try:
            end = await self._attempts.perform(progress, streamed=streamed)
        except KeyfleetError as caught:
            error = caught
            end = end_of(error, streamed_list=streamed and progress.now.action is Action.LIST)
        except Exception as crash:  # noqa: BLE001 - a bug must not end the watch without a word
            # Only the type: the text of an unknown error may quote the object.
            _log.error("kube.watch_crashed", subject=self._subject, error=type(crash).__name__)
            error = InvariantError("watch.crashed", "a bug ended the watch", self._subject)
            end = End.UNREADABLE
        before = self._count(end, self._clock.monotonic() - began)
        self._report(end, error)
        return recover(
            end,
            attempted=progress.now,
            resume=self._store.resource_version,
            failures=self._failures,
            random=self._random,
            refusals=self._refusals,
            before=before,
            told_s=retry_after_s(error),
        )

    def _count(self, end: End, lived_s: float) -> End | None:
        before = self._failed
        self._refusals = self._refusals + 1 if end is End.FORBIDDEN else 0
        if lived_s >= SUCCESS_S:
            self._failures, before = 0, None
        if end not in {End.LISTED, End.CLOSED}:
            self._failures += 1
            self._failed = end
        return before

    def _report(self, end: End, error: KeyfleetError | None) -> None:
        if end in {End.LISTED, End.CLOSED}:
            return
        if end is End.UNSTREAMED:
            self._client.streams_lists = False
            return
        if end is End.OVERFULL and error is not None:
            _log.warning("kube.watch_overfull", subject=self._subject, code=error.code)
        self.error = error or UnreachableError(
            "watch.closed", "the server closes the watch at once", self._subject
        )
        self._enter("failed")
        _log.debug(
            "kube.watch_ended",
            cluster=self._client.cluster,
            resource=self._what.resource.label,
            code=self.error.code,
            attempt=self._failures,
        )

    def _alive(self) -> None:
        self.heard_at = self._clock.monotonic()
        self._hooks.watch_heard(*self._names)

    def _go_live(self) -> None:
        self.heard_at = self._clock.monotonic()
        self.error = None
        self._nudged.clear()
        self._enter("live")
        for other in tuple(self._client.watches):
            other.hurry()

    def _sync(self) -> None:
        self.synced = True
        self._first_list.set()

    def _enter(self, state: str) -> None:
        if state != self._state:
            self._state = state
            cluster, resource, name = self._names
            self._hooks.watch_changed(cluster, resource, state, name)

    async def _pause(self, recovery: Recovery) -> None:
        if recovery.delay_s <= 0 or self._nudged.is_set():
            self._nudged.clear()
            return
        waits = [
            spawn(self._clock.sleep(recovery.delay_s), name="informer back-off"),
            spawn(self._nudged.wait(), name="informer nudge"),
        ]
        self._may_hurry = recovery.may_hurry
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._may_hurry = False
            await stop(*waits)
        self._nudged.clear()
