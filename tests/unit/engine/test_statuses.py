# SPDX-License-Identifier: Apache-2.0
import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import pytest
import structlog
from tests.unit.engine.fakecluster import FakeCluster
from tests.unit.engine.fakes import LoopClock, intent_of, key_of

from keyfleet.base.errors import PermanentError, UnreachableError
from keyfleet.base.log import NoHooks
from keyfleet.engine.statuses import (
    BETWEEN_S,
    BUSY_S,
    CONNECTING_S,
    LANE_WIDTH,
    REFUSED_S,
    RETRY_S,
    SOON_S,
    Answer,
    Statuses,
)
from keyfleet.kube.resources import FLEETSECRETS, Resource
from keyfleet.model.intent import Origin, Rejection
from keyfleet.model.outcome import Outcome
from keyfleet.model.places import ClusterName, IntentKey
from keyfleet.plugin import Event, Kind, Report, Translation

KEY = key_of()
REFUSED = PermanentError("api.invalid", "the API server refuses the object")
AWAY = UnreachableError("api.timeout", "no answer")


class FakeDialect:
    """Reports the revision as status, and one event about it."""

    name = "fake"
    kinds: tuple[Kind, ...] = ()

    def translate(self, manifest: Mapping[str, Any], origin: Origin) -> Translation:
        del manifest, origin
        return Translation()

    def report(
        self, outcome: Outcome | Rejection, before: Mapping[str, Any] | None, *, now: str
    ) -> Report:
        del before, now
        assert isinstance(outcome, Outcome)
        note = f"revision {outcome.revision}"
        ready = {"type": "Ready", "status": "True"}
        status = {"revision": outcome.revision, "conditions": [ready]}
        return Report(status, (Event("Normal", "Delivered", note),))


class Observing(NoHooks):
    """Notes what metrics are told."""

    def __init__(self, observed: list[tuple[str, ...]]) -> None:
        self._observed = observed

    def manifest_said(
        self,
        kind: str,
        subject: tuple[str, str, str],
        condition: str,
        status: str,
        reason: str = "",
    ) -> None:
        self._observed.append((kind, *subject, condition, status))

    def manifest_gone(self, kind: str, subject: tuple[str, str, str]) -> None:
        self._observed.append((kind, *subject, "gone"))


@dataclass
class Bench:
    """A manifest on the hub, what the engine would say of it, and what was said."""

    has_status: bool = True
    """It is written."""
    says_status: bool = True
    """The dialect has one to say."""
    patience: float = 0.0
    is_gone: bool = False
    revision: int = 1
    told: list[str] = field(default_factory=list)
    compared: list[object] = field(default_factory=list)
    """Revision of the status before, each time that something was to be said."""
    members: dict[ClusterName, FakeCluster] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clock = LoopClock()
        self.hub = FakeCluster("hub")
        self.hub.put(FLEETSECRETS, "db", namespace="payments")
        self.observed: list[tuple[str, ...]] = []
        self.statuses = Statuses(self.way, self, self.tell, self.clock, Observing(self.observed))

    def way(self, cluster: ClusterName) -> FakeCluster | None:
        return self.members.get(cluster) if cluster else self.hub

    def answer(self, key: IntentKey) -> Answer | None:
        if self.is_gone:
            return None
        outcome = Outcome(key, revision=self.revision)
        origin = intent_of(key).origin
        say = partial(self.report, outcome)
        return Answer(say, origin, FLEETSECRETS, None, self.has_status)

    def report(self, outcome: Outcome, before: Mapping[str, Any] | None, /, *, now: str) -> Report:
        self.compared.append((before or {}).get("revision"))
        found = FakeDialect().report(outcome, before, now=now)
        return found if self.says_status else replace(found, status=None)

    def patience_s(self, key: IntentKey) -> float:
        del key
        return self.patience

    def tell(self, origin: Origin, resource: Resource, events: tuple[Event, ...]) -> None:
        del origin, resource
        self.told += [event.note for event in events]

    def change(self) -> None:
        self.revision += 1
        self.statuses.changed(KEY)

    @property
    def written(self) -> int:
        """Revision in the status, 0 when there is none."""
        found = self.hub.objects[FLEETSECRETS.label, "payments", "db"].get("status", {})
        revision: int = found.get("revision", 0)
        return revision


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    yield bench
    await bench.statuses.close()


