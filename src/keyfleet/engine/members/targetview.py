# SPDX-License-Identifier: Apache-2.0
"""Those targets of one cluster that are of one kind: what its watch shows and what we remember."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace

from keyfleet.base.sealing import SealingCertificate
from keyfleet.engine.members.memory import Memory, Spot, is_newer
from keyfleet.engine.members.targetwatch import TargetWatch
from keyfleet.engine.views import GLANCE, Look, actual_from_metadata
from keyfleet.kube.client import Client
from keyfleet.kube.objects import Metadata
from keyfleet.model.desired import Actual
from keyfleet.model.intent import Intent
from keyfleet.model.ownership import MARKED, Claim, Installation, Marker, spot_in
from keyfleet.model.places import ClusterFacts, IntentKey, NamespaceFacts
from keyfleet.model.plan import Finding


class TargetView(ABC):
    """Implements the part of `views.ClusterView` that is the same of every kind of target."""

    def __init__(
        self,
        kind: str,
        client: Client,
        installation: Installation,
        memory: Memory,
        targets: TargetWatch,
    ) -> None:
        """Prepare; nothing is watched yet.

        Args:
            kind: Of the targets.
            client: The cluster.
            installation: Who we are.
            memory: What we read and wrote.
            targets: Their watch.
        """
        self.kind = kind
        self.client = client
        self.memory = memory
        self._installation = installation
        self._targets = targets

    @property
    @abstractmethod
    def facts(self) -> ClusterFacts:
        """Name, identity and labels of the cluster."""

    @abstractmethod
    async def namespaces(self, intent: Intent) -> Mapping[str, NamespaceFacts]:
        """Return the namespaces the intent's matcher has to be asked about."""

    @abstractmethod
    async def namespace(self, name: str) -> NamespaceFacts | None:
        """Return one namespace; None when it is positively absent."""

    @abstractmethod
    async def certificate(self) -> SealingCertificate | Finding:
        """Return what targets are sealed with here, or why none can be."""

    @abstractmethod
    async def _read(self, spot: Spot, intent: IntentKey, look: Look) -> Actual | None:
        """Read a target, and remember it."""

    def address(self, spot: Spot) -> Spot:
        """Return where the object of a place lies in the cluster that it is written to."""
        return spot

    def spots_of(self, intent: IntentKey) -> list[Spot]:
        """Return where an intent, live or gone, has marked targets, as the watch shows them."""
        return self._targets.owners.spots(intent)

    def has(self, intent: IntentKey) -> bool:
        """Tell whether an intent, live or gone, has marked targets here."""
        return intent in self._targets.owners

    def called(self, name: str) -> set[IntentKey]:
        """Return the intents whose marked targets are called so."""
        return self._targets.owners.of_name(name)

    @property
    def count(self) -> int:
        """Marked targets."""
        return len(self._targets.owners)

    def target(self, spot: Spot) -> Metadata | None:
        """Return a marked target as the watch shows it."""
        return self._targets.items.get(spot)

    def shown(self, spot: Spot) -> Actual | None:
        """Return a marked target as the watch shows it: without its data, and unread."""
        found = self._targets.items.get(spot)
        return actual_from_metadata(found) if found is not None else None

    def signed(self, intent: IntentKey) -> list[Marker]:
        """Return the markers of an intent's targets that we signed, as the watch shows them."""
        return [
            marker for spot in self._targets.owners.spots(intent) if (marker := self._ours(spot))
        ]

    def _ours(self, spot: Spot) -> Marker | None:
        annotations = self._targets.items[spot].annotations or {}
        found = MARKED.claims(annotations, spot_in(self.facts, *spot), self._installation)
        return found.marker if found.claim is Claim.OURS else None

    async def sealed_uid(self, spot: Spot, intent: IntentKey) -> str:
        """Return the UID of the SealedSecret that an intent delivered to a place; empty: none."""
        del spot, intent
        return ""

    def uid_of(self, spot: Spot, intent: IntentKey) -> str:
        """Return the UID of a target that we wrote for an intent; empty where none is known."""
        known, found = self.memory.get(spot), self._targets.items.get(spot)
        if known is not None and known.ahead is not None and known.intent == intent:
            return known.uid
        marker = self._ours(spot) if found is not None else None
        return found.uid if found and marker and marker.intent == intent else ""

    def writing(self, spot: Spot) -> AbstractContextManager[None]:
        """Judge what the watch shows of a place only when a write to it has been answered."""
        return self._targets.writing(spot)

    async def owned(self, intent: IntentKey) -> list[Spot]:
        """Return where this intent's marked targets are, with those the watch is yet to show."""
        ahead = self.memory.ahead_of(intent)
        spots = self._targets.owners.spots(intent)
        return sorted({*spots, *ahead}) if ahead else spots

    async def actual(
        self, namespace: str, name: str, intent: IntentKey, look: Look = GLANCE
    ) -> Actual | None:
        """Return the target as the watch and the memory know it; read it when they do not."""
        spot = (namespace, name)
        cached = self._targets.items.get(spot)
        if look.with_values or (cached is None and look.inheritance is not None):
            return await self._read(spot, intent, look)
        known = self.memory.get(spot)
        if known is not None and known.ahead is not None and known.intent == intent:
            version = known.resource_version
            if cached is None or is_newer(version, cached.resource_version):
                return known.ahead
        if cached is None and not self.memory.is_doubted(spot):
            return None
        is_known = (
            cached is not None
            and known is not None
            and known.resource_version == cached.resource_version
            and known.intent == intent
        )
        if is_known and cached is not None and known is not None:
            return replace(
                actual_from_metadata(cached),
                type=known.type,
                fingerprint=known.fingerprint,
                is_immutable=known.is_immutable,
                is_as_marked=known.is_as_marked,
            )
        return await self._read(spot, intent, look)
