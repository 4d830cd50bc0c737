# SPDX-License-Identifier: Apache-2.0
import asyncio
from typing import Any, cast

import pytest
from tests.unit.engine.fakecluster import FakeCluster
from tests.unit.engine.fakefleet import FakeMember, entry_of, snapshot_of
from tests.unit.engine.fakes import EAST, HUB_UID, INSTALLATION, VALUE

from keyfleet.base.errors import DeniedError, KeyfleetError, UnreachableError
from keyfleet.base.keyring import Keyring
from keyfleet.engine.deletion.confirm import Confirmations
from keyfleet.engine.deletion.departures import Departures
from keyfleet.engine.deletion.doomed import Doomed
from keyfleet.engine.deletion.gate import JUDGING, DeletionGate
from keyfleet.engine.fleet import Fleet
from keyfleet.engine.intents import Intents
from keyfleet.engine.members.member import Member
from keyfleet.kube.resources import CRDS, FLEETCLUSTERS
from keyfleet.model.desired import Actual
from keyfleet.model.held import HeldTarget
from keyfleet.model.ownership import MARKED, Installation, Marker, Marks
from keyfleet.model.plan import Finding, State
from keyfleet.plugin import ClusterSnapshot

OTHERS = Installation(HUB_UID, Keyring({"other": b"o" * 32}))


def marker_of(name: str, cluster: str = EAST.uid) -> Marker:
    return Marker(
        hub=INSTALLATION.hub,
        kind="FleetSecret",
        intent_namespace="payments",
        intent_name=name,
        intent_uid=f"uid-{name}",
        cluster=cluster,
        namespace="payments",
        name=name,
    )


class OpenBreaker:
    """A breaker that lets everything go that it was not told to hold."""

    def __init__(self) -> None:
        self.findings: list[Finding | None] = []

    def departing(self, target: HeldTarget) -> Finding | None:
        return self.findings.pop(0) if self.findings else None

    async def judged(self) -> None:
        await asyncio.sleep(0)


def doomed_of() -> Doomed:
    hub, fleet = cast("Any", None), cast("Fleet", None)
    return Doomed(INSTALLATION, hub, fleet, Intents(), lambda: pytest.fail("asks nothing"))


class Bench:
    """A cluster with two delivered targets and a foreign Secret that leaves the fleet."""

    def __init__(self) -> None:
        self.hub = FakeCluster("hub", HUB_UID)
        self.hub.put(CRDS, FLEETCLUSTERS.label)
        self.east = FakeCluster()
        for name in ("a", "b"):
            self.give(name, MARKED.marks(marker_of(name), INSTALLATION))
        self.east.put_secret("foreign", k=VALUE)
        self.entry = entry_of(FakeMember(self.east), snapshot=snapshot_of(on_removed="Delete"))
        self.breaker = OpenBreaker()
        self.departures = Departures(
            Confirmations(self.hub, HUB_UID), cast("DeletionGate", self.breaker), doomed_of()
        )

    def give(self, name: str, marks: Marks) -> None:
        metadata = {"labels": dict(marks.labels), "annotations": dict(marks.annotations)}
        self.east.put_secret(name, k=VALUE, metadata=metadata)

    async def left(self) -> list[str]:
        await self.departures.leave(self.entry)
        return self.names()

    def names(self) -> list[str]:
        return [name for kind, _, name in self.east.objects if kind == "secrets"]


async def test_what_was_delivered_goes_where_that_was_asked_for_and_nothing_else() -> None:
    assert await Bench().left() == ["foreign"]


async def test_what_was_written_just_before_goes_once_a_watch_shows_it() -> None:
    bench = Bench()
    memory, spot = cast("Member", bench.entry.member).memory, ("payments", "late")
    memory.wrote(spot, Actual("late-uid", "9"), marker_of("late").intent)
    async with asyncio.TaskGroup() as group:
        group.create_task(bench.left())
        await asyncio.sleep(0.02)
        bench.give("late", MARKED.marks(marker_of("late"), INSTALLATION))
        memory.settle(spot)
    assert bench.names() == ["foreign"]


@pytest.mark.parametrize("reason", [JUDGING, "DeletionHeld"])
async def test_what_the_breaker_holds_goes_once_it_lets_go(reason: str) -> None:
    bench = Bench()
    bench.breaker.findings = [Finding(State.HELD, reason, "wait")] * 4
    assert await bench.left() == ["foreign"]


async def test_what_the_breaker_holds_stays_when_the_cluster_comes_back() -> None:
    bench = Bench()
    bench.breaker.findings = [Finding(State.HELD, "DeletionHeld", "wait")] * 1000

    async def comes_back() -> None:
        bench.hub.put(FLEETCLUSTERS, "east")

    bench.breaker.judged = comes_back  # type: ignore[method-assign]
    assert await bench.left() == ["a", "b", "foreign"]


@pytest.mark.parametrize("snapshot", [snapshot_of(), snapshot_of(on_removed="Delete", paused=True)])
async def test_otherwise_everything_stays(snapshot: ClusterSnapshot) -> None:
    bench = Bench()
    bench.entry.snapshot = snapshot
    assert await bench.left() == ["a", "b", "foreign"]


async def test_a_fleetcluster_that_exists_after_all_did_not_leave() -> None:
    bench = Bench()
    bench.hub.put(FLEETCLUSTERS, "east")
    assert await bench.left() == ["a", "b", "foreign"]


async def test_a_hub_that_cannot_confirm_it_deletes_nothing() -> None:
    bench = Bench()
    bench.hub.errors["get FleetCluster"] = [UnreachableError("api.timeout", "no answer")]
    assert await bench.left() == ["a", "b", "foreign"]


@pytest.mark.parametrize(
    "marks",
    [
        MARKED.marks(marker_of("a", "uid-of-a-clone"), INSTALLATION),
        MARKED.marks(marker_of("a"), OTHERS),
        MARKED.relinquish(marker_of("a"), INSTALLATION),
    ],
)
async def test_copies_what_cannot_be_verified_and_what_was_let_go_stay(marks: Marks) -> None:
    bench = Bench()
    bench.give("a", marks)
    assert await bench.left() == ["a", "foreign"]


@pytest.mark.parametrize(
    "error", [DeniedError("api.forbidden", "forbidden"), UnreachableError("api.timeout", "none")]
)
async def test_what_cannot_be_deleted_stays_and_keeps_no_other(error: KeyfleetError) -> None:
    bench = Bench()
    bench.east.errors["delete Secret"] = [error]
    assert len(await bench.left()) == 2


async def test_a_target_that_changed_meanwhile_stays() -> None:
    bench = Bench()
    bench.east.on_write = [lambda: bench.give("a", Marks())] * 2
    assert await bench.left() == ["a", "foreign"]


async def test_a_cluster_that_was_never_reached_leaves_as_it_is() -> None:
    bench = Bench()
    bench.entry.member = None
    assert await bench.left() == ["a", "b", "foreign"]
