# SPDX-License-Identifier: Apache-2.0
"""What lies on the hub for one cluster to take: its carriers, by the places that they are for.

A pass sees places of the cluster, with the labels and rules of the cluster; only what is read and
written lies elsewhere. So the view knows for each place which object of the hub stands for it.
"""

from collections.abc import Iterator, Mapping
from typing import Protocol

from keyfleet.base.errors import DeniedError
from keyfleet.base.sealing import SealingCertificate
from keyfleet.engine.members import sealedview
from keyfleet.engine.members.memory import Spot
from keyfleet.engine.members.scopes import ObjectKey
from keyfleet.engine.members.targetwatch import TargetWatch, Tell
from keyfleet.engine.members.watchmaker import WatchMaker
from keyfleet.kube.client import Client
from keyfleet.kube.objects import Metadata
from keyfleet.kube.resources import NAMESPACES
from keyfleet.model.carriers import carried_place, carrier_name, carrier_selector
from keyfleet.model.ownership import Installation
from keyfleet.model.places import CARRIER, ClusterName, Place
from keyfleet.model.plan import Finding
from keyfleet.plan.sealing import not_served, nowhere_on_hub


class Ground(sealedview.Ground, Protocol):
    """The cluster that the carriers are for."""

    async def sealing_certificate(self) -> SealingCertificate | Finding:
        """Return what is sealed with for it, wherever that is written, or why nothing can be."""
        ...


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


class Carriers(sealedview.SealedView):
    """Watches the carriers of one cluster in one namespace of the hub."""

    watch = _CarrierWatch

    def __init__(
        self,
        ground: Ground,
        maker: WatchMaker,
        installation: Installation,
        *,
        labels: str,
        tell: Tell,
        home: str,
        kind: str = CARRIER,
    ) -> None:
        """Prepare; nothing is watched yet.

        Args:
            ground: The cluster that they are for.
            maker: Makes the watches, of the hub.
            installation: Who we are.
            labels: The selector of marked targets.
            tell: Told the intents concerned when a carrier was changed by somebody else, or went.
            home: The namespace; empty: none is said for them.
            kind: Of the targets.
        """
        self._certified, self._home = ground, home
        own, scopes = carrier_selector(labels, ground.facts.name), (home,) if home else ()
        super().__init__(kind, ground, maker, installation, labels=own, scopes=scopes, tell=tell)

    def address(self, spot: Spot) -> ObjectKey:
        """Return where on the hub the carrier of a place lies."""
        return (self._home, carrier_name(*spot))

    def place_of(self, metadata: Metadata) -> Spot:
        """Return which place of the cluster a carrier is for."""
        return _spot(metadata)

    async def certificate(self) -> SealingCertificate | Finding:
        """Return what is sealed with for the cluster, or why nothing can lie there for it."""
        if not self._home:
            return nowhere_on_hub(self.facts)
        if not await self.open():
            return not_served(Place(ClusterName("the hub"), "", "", CARRIER))
        if not self._targets.items and not await is_there(self.client, self._home):
            return nowhere_on_hub(self.facts, self._home)
        return await self._certified.sealing_certificate()


async def is_there(hub: Client, namespace: str) -> bool:
    """Tell whether a namespace of the hub is there; one that may not be looked at is."""
    try:
        return await hub.find_metadata(NAMESPACES, namespace) is not None
    except DeniedError:
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
