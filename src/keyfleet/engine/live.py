# SPDX-License-Identifier: Apache-2.0
"""A cluster asked live, for one-shot commands: the same answers as a `Member`, without watches."""

from collections.abc import Mapping

from keyfleet.base.errors import DeniedError
from keyfleet.base.sealing import SealingCertificate
from keyfleet.engine.livecarriers import LiveCarriers
from keyfleet.engine.members.memory import Spot
from keyfleet.engine.members.scopes import EVERYWHERE
from keyfleet.engine.sealing.certificates import cluster_certificate
from keyfleet.engine.sealing.looking import KeyLook
from keyfleet.engine.views import (
    GLANCE,
    Look,
    actual_from_sealed,
    actual_from_secret,
    namespace_facts,
    with_inherited_keys,
)
from keyfleet.kube.client import Client
from keyfleet.kube.objects import Metadata
from keyfleet.kube.resources import NAMESPACES, SEALEDSECRETS, SECRETS
from keyfleet.model.carriers import CARRIER_LABEL
from keyfleet.model.desired import Actual
from keyfleet.model.intent import Intent
from keyfleet.model.ownership import (
    HUB_LABEL,
    MARKED,
    Holding,
    Installation,
    Marker,
    read_marker,
    spot_in,
)
from keyfleet.model.places import (
    SEALED_SECRET,
    SECRET,
    ClusterFacts,
    IntentKey,
    NamespaceFacts,
    Place,
)
from keyfleet.model.plan import Finding
from keyfleet.plan.sealing import not_served


class LiveMember:
    """One cluster for the length of one command; implements `views.ClusterView`."""

    kind = SECRET

    def __init__(
        self,
        facts: ClusterFacts,
        client: Client,
        installation: Installation,
        scopes: tuple[str, ...] = EVERYWHERE,
        keys: KeyLook | None = None,
        hub: Client | None = None,
    ) -> None:
        self._scopes = scopes
        self.facts = facts
        self.client = client
        self._installation = installation
        self._namespaces: dict[str, NamespaceFacts | None] = {}
        self._are_all_listed = False
        self._marked: list[Metadata] | None = None
        self.sealed = LiveSealed(self, installation, scopes, keys or KeyLook())
        self.carriers = LiveCarriers(self, hub or client, installation)

    @property
    def views(self) -> tuple["LiveView", ...]:
        """Its targets, kind by kind, as far as anybody can look at them."""
        return (self.carriers,) if self.facts.is_agent else (self, self.sealed, self.carriers)

    def view(self, kind: str) -> "LiveView":
        """Return its targets of one kind."""
        views: tuple[LiveView, ...] = (self, self.sealed, self.carriers)
        return next(view for view in views if view.kind == kind)

    def address(self, spot: Spot) -> Spot:
        """Return where the object of a place lies in the cluster that it is written to."""
        return spot

    async def certificate(self) -> SealingCertificate | Finding:
        """Return what targets are sealed with here, or why none can be."""
        return await self.sealed.certificate()

    async def sealing_certificate(self) -> SealingCertificate | Finding:
        """Return what is sealed with for the cluster, wherever that is written, or why not."""
        return await self.sealed.sealing_certificate()

    async def namespaces(self, intent: Intent) -> Mapping[str, NamespaceFacts]:
        """Return the namespaces the intent's matcher has to be asked about.

        Only the named ones are asked for where names are enough, so that fewer rights are needed.
        """
        matcher = intent.targets.namespaces
        if matcher.is_by_name:
            for name in matcher.names:
                await self.namespace(name)
        elif not self._are_all_listed:
            for metadata in await self.client.list_metadata(NAMESPACES):
                self._namespaces[metadata.name] = namespace_facts(metadata)
            self._are_all_listed = True
        return {name: facts for name, facts in self._namespaces.items() if facts is not None}

    async def namespace(self, name: str) -> NamespaceFacts | None:
        """Return one namespace; one that may not be looked at is taken to exist."""
        if name not in self._namespaces and not self._are_all_listed:
            try:
                found = await self.client.find_metadata(NAMESPACES, name)
            except DeniedError:
                self._namespaces[name] = NamespaceFacts(name)
            else:
                self._namespaces[name] = namespace_facts(found) if found is not None else None
        return self._namespaces.get(name)

    async def actual(
        self, namespace: str, name: str, intent: IntentKey, look: Look = GLANCE
    ) -> Actual | None:
        """Return the live object with its values."""
        secret = await self.client.find_secret(namespace, name)
        if secret is None:
            return None
        actual = actual_from_secret(secret, self._installation, intent, look.inheritance)
        return await with_inherited_keys(self.client, actual, (namespace, name), look)

    async def sealed_uid(self, spot: Spot, intent: IntentKey) -> str:
        """Return the UID of the SealedSecret that an intent delivered to a place; empty: none."""
        return await self.sealed.sealed_uid(spot, intent)

    async def owned(self, intent: IntentKey) -> list[Spot]:
        """Return where targets are that are marked as this intent's."""
        return [
            metadata.key
            for metadata, marker in await self.marked()
            if marker is not None and marker.intent == intent
        ]

    async def marked(self) -> list[tuple[Metadata, Marker | None]]:
        """Return everything in the cluster that carries this hub's label."""
        if self._marked is None:
            labels = f"{HUB_LABEL}={self._installation.hub_label}"
            self._marked = [
                metadata
                for scope in self._scopes
                for metadata in await self.client.list_metadata(
                    SECRETS, namespace=scope, labels=labels
                )
            ]
        return [(metadata, read_marker(metadata.annotations or {})) for metadata in self._marked]


