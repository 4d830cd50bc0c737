# SPDX-License-Identifier: Apache-2.0
"""Keep the manifests that other manifests make: each parent in its own cluster.

What is wanted is planned by the dialect from what the watches show, and only once all of it is
known: the parents, the namespaces and the children that are there. Whoever edits or deletes a child
finds it as it was a moment later.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

from keyfleet.base.backoff import Backoff
from keyfleet.base.clock import Clock
from keyfleet.base.errors import ConflictError, KeyfleetError, NotFoundError
from keyfleet.base.log import get_logger
from keyfleet.base.tasks import all_of, spawn, stop
from keyfleet.engine.declarations.everywhere import Everywhere
from keyfleet.engine.hubobjects import Document
from keyfleet.engine.statuses import Say
from keyfleet.kube.client import Client
from keyfleet.kube.resources import Resource
from keyfleet.model.places import ClusterName, IntentKey
from keyfleet.plugin import Report
from keyfleet.plugin.parents import Around, Brood, Manifest, ParentDialect

log = get_logger("engine")

SOON_S = 0.1
"""Changes that come together are planned together."""
BACKOFF = Backoff(base_s=1.0, cap_s=60.0)
OUTRUN = "changed meanwhile"
"""Somebody else wrote first, which is no failure, but is to be looked at again."""
WIDTH = 8
"""Children of one parent that are written at a time."""

Changed = Callable[[IntentKey], None]


@dataclass(slots=True)
class _Parent:
    dialect: ParentDialect
    task: asyncio.Task[None]
    due: asyncio.Event
    brood: Brood | None = None
    failures: Mapping[str, str] | None = None


class Parents:
    """Makes, mends and removes children."""

    def __init__(
        self, declared: Everywhere, changed: Changed, *, clock: Clock, random: Random
    ) -> None:
        """Prepare.

        Args:
            declared: The manifests and namespaces of all clusters.
            changed: Told that there is something to say on a parent.
            clock: For waits.
            random: For jitter.
        """
        self._declared = declared
        self._changed = changed
        self._clock = clock
        self._random = random
        self._parents: dict[IntentKey, _Parent] = {}

    def seen(self, dialect: ParentDialect, key: IntentKey, manifest: Document | None) -> None:
        """A parent came, changed or went; what goes leaves its children to Kubernetes."""
        known = self._parents.get(key)
        if manifest is None or manifest["metadata"].get("deletionTimestamp"):
            self.forget([key])
        elif known is not None:
            known.due.set()
        else:
            due = asyncio.Event()
            due.set()
            task = spawn(self._keep(key, due), name=f"keep {key}")
            self._parents[key] = _Parent(dialect, task, due)

    def forget(self, keys: Iterable[IntentKey]) -> None:
        """These parents are no longer known; their children stay."""
        for key in keys:
            if (known := self._parents.pop(key, None)) is not None:
                known.task.cancel()

    def of_cluster(self, cluster: ClusterName) -> list[IntentKey]:
        """Return the parents of a cluster."""
        return [key for key in self._parents if key.cluster == cluster]

    def namespaces_changed(self, cluster: ClusterName) -> None:
        """A namespace came, went or changed: every parent there may mean others now."""
        for key in self.of_cluster(cluster):
            self._parents[key].due.set()

    def child_changed(self, child: IntentKey) -> None:
        """A manifest of the kind that parents make came, changed or went."""
        for key in self.of_cluster(child.cluster):
            parent = self._parents[key]
            is_its = parent.brood is None or parent.brood.name == child.name
            if parent.dialect.child.resource.kind == child.kind and is_its:
                parent.due.set()

    def say(self, key: IntentKey) -> Say | None:
        """Return what to say on a parent; None while nothing was planned."""
        parent = self._parents.get(key)
        if parent is None or parent.brood is None:
            return None
        return partial(self._report, key, parent.dialect, parent.brood, parent.failures or {})

    async def close(self) -> None:
        """Stop."""
        await stop(*(parent.task for parent in self._parents.values()))

    def _report(
        self,
        key: IntentKey,
        dialect: ParentDialect,
        brood: Brood,
        failures: Mapping[str, str],
        before: Mapping[str, Any] | None,
        *,
        now: str,
    ) -> Report:
        manifest = self._declared.manifest(key) or {}
        return dialect.report_brood(brood, failures, {**manifest, "status": before}, now=now)

    async def _keep(self, key: IntentKey, due: asyncio.Event) -> None:
        failures = 0
        while True:
            await due.wait()
            await self._clock.sleep(SOON_S)
            due.clear()
            try:
                again_s = await self._pass(key)
            except Exception as crash:  # noqa: BLE001 - a bug over one parent ends no other
                # Only the type: the text of an unknown error may quote the manifest.
                kind = type(crash).__name__
                log.error("engine.parent_crashed", parent=str(key), error=kind)  # noqa: TRY400
                again_s = None
            failures = 0 if again_s != 0 else failures + 1
            if failures:
                again_s = BACKOFF.delay_s(failures, self._random)
            await self._wait(due, again_s)

    async def _wait(self, due: asyncio.Event, again_s: float | None) -> None:
        if again_s is None:
            return
        sleeping = spawn(self._clock.sleep(again_s), name="parent's next look")
        waiting = spawn(due.wait(), name="parent's next change")
        try:
            await asyncio.wait({sleeping, waiting}, return_when=asyncio.FIRST_COMPLETED)
            due.set()
        finally:
            await stop(sleeping, waiting)

    async def _pass(self, key: IntentKey) -> float | None:
        """Do what a parent wants; return when to look again, 0 when something was not done."""
        parent, manifest = self._parents.get(key), self._declared.manifest(key)
        if parent is None or manifest is None:
            return None
        around = self._around(key, parent.dialect)
        if around is None:
            # Not everything is known yet; what is missing will be told.
            return None
        brood = parent.brood = parent.dialect.brood(manifest, around)
        answers = await self._carry_out(key, parent.dialect, brood)
        parent.failures = {place: text for place, text in answers.items() if text != OUTRUN}
        self._changed(key)
        if answers:
            return 0.0
        return brood.again.total_seconds() if brood.again else None

    def _around(self, key: IntentKey, dialect: ParentDialect) -> Around | None:
        found, kind = self._declared.of(key.cluster), dialect.child.resource.kind
        namespaces = self._declared.namespaces(key.cluster)
        is_known = found is not None and found.is_listed(kind) and found.is_listed(key.kind)
        if found is None or namespaces is None or not is_known:
            return None
        covered = self._declared.covered(dialect, dialect.child, namespaces)
        return Around(covered, tuple(found.manifests(kind).values()))

    async def _carry_out(
        self, key: IntentKey, dialect: ParentDialect, brood: Brood
    ) -> Mapping[str, str]:
        client, found = self._declared.client(key.cluster), self._declared.of(key.cluster)
        served = found.served(dialect.child.resource.kind) if found else None
        if client is None or served is None:
            return {}
        writing = _Writing(client, served, asyncio.Semaphore(WIDTH))
        deeds = [
            *(partial(writing.create, child) for child in brood.create),
            *(partial(writing.change, child) for child in brood.change),
            *(partial(writing.delete, child) for child in brood.delete),
        ]
        children = (*brood.create, *brood.change, *brood.delete)
        answers = await all_of((deed() for deed in deeds), name=f"children of {key}")
        places = [str(child["metadata"]["namespace"]) for child in children]
        return {place: text for place, text in zip(places, answers, strict=True) if text}


@dataclass(frozen=True, slots=True)
class _Writing:
    client: Client
    resource: Resource
    width: asyncio.Semaphore

    async def create(self, child: Manifest) -> str:
        namespace = child["metadata"]["namespace"]
        body = {**child, "apiVersion": self.resource.api_version}
        return await self._try(self.client.create(self.resource, body, namespace=namespace))

    async def change(self, child: Manifest) -> str:
        metadata = child["metadata"]
        operations = [
            _operation("replace", "/metadata/resourceVersion", metadata["resourceVersion"]),
            _operation("add", "/metadata/labels", metadata.get("labels") or {}),
            _operation("add", "/metadata/annotations", metadata.get("annotations") or {}),
            _operation("add", "/spec", child["spec"]),
        ]
        return await self._try(
            self.client.json_patch(
                self.resource, metadata["name"], operations, namespace=metadata["namespace"]
            )
        )

    async def delete(self, child: Manifest) -> str:
        metadata = child["metadata"]
        return await self._try(
            self.client.delete(
                self.resource,
                metadata["name"],
                namespace=metadata["namespace"],
                uid=metadata["uid"],
                resource_version=metadata["resourceVersion"],
            )
        )

    async def _try(self, request: Coroutine[Any, Any, object]) -> str:
        async with self.width:
            try:
                await request
            except (ConflictError, NotFoundError):
                # Be it a status of our own: no change that is told of has to follow.
                return OUTRUN
            except KeyfleetError as error:
                return error.message
            return ""


def _operation(op: str, path: str, value: object) -> dict[str, Any]:
    return {"op": op, "path": path, "value": value}
