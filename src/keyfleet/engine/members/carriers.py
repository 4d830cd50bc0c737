# SPDX-License-Identifier: Apache-2.0
"""What lies on the hub for one cluster to take: its carriers, by the places that they are for.

A pass sees places of the cluster, with the labels and rules of the cluster; only what is read and
written lies elsewhere. So the view knows for each place which object of the hub stands for it.
"""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Protocol

from keyfleet.base.errors import DeniedError, KeyfleetError
from keyfleet.base.sealing import SealingCertificate
from keyfleet.base.tasks import spawn
from keyfleet.engine.members.memory import Memory, Spot
from keyfleet.engine.members.scopes import ObjectKey, ScopedWatch
from keyfleet.engine.members.targetview import TargetView
from keyfleet.engine.members.targetwatch import TargetWatch, Tell
from keyfleet.engine.members.watchmaker import WatchMaker
from keyfleet.engine.views import Look, actual_from_sealed
from keyfleet.kube.client import Client
from keyfleet.kube.informer import Informer
from keyfleet.kube.objects import Metadata, metadata_of
from keyfleet.kube.resources import NAMESPACES, SEALEDSECRETS
from keyfleet.kube.responses import NOT_SERVED
from keyfleet.model.carriers import CARRIER_LABEL, carried_place, carrier_name
from keyfleet.model.desired import Actual
from keyfleet.model.intent import Intent
from keyfleet.model.ownership import Installation, read_marker
from keyfleet.model.places import (
    CARRIER,
    ClusterFacts,
    ClusterName,
    IntentKey,
    NamespaceFacts,
    Place,
)
from keyfleet.model.plan import Finding
from keyfleet.plan.sealing import not_served, nowhere_on_hub


class Ground(Protocol):
    """The cluster that the carriers are for."""

    @property
    def facts(self) -> ClusterFacts:
        """Name, identity and labels."""
        ...

    async def namespaces(self, intent: Intent) -> Mapping[str, NamespaceFacts]:
        """Return the namespaces the intent's matcher has to be asked about."""
        ...

    async def namespace(self, name: str) -> NamespaceFacts | None:
        """Return one namespace; None when it is positively absent."""
        ...

    async def sealing_certificate(self) -> SealingCertificate | Finding:
        """Return what is sealed with for it, wherever that is written, or why nothing can be."""
        ...


