# SPDX-License-Identifier: Apache-2.0
"""Recorded histories, drawn by chance in memory, played on real planes with the shipped roles.

The deeds are those of `tests/histories`, the faults those of `FaultProxy`, and the same reference
says what has to be true at last. Nothing is shrunk here: the same deeds can be played in memory.
"""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
import tests.histories
from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.recorded import RealPlane, RealWorld
from tests.cluster.engine.sides import Side, eventually
from tests.histories import guarantees
from tests.histories.deeds import read
from tests.histories.reference import Document, Place, marker_of
from tests.histories.world import CONTEXTS, TENANTS

from keyfleet.base.clock import SystemClock
from keyfleet.base.tasks import spawn, stop
from keyfleet.kube.collection import Collection
from keyfleet.kube.decoding import full_object
from keyfleet.kube.informer import Informer
from keyfleet.kube.resources import NAMESPACES, SECRETS

RECORDED = sorted((Path(tests.histories.__path__[0]) / "recorded").glob("*.jsonl"))
TRUE_WITHIN_S = 60.0
UNJUDGED = ("leases", "events", "fleetclusters")


class Witness:
    """Watches every Secret and notes values at a place that went back to an older version."""

    def __init__(self, world: RealWorld) -> None:
        self.found: list[str] = []
        self._world = world
        self._newest: dict[tuple[Place, str], int] = {}

    def watch(self, side: Side) -> Informer[dict[str, Any]]:
        """Return what watches one cluster."""
        return Informer(
            side.client,
            Collection(SECRETS, full_object),
            partial(self._see, side.context),
            clock=SystemClock(),
            random=self._world.random,
        )

    def _see(self, context: str, key: tuple[str, str], _: object, after: Document | None) -> None:
        place = (context, *key)
        marker = marker_of(after)
        if after is None or marker is None:
            return
        if not guarantees.is_own(cast("Any", self._world), marker, place):
            return
        for source, version in guarantees.versions(after.get("data") or {}):
            if version < self._newest.get((place, source), 0):
                self.found.append(f"G5: {place} went back to v{version} of {source}")
            self._newest[place, source] = version


async def furnish(fleet: Fleet) -> RealWorld:
    """Return a world of tenants and members as `tests/histories/world.py` begins with."""
    world = RealWorld(fleet, {side.context: RealPlane(side) for side in fleet.sides})
    fleet.namespaces.extend(TENANTS)
    fleet.may_be_denied = True
    await fleet.make_member_of_hub()
    for side in fleet.sides:
        found = await side.client.find_metadata(NAMESPACES, "kube-system")
        assert found is not None
        world.planes[side.context].uid = found.uid
        for tenant in TENANTS:
            await asyncio.to_thread(side.plane.create_namespace, tenant)
        how = {"context": side.context, "env": "prod", "on_removed": "Retain", "paused": False}
        await world.play(("write_cluster", how))
    return world


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda path: path.stem)
async def test_a_recorded_history_comes_true(fleet: Fleet, recorded: Path) -> None:
    world = await furnish(fleet)
    witness = Witness(world)
    watching = [spawn(witness.watch(side).run(), name="witness") for side in fleet.sides]
    try:
        for deed in read(recorded.read_text(encoding="utf-8")):
            await world.play(deed)
        await world.heal()
        await world.watch_over()
        await comes_true(world)
        await nothing_more_is_written(fleet)
    finally:
        await stop(*watching)
    assert witness.found == []


async def comes_true(world: RealWorld) -> None:
    """Wait until every cluster is as the reference says."""
    problems: list[str] = []

    async def is_true() -> bool:
        facts = await asyncio.to_thread(world.facts)
        problems[:] = guarantees.convergence(cast("Any", world), facts, CONTEXTS)
        return not problems

    try:
        await eventually(is_true, timeout_s=TRUE_WITHIN_S)
    except AssertionError:
        raise AssertionError("\n".join(problems)) from None


async def nothing_more_is_written(fleet: Fleet) -> None:
    """Require that a restart finds nothing to write (G9)."""
    await fleet.quiet()
    fleet.forget_requests()
    await fleet.end()
    await fleet.run()
    await fleet.leads()
    await fleet.quiet()
    # Counts of FleetClusters are written every ten seconds: the restart may have come before.
    written = [one for side in fleet.sides for one in side.proxy.writes(but=UNJUDGED)]
    assert written == []
