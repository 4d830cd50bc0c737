# SPDX-License-Identifier: Apache-2.0
"""Whether the FleetPolicies are known, and who hears that they are again."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.unit.engine.fakecluster import FakeCluster
from tests.unit.engine.fakes import jitter

from keyfleet.base.errors import DeniedError, UnreachableError
from keyfleet.base.log import NoHooks
from keyfleet.base.means import Means
from keyfleet.engine.hubpolicies import HubPolicies
from keyfleet.kube.informer import Informer
from keyfleet.testing.clock import FakeClock

AWAY = UnreachableError("api.interrupted", "away", "hub")
DENIED = DeniedError("api.forbidden", "denied", "hub")


class Bench:
    """Policies under a watch that is told how it fares."""

    def __init__(self) -> None:
        self.changes = 0
        means = Means(clock=FakeClock(), random=jitter(), hooks=NoHooks())
        self.policies = HubPolicies(FakeCluster("hub"), self._changed, means)
        self.informer: Informer[Any] = self.policies.serve()
        self.informer._sync()
        self.live()

    def _changed(self) -> None:
        self.changes += 1

    def live(self) -> None:
        self.informer._go_live()

    def failed(self, error: UnreachableError | DeniedError) -> None:
        self.informer.error = error
        self.informer._enter("failed")


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    yield bench
    await bench.policies.close()


async def test_a_hub_that_is_away_says_nothing_new(bench: Bench) -> None:
    known = bench.changes
    bench.failed(AWAY)
    assert bench.policies.current.is_complete
    bench.live()
    assert bench.changes == known


async def test_what_may_not_be_looked_at_is_not_known(bench: Bench) -> None:
    bench.failed(DENIED)
    assert not bench.policies.current.is_complete


async def test_who_was_told_that_they_are_not_known_hears_that_they_are(bench: Bench) -> None:
    """A server that comes back refuses everybody at first: no new state of a watch that failed."""
    bench.failed(AWAY)
    bench.failed(DENIED)
    assert [bench.policies.current.is_complete] == [False]
    told = bench.changes
    bench.live()
    assert bench.policies.current.is_complete
    assert bench.changes == told + 1
    bench.failed(AWAY)
    bench.live()
    assert bench.changes == told + 1