async def test_a_first_change_is_written_soon(bench: Bench) -> None:
    bench.statuses.changed(KEY)
    await bench.clock.pass_time(SOON_S / 2)
    assert bench.written == 0
    await bench.clock.pass_time(SOON_S)
    assert bench.written == 1


async def test_a_stream_of_changes_is_written_once_a_second_and_the_last_one_too(
    bench: Bench,
) -> None:
    for _ in range(50):
        bench.change()
        await bench.clock.pass_time(0.1, step_s=0.05)
    assert 5 <= len(bench.hub.writes()) <= 6
    await bench.clock.pass_time(BETWEEN_S)
    assert bench.written == bench.revision


async def test_two_objects_do_not_wait_for_each_other(bench: Bench) -> None:
    bench.hub.put(FLEETSECRETS, "other", namespace="payments")
    bench.statuses.changed(KEY)
    bench.statuses.changed(key_of("other"))
    await bench.clock.pass_time(2 * SOON_S)
    assert len(bench.hub.writes()) == 2


async def test_waits_for_deliveries_on_their_way_but_not_longer_than_its_patience(
    bench: Bench,
) -> None:
    bench.patience = BUSY_S
    bench.statuses.changed(KEY)
    await bench.clock.pass_time(BUSY_S - 0.1)
    bench.change()
    assert bench.written == 0
    await bench.clock.pass_time(0.2)
    assert bench.written == bench.revision


async def test_what_waited_for_deliveries_is_written_as_soon_as_they_are_done(
    bench: Bench,
) -> None:
    bench.patience = BUSY_S
    bench.statuses.changed(KEY)
    await bench.clock.pass_time(0.2)
    bench.patience = 0.0
    bench.statuses.settled(KEY)
    await bench.clock.pass_time(2 * SOON_S)
    assert bench.written == 1


async def test_deliveries_that_end_without_news_write_nothing(bench: Bench) -> None:
    bench.statuses.settled(KEY)
    await bench.clock.pass_time(BETWEEN_S)
    assert bench.hub.writes() == []


async def test_a_status_that_says_the_same_is_not_written_again(bench: Bench) -> None:
    for _ in range(2):
        bench.statuses.changed(KEY)
        await bench.clock.pass_time(2 * BETWEEN_S)
    assert bench.hub.writes() == ["patch"]


async def test_a_failed_write_is_tried_again(bench: Bench) -> None:
    bench.hub.errors["patch FleetSecret"] = [AWAY, AWAY]
    bench.statuses.changed(KEY)
    await bench.clock.pass_time(2 * RETRY_S + 0.2)
    assert bench.written == 1


async def test_a_status_that_is_refused_for_what_it_says_is_tried_ever_more_seldom(
    bench: Bench,
) -> None:
    bench.hub.errors["patch FleetSecret"] = [REFUSED] * 9999
    with structlog.testing.capture_logs() as logs:
        bench.statuses.changed(KEY)
        await bench.clock.pass_time(REFUSED_S, step_s=0.5)
    assert bench.hub.writes().count("patch") < 10
    assert [log["event"] for log in logs] == ["engine.status_failed"]


async def test_a_refused_status_that_changes_is_tried_soon(bench: Bench) -> None:
    bench.hub.errors["patch FleetSecret"] = [REFUSED] * 9999
    bench.statuses.changed(KEY)
    await bench.clock.pass_time(60, step_s=0.5)
    bench.hub.errors.clear()
    bench.change()
    await bench.clock.pass_time(RETRY_S + 0.2)
    assert bench.written == bench.revision


async def test_a_manifest_that_is_absent_is_not_tried_again(bench: Bench) -> None:
    bench.hub.objects.clear()
    bench.statuses.changed(KEY)
    await bench.clock.pass_time(2 * RETRY_S)
    assert bench.hub.writes() == ["patch"]


