# SPDX-License-Identifier: Apache-2.0
"""Connecting to a cluster goes on until it succeeds, whatever goes wrong."""

import pytest
from tests.unit.engine.fakecluster import FakeCluster
from tests.unit.engine.fakefleet import Queued, ReadyMember
from tests.unit.engine.fakes import INSTALLATION, jitter

from keyfleet.base.log import NoHooks
from keyfleet.base.secret import SecretValue
from keyfleet.base.tasks import stop
from keyfleet.engine.engagement import Engagements
from keyfleet.engine.entry import Entry, FleetEvents
from keyfleet.kube.access import Access, Endpoint
from keyfleet.kube.auth.static_token import StaticToken
from keyfleet.model.places import ClusterName
from keyfleet.plugin import ClusterSnapshot
from keyfleet.testing.canary import canary
from keyfleet.testing.clock import FakeClock

EAST = ClusterName("east")


def engagements_of(clock: FakeClock) -> Engagements:
    return Engagements(
        INSTALLATION,
        FleetEvents(),
        recognised=lambda *_: None,
        clock=clock,
        random=jitter(),
        hooks=NoHooks(),
    )


async def log_in() -> Access:
    return Access(Endpoint("https://east"), StaticToken(SecretValue(canary("token"))))


async def test_an_address_that_leads_back_to_the_known_cluster_is_served_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clusters = [FakeCluster("east", "uid-stranger"), FakeCluster("east", "uid-known")]
    monkeypatch.setattr("keyfleet.engine.engagement.Client", lambda *_, **__: clusters.pop(0))
    monkeypatch.setattr("keyfleet.engine.engagement.Member", ReadyMember)
    clock = FakeClock()
    engagements = engagements_of(clock)
    entry = Entry(ClusterSnapshot(EAST, log_in, pinned_uid="uid-known"), Queued(EAST))
    engagements.engage_later(entry)
    await clock.settle()
    held = entry.problem.reason if entry.problem else ""
    await clock.advance(70)
    assert (held, entry.problem) == ("IdentityChanged", None)
    await engagements.disengage(entry)


async def test_a_bug_in_connecting_one_cluster_is_told_and_does_not_end_the_tries() -> None:
    """A task that ended would leave the cluster "Connecting" for ever."""
    tries: list[str] = []

    async def crash() -> Access:
        tries.append("open")
        raise LookupError

    clock = FakeClock()
    engagements = engagements_of(clock)
    entry = Entry(ClusterSnapshot(EAST, crash), Queued(EAST))
    engagements.engage_later(entry)
    await clock.settle()
    assert entry.problem is not None
    assert (entry.problem.reason, len(tries)) == ("NoAccess", 1)
    await clock.advance(30)
    assert len(tries) > 1
    await stop(entry.engaging)
