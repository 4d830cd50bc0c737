# SPDX-License-Identifier: Apache-2.0
"""What happens in a cluster that leaves the fleet: nothing, unless its FleetCluster said Delete."""

from keyfleet.base.errors import KeyfleetError
from keyfleet.base.log import get_logger
from keyfleet.engine.confirm import Confirmations
from keyfleet.engine.entry import Entry
from keyfleet.engine.member import Member
from keyfleet.kube.client import Client
from keyfleet.kube.resources import SECRETS
from keyfleet.model.ownership import MARKED, Claim, Installation, spot_in

log = get_logger("engine")


class Departures:
    """Clean up after clusters whose `onRemoved` is Delete."""

    def __init__(self, installation: Installation, confirmations: Confirmations) -> None:
        self._installation = installation
        self._confirmations = confirmations

    async def leave(self, entry: Entry) -> None:
        """Delete what this installation delivered to the cluster, where that was asked for.

        Only when the FleetCluster is positively gone, and not its kind, and only targets marker
        verifies for their own place. What cannot be deleted stays and is logged: the cluster is not
        ours to ask any more.
        """
        member = entry.member
        if entry.snapshot.on_removed != "Delete" or member is None or entry.snapshot.paused:
            return
        if objection := await self._confirmations.cluster_objection(entry.name):
            log.warning("engine.departure_held", cluster=entry.name, reason=objection.reason)
            return
        for intent in member.owners():
            for namespace, name in await member.owned(intent):
                await self._delete(member, member.client, (namespace, name))

    async def _delete(self, member: Member, client: Client, at: tuple[str, str]) -> None:
        metadata = member.target(at)
        if metadata is None:
            return
        spot = spot_in(member.facts, *at)
        holding = MARKED.claims(metadata.annotations or {}, spot, self._installation)
        if holding.claim is not Claim.OURS or holding.marker is None or holding.marker.released:
            return
        try:
            await client.delete(
                SECRETS,
                at[1],
                namespace=at[0],
                uid=metadata.uid,
                resource_version=metadata.resource_version,
            )
        except KeyfleetError as error:
            log.error(  # noqa: TRY400 - the code says it; a traceback adds nothing
                "engine.departure_failed",
                cluster=member.facts.name,
                namespace=at[0],
                name=at[1],
                code=error.code,
            )
