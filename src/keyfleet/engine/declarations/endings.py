# SPDX-License-Identifier: Apache-2.0
"""Let manifests go that another tool's finalizers keep.

Whoever moves to Keyfleet has manifests with finalizers of the operator that is gone. Nothing has to
be done before such a manifest goes, since whatever is deleted for it is deleted afterwards; so its
finalizer is removed as soon as it is being deleted. Keyfleet adds none.
"""

import asyncio

from keyfleet.base.clock import Clock
from keyfleet.base.errors import ConflictError, KeyfleetError, NotFoundError, TemporaryError
from keyfleet.base.log import get_logger
from keyfleet.base.tasks import spawn, stop
from keyfleet.engine.hubobjects import Document
from keyfleet.kube.client import Client
from keyfleet.kube.resources import Resource

log = get_logger("engine")

AGAIN_S = 5.0
ATTEMPTS = 5
"""After so many failures it waits for a change of the object."""


class Endings:
    """Removes finalizers."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def see(
        self, client: Client, resource: Resource, finalizers: tuple[str, ...], manifest: Document
    ) -> None:
        """A manifest is being deleted: remove these of its finalizers."""
        metadata = manifest["metadata"]
        present = metadata.get("finalizers") or []
        rest = [one for one in present if one not in finalizers]
        if rest == present:
            return
        key = str(metadata.get("uid", ""))
        if (running := self._tasks.pop(key, None)) is not None:
            # What it was about to write is of an older state.
            running.cancel()
        operations = [
            {
                "op": "replace",
                "path": "/metadata/resourceVersion",
                "value": metadata["resourceVersion"],
            },
            {"op": "replace", "path": "/metadata/finalizers", "value": rest},
        ]
        place = metadata.get("namespace", "")
        task = spawn(
            self._remove(client, resource, (place, metadata["name"]), operations),
            name=f"let {resource.kind} go",
        )
        self._tasks[key] = task
        task.add_done_callback(lambda done: self._forget(key, done))

    async def close(self) -> None:
        """Stop."""
        await stop(*self._tasks.values())

    async def _remove(
        self, client: Client, resource: Resource, at: tuple[str, str], operations: list[Document]
    ) -> None:
        for _ in range(ATTEMPTS):
            try:
                await client.json_patch(resource, at[1], operations, namespace=at[0])
            except (NotFoundError, ConflictError):
                # It is gone, or was changed, which the watch will show.
                return
            except TemporaryError:
                await self._clock.sleep(AGAIN_S)
            except KeyfleetError as error:
                log.warning(
                    "engine.finalizer_stays",
                    cluster=client.cluster,
                    kind=resource.kind,
                    name="/".join(at),
                    code=error.code,
                )
                return
            else:
                return

    def _forget(self, key: str, done: asyncio.Task[None]) -> None:
        if self._tasks.get(key) is done:
            del self._tasks[key]
