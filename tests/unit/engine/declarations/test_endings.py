# SPDX-License-Identifier: Apache-2.0
from typing import Any

import pytest
from tests.unit.engine.fakecluster import FakeCluster
from tests.unit.engine.fakes import LoopClock

from keyfleet.base.errors import ConflictError, DeniedError, UnreachableError
from keyfleet.engine.declarations.endings import AGAIN_S, ATTEMPTS, Endings
from keyfleet.kube.resources import EXTERNALSECRETS

OURS = ("example.com/cleanup",)
AWAY = UnreachableError("api.timeout", "no answer")


class Bench:
    """A manifest with finalizers that is being deleted."""

    def __init__(self, *finalizers: str) -> None:
        self.clock = LoopClock()
        self.endings = Endings(self.clock)
        self.east = FakeCluster()
        self.document = self.east.put(
            EXTERNALSECRETS,
            "db",
            namespace="payments",
            metadata={"finalizers": list(finalizers), "deletionTimestamp": "2026-01-01T00:00:00Z"},
        )

    async def see(self) -> None:
        self.endings.see(self.east, EXTERNALSECRETS, OURS, self.document)
        await self.clock.settle()

    @property
    def left(self) -> list[str]:
        found: dict[str, Any] = self.east.objects[EXTERNALSECRETS.label, "payments", "db"]
        return list(found["metadata"]["finalizers"])


async def test_only_the_finalizer_that_is_ours_to_remove_goes() -> None:
    bench = Bench("example.org/other", *OURS)
    await bench.see()
    assert bench.left == ["example.org/other"]


async def test_without_it_nothing_is_asked() -> None:
    bench = Bench("example.org/other")
    await bench.see()
    assert bench.east.asked == []


async def test_what_was_changed_meanwhile_is_left_to_the_next_sight_of_it() -> None:
    bench = Bench(*OURS)
    bench.east.errors["patch ExternalSecret"] = [ConflictError("api.conflict", "changed")]
    await bench.see()
    await bench.clock.pass_time(2 * AGAIN_S, step_s=1.0)
    assert bench.east.writes() == ["patch"]
    await bench.see()
    assert bench.left == []


async def test_a_cluster_that_is_away_is_asked_again_a_few_times() -> None:
    bench = Bench(*OURS)
    bench.east.errors["patch ExternalSecret"] = [AWAY, AWAY]
    await bench.see()
    await bench.clock.pass_time(3 * AGAIN_S, step_s=1.0)
    assert bench.left == []
    bench = Bench(*OURS)
    bench.east.errors["patch ExternalSecret"] = [AWAY] * 20
    await bench.see()
    await bench.clock.pass_time(20 * AGAIN_S, step_s=1.0)
    assert len(bench.east.writes()) == ATTEMPTS


@pytest.mark.parametrize("times", [1, 3])
async def test_where_it_may_not_be_removed_nothing_loops(times: int) -> None:
    bench = Bench(*OURS)
    bench.east.errors["patch ExternalSecret"] = [DeniedError("api.forbidden", "forbidden")] * times
    await bench.see()
    await bench.clock.pass_time(10 * AGAIN_S, step_s=1.0)
    assert bench.east.writes() == ["patch"]
    await bench.endings.close()
