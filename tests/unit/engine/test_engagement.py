# SPDX-License-Identifier: Apache-2.0
"""Connecting to a cluster goes on until it succeeds, whatever goes wrong."""

from tests.unit.engine.fakefleet import Queued
from tests.unit.engine.fakes import INSTALLATION, jitter

from keyfleet.base.log import NoHooks
from keyfleet.base.tasks import stop
from keyfleet.engine.engagement import Engagements
from keyfleet.engine.entry import Entry, FleetEvents
from keyfleet.kube.access import Access
from keyfleet.model.places import ClusterName
from keyfleet.plugin import ClusterSnapshot
from keyfleet.testing.clock import FakeClock

EAST = ClusterName("east")


async def test_a_bug_in_connecting_one_cluster_is_told_and_does_not_end_the_tries() -> None:
    """A task that ended would leave the cluster "Connecting" for ever."""
    tries: list[str] = []

    async def crash() -> Access:
        tries.append("open")
        raise LookupError

    clock = FakeClock()
    engagements = Engagements(
        INSTALLATION,
        FleetEvents(),
        recognised=lambda *_: None,
        clock=clock,
        random=jitter(),
        hooks=NoHooks(),
    )
    entry = Entry(ClusterSnapshot(EAST, crash), Queued(EAST))
    engagements.engage_later(entry)
    await clock.settle()
    assert entry.problem is not None
    assert (entry.problem.reason, len(tries)) == ("NoAccess", 1)
    await clock.advance(30)
    assert len(tries) > 1
    await stop(entry.engaging)
