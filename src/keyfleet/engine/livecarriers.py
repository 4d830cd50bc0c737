# SPDX-License-Identifier: Apache-2.0
"""What lies on the hub for one cluster to take, for the length of one command."""

from collections.abc import Mapping
from typing import Protocol

from keyfleet.base.sealing import SealingCertificate
from keyfleet.engine.members.carriers import is_there
from keyfleet.engine.members.memory import Spot
from keyfleet.engine.views import GLANCE, Look, actual_from_sealed
from keyfleet.kube.client import Client
from keyfleet.kube.resources import SEALEDSECRETS
from keyfleet.model.carriers import carried_place, carrier_name, carrier_selector
from keyfleet.model.desired import Actual
from keyfleet.model.intent import Intent
from keyfleet.model.ownership import HUB_LABEL, Installation, read_marker
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

    facts: ClusterFacts

    async def namespaces(self, intent: Intent) -> Mapping[str, NamespaceFacts]:
        """Return the namespaces the intent's matcher has to be asked about."""
        ...

    async def namespace(self, name: str) -> NamespaceFacts | None:
        """Return one namespace; None when it is positively absent."""
        ...

    async def sealing_certificate(self) -> SealingCertificate | Finding:
        """Return what is sealed with for it, wherever that is written, or why nothing can be."""
        ...


class LiveCarriers:
    """The carriers of one cluster; implements `views.ClusterView`."""

    kind = CARRIER

    def __init__(self, ground: Ground, hub: Client, installation: Installation) -> None:
        self.client = hub
        self._ground = ground
        self._installation = installation
        self._is_served: bool | None = None
        self._certificate: SealingCertificate | Finding | None = None

    @property
    def facts(self) -> ClusterFacts:
        """Name, identity and labels of the cluster that they are for."""
        return self._ground.facts

    def address(self, spot: Spot) -> Spot:
        """Return where on the hub the carrier of a place lies."""
        return (self.facts.hub_namespace, carrier_name(*spot))

    async def namespaces(self, intent: Intent) -> Mapping[str, NamespaceFacts]:
        """Return the namespaces the intent's matcher has to be asked about."""
        return await self._ground.namespaces(intent)

    async def namespace(self, name: str) -> NamespaceFacts | None:
        """Return one namespace; one that may not be looked at is taken to exist."""
        return await self._ground.namespace(name)

    async def actual(
        self, namespace: str, name: str, intent: IntentKey, look: Look = GLANCE
    ) -> Actual | None:
        """Return the live object; its values cannot be seen."""
        del look
        if not await self._can_lie():
            return None
        home, called = self.address((namespace, name))
        found = await self.client.find(SEALEDSECRETS, called, namespace=home)
        return actual_from_sealed(found, self._installation, intent) if found else None

    async def sealed_uid(self, spot: Spot, intent: IntentKey) -> str:
        """Return that no Secret is made of what lies on the hub."""
        del spot, intent
        return ""

    async def owned(self, intent: IntentKey) -> list[Spot]:
        """Return the places whose carriers are marked as this intent's."""
        if not await self._can_lie():
            return []
        hub = f"{HUB_LABEL}={self._installation.hub_label}"
        home, labels = self.facts.hub_namespace, carrier_selector(hub, self.facts.name)
        listed = await self.client.list_metadata(SEALEDSECRETS, namespace=home, labels=labels)
        found = [(each, read_marker(each.annotations or {})) for each in listed]
        return [
            carried_place(each.name, each.annotations or {})
            for each, marker in found
            if marker and marker.intent == intent
        ]

    async def certificate(self) -> SealingCertificate | Finding:
        """Return what is sealed with for the cluster, or why nothing can lie there for it."""
        if self._certificate is None:
            self._certificate = await self._find_certificate()
        return self._certificate

    async def _find_certificate(self) -> SealingCertificate | Finding:
        home = self.facts.hub_namespace
        if not home:
            return nowhere_on_hub(self.facts)
        if not await self._can_lie():
            return not_served(Place(ClusterName("the hub"), "", "", CARRIER))
        if not await is_there(self.client, home):
            return nowhere_on_hub(self.facts, home)
        return await self._ground.sealing_certificate()

    async def _can_lie(self) -> bool:
        if self._is_served is None:
            has_home = bool(self.facts.hub_namespace)
            self._is_served = has_home and await self.client.serves(SEALEDSECRETS)
        return self._is_served
