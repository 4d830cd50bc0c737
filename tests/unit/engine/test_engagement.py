# SPDX-License-Identifier: Apache-2.0
"""Connecting to a cluster goes on until it succeeds, whatever goes wrong."""

import pytest
from tests.unit.engine.fakecluster import FakeCluster
from tests.unit.engine.fakefleet import Queued, ReadyMember
from tests.unit.engine.fakes import INSTALLATION, jitter

from keyfleet.base.errors import UnreachableError
from keyfleet.base.log import NoHooks
from keyfleet.base.secret import SecretValue
from keyfleet.base.tasks import stop
from keyfleet.engine.engagement import Engagements
from keyfleet.engine.entry import Entry, FleetEvents
from keyfleet.kube.access import Access, Endpoint
from keyfleet.kube.auth.static_token import StaticToken
from keyfleet.kube.requests import Selection
from keyfleet.kube.resources import SECRETS, Resource
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


class Restored(FakeCluster):
    """A cluster whose store may go back to an earlier state."""

    is_older = False

    async def store_version(self, resource: Resource, *, selection: Selection) -> str:
        del resource, selection
        return "3" if self.is_older else "900"


async def test_a_cluster_whose_store_went_back_is_listed_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A watch that goes on from where it was would wait for versions that do not come."""
    made: list[Restored] = []

    def client(*_: object, **__: object) -> Restored:
        made.append(Restored("east", "uid-known"))
        return made[-1]

    class Watching(ReadyMember):
        async def is_rewound(self) -> bool:
            now = await self.client.store_version(SECRETS, selection=Selection())
            return int(now) < 500

    monkeypatch.setattr("keyfleet.engine.engagement.Client", client)
    monkeypatch.setattr("keyfleet.engine.engagement.Member", Watching)
    clock = FakeClock()
    engagements = engagements_of(clock)
    entry = Entry(ClusterSnapshot(EAST, log_in, pinned_uid="uid-known"), Queued(EAST))
    engagements.engage_later(entry)
    await clock.settle()
    assert entry.circuit is not None
    entry.circuit.failed(UnreachableError("api.watch_failed", "a watch broke"))
    await clock.advance(20)
    assert len(made) == 1, "an outage alone is no reason to list anew"
    made[0].is_older = True
    entry.circuit.failed(UnreachableError("api.watch_failed", "a watch broke"))
    await clock.advance(20)
    assert (len(made), entry.problem) == (2, None)
    await engagements.disengage(entry)
