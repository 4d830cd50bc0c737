# SPDX-License-Identifier: Apache-2.0
"""The life of a watch of SealedSecrets: opened once their kind is served, read, and closed.

Few clusters have any, and many do not serve the kind. So it is asked for once when the cluster is
engaged, and again when an intent wants such a target; only where it is served is anything watched.
"""

import asyncio
from collections.abc import Mapping
from typing import Protocol

from keyfleet.base.errors import KeyfleetError
from keyfleet.base.tasks import spawn
from keyfleet.engine.members.memory import Memory, Spot
from keyfleet.engine.members.scopes import ScopedWatch
from keyfleet.engine.members.targetview import TargetView
from keyfleet.engine.members.targetwatch import TargetWatch, Tell
from keyfleet.engine.members.watchmaker import WatchMaker
from keyfleet.engine.views import Look, actual_from_sealed
from keyfleet.kube.informer import Informer
from keyfleet.kube.objects import Metadata, metadata_of
from keyfleet.kube.resources import SEALEDSECRETS
from keyfleet.kube.responses import NOT_SERVED
from keyfleet.model.desired import Actual
from keyfleet.model.intent import Intent
from keyfleet.model.ownership import Installation, read_marker
from keyfleet.model.places import ClusterFacts, IntentKey, NamespaceFacts


class Ground(Protocol):
    """The cluster that the targets are of."""

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


class SealedView(TargetView):
    """Targets of one cluster that are SealedSecrets, wherever they lie."""

    watch: type[TargetWatch] = TargetWatch
    """How they are watched."""

    def __init__(
        self,
        kind: str,
        ground: Ground,
        maker: WatchMaker,
        installation: Installation,
        *,
        labels: str,
        scopes: tuple[str, ...],
        tell: Tell,
    ) -> None:
        """Prepare; nothing is watched yet.

        Args:
            kind: Of the targets.
            ground: The cluster that they are of.
            maker: Makes the watches, of the cluster where they lie.
            installation: Who we are.
            labels: The selector that tells them from other SealedSecrets.
            scopes: The namespaces to watch, or `EVERYWHERE`; none: they can lie nowhere.
            tell: Told the intents concerned when a target was changed by somebody else, or went.
        """
        self._ground, self._maker, self._tell = ground, maker, tell
        self._labels, self._scopes = labels, scopes
        self._is_open = False
        self._lock = asyncio.Lock()
        self._watching: asyncio.Task[None] | None = None
        memory = Memory()
        super().__init__(kind, maker.client, installation, memory, self._new_watch(memory, ()))

    @property
    def facts(self) -> ClusterFacts:
        """Name, identity and labels of the cluster."""
        return self._ground.facts

    async def namespaces(self, intent: Intent) -> Mapping[str, NamespaceFacts]:
        """Return the namespaces the intent's matcher has to be asked about."""
        return await self._ground.namespaces(intent)

    async def namespace(self, name: str) -> NamespaceFacts | None:
        """Return one namespace; where they may not be listed, it is taken to exist."""
        return await self._ground.namespace(name)

    def place_of(self, metadata: Metadata) -> Spot:
        """Return which place of the cluster an object stands for; undoes `address`."""
        return metadata.key

    async def open(self) -> bool:
        """Watch what is there, where the kind is served; tell whether it is.

        Raises:
            KeyfleetError: The server does not answer, or the targets may not be listed.
        """
        async with self._lock:
            if self._is_open and not self._is_gone():
                return True
            self.close()
            if not self._scopes or not await self.client.serves(SEALEDSECRETS):
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
        """The intents that have marked targets there, live or gone."""
        return self._targets.owners.all()

    async def _start(self) -> None:
        self._targets = self._new_watch(self.memory, self._scopes)
        running = self._targets.informer.run()
        self._watching = spawn(running, name=f"watch {self.kind} {self.facts.name}")
        try:
            await self._targets.known()
            for scope in self._scopes:
                await self._verify_in(scope)
        except BaseException:
            self.close()
            raise
        self._is_open = True

    def _new_watch(self, memory: Memory, scopes: tuple[str, ...]) -> TargetWatch:
        return self.watch(
            self._maker,
            memory,
            labels=self._labels,
            scopes=scopes,
            is_ready=lambda: self._is_open,
            tell=self._tell,
            resource=SEALEDSECRETS,
        )

    async def _verify_in(self, scope: str) -> None:
        listing = await self.client.list(SEALEDSECRETS, namespace=scope, labels=self._labels)
        for document in listing.items:
            metadata = metadata_of(document)
            marker, spot = read_marker(metadata.annotations or {}), self.place_of(metadata)
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
