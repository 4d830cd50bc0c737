# SPDX-License-Identifier: Apache-2.0
"""Who may open next: no cluster keeps the others waiting, whatever keys and manifests it has.

A value that no key opens costs a private operation for each key, and whoever has a cluster says how
many keys that are, and how long.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from keyfleet.model.places import ClusterName


class Turns:
    """A bounded number of turns at a time, given out cluster by cluster; for one event loop."""

    def __init__(self, places: int) -> None:
        """Start with all places free.

        Args:
            places: Turns at a time; one cluster has all but one, and another has that at once.
        """
        self._places = places
        self._taken: Counter[ClusterName] = Counter()
        self._waiting: dict[ClusterName, deque[asyncio.Future[None]]] = {}

    @asynccontextmanager
    async def turn(self, cluster: ClusterName) -> AsyncIterator[None]:
        """Wait for a place, and hold it until the block ends."""
        await self._wait(cluster)
        try:
            yield
        finally:
            self._leave(cluster)

    async def _wait(self, cluster: ClusterName) -> None:
        called: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(cluster, deque()).append(called)
        self._call()
        try:
            await called
        except asyncio.CancelledError:
            if called.done() and not called.cancelled():
                # It had the place already when it was no longer wanted.
                self._leave(cluster)
            raise

    def _leave(self, cluster: ClusterName) -> None:
        self._taken[cluster] -= 1
        self._taken += Counter()
        self._call()

    def _call(self) -> None:
        """Give free places to those that wait: the clusters in turn, in each who came first."""
        while self._taken.total() < self._places:
            cluster = next(filter(self._may_have_one, self._waiting), None)
            if cluster is None:
                return
            queue = self._waiting.pop(cluster)
            called = queue.popleft()
            if queue:
                self._waiting[cluster] = queue
            if not called.done():
                self._taken[cluster] += 1
                called.set_result(None)

    def _may_have_one(self, cluster: ClusterName) -> bool:
        return self._taken[cluster] < max(self._places - 1, 1)
