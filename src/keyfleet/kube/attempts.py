# SPDX-License-Identifier: Apache-2.0
"""Carry one attempt out: a list in pages, a watch, or a list that is streamed and turns into one.

What an attempt brings goes into the store, how it stands to a listener. What comes after it is not
decided here but by `keyfleet.kube.watching`.
"""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Generic, TypeVar

from keyfleet.base.clock import Clock
from keyfleet.base.errors import UnreachableError
from keyfleet.kube import requests
from keyfleet.kube.budget import Budget
from keyfleet.kube.client import Client
from keyfleet.kube.collection import Collection
from keyfleet.kube.hearing import Hearing
from keyfleet.kube.paging import pages
from keyfleet.kube.requests import Request
from keyfleet.kube.store import Key, Store
from keyfleet.kube.stream import LineSplitter
from keyfleet.kube.transport import Stream
from keyfleet.kube.watching import Action, Attempt, End, end_of_stream

T = TypeVar("T")

STREAMED_LIST_S = 30.0
"""A streamed list that takes longer is fetched in pages instead."""
PAGED_LIST_S = 300.0
"""How long a list in pages may take in all."""
WATCH_S = (300, 600)
"""Bounds of the random time after which the server ends a watch, so that they spread."""


@dataclass(frozen=True, slots=True)
class Listener:
    """Who is told how an attempt stands; every call is synchronous and cheap."""

    listing: Callable[[], None]
    """A list begins, or waits for its turn."""
    listed: Callable[[], None]
    """The store holds a complete list."""
    opened: Callable[[], None]
    """The watch is open, and shows what comes."""
    heard: Callable[[], None]
    """The server said something."""


class Progress:
    """What the running attempt is by now: a streamed list turns into a watch."""

    __slots__ = ("now",)

    def __init__(self, now: Attempt) -> None:
        self.now = now


class Attempts(Generic[T]):
    """Carries out the attempts of one collection, one at a time."""

    def __init__(
        self,
        client: Client,
        what: Collection[T],
        store: Store[T],
        listener: Listener,
        *,
        clock: Clock,
        random: Random,
        silence_s: float,
        lists: asyncio.Semaphore,
    ) -> None:
        """Prepare.

        Args:
            client: The cluster.
            what: The collection.
            store: Where its items go.
            listener: Told how an attempt stands.
            clock: For the age of a stream.
            random: For the time after which the server ends a watch.
            silence_s: A watch that says nothing for this long is broken off.
            lists: Bounds the lists in progress in the whole fleet.
        """
        self._client = client
        self._what = what
        self._subject = what.subject(client.cluster)
        self._store = store
        self._listener = listener
        self._clock = clock
        self._random = random
        self._silence_s = silence_s
        self._lists = lists

    async def perform(self, progress: Progress, *, streamed: bool) -> End:
        """Carry one attempt out, until it ends.

        Args:
            progress: The attempt; says what it is by now.
            streamed: A list is asked for as a stream.

        Raises:
            KeyfleetError: What ended it, for `keyfleet.kube.watching.end_of`.
        """
        if progress.now.action is Action.WATCH:
            return await self._watch(progress, ExitStack())
        self._listener.listing()
        await self._lists.acquire()
        with ExitStack() as permit:
            permit.callback(self._lists.release)
            if streamed:
                return await self._watch(progress, permit)
            return await self._list_in_time(progress.now.resource_version)

    async def _list_in_time(self, resource_version: str) -> End:
        # A server that trickles its pages must not keep its place among the fleet's lists.
        try:
            async with asyncio.timeout(PAGED_LIST_S):
                return await self._list(resource_version)
        except TimeoutError:
            raise UnreachableError(
                "list.slow", "the list did not end in time", self._subject
            ) from None

    async def _list(self, resource_version: str) -> End:
        first = requests.list_page(
            self._what.resource,
            accept=self._what.decode.list_accept,
            resource_version=resource_version,
            selection=self._what.selection,
            limit=self._client.page,
        )
        complete: dict[Key, T] = {}
        budget = Budget()
        version = ""
        async for page in pages(self._client.transport, self._clock, first, self._what.decode.page):
            for item in page.items:
                if self._what.keep is not None:
                    self._what.decode.filter_annotations(item, self._what.keep)
                budget.take(self._what.decode.weight(item), subject=self._subject)
                complete[self._what.decode.metadata(item).key] = item
            version = page.resource_version
        self._store.replace(complete)
        self._store.resource_version = version
        self._listener.listed()
        return End.LISTED

    async def _watch(self, progress: Progress, permit: ExitStack) -> End:
        initial = progress.now.action is Action.LIST
        stream = await self._client.transport.open_watch(
            self._watch_request(progress.now, initial=initial), silence_s=self._silence_s
        )
        opened = self._clock.monotonic()
        hearing = Hearing(
            self._store,
            self._what.decode,
            self._what.keep,
            subject=self._subject,
            on_listed=partial(self._streamed, progress, permit) if initial else None,
        )
        try:
            if not initial:
                self._listener.opened()
            await self._hear(stream, hearing)
        finally:
            stream.close()
        return end_of_stream(open_s=self._clock.monotonic() - opened, heard=hearing.events)

    def _streamed(self, progress: Progress, permit: ExitStack) -> None:
        progress.now = Attempt(Action.WATCH)
        permit.close()
        self._listener.listed()
        self._listener.opened()

    async def _hear(self, stream: Stream, hearing: Hearing[T]) -> None:
        splitter = LineSplitter()
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._patience_s(hearing)) as limit:
                while chunk := await stream.read():
                    self._listener.heard()
                    for line in splitter.feed(chunk):
                        hearing.take(line)
                    if not hearing.is_listing:
                        limit.reschedule(loop.time() + self._silence_s)
        except TimeoutError:
            raise self._impatience(hearing) from None
        if splitter.is_inside_line:
            raise UnreachableError("watch.half_line", "the watch broke off", self._subject)

    def _patience_s(self, hearing: Hearing[T]) -> float:
        return STREAMED_LIST_S if hearing.is_listing else self._silence_s

    def _impatience(self, hearing: Hearing[T]) -> UnreachableError:
        subject = self._subject
        if hearing.is_listing:
            return UnreachableError("watch.endless", "the streamed list did not end", subject)
        return UnreachableError("api.silent", "the watch fell silent", subject)

    def _watch_request(self, attempt: Attempt, *, initial: bool) -> Request:
        return requests.watch(
            self._what.resource,
            accept=self._what.decode.watch_accept,
            resource_version=attempt.resource_version,
            timeout_s=self._random.randint(*WATCH_S),
            initial=initial,
            selection=self._what.selection,
        )
