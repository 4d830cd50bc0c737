# SPDX-License-Identifier: Apache-2.0
"""The bare unsealer: the least that makes Secrets of SealedSecrets, with Keyfleet's own client.

It lists, opens in threads, writes and says so in the status; it watches nothing, renders nothing,
checks no owner and tries no second key.

    python -m bench.unsealer KUBECONFIG CLUSTER
"""

import asyncio
import os
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench import serving
from bench.bare import CONNECTIONS
from keyfleet.base.clock import SystemClock
from keyfleet.base.sealing import Keyset, Scope
from keyfleet.base.secret import SecretValue
from keyfleet.engine.sealing.keylisting import list_key_secrets
from keyfleet.kube.auth.surroundings import Surroundings
from keyfleet.kube.client import Client
from keyfleet.kube.kubeconfig import load
from keyfleet.kube.resources import SEALEDSECRETS, SECRETS

SYNCED = {"status": {"observedGeneration": 1, "conditions": [{"type": "Synced", "status": "True"}]}}
THREADS = 2


class Unsealer:
    """Answers what the benchmark asks for."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._threads = ThreadPoolExecutor(THREADS)

    async def answer(self, request: dict[str, Any]) -> Any:
        """Do one thing."""
        return await getattr(self, f"_{request.pop('do')}")(**request)

    async def _list(self, namespace: str) -> bool:
        """List what a controller has to know after a restart, and decode it."""
        async for page in self._client.secret_pages(namespace=namespace):
            del page
        await self._client.list(SEALEDSECRETS, namespace=namespace)
        return True

    async def _unseal(self, namespace: str) -> bool:
        """Make every Secret and write every status."""
        found = await list_key_secrets(self._client)
        keys = Keyset([one.key for one in found.found])
        waiting = (await self._client.list(SEALEDSECRETS, namespace=namespace)).items

        async def worker() -> None:
            while waiting:
                await self._make(waiting.pop(), keys)

        async with asyncio.TaskGroup() as group:
            for _ in range(CONNECTIONS):
                group.create_task(worker())
        return True

    async def _make(self, sealed: Mapping[str, Any], keys: Keyset) -> None:
        metadata = sealed["metadata"]
        namespace, name = metadata["namespace"], metadata["name"]
        label = Scope.STRICT.label(namespace, name)
        items: dict[str, str] = sealed["spec"]["encryptedData"]
        loop = asyncio.get_running_loop()
        data = await loop.run_in_executor(self._threads, _opened, keys, items, label)
        owner = {
            "apiVersion": SEALEDSECRETS.api_version,
            "kind": SEALEDSECRETS.kind,
            "name": name,
            "uid": metadata["uid"],
            "controller": True,
        }
        body = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "namespace": namespace, "ownerReferences": [owner]},
            "data": data,
        }
        await self._client.create(SECRETS, body, namespace=namespace)
        await self._client.merge_patch(
            SEALEDSECRETS, name, SYNCED, namespace=namespace, subresource="status"
        )


def _opened(keys: Keyset, items: Mapping[str, str], label: bytes) -> dict[str, SecretValue]:
    return {key: keys.open(text, label).value for key, text in items.items()}


async def main(kubeconfig: Path, name: str) -> None:
    """Take requests until the benchmark ends this process."""
    clock = SystemClock()
    access = load([kubeconfig], os.environ).access(name, Surroundings(os.environ, clock))
    client = Client(name, access, clock=clock, in_flight=CONNECTIONS)
    try:
        await serving.serve(Unsealer(client).answer)
    finally:
        await client.close()


if __name__ == "__main__":
    serving.run(main(Path(sys.argv[1]), sys.argv[2]))
