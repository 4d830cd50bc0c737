# SPDX-License-Identifier: Apache-2.0
from typing import Any

import pytest
from tests.unit.engine.fakecluster import FakeCluster
from tests.unit.engine.fakefleet import FakeMember, entry_of, snapshot_of
from tests.unit.engine.fakes import LoopClock, finding_of

from keyfleet.base.errors import UnreachableError
from keyfleet.engine.clusterstatus import COUNTS_S, SETTLE_S, ClusterStatuses, cluster_status
from keyfleet.engine.entry import Entry
from keyfleet.engine.identity import Identity
from keyfleet.kube.resources import FLEETCLUSTERS
from keyfleet.model.places import ClusterUid
from keyfleet.model.plan import State

NOW, LATER = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
DOCUMENT: dict[str, Any] = {"metadata": {"name": "east", "generation": 4}, "spec": {}}
EAST = Identity(ClusterUid("uid-east"), "ca-1")


@pytest.fixture
async def entry() -> Entry:
    """A cluster that is engaged and answers."""
    found = entry_of(FakeMember(FakeCluster()), snapshot=snapshot_of(is_declared=True))
    found.identity = EAST
    found.version = "v1.36.0"
    return found


def status_of(entry: Entry, before: dict[str, Any] | None = None, now: str = NOW) -> dict[str, Any]:
    document = DOCUMENT | ({"status": before} if before else {})
    return cluster_status(entry, document, now, counts=None)


def ready(status: dict[str, Any]) -> tuple[str, str]:
    (condition,) = status["conditions"]
    return (condition["status"], condition["reason"])


async def test_a_cluster_that_answers_says_who_it_is(entry: Entry) -> None:
    status = status_of(entry)
    assert ready(status) == ("True", "Reachable")
    assert (
        status["reachable"],
        status["version"],
        status["roles"],
        status["observedGeneration"],
    ) == (True, "v1.36.0", ["member"], 4)
    assert status["identity"] == {"uid": "uid-east", "caSHA256": "ca-1", "pinnedAt": NOW}
    assert "lastError" not in status


async def test_the_same_state_gives_the_same_status_later(entry: Entry) -> None:
    status = status_of(entry)
    assert status == status_of(entry, status, LATER)


async def test_the_identity_is_pinned_once(entry: Entry) -> None:
    before = status_of(entry)
    entry.identity = Identity(ClusterUid("uid-other"), "ca-2")
    entry.member = None
    entry.problem = finding_of("IdentityChanged", State.HELD)
    assert status_of(entry, before, LATER)["identity"] == before["identity"]


async def test_who_is_not_accepted_is_not_pinned(entry: Entry) -> None:
    entry.member = None
    entry.problem = finding_of("IdentityUntrusted", State.HELD)
    assert "identity" not in status_of(entry)


async def test_a_rotated_ca_is_taken_over_and_the_pin_keeps_its_date(entry: Entry) -> None:
    before = status_of(entry)
    entry.identity = Identity(EAST.uid, "ca-2")
    assert status_of(entry, before, LATER)["identity"] == {
        "uid": "uid-east",
        "caSHA256": "ca-2",
        "pinnedAt": NOW,
    }


async def test_an_outage_is_dated_told_and_keeps_what_is_known(entry: Entry) -> None:
    before = status_of(entry)
    entry.problem = finding_of()
    status = status_of(entry, before, LATER)
    assert ready(status) == ("False", "Unreachable")
    assert (
        status["reachable"],
        status["lastError"],
        status["lastContact"],
    ) == (False, "no answer", LATER)
    assert ("v1.36.0", before["identity"]) == (status["version"], status["identity"])
    assert status == status_of(entry, status, "2026-01-03T00:00:00Z")


async def test_while_connecting_nothing_is_said_about_reachability(entry: Entry) -> None:
    entry.problem = finding_of("Connecting", State.PENDING)
    assert "reachable" not in status_of(entry)
    entry.problem = None
    before = status_of(entry)
    entry.problem = finding_of("Connecting", State.PENDING)
    assert status_of(entry, before, LATER)["reachable"] is True


async def test_a_cluster_that_is_held_is_reachable_and_not_ready(entry: Entry) -> None:
    entry.problem = finding_of("IdentityChanged", State.HELD)
    status = status_of(entry)
    assert (ready(status), status["reachable"]) == (("False", "IdentityChanged"), True)


async def test_a_cluster_that_nobody_connects_to_is_ready_and_nothing_else_is_known_of_it() -> None:
    snapshot = snapshot_of(is_declared=True, is_agent=True)
    status = status_of(entry_of(FakeMember(FakeCluster()), snapshot=snapshot))
    assert ready(status) == ("True", "AgentOnly")
    assert not {"reachable", "identity", "version"} & status.keys()


async def test_the_hub_has_both_roles() -> None:
    hub = entry_of(FakeMember(FakeCluster("hub"), is_hub=True))
    assert status_of(hub)["roles"] == ["hub", "member"]