async def test_an_intent_that_is_gone_says_nothing(bench: Bench) -> None:
    bench.is_gone = True
    bench.statuses.changed(KEY)
    await bench.clock.pass_time(BETWEEN_S)
    assert (bench.hub.writes(), bench.told) == ([], [])


async def test_a_forgotten_manifest_is_not_written(bench: Bench) -> None:
    bench.statuses.changed(KEY)
    bench.statuses.forget(KEY)
    await bench.clock.pass_time(BETWEEN_S)
    assert bench.hub.writes() == []


async def test_a_manifest_that_came_again_is_told_even_the_same(bench: Bench) -> None:
    bench.has_status = bench.says_status = False
    bench.statuses.changed(KEY)
    await bench.clock.pass_time(BETWEEN_S)
    bench.statuses.forget(KEY)
    bench.statuses.changed(KEY)
    await bench.clock.pass_time(BETWEEN_S)
    assert bench.told == ["revision 1", "revision 1"]


async def test_without_a_status_only_news_is_told_and_nothing_written(bench: Bench) -> None:
    bench.has_status = bench.says_status = False
    bench.statuses.changed(KEY)
    await bench.clock.pass_time(2 * BETWEEN_S)
    bench.statuses.changed(KEY)
    await bench.clock.pass_time(2 * BETWEEN_S)
    bench.change()
    await bench.clock.pass_time(2 * BETWEEN_S)
    assert bench.told == ["revision 1", "revision 2"]
    assert bench.hub.writes() == []


async def test_a_status_that_is_not_written_is_what_the_next_one_is_compared_with(
    bench: Bench,
) -> None:
    bench.has_status = False
    bench.statuses.changed(KEY)
    await bench.clock.pass_time(2 * BETWEEN_S)
    bench.change()
    await bench.clock.pass_time(2 * BETWEEN_S)
    assert bench.compared == [None, 1]
    assert bench.hub.writes() == []


async def test_events_are_told_after_the_status_was_written(bench: Bench) -> None:
    bench.hub.errors["patch FleetSecret"] = [AWAY]
    bench.statuses.changed(KEY)
    await bench.clock.pass_time(0.1)
    assert bench.told == []
    await bench.clock.pass_time(RETRY_S + 0.1)
    assert bench.told == ["revision 1"]


async def test_a_shutdown_writes_what_was_not_said_and_then_no_more(bench: Bench) -> None:
    bench.statuses.changed(KEY)
    await bench.statuses.flush()
    assert bench.written == 1
    bench.change()
    await bench.clock.pass_time(2 * BETWEEN_S)
    assert bench.written == 1


async def test_a_shutdown_says_nothing_about_clusters_that_were_never_connected(
    bench: Bench,
) -> None:
    bench.patience = CONNECTING_S
    bench.statuses.changed(KEY)
    await bench.statuses.flush()
    assert bench.written == 0


async def test_nothing_is_written_after_it_was_closed(bench: Bench) -> None:
    bench.statuses.changed(KEY)
    await bench.statuses.close()
    bench.statuses.changed(KEY)
    bench.statuses.settled(KEY)
    await bench.clock.pass_time(2 * BETWEEN_S)
    assert bench.hub.writes() == []


async def test_a_failed_last_write_schedules_no_further_one(bench: Bench) -> None:
    bench.hub.errors["patch FleetSecret"] = [AWAY]
    bench.statuses.changed(KEY)
    await bench.statuses.flush()
    await bench.clock.pass_time(2 * RETRY_S)
    assert bench.hub.writes() == ["patch"]


async def test_metrics_hear_each_condition_and_that_a_manifest_is_gone(bench: Bench) -> None:
    bench.statuses.changed(KEY)
    await bench.clock.pass_time(2 * SOON_S)
    bench.statuses.gone(KEY)
    subject = ("FleetSecret", "", "payments", "db")
    assert bench.observed == [(*subject, "Ready", "True"), (*subject, "gone")]


IN_EAST = replace(KEY, cluster=ClusterName("east"))


