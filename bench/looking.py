# SPDX-License-Identifier: Apache-2.0
"""See by a watch when something has become true; the same for every contestant."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random
from typing import Any

from bench.stage import Stage
from keyfleet.base.tasks import spawn, stop
from keyfleet.kube.client import Client
from keyfleet.kube.collection import Collection
from keyfleet.kube.decoding import full_object
from keyfleet.kube.informer import Informer
from keyfleet.kube.requests import Selection
from keyfleet.kube.resources import Resource

Items = Mapping[tuple[str, str], Any]

PATIENCE_S = 900.0


class View:
    """The objects of one namespace of one cluster, as a watch shows them."""

    def __init__(self, client: Client, resource: Resource, namespace: str, stage: Stage) -> None:
        self.changes = 0
        """How many changes were seen, the first list included."""
        self._waiting: dict[asyncio.Future[float], Callable[[Items], bool]] = {}
        self._informer: Informer[dict[str, Any]] = Informer(
            client,
            Collection(resource, full_object, Selection(namespace)),
            self._changed,
            clock=stage.clock,
            random=Random(),  # noqa: S311 - jitter
        )

    @property
    def items(self) -> Items:
        """The objects by (namespace, name)."""
        return self._informer.items

    async def run(self) -> None:
        """Watch until cancelled."""
        await self._informer.run()

    async def synced(self) -> None:
        """Wait for the first list."""
        await self._informer.wait_synced()

    async def until(self, is_true: Callable[[Items], bool]) -> float:
        """Wait until it is true of the objects; return when that was, by `perf_counter`."""
        if is_true(self.items):
            return time.perf_counter()
        future: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._waiting[future] = is_true
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await future
        finally:
            del self._waiting[future]

    def _changed(self, key: tuple[str, str], old: object, new: object) -> None:
        del key, old, new
        now = time.perf_counter()
        self.changes += 1
        for future, is_true in self._waiting.items():
            if not future.done() and is_true(self.items):
                future.set_result(now)


@asynccontextmanager
async def looking(
    stage: Stage, clients: list[Client], resource: Resource, namespace: str
) -> AsyncIterator[list[View]]:
    """Give a view of the same namespace in several clusters."""
    views = [View(client, resource, namespace, stage) for client in clients]
    async with AsyncExitStack() as stack:
        for view in views:
            stack.push_async_callback(stop, spawn(view.run(), name="view"))
        for view in views:
            await view.synced()
        yield views


async def last(views: list[View], is_true: Callable[[Items], bool]) -> float:
    """Return when it had become true in the last of the views."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(view.until(is_true)) for view in views]
    return max(task.result() for task in tasks)
