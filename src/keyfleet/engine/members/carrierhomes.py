# SPDX-License-Identifier: Apache-2.0
"""All that lies on the hub for one cluster: where it belongs now, and where it lay before.

When another namespace is said for a cluster, what lay in the one of before is left over: it goes
once the new one is written, as if it were of another kind. The FleetCluster says only where things
belong now, so the hub is asked where else something lies for that cluster.
"""

import asyncio
from functools import partial

from keyfleet.engine.members.carriers import Carriers, Ground
from keyfleet.engine.members.scopes import ScopedWatch
from keyfleet.engine.members.targetwatch import Tell
from keyfleet.engine.members.watchmaker import WatchMaker
from keyfleet.kube.informer import Informer
from keyfleet.kube.objects import Metadata
from keyfleet.kube.resources import SEALEDSECRETS
from keyfleet.model.carriers import carried_place, carrier_selector
from keyfleet.model.ownership import MARKED, Claim, Installation, spot_in
from keyfleet.model.places import FORMER_CARRIER, IntentKey


class CarrierHomes:
    """The carriers of one cluster, namespace by namespace."""

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
        self._ground, self._hub, self._installation = ground, maker.client, installation
        self._labels = carrier_selector(labels, ground.facts.name)
        self._home = ground.facts.hub_namespace
        self._carriers = partial(Carriers, ground, maker, installation, labels=labels, tell=tell)
        self.views: tuple[Carriers, ...] = (self._carriers(home=self._home),)
        """That of the namespace of now comes first."""

    async def open(self) -> None:
        """Watch what lies there for the cluster, where the hub serves the kind.

        Raises:
            KeyfleetError: The hub does not answer, or they may not be listed.
        """
        if not await self.views[0].open():
            return
        homes = sorted(await self._former())
        former = [self._carriers(home=home, kind=FORMER_CARRIER) for home in homes]
        self.views = (self.views[0], *former)
        for view in former:
            await view.open()

    def close(self) -> list[asyncio.Task[None]]:
        """Forget every watch; return their tasks, which the caller ends."""
        return [task for view in self.views for task in view.close()]

    def informers(self) -> list[Informer[Metadata] | ScopedWatch]:
        """Return the running watches."""
        return [informer for view in self.views for informer in view.informers()]

    @property
    def owners(self) -> set[IntentKey]:
        """The intents that have carriers there, live or gone."""
        return {key for view in self.views for key in view.owners}

    async def _former(self) -> set[str]:
        listed = await self._hub.list_metadata(SEALEDSECRETS, labels=self._labels)
        return {each.namespace for each in listed if self._is_ours(each)} - {self._home}

    def _is_ours(self, carrier: Metadata) -> bool:
        """Tell whether it was laid out by us in that very namespace; a copy of one was not."""
        annotations = carrier.annotations or {}
        spot = spot_in(self._ground.facts, *carried_place(carrier.name, annotations))
        found = MARKED.claims(annotations, spot, self._installation)
        is_home = found.marker is not None and found.marker.home == carrier.namespace
        return is_home and found.claim is Claim.OURS
