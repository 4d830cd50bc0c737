# SPDX-License-Identifier: Apache-2.0
"""SealedSecrets that were delivered to one cluster, and the certificate that they are sealed with.

Few clusters have any, and many do not serve the kind. So it is asked for once when the cluster is
engaged, and again when an intent wants such a target; only where it is served is anything watched.
"""

import asyncio
from collections.abc import Mapping
from typing import Protocol

from keyfleet.base.errors import KeyfleetError
from keyfleet.base.sealing import SealingCertificate
from keyfleet.base.tasks import spawn
from keyfleet.engine.members.memory import Memory, Spot
from keyfleet.engine.members.scopes import ScopedWatch
from keyfleet.engine.members.targetview import TargetView
from keyfleet.engine.members.targetwatch import TargetWatch, Tell
from keyfleet.engine.members.watchmaker import WatchMaker
from keyfleet.engine.sealing.certificates import Certificates, cluster_certificate
from keyfleet.engine.views import Look, actual_from_sealed
from keyfleet.kube.informer import Informer
from keyfleet.kube.objects import Metadata, metadata_of
from keyfleet.kube.resources import SEALEDSECRETS
from keyfleet.kube.responses import NOT_SERVED
from keyfleet.model.carriers import CARRIER_LABEL
from keyfleet.model.desired import Actual
from keyfleet.model.intent import Intent
from keyfleet.model.ownership import Installation, read_marker
from keyfleet.model.places import SEALED_SECRET, ClusterFacts, IntentKey, NamespaceFacts, Place
from keyfleet.model.plan import Finding
from keyfleet.plan.sealing import not_served


class Ground(Protocol):
    """The cluster that the targets are in."""

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


class SealedTargets(TargetView):
    """Watches them once the kind is served."""

    def __init__(
        self,
        ground: Ground,
        maker: WatchMaker,
        installation: Installation,
        *,
        labels: str,
        scopes: tuple[str, ...],
        tell: Tell,
        certificates: Certificates,
    ) -> None:
        """Prepare; nothing is watched yet.

        Args:
            ground: The cluster.
            maker: Makes the watches.
            installation: Who we are.
            labels: The selector of marked targets.
            scopes: The namespaces to watch, or `EVERYWHERE`.
            tell: Told the intents concerned when a target was changed by somebody else, or went.
            certificates: Of every cluster's newest key.
        """
        self._ground = ground
        self._maker = maker
        # Carriers, which lie on the hub for other clusters, are not what was delivered there.
        self._labels = f"{labels},!{CARRIER_LABEL}"
        self._scopes = scopes
        self._tell = tell
        self._certificates = certificates
        self._is_open = False
        self._lock = asyncio.Lock()
        self._watching: asyncio.Task[None] | None = None
        memory = Memory()
        super().__init__(
            SEALED_SECRET, maker.client, installation, memory, self._new_watch(memory, ())
        )

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

    async def open(self) -> bool:
        """Watch what is there, where the kind is served; tell whether it is.

        Raises:
            KeyfleetError: The cluster does not answer, or the targets may not be listed.
        """
        async with self._lock:
            if self._is_open and not self._is_gone():
                return True
            self._end()
            if not await self.client.serves(SEALEDSECRETS):
                return False
            await self._start()
            return True

    def close(self) -> list[asyncio.Task[None]]:
        """Forget every watch; return their tasks, which the caller ends."""
        return self._end()

    def informers(self) -> list[Informer[Metadata] | ScopedWatch]:
        """Return the running watches."""
        return [self._targets.informer] if self._is_open else []

    @property
    def owners(self) -> set[IntentKey]:
        """The intents that have marked targets here, live or gone."""
        return self._targets.owners.all()

    async def certificate(self) -> SealingCertificate | Finding:
        """Return what targets are sealed with here, or why none can be."""
        if not await self.open():
            return not_served(Place(self.facts.name, "", "", SEALED_SECRET))
        return await self.sealing_certificate()

    async def sealing_certificate(self) -> SealingCertificate | Finding:
        """Return what is sealed with for the cluster, wherever that is written, or why not."""
        return await cluster_certificate(self.facts, self._newest, now=self._maker.clock.now())

    async def _newest(self) -> SealingCertificate | None:
        await self._certificates.heard(self.facts.name)
        return self._certificates.certificate(self.facts.name)

    async def _start(self) -> None:
        self._targets = self._new_watch(self.memory, self._scopes)
        running = self._targets.informer.run()
        self._watching = spawn(running, name=f"watch sealed {self.facts.name}")
        try:
            await self._targets.known()
            for scope in self._scopes:
                await self._verify_in(scope)
        except BaseException:
            self._end()
            raise
        self._is_open = True

    def _new_watch(self, memory: Memory, scopes: tuple[str, ...]) -> TargetWatch:
        return TargetWatch(
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
            marker = read_marker(metadata.annotations or {})
            if marker is not None and metadata.key in self._targets.items:
                actual = actual_from_sealed(document, self._installation, marker.intent)
                self.memory.read(metadata.key, actual, marker.intent)

    async def _read(self, spot: Spot, intent: IntentKey, look: Look) -> Actual | None:
        del look
        namespace, name = spot
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

    def _end(self) -> list[asyncio.Task[None]]:
        self._is_open = False
        tasks = [self._watching] if self._watching else []
        self._watching = None
        for task in tasks:
            task.cancel()
        return tasks
