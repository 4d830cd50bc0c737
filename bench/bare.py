# SPDX-License-Identifier: Apache-2.0
"""The bare writer: the least that moves secrets, with Keyfleet's own client and nothing else.

It knows beforehand what to write where, remembers nothing and checks nothing. What Keyfleet costs
beside it is what Keyfleet does beyond moving bytes.

    python -m bench.bare KUBECONFIG CLUSTER...
"""

import asyncio
import os
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

from bench import objects, serving
from keyfleet.base.clock import SystemClock
from keyfleet.base.tasks import spawn, stop
from keyfleet.kube.auth.surroundings import Surroundings
from keyfleet.kube.client import Client
from keyfleet.kube.collection import Collection
from keyfleet.kube.decoding import METADATA
from keyfleet.kube.informer import Informer
from keyfleet.kube.kubeconfig import load
from keyfleet.kube.objects import Metadata
from keyfleet.kube.requests import one_object
from keyfleet.kube.resources import FLEETSECRETS, SECRETS

CONNECTIONS = 32
MANAGED = "app.kubernetes.io/managed-by=keyfleet"


class Bare:
    """Answers what the benchmark asks for."""

    def __init__(self, clients: dict[str, Client]) -> None:
        self._clients = clients
        self._follower: asyncio.Task[None] | None = None

    async def answer(self, request: dict[str, Any]) -> Any:
        """Do one thing and tell what it took."""
        work = getattr(self, f"_{request.pop('do')}")
        return await work(**request)

    async def close(self) -> None:
        """End everything."""
        await stop(self._follower)
        for client in self._clients.values():
            await client.close()

    async def _wait(self) -> bool:
        """Do nothing: an answer shows that the process is up."""
        return True

    async def _list(self, hub: str, clusters: list[str]) -> bool:
        """List what a controller has to know after a restart, and decode it."""

        async def pages(client: Client) -> None:
            async for page in client.secret_pages(labels=MANAGED):
                del page

        async with asyncio.TaskGroup() as group:
            group.create_task(self._clients[hub].list(FLEETSECRETS))
            group.create_task(self._clients[hub].list_metadata(SECRETS))
            for name in clusters:
                group.create_task(pages(self._clients[name]))
        return True

    async def _create(self, clusters: list[str], namespace: str, count: int) -> dict[str, float]:
        """Create so many Secrets in each cluster, as fast as they take it."""
        began, cpu = time.perf_counter(), time.process_time()
        waiting = {name: list(range(count)) for name in clusters}

        async def worker(cluster: str) -> None:
            client, numbers = self._clients[cluster], waiting[cluster]
            while numbers:
                body = objects.secret(namespace, objects.name_of(numbers.pop()))
                await client.create(SECRETS, body, namespace=namespace)

        async with asyncio.TaskGroup() as group:
            for name in clusters * CONNECTIONS:
                group.create_task(worker(name))
        return {"took_s": time.perf_counter() - began, "cpu_s": time.process_time() - cpu}

    async def _follow(self, hub: str, clusters: list[str], namespace: str, source: str) -> bool:
        """Watch a Secret and write each change to the clusters: watch, read, write."""
        pending: set[asyncio.Task[None]] = set()
        clock = SystemClock()

        def changed(key: object, old: object, new: Metadata | None) -> None:
            del key
            if old is not None and new is not None:
                task = spawn(self._copy(hub, clusters, namespace, source), name="copy")
                pending.add(task)
                task.add_done_callback(pending.discard)

        informer = Informer(
            self._clients[hub],
            Collection(SECRETS, METADATA, one_object(namespace, source)),
            changed,
            clock=clock,
            random=Random(),  # noqa: S311 - jitter
        )
        self._follower = spawn(informer.run(), name="follow")
        await informer.wait_synced()
        return True

    async def _copy(self, hub: str, clusters: list[str], namespace: str, name: str) -> None:
        found = await self._clients[hub].find_secret(namespace, name)
        if found is None:
            return
        operations = [{"op": "replace", "path": "/data", "value": dict(found.data)}]
        async with asyncio.TaskGroup() as group:
            for cluster in clusters:
                group.create_task(
                    self._clients[cluster].json_patch(
                        SECRETS, name, operations, namespace=namespace
                    )
                )


async def main(kubeconfig: Path, names: list[str]) -> None:
    """Take requests until the benchmark ends this process."""
    clock = SystemClock()
    config = load([kubeconfig], os.environ)
    surroundings = Surroundings(os.environ, clock)
    bare = Bare(
        {
            name: Client(
                name, config.access(name, surroundings), clock=clock, in_flight=CONNECTIONS
            )
            for name in names
        }
    )
    try:
        await serving.serve(bare.answer)
    finally:
        await bare.close()


if __name__ == "__main__":
    serving.run(main(Path(sys.argv[1]), sys.argv[2:]))