class Carriers(TargetView):
    """Watches the carriers of one cluster, where a namespace of the hub is said for them."""

    def __init__(
        self,
        ground: Ground,
        maker: WatchMaker,
        installation: Installation,
        *,
        labels: str,
        tell: Tell,
    ) -> None:
        """Prepare; nothing is watched yet.

        Args:
            ground: The cluster that they are for.
            maker: Makes the watches, of the hub.
            installation: Who we are.
            labels: The selector of marked targets.
            tell: Told the intents concerned when a carrier was changed by somebody else, or went.
        """
        self._ground = ground
        self._maker = maker
        self._is_open = False
        self._lock = asyncio.Lock()
        self._watching: asyncio.Task[None] | None = None
        self._labels, self._tell = f"{labels},{CARRIER_LABEL}", tell
        memory = Memory()
        super().__init__(CARRIER, maker.client, installation, memory, self._new_watch(memory, ()))

    @property
    def facts(self) -> ClusterFacts:
        """Name, identity and labels of the cluster that they are for."""
        return self._ground.facts

    async def namespaces(self, intent: Intent) -> Mapping[str, NamespaceFacts]:
        """Return the namespaces the intent's matcher has to be asked about."""
        return await self._ground.namespaces(intent)

    async def namespace(self, name: str) -> NamespaceFacts | None:
        """Return one namespace; where they may not be listed, it is taken to exist."""
        return await self._ground.namespace(name)

    def address(self, spot: Spot) -> ObjectKey:
        """Return where on the hub the carrier of a place lies."""
        return (self._home, carrier_name(*spot))

    async def open(self) -> bool:
        """Watch what lies there; tell whether anything can.

        Raises:
            KeyfleetError: The hub does not answer, or they may not be listed.
        """
        async with self._lock:
            if self._is_open and not self._is_gone():
                return True
            self.close()
            if not self._home or not await self.client.serves(SEALEDSECRETS):
                return False
            await self._start()
            return True

    def close(self) -> list[asyncio.Task[None]]:
        """Forget the watch; return its task, which the caller ends."""
        self._is_open = False
        tasks = [self._watching] if self._watching else []
        self._watching = None
        for task in tasks:
            task.cancel()
        return tasks

    def informers(self) -> list[Informer[Metadata] | ScopedWatch]:
        """Return the running watch."""
        return [self._targets.informer] if self._is_open else []

    @property
    def owners(self) -> set[IntentKey]:
        """The intents that have carriers there, live or gone."""
        return self._targets.owners.all()

    async def certificate(self) -> SealingCertificate | Finding:
        """Return what is sealed with for the cluster, or why nothing can lie there for it."""
        if not self._home:
            return nowhere_on_hub(self.facts)
        if not await self.open():
            return not_served(Place(ClusterName("the hub"), "", "", CARRIER))
        if not self._targets.items and not await is_there(self.client, self._home):
            return nowhere_on_hub(self.facts, self._home)
        return await self._ground.sealing_certificate()

    @property
    def _home(self) -> str:
        return self._ground.facts.hub_namespace

    async def _start(self) -> None:
        self._targets = self._new_watch(self.memory, (self._home,))
        running = self._targets.informer.run()
        self._watching = spawn(running, name=f"watch carriers {self.facts.name}")
        try:
            await self._targets.known()
            await self._verify()
        except BaseException:
            self.close()
            raise
        self._is_open = True

    def _new_watch(self, memory: Memory, scopes: tuple[str, ...]) -> TargetWatch:
        return _CarrierWatch(
            self._maker,
            memory,
            labels=self._labels,
            scopes=scopes,
            is_ready=lambda: self._is_open,
            tell=self._tell,
            resource=SEALEDSECRETS,
        )

    async def _verify(self) -> None:
        listing = await self.client.list(SEALEDSECRETS, namespace=self._home, labels=self._labels)
        for document in listing.items:
            metadata = metadata_of(document)
            marker = read_marker(metadata.annotations or {})
            spot = _spot(metadata)
            if marker is not None and spot in self._targets.items:
                actual = actual_from_sealed(document, self._installation, marker.intent)
                self.memory.read(spot, actual, marker.intent)

    async def _read(self, spot: Spot, intent: IntentKey, look: Look) -> Actual | None:
        del look
        namespace, name = self.address(spot)
        document = await self.client.find(SEALEDSECRETS, name, namespace=namespace)
        if document is None:
            self.memory.forget(spot)
            return None
        actual = actual_from_sealed(document, self._installation, intent)
        if spot in self._targets.items:
            self.memory.read(spot, actual, intent)
        else:
            self.memory.doubt(spot)
        return actual

    def _is_gone(self) -> bool:
        error: KeyfleetError | None = self._targets.informer.error
        return error is not None and error.code == NOT_SERVED


async def is_there(hub: Client, namespace: str) -> bool:
    """Tell whether a namespace of the hub is there; one that may not be looked at is."""
    try:
        return await hub.find_metadata(NAMESPACES, namespace) is not None
    except DeniedError:
        return True


class _CarrierWatch(TargetWatch):
    """Knows carriers by the places that they are for."""

    @property
    def items(self) -> Mapping[Spot, Metadata]:
        return _ByPlace(self.informer.items)

    def _on_target(self, spot: Spot, old: Metadata | None, new: Metadata | None) -> None:
        known = new or old
        super()._on_target(_spot(known) if known is not None else spot, old, new)

    def _is_within(self, scope: str, spot: Spot) -> bool:
        del scope, spot
        return True


class _ByPlace(Mapping[Spot, Metadata]):
    """Carriers as the watch has them, by place, without a copy.

    All of them lie in one namespace.
    """

    def __init__(self, items: Mapping[ObjectKey, Metadata]) -> None:
        self._items = items
        self._home = next(iter(items), ("", ""))[0]

    def __getitem__(self, spot: Spot) -> Metadata:
        return self._items[self._home, carrier_name(*spot)]

    def __iter__(self) -> Iterator[Spot]:
        return map(_spot, self._items.values())

    def __len__(self) -> int:
        return len(self._items)


def _spot(metadata: Metadata) -> Spot:
    return carried_place(metadata.name, metadata.annotations or {})
