# SPDX-License-Identifier: Apache-2.0
"""What happens in a cluster that leaves the fleet: nothing, unless its FleetCluster said Delete."""

import asyncio
from contextlib import suppress

from keyfleet.base.errors import KeyfleetError
from keyfleet.base.log import get_logger
from keyfleet.delivery.deliver import RESOURCES
from keyfleet.engine.deletion.confirm import Confirmations
from keyfleet.engine.deletion.doomed import Doomed
from keyfleet.engine.deletion.gate import JUDGING, DeletionGate
from keyfleet.engine.entry import Entry
from keyfleet.engine.members.member import Member
from keyfleet.model.held import HeldTarget

log = get_logger("engine")

ASK_AGAIN_S = 30.0
"""How often a departure that is held asks whether the FleetCluster is still gone."""
SHOWN_S = 10.0
"""How long watches may take to show what was written just before the cluster left."""
LOOK_S = 0.05
"""How often is looked whether they did."""


class Departures:
    """Clean up after clusters whose `onRemoved` is Delete."""

    def __init__(self, confirmations: Confirmations, gate: DeletionGate, doomed: Doomed) -> None:
        self._confirmations = confirmations
        self._gate = gate
        self._doomed = doomed

    async def leave(self, entry: Entry) -> None:
        """Delete what this installation delivered to the cluster, where that was asked for.

        Only when the FleetCluster is positively gone, and not its kind, and only targets whose
        marker verifies for their own place, as far as the breaker lets them go. What it holds waits
        as long as this controller runs; what cannot be deleted stays and is logged: the cluster is
        not ours to ask any more.
        """
        member = entry.member
        if entry.snapshot.on_removed != "Delete" or member is None or entry.snapshot.paused:
            return
        self._doomed.leaving[entry.name] = member
        try:
            await _everything_shown(member)
            await self._clean_up(entry, member)
        finally:
            self._doomed.leaving.pop(entry.name, None)

    async def _clean_up(self, entry: Entry, member: Member) -> None:
        tried: set[HeldTarget] = set()
        said = ""
        while targets := [one for one in self._doomed.departing(member) if one not in tried]:
            if objection := await self._confirmations.cluster_objection(entry.name):
                log.warning("engine.departure_held", cluster=entry.name, reason=objection.reason)
                return
            for target in targets:
                finding = self._gate.departing(target)
                if finding is None:
                    tried.add(target)
                    await self._delete(member, target)
                elif finding.reason not in (JUDGING, said):
                    said = finding.reason
                    log.warning("engine.departure_held", cluster=entry.name, reason=said)
            if not tried.issuperset(targets):
                with suppress(TimeoutError):
                    async with asyncio.timeout(ASK_AGAIN_S):
                        await self._gate.judged()

    async def _delete(self, member: Member, target: HeldTarget) -> None:
        spot = (target.namespace, target.name)
        found = [(view, view.target(spot)) for view in member.views]
        view, metadata = next(
            ((view, known) for view, known in found if known and known.uid == target.uid),
            (member, None),
        )
        if metadata is None:
            return
        namespace, name = view.address(spot)
        try:
            await view.client.delete(
                RESOURCES[view.kind],
                name,
                namespace=namespace,
                uid=metadata.uid,
                resource_version=metadata.resource_version,
            )
        except KeyfleetError as error:
            log.error(  # noqa: TRY400 - the code says it; a traceback adds nothing
                "engine.departure_failed",
                cluster=member.facts.name,
                namespace=target.namespace,
                name=target.name,
                code=error.code,
            )


async def _everything_shown(member: Member) -> None:
    """Wait until the watches show our own last writes: only what they show is cleaned up."""
    for _ in range(round(SHOWN_S / LOOK_S)):
        if not any(view.memory.ahead() for view in member.views):
            return
        await asyncio.sleep(LOOK_S)
