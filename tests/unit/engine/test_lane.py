# SPDX-License-Identifier: Apache-2.0
import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random

import pytest
from tests.unit.engine.fakes import eventually, jitter, key_of, turns

from keyfleet.base.backoff import Backoff
from keyfleet.base.errors import PermanentError, UnreachableError
from keyfleet.base.log import NoHooks
from keyfleet.engine.lane import Again, Busy, Lane
from keyfleet.model.places import ClusterName, IntentKey
from keyfleet.testing.canary import canary

EAST = ClusterName("east")
A, B, C = (key_of(name) for name in "abc")


class Depths(NoHooks):
    """Notes how many keys wait."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int]] = []

    def queue_depth(self, cluster: str, waiting: int) -> None:
        self.seen.append((cluster, waiting))


@dataclass(frozen=True)
class NotedBackoff(Backoff):
    """Hardly waits, and notes how many failures it was asked for."""

    seen: list[int] = field(default_factory=list)
    delays_s: float = 0.001

    def delay_s(self, failures: int, random: Random) -> float:
        del random
        self.seen.append(failures)
        return self.delays_s


class Work:
    """Notes the keys it gets; waits while `gate` is closed; answers what it was told to."""

    def __init__(self) -> None:
        self.started: list[IntentKey] = []
        self.ended: list[IntentKey] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.answers: dict[IntentKey, list[Again | Exception | None]] = {}

    async def __call__(self, key: IntentKey) -> Again | None:
        self.started.append(key)
        await self.gate.wait()
        self.ended.append(key)
        answers = self.answers.get(key, [])
        answer = answers.pop(0) if answers else None
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class Bench:
    """One lane with everything around it."""

    work: Work = field(default_factory=Work)
    hooks: Depths = field(default_factory=Depths)
    backoff: NotedBackoff = field(default_factory=NotedBackoff)
    idle: list[IntentKey] = field(default_factory=list)
    limit: int = 32

    def __post_init__(self) -> None:
        self.busy = Busy(self.idle.append)
        self.lane = self.new(self.work)
        self.lane.resume(past_backoff=False)

    def new(self, work: Callable[[IntentKey], Awaitable[Again | None]]) -> Lane:
        return Lane(
            EAST,
            work,
            busy=self.busy,
            hooks=self.hooks,
            random=jitter(),
            limit=self.limit,
            backoff=self.backoff,
        )


async def test_a_new_lane_works_on_nothing_until_it_is_resumed() -> None:
    bench = Bench()
    lane = bench.new(bench.work)
    lane.add(A)
    await turns()
    assert bench.work.started == []
    lane.resume(past_backoff=False)
    await turns()
    assert bench.work.ended == [A]


async def test_a_key_that_waits_is_queued_once() -> None:
    bench = Bench()
    bench.lane.pause()
    for key in (A, B, A, A):
        bench.lane.add(key)
    bench.lane.resume(past_backoff=False)
    await turns()
    assert bench.work.ended == [A, B]


async def test_a_key_added_while_in_work_is_worked_on_once_more() -> None:
    bench = Bench()
    bench.work.gate.clear()
    bench.lane.add(A)
    await turns()
    bench.lane.add(A)
    bench.lane.add(A)
    await turns()
    assert bench.work.started == [A]
    bench.work.gate.set()
    await turns()
    assert bench.work.ended == [A, A]


async def test_no_more_keys_than_the_limit_are_in_work() -> None:
    bench = Bench(limit=2)
    bench.work.gate.clear()
    for key in (A, B, C):
        bench.lane.add(key)
    await turns()
    assert bench.work.started == [A, B]
    bench.work.gate.set()
    await turns()
    assert {A, B, C} == set(bench.work.ended)


async def test_the_back_off_grows_with_every_failure_and_starts_anew_after_a_success() -> None:
    bench = Bench()
    bench.work.answers[A] = [Again(), Again(), Again(), None, Again()]
    bench.lane.add(A)
    await eventually(lambda: len(bench.work.ended) == 4)
    bench.lane.add(A)
    await eventually(lambda: len(bench.work.ended) == 6)
    assert bench.backoff.seen == [1, 2, 3, 1]


async def test_a_pass_that_names_a_time_comes_again_then_and_is_no_failure() -> None:
    bench = Bench()
    bench.work.answers[A] = [Again(0.001)]
    bench.lane.add(A)
    await eventually(lambda: bench.work.ended == [A, A])
    assert bench.backoff.seen == []


async def test_of_several_delays_the_earliest_counts() -> None:
    bench = Bench()
    bench.lane.add(A, delay_s=60)
    bench.lane.add(A, delay_s=0.002)
    bench.lane.add(A, delay_s=60)
    await eventually(lambda: bench.work.ended == [A])


async def test_a_key_added_without_delay_does_not_wait_for_its_timer_and_comes_once() -> None:
    bench = Bench()
    bench.lane.add(A, delay_s=0.005)
    bench.lane.add(A)
    await turns()
    assert bench.work.ended == [A]
    await asyncio.sleep(0.01)
    assert bench.work.ended == [A]


async def test_adding_now_forgets_the_failures() -> None:
    bench = Bench(backoff=NotedBackoff(delays_s=60))
    bench.work.answers[A] = [Again(), Again(), Again()]
    for _ in range(3):
        bench.lane.add_now(A)
        await turns()
    assert bench.backoff.seen == [1, 1, 1]


async def test_a_paused_lane_finishes_what_runs_and_starts_nothing() -> None:
    bench = Bench(limit=1)
    bench.work.gate.clear()
    bench.lane.add(A)
    bench.lane.add(B)
    await turns()
    bench.lane.pause()
    bench.work.gate.set()
    await turns()
    assert bench.work.ended == [A]
    assert bench.lane.is_pending(B)


async def test_resuming_past_the_back_off_works_at_once_on_what_waits_for_it() -> None:
    bench = Bench(backoff=NotedBackoff(delays_s=60))
    bench.work.answers[A] = [Again()]
    bench.lane.add(A)
    await turns()
    bench.lane.pause()
    bench.lane.resume(past_backoff=False)
    await turns()
    assert bench.work.ended == [A]
    bench.lane.resume(past_backoff=True)
    await turns()
    assert bench.work.ended == [A, A]


@pytest.mark.parametrize(
    "error",
    [
        UnreachableError("api.timeout", "no answer"),
        PermanentError("api.invalid", "refused"),
        ValueError("text"),
    ],
)
async def test_a_failed_pass_is_repeated_and_stops_no_other(error: Exception) -> None:
    bench = Bench()
    bench.work.answers[A] = [error]
    bench.lane.add(A)
    bench.lane.add(B)
    await eventually(lambda: len(bench.work.ended) == 3)
    assert bench.work.ended == [A, B, A]
    assert bench.backoff.seen == [1]


async def test_a_crash_is_logged_without_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    bench = Bench()
    bench.work.answers[A] = [ValueError(canary("in-the-text"))]
    bench.lane.add(A)
    await eventually(lambda: len(bench.work.ended) == 2)
    shown = capsys.readouterr().out
    assert "engine.pass_crashed" in shown
    assert "ValueError" in shown


async def test_the_depth_counts_what_waits_and_not_what_runs() -> None:
    bench = Bench(limit=1)
    bench.work.gate.clear()
    for key in (A, B, C):
        bench.lane.add(key)
    assert bench.hooks.seen[-1] == ("east", 2)
    bench.work.gate.set()
    await turns()
    assert bench.hooks.seen[-1] == ("east", 0)


async def test_only_waiting_and_running_keys_are_pending() -> None:
    bench = Bench()
    bench.lane.add(A, delay_s=60)
    assert not bench.lane.is_pending(A)
    bench.lane.pause()
    bench.lane.add(A)
    assert bench.lane.is_pending(A)


async def test_closing_ends_work_drops_keys_and_takes_no_more() -> None:
    bench = Bench(limit=1)
    bench.work.gate.clear()
    for key in (A, B):
        bench.lane.add(key)
    bench.lane.add(C, delay_s=0.001)
    await turns()
    await bench.lane.close()
    bench.work.gate.set()
    bench.lane.add(B)
    await asyncio.sleep(0.005)
    assert bench.work.started == [A]
    assert bench.work.ended == []
    assert not any(key in bench.busy for key in (A, B, C))