class LiveSealed:
    """The SealedSecrets of one cluster for the length of one command."""

    kind = SEALED_SECRET

    def __init__(
        self,
        member: LiveMember,
        installation: Installation,
        scopes: tuple[str, ...],
        keys: KeyLook,
    ) -> None:
        self.client = member.client
        self._member = member
        self._keys = keys
        self._installation = installation
        self._scopes = scopes
        self._is_served: bool | None = None
        self._marked: list[Metadata] | None = None
        self._certificate: SealingCertificate | Finding | None = None

    @property
    def facts(self) -> ClusterFacts:
        """Name, identity and labels of the cluster."""
        return self._member.facts

    def address(self, spot: Spot) -> Spot:
        """Return where the object of a place lies in the cluster that it is written to."""
        return spot

    async def namespaces(self, intent: Intent) -> Mapping[str, NamespaceFacts]:
        """Return the namespaces the intent's matcher has to be asked about."""
        return await self._member.namespaces(intent)

    async def namespace(self, name: str) -> NamespaceFacts | None:
        """Return one namespace; one that may not be looked at is taken to exist."""
        return await self._member.namespace(name)

    async def actual(
        self, namespace: str, name: str, intent: IntentKey, look: Look = GLANCE
    ) -> Actual | None:
        """Return the live object; its values cannot be seen."""
        del look
        if not await self._served():
            return None
        found = await self.client.find(SEALEDSECRETS, name, namespace=namespace)
        return actual_from_sealed(found, self._installation, intent) if found else None

    async def sealed_uid(self, spot: Spot, intent: IntentKey) -> str:
        """Return the UID of the SealedSecret that the intent delivered to a place; empty: none."""
        found = await self.actual(*spot, intent)
        at = spot_in(self.facts, *spot)
        holding = MARKED.claims(found.annotations, at, self._installation) if found else Holding()
        return found.uid if found and holding.belongs_to(intent) else ""

    async def owned(self, intent: IntentKey) -> list[Spot]:
        """Return where targets are that are marked as this intent's."""
        if self._marked is None:
            self._marked = await self._list() if await self._served() else []
        found = [(each, read_marker(each.annotations or {})) for each in self._marked]
        return [each.key for each, marker in found if marker and marker.intent == intent]

    async def certificate(self) -> SealingCertificate | Finding:
        """Return what targets are sealed with here, or why none can be."""
        if not await self._served():
            return not_served(Place(self.facts.name, "", "", SEALED_SECRET))
        return await self.sealing_certificate()

    async def sealing_certificate(self) -> SealingCertificate | Finding:
        """Return what is sealed with for the cluster, wherever that is written, or why not."""
        if self._certificate is None:
            self._certificate = await cluster_certificate(
                self.facts,
                lambda: self._keys.certificate(self.client),
                now=self.client.clock.now(),
            )
        return self._certificate

    async def _served(self) -> bool:
        if self._is_served is None:
            self._is_served = await self.client.serves(SEALEDSECRETS)
        return self._is_served

    async def _list(self) -> list[Metadata]:
        labels = f"{HUB_LABEL}={self._installation.hub_label},!{CARRIER_LABEL}"
        return [
            metadata
            for scope in self._scopes
            for metadata in await self.client.list_metadata(
                SEALEDSECRETS, namespace=scope, labels=labels
            )
        ]


LiveView = LiveMember | LiveSealed | LiveCarriers
"""The targets of one kind in one cluster."""
