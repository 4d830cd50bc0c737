# SPDX-License-Identifier: Apache-2.0
"""The kinds that one cluster serves, as its CRDs come and go, with one watch for each."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from keyfleet.base.backoff import Backoff
from keyfleet.base.errors import DeniedError, KeyfleetError
from keyfleet.base.log import get_logger
from keyfleet.base.means import Means
from keyfleet.base.tasks import spawn, stop
from keyfleet.kube.client import Client
from keyfleet.kube.collection import Collection
from keyfleet.kube.decoding import METADATA, selecting
from keyfleet.kube.informer import Informer
from keyfleet.kube.objects import Metadata
from keyfleet.kube.requests import Selection
from keyfleet.kube.resources import CRDS, Resource

log = get_logger("engine")

LOOK_S = 0.02
"""Between two looks whether everything has been listed."""
FIND_BACKOFF = Backoff(base_s=0.5, cap_s=60.0)
"""How soon a server is asked again that has a CRD and does not serve any version of it yet."""
LAG_S = 3.0
"""How long an API server may serve the versions of before when a CRD has changed."""

ObjectKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Watchable:
    """A kind that may be served, and what follows from it."""

    resource: Resource
    """In the version that is preferred."""
    watch: Callable[[Resource], Informer[Any]]
    """Makes the watch, once it is known which version is served."""
    gone: Callable[[], None]
    """Told that it is served no more."""
    listed: Callable[[], None] = lambda: None
    """Told that all its objects are known."""
    is_ours: Callable[[Metadata], bool] = lambda _: True
    """Whether it is served under this CRD."""
    is_ours_unseen: bool = True
    """Whether it is served where CRDs may not be looked at."""
    versions: tuple[str, ...] = ()
    """Further versions, best first; with any, the server is asked which it serves."""

    @property
    def resources(self) -> list[Resource]:
        """The kind in every version, best first."""
        further = [replace(self.resource, version=version) for version in self.versions]
        return [self.resource, *further]


@dataclass(slots=True)
class _Served:
    resource: Resource
    informer: Informer[Any]
    tasks: list[asyncio.Task[None]]


class ServedKinds:
    """Starts the watch of a kind when its CRD is there, and ends it when that goes."""

    def __init__(
        self,
        client: Client,
        watchables: Iterable[Watchable],
        means: Means,
        *,
        labels: str = "",
        lists: asyncio.Semaphore | None = None,
    ) -> None:
        """Prepare.

        Args:
            client: The cluster.
            watchables: The kinds.
            means: Of all watches.
            labels: Of the CRDs that matter at all; fewer cost less.
            lists: Bounds the lists in progress in the whole fleet.
        """
        self._client = client
        self._means = means
        self._watchables = {one.resource.label: one for one in watchables}
        self._served: dict[str, _Served] = {}
        self._finding: dict[str, asyncio.Task[None]] = {}
        self._is_first: set[str] = set()
        """Labels of kinds of which no server was asked yet."""
        crds = Collection(
            CRDS,
            # Of hundreds of CRDs a few matter, in each of a thousand clusters.
            selecting(METADATA, lambda metadata: metadata.name in self._watchables),
            Selection(labels=labels),
            keep=lambda _: False,
            purpose="kinds",
        )
        self.crds: Informer[Metadata] = Informer(client, crds, self._on_crd, lists=lists, **means)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start to watch."""
        self._task = spawn(self.crds.run(), name=f"watch {self._client.cluster}")

    async def settled(self) -> None:
        """Wait until every kind that is served now has been listed, or may not be."""
        while not is_heard(self.crds):
            await self._means["clock"].sleep(LOOK_S)
        if not self.crds.synced:
            # CRDs may not be listed here: ask for the kinds themselves.
            for watchable in self._watchables.values():
                if watchable.is_ours_unseen:
                    self._serve(watchable)
        while self._is_first or not all(is_heard(each.informer) for each in self._served.values()):
            await self._means["clock"].sleep(LOOK_S)

    async def stop(self) -> None:
        """Stop every watch; nobody is told that a kind is gone."""
        served, self._served = self._served, {}
        tasks = [task for each in served.values() for task in each.tasks]
        await stop(self._task, *self._finding.values(), *tasks)

    def nudge(self) -> None:
        """Let every watch try again now: the cluster answers."""
        for informer in (self.crds, *self.informers()):
            informer.nudge()

    def informers(self) -> list[Informer[Any]]:
        """Return the watches of the kinds."""
        return [each.informer for each in self._served.values()]

    def crd(self, label: str) -> Metadata | None:
        """Return the CRD of a kind."""
        return self.crds.items.get(("", label))

    def informer(self, label: str) -> Informer[Any] | None:
        """Return the watch of a kind; None while it is not served."""
        found = self._served.get(label)
        return found.informer if found else None

    def resource(self, label: str) -> Resource | None:
        """Return a kind in the version that is watched; None while it is not served."""
        found = self._served.get(label)
        return found.resource if found else None

    def is_listed(self, label: str) -> bool:
        """Tell whether all objects of a kind are known."""
        found = self._served.get(label)
        return found is not None and found.informer.synced and not is_denied(found.informer)

    def missing(self) -> list[str]:
        """Return the labels of the kinds that have no CRD, as far as that is known."""
        return [label for label in self._watchables if self.crds.synced and not self.crd(label)]

    def _on_crd(self, key: ObjectKey, old: Metadata | None, new: Metadata | None) -> None:
        watchable = self._watchables.get(key[1])
        if watchable is None:
            return
        is_ours = new is not None and watchable.is_ours(new)
        is_replaced = old is not None and new is not None and old.uid != new.uid
        if is_replaced or not is_ours:
            self._withdraw(watchable)
        if is_ours and not _is_as_before(old, new):
            self._serve(watchable, is_changed=old is not None)

    def _serve(self, watchable: Watchable, *, is_changed: bool = False) -> None:
        label = watchable.resource.label
        if not watchable.versions:
            if label not in self._served:
                self._begin(watchable, watchable.resource)
            return
        self._is_first.add(label)
        self._look_no_more(label)
        self._finding[label] = spawn(
            self._find(watchable, is_changed=is_changed), name=f"find {label}"
        )

    async def _find(self, watchable: Watchable, *, is_changed: bool) -> None:
        await self._find_once(watchable)
        if is_changed:
            await self._means["clock"].sleep(LAG_S)
            await self._find_once(watchable)

    async def _find_once(self, watchable: Watchable) -> None:
        label, failures = watchable.resource.label, 0
        while True:
            found = await self._best(watchable)
            self._is_first.discard(label)
            if found is not None:
                break
            failures += 1
            await self._means["clock"].sleep(FIND_BACKOFF.delay_s(failures, self._means["random"]))
        if self.resource(label) != found:
            self._withdraw(watchable, but_go_on=True)
            self._begin(watchable, found)

    async def _best(self, watchable: Watchable) -> Resource | None:
        try:
            for resource in watchable.resources:
                if await self._client.serves(resource):
                    return resource
        except KeyfleetError as error:
            log.debug("engine.versions_unknown", cluster=self._client.cluster, code=error.code)
        return None

    def _begin(self, watchable: Watchable, resource: Resource) -> None:
        informer = watchable.watch(resource)
        tasks = [
            spawn(informer.run(), name=f"watch {resource.kind}"),
            spawn(_tell(informer, watchable.listed), name=f"list {resource.kind}"),
        ]
        self._served[resource.label] = _Served(resource, informer, tasks)
        log.info("engine.kind_started", cluster=self._client.cluster, kind=resource.kind)

    def _withdraw(self, watchable: Watchable, *, but_go_on: bool = False) -> None:
        label = watchable.resource.label
        if not but_go_on:
            self._look_no_more(label)
            self._is_first.discard(label)
        served = self._served.pop(label, None)
        if served is None:
            return
        for task in served.tasks:
            task.cancel()
        log.warning("engine.kind_stopped", cluster=self._client.cluster, kind=served.resource.kind)
        watchable.gone()

    def _look_no_more(self, label: str) -> None:
        if task := self._finding.pop(label, None):
            task.cancel()


async def _tell(informer: Informer[Any], listed: Callable[[], None]) -> None:
    await informer.wait_synced()
    listed()


def _is_as_before(old: Metadata | None, new: Metadata | None) -> bool:
    # Its generation moves with the versions that it serves.
    return (
        old is not None
        and new is not None
        and (old.uid, old.generation, old.labels) == (new.uid, new.generation, new.labels)
    )


def is_denied(informer: Informer[Any]) -> bool:
    """Tell whether what an informer watches may not be looked at."""
    return isinstance(informer.error, DeniedError)


def is_heard(informer: Informer[Any]) -> bool:
    """Tell whether what an informer watches is known, or may not be looked at."""
    return informer.synced or is_denied(informer)