def with_east(bench: Bench) -> FakeCluster:
    east = bench.members[IN_EAST.cluster] = FakeCluster()
    east.put(FLEETSECRETS, "db", namespace="payments")
    return east


async def test_a_status_is_written_where_its_manifest_is(bench: Bench) -> None:
    east = with_east(bench)
    bench.statuses.changed(IN_EAST)
    await bench.clock.pass_time(2 * SOON_S)
    assert (east.writes(), bench.hub.writes()) == (["patch"], [])


async def test_nothing_is_asked_of_a_cluster_that_is_away_until_it_is_told_again(
    bench: Bench,
) -> None:
    bench.statuses.changed(IN_EAST)
    await bench.clock.pass_time(2 * RETRY_S)
    east = with_east(bench)
    await bench.clock.pass_time(2 * RETRY_S)
    assert east.asked == []
    bench.statuses.changed(IN_EAST)
    await bench.clock.pass_time(2 * SOON_S)
    assert east.writes() == ["patch"]


async def test_a_member_that_answers_slowly_keeps_no_other_status_waiting(bench: Bench) -> None:
    bench.members[IN_EAST.cluster] = Hanging()
    for number in range(3 * LANE_WIDTH):
        bench.statuses.changed(replace(IN_EAST, name=f"db-{number}"))
    await bench.clock.pass_time(2 * SOON_S)
    bench.statuses.changed(KEY)
    await bench.clock.pass_time(2 * SOON_S)
    assert bench.written == bench.revision


class Hanging(FakeCluster):
    """A cluster that takes a write and never answers."""

    async def json_patch(self, *_args: Any, **_named: Any) -> Any:
        await asyncio.Event().wait()


async def test_what_is_due_for_a_cluster_is_said_before_it_is_let_go(bench: Bench) -> None:
    east = with_east(bench)
    bench.statuses.changed(IN_EAST)
    bench.statuses.changed(KEY)
    await bench.statuses.flush_cluster(IN_EAST.cluster)
    assert (east.writes(), bench.hub.writes()) == (["patch"], [])
    await bench.clock.pass_time(2 * SOON_S)
    assert (east.writes(), bench.hub.writes()) == (["patch"], ["patch"])


class Held(FakeCluster):
    """A cluster that answers a write only once it is let go."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.free = asyncio.Event()

    async def json_patch(self, *arguments: Any, **named: Any) -> Any:
        await self.free.wait()
        return await super().json_patch(*arguments, **named)


async def held_up(bench: Bench) -> Held:
    """Have as many writes on their way to the hub as it takes; the next waits for its turn."""
    found = Held("hub")
    found.objects = bench.hub.objects
    bench.hub = found
    for number in range(LANE_WIDTH):
        bench.statuses.changed(replace(KEY, name=f"db-{number}"))
    await bench.clock.pass_time(2 * SOON_S)
    bench.change()
    await bench.clock.pass_time(2 * SOON_S)
    return found


async def test_a_status_that_waits_for_its_turn_costs_nothing_and_says_what_is_new(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With thousands in the queue, to look again and again took most of the CPU."""
    hub = await held_up(bench)
    bench.change()
    await bench.clock.pass_time(2 * SOON_S)
    scheduled: list[IntentKey] = []
    monkeypatch.setattr(bench.statuses, "_schedule", lambda key, _: scheduled.append(key))
    await bench.clock.pass_time(50 * SOON_S)
    assert scheduled == []
    hub.free.set()
    await bench.clock.pass_time(2 * SOON_S)
    assert bench.written == bench.revision


async def test_a_shutdown_writes_what_waited_for_its_turn(bench: Bench) -> None:
    hub = await held_up(bench)
    hub.free.set()
    await bench.statuses.flush()
    assert bench.written == bench.revision


async def test_what_waits_for_its_turn_is_said_before_a_cluster_is_let_go(bench: Bench) -> None:
    hub = await held_up(bench)
    hub.free.set()
    await bench.statuses.flush_cluster(KEY.cluster)
    assert bench.written == bench.revision
