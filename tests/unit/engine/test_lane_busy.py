# SPDX-License-Identifier: Apache-2.0
"""Who is busy with a key, and that a lane neither loses a key nor works on it twice at once."""

import asyncio
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.engine.fakes import eventually, jitter, key_of, turns

from keyfleet.base.backoff import Backoff
from keyfleet.base.errors import UnreachableError
from keyfleet.base.log import NoHooks
from keyfleet.engine.lane import Again, Busy, Lane, Work
from keyfleet.model.places import ClusterName, IntentKey

EAST, WEST = ClusterName("east"), ClusterName("west")
A, B = key_of("a"), key_of("b")


def lane_of(work: Work, busy: Busy, *, limit: int = 2) -> Lane:
    lane = Lane(
        EAST,
        work,
        busy=busy,
        hooks=NoHooks(),
        random=jitter(),
        limit=limit,
        backoff=Backoff(base_s=0.0005, cap_s=0.001),
    )
    lane.resume(past_backoff=False)
    return lane


def test_a_key_is_idle_when_the_last_lane_left_it() -> None:
    idle: list[IntentKey] = []
    busy = Busy(idle.append)
    busy.enter(A, EAST)
    busy.enter(A, WEST)
    busy.leave(A, EAST)
    assert A in busy
    assert idle == []
    busy.leave(A, WEST)
    assert A not in busy
    assert idle == [A]


def test_leaving_a_key_that_nobody_entered_says_nothing() -> None:
    idle: list[IntentKey] = []
    Busy(idle.append).leave(A, EAST)
    assert idle == []


async def test_a_key_that_runs_once_more_is_not_idle_in_between() -> None:
    idle: list[IntentKey] = []
    lanes: list[Lane] = []
    passes = 0

    async def work(key: IntentKey) -> Again | None:
        nonlocal passes
        passes += 1
        if passes == 1:
            lanes[0].add(key)
        return None

    lanes.append(lane_of(work, Busy(idle.append)))
    lanes[0].add(A)
    await turns()
    assert (passes, idle) == (2, [A])


async def test_a_key_that_waits_for_its_back_off_is_idle() -> None:
    idle: list[IntentKey] = []

    async def work(_key: IntentKey) -> Again | None:
        return Again(60)

    lane = lane_of(work, Busy(idle.append))
    lane.add(A)
    await turns()
    assert idle == [A]
    await lane.close()


class Checked:
    """Work that fails as told, and notes what it saw of each key and how often that ran at once."""

    def __init__(self, failures: list[int]) -> None:
        self.failures = failures
        self.running: Counter[IntentKey] = Counter()
        self.most_at_once = 0
        self.seen: dict[IntentKey, int] = {}
        self.wanted: dict[IntentKey, int] = {}

    async def __call__(self, key: IntentKey) -> Again | None:
        self.running[key] += 1
        self.most_at_once = max(self.most_at_once, self.running[key])
        looked = self.wanted[key]
        await asyncio.sleep(0)
        failure = self.failures.pop() if self.failures else 0
        self.running[key] -= 1
        if failure == 1:
            raise UnreachableError("api.timeout", "no answer")
        if failure == 2:
            return Again(0.0005)
        self.seen[key] = looked
        return None


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["add", "now", "later", "pause", "resume", "past", "turn"]),
        st.sampled_from([A, B, key_of("c")]),
    ),
    max_size=30,
)


@given(actions=ACTIONS, failures=st.lists(st.integers(0, 2), max_size=8), limit=st.integers(1, 3))
def test_no_key_is_lost_or_worked_on_twice_at_once(
    actions: list[tuple[str, IntentKey]], failures: list[int], limit: int
) -> None:
    asyncio.run(_play(actions, Checked(failures), limit))


async def _play(actions: list[tuple[str, IntentKey]], work: Checked, limit: int) -> None:
    idle: list[IntentKey] = []
    busy = Busy(idle.append)
    lane = lane_of(work, busy, limit=limit)
    for version, (action, key) in enumerate(actions):
        if action in ("add", "now", "later"):
            work.wanted[key] = version
        match action:
            case "add":
                lane.add(key)
            case "now":
                lane.add_now(key)
            case "later":
                lane.add(key, delay_s=0.0005)
            case "pause":
                lane.pause()
            case "resume" | "past":
                lane.resume(past_backoff=action == "past")
            case _:
                await asyncio.sleep(0)
    lane.resume(past_backoff=True)
    # Every key was looked at after it was last added, whatever failed in between.
    await eventually(lambda: work.seen == work.wanted)
    await eventually(lambda: not any(key in busy for key in work.wanted))
    assert work.most_at_once <= 1
    await lane.close()