class Bench:
    """A FleetCluster on the hub and the keeper of its status."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.hub = FakeCluster("hub")
        self.clock = LoopClock()
        self.in_sync = 3
        self.statuses = ClusterStatuses(self.hub, self.clock, lambda _: self.in_sync)
        self.hub.put(FLEETCLUSTERS, "east", spec={"context": "east"})

    @property
    def status(self) -> dict[str, Any]:
        found = self.hub.objects[FLEETCLUSTERS.label, "", "east"]
        status: dict[str, Any] = found.get("status", {})
        return status


async def test_changes_that_come_together_are_written_together(entry: Entry) -> None:
    bench = Bench(entry)
    for _ in range(3):
        bench.statuses.changed(entry)
    await bench.clock.advance(SETTLE_S)
    assert bench.hub.writes() == ["patch"]
    assert ready(bench.status) == ("True", "Reachable")


async def test_a_change_while_writing_is_written_after_it(entry: Entry) -> None:
    bench = Bench(entry)

    def break_off() -> None:
        entry.problem = finding_of()
        bench.statuses.changed(entry)

    bench.hub.on_write = [break_off]
    bench.statuses.changed(entry)
    await bench.clock.advance(3 * SETTLE_S)
    assert ready(bench.status) == ("False", "Unreachable")


async def test_nothing_is_written_when_nothing_changed(entry: Entry) -> None:
    bench = Bench(entry)
    for _ in range(2):
        bench.statuses.changed(entry)
        await bench.clock.advance(2 * SETTLE_S)
    assert bench.hub.writes() == ["patch"]


async def test_a_failed_write_is_tried_again(entry: Entry) -> None:
    bench = Bench(entry)
    bench.hub.errors["patch FleetCluster"] = [UnreachableError("api.timeout", "no answer")]
    bench.statuses.changed(entry)
    await bench.clock.advance(3)
    assert ready(bench.status) == ("True", "Reachable")


async def test_a_cluster_nobody_declared_has_no_status() -> None:
    bench = Bench(entry_of(FakeMember(FakeCluster())))
    bench.statuses.changed(bench.entry)
    await bench.clock.advance(SETTLE_S)
    assert bench.hub.asked == []


async def test_a_fleetcluster_that_is_gone_is_not_tried_again(entry: Entry) -> None:
    bench = Bench(entry)
    bench.hub.objects.clear()
    bench.statuses.changed(entry)
    await bench.clock.advance(10)
    assert len(bench.hub.asked) == 1
    await bench.statuses.close()


async def test_the_counts_are_told_when_the_member_is_ready_and_kept_while_it_is_away(
    entry: Entry,
) -> None:
    bench = Bench(entry)
    bench.statuses.changed(entry)
    await bench.clock.pass_time(2 * SETTLE_S)
    assert "counts" not in bench.status
    member = entry.member
    assert member is not None
    member.is_ready = True
    bench.statuses.changed(entry)
    await bench.clock.pass_time(2 * SETTLE_S)
    assert bench.status["counts"] == {"targets": 0, "inSync": 3}
    entry.member = None
    bench.statuses.changed(entry)
    await bench.clock.pass_time(2 * SETTLE_S)
    assert bench.status["counts"] == {"targets": 0, "inSync": 3}


async def test_many_deliveries_are_counted_in_one_write_and_none_after_the_end(
    entry: Entry,
) -> None:
    bench = Bench(entry)
    for _ in range(20):
        bench.statuses.counted(entry)
        await bench.clock.pass_time(0.1, step_s=0.1)
    assert bench.hub.asked == []
    await bench.clock.pass_time(COUNTS_S, step_s=0.1)
    assert bench.hub.writes() == ["patch"]
    bench.statuses.counted(entry)
    await bench.statuses.close()
    await bench.clock.pass_time(2 * COUNTS_S, step_s=1)
    assert bench.hub.writes() == ["patch"]


async def test_what_is_counted_so_far_after_a_start_is_not_told(entry: Entry) -> None:
    """The next pass makes it what it was: a restart writes nothing."""
    bench = Bench(entry)
    assert entry.member is not None
    entry.member.is_ready = True
    bench.statuses.changed(entry)
    await bench.clock.pass_time(2 * SETTLE_S)
    before, bench.in_sync = bench.hub.writes(), 1
    bench.statuses.counted(entry)
    bench.statuses.changed(entry)
    await bench.clock.pass_time(2 * SETTLE_S)
    bench.in_sync = 3
    await bench.clock.pass_time(2 * COUNTS_S, step_s=1)
    assert bench.hub.writes() == before
    await bench.statuses.close()


async def test_what_was_counted_is_said_before_the_end(entry: Entry) -> None:
    bench = Bench(entry)
    assert entry.member is not None
    entry.member.is_ready = True
    bench.statuses.changed(entry)
    await bench.clock.pass_time(2 * SETTLE_S)
    bench.in_sync = 7
    bench.statuses.counted(entry)
    await bench.statuses.flush()
    assert bench.status["counts"] == {"targets": 0, "inSync": 7}
    writes = bench.hub.writes()
    await bench.clock.pass_time(2 * COUNTS_S, step_s=1)
    assert bench.hub.writes() == writes


async def test_a_last_word_that_is_refused_harms_nobody(entry: Entry) -> None:
    bench = Bench(entry)
    bench.hub.errors["patch FleetCluster"] = [UnreachableError("api.timeout", "no answer")]
    bench.statuses.counted(entry)
    await bench.statuses.flush()
    assert bench.status == {}


async def test_a_fleetcluster_made_anew_is_told_of_itself_and_not_of_the_one_before(
    entry: Entry,
) -> None:
    bench = Bench(entry)
    bench.statuses.counted(entry)
    bench.statuses.changed(entry)
    entry.member = None
    anew = entry_of(FakeMember(FakeCluster()), snapshot=snapshot_of(is_declared=True))
    anew.problem = finding_of()
    bench.statuses.changed(anew)
    await bench.clock.pass_time(3 * SETTLE_S)
    assert ready(bench.status) == ("False", "Unreachable")
    await bench.clock.pass_time(COUNTS_S + 1, step_s=0.1)
    assert ready(bench.status) == ("False", "Unreachable")
