# SPDX-License-Identifier: Apache-2.0
"""The gate and its task, with a fleet that a test describes; on real planes: tests/cluster."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC
from typing import Any, cast

import pytest
from tests.unit.engine.fakes import jitter
from tests.unit.engine.test_heldstore import Hub
from tests.unit.plan.questions import live, marker, unwanted

from keyfleet.base.errors import KeyfleetError, UnreachableError
from keyfleet.base.log import NoHooks
from keyfleet.base.means import Means
from keyfleet.engine.deletion import heldstore
from keyfleet.engine.deletion.breaker import Breaker
from keyfleet.engine.deletion.doomed import Doomed, Lane, Survey
from keyfleet.engine.deletion.gate import JUDGING
from keyfleet.engine.deletion.holds import held
from keyfleet.model.held import Approval, HeldTarget, Scope
from keyfleet.model.ledger import LEDGER_KEY, Loss
from keyfleet.model.places import ClusterName, IntentKey
from keyfleet.model.plan import Finding, Step, Verb
from keyfleet.model.policy import Policies
from keyfleet.plan.question import Question
from keyfleet.plan.scales import present_in
from keyfleet.plugin import Event
from keyfleet.testing.clock import FakeClock

KEY = IntentKey("FleetSecret", "pay", "db")
LANE: Lane = (ClusterName("east"), KEY)


def target(number: int) -> HeldTarget:
    return HeldTarget("u1", "east", f"n{number}", "db", str(number), str(KEY))


class Fleet:
    """What is there and what is about to go; implements `Doomed`."""

    def __init__(self) -> None:
        self.there: list[HeldTarget] = []
        self.going: list[Loss] = []
        self.unseen: frozenset[str] = frozenset()

    def survey(self) -> Survey:
        pending = {loss.digest: loss for loss in self.going}
        lanes = dict.fromkeys(pending, LANE)
        return Survey(pending, lanes, present_in(self.there), self.unseen)

    def loss(self, question: Question, step: Step) -> Loss:
        del question
        return Loss(target(int(step.uid)))

    def carried(self, one: HeldTarget, scope: Scope) -> Loss:
        del scope
        return Loss(one)


class Bench:
    """A breaker over a described fleet."""

    def __init__(self) -> None:
        self.fleet = Fleet()
        self.hub = Hub()
        self.clock = FakeClock()
        self.woken: list[Lane] = []
        self.events: list[Event] = []
        self.policies = Policies()
        self.breaker = self.started()

    def started(self) -> Breaker:
        return Breaker(
            self.hub.client,
            cast("Doomed", self.fleet),
            policies=lambda: self.policies,
            is_fleet_known=lambda: True,
            is_idle=lambda: True,
            wake=self.woken.append,
            tell=lambda _origin, _resource, events: self.events.extend(events),
            means=Means(clock=self.clock, random=jitter(), hooks=NoHooks()),
        )

    def lose(self, numbers: Iterable[int], *, of: int = 40) -> None:
        self.fleet.there = [target(number) for number in range(of)]
        self.fleet.going = [Loss(target(number)) for number in numbers]

    def ask(self, number: int) -> Finding | None:
        question = unwanted(live(mark=marker()))
        step = Step(KEY, question.place, Verb.DELETE, uid=str(number))
        return self.breaker.gate.objection(question, step, LANE)

    async def judge(self) -> None:
        await self.breaker._judge()

    async def approve(self) -> None:
        (plan,) = (await heldstore.load(self.hub.client)).plans.values()
        now = self.clock.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        await heldstore.approve(self.hub.client, plan, Approval("ann", now, plan.hash))
        self.hear()

    def hear(self) -> None:
        """The watch shows the ConfigMap as it is."""
        new = {"metadata": {"resourceVersion": str(self.hub.version)}}
        self.breaker._held._on_configmap(("", ""), None, new if self.hub.version else None)


async def test_what_was_not_judged_waits_and_is_called_when_it_may_go() -> None:
    bench = Bench()
    bench.lose(range(3))
    asked = bench.ask(0)
    assert asked
    assert asked.reason == JUDGING
    await bench.judge()
    assert bench.woken == [LANE]
    assert bench.ask(0) is None
    assert len((await heldstore.load(bench.hub.client)).ledger.entries) == 3


async def test_too_many_wait_until_exactly_they_are_approved() -> None:
    bench = Bench()
    bench.lose(range(20))
    await bench.judge()
    finding = bench.ask(0)
    assert finding
    assert finding.reason == "DeletionHeld"
    assert [event.reason for event in bench.events] == ["DeletionHeld"]
    await bench.approve()
    bench.woken.clear()
    await bench.judge()
    assert (bench.woken, bench.ask(0)) == ([LANE], None)


async def test_a_successor_goes_on_where_the_last_one_ended() -> None:
    bench = Bench()
    bench.lose(range(9))
    await bench.judge()
    bench.breaker = bench.started()
    bench.lose(range(9, 18), of=18)
    await bench.judge()
    assert bench.ask(9) is not None
    assert len((await heldstore.load(bench.hub.client)).ledger.entries) == 9


async def test_a_successor_whose_clock_is_ahead_starts_no_new_window() -> None:
    """The time is the hub's: what went ten minutes ago by another clock went just now."""
    bench = Bench()
    bench.lose(range(9))
    await bench.judge()
    ahead = FakeClock()
    await ahead.advance(3600)
    bench.clock, bench.hub.clock_offset_s = ahead, -3600.0
    bench.breaker = bench.started()
    bench.lose(range(9, 18), of=18)
    await bench.judge()
    assert bench.ask(9) is not None


async def test_what_stays_after_all_is_given_back_and_what_went_is_not() -> None:
    bench = Bench()
    bench.lose(range(9))
    await bench.judge()
    assert bench.ask(0) is None
    bench.lose([], of=40)
    await bench.judge()
    entries = (await heldstore.load(bench.hub.client)).ledger.entries
    assert set(entries) == {Loss(target(0)).digest}


async def test_a_deletion_that_failed_is_given_back_once_it_is_not_wanted() -> None:
    bench = Bench()
    bench.lose([0])
    await bench.judge()
    assert bench.ask(0) is None
    question = unwanted(live(mark=marker()))
    bench.breaker.gate.spared(question, Step(KEY, question.place, Verb.DELETE, uid="0"))
    bench.lose([])
    await bench.judge()
    assert not (await heldstore.load(bench.hub.client)).ledger.entries


async def test_a_permit_ends_and_is_asked_for_anew() -> None:
    bench = Bench()
    bench.lose([0])
    await bench.judge()
    await bench.clock.advance(61)
    asked = bench.ask(0)
    assert asked
    assert asked.reason == JUDGING
    await bench.judge()
    assert bench.ask(0) is None


async def test_another_writer_is_read_and_judged_with() -> None:
    bench = Bench()
    bench.lose(range(20))
    await bench.judge()
    await bench.approve()
    bench.hub.version += 1
    await bench.judge()
    assert bench.ask(0) is None


async def test_a_deleted_configmap_makes_nothing_undone() -> None:
    bench = Bench()
    bench.lose(range(9))
    await bench.judge()
    assert [bench.ask(number) for number in range(9)] == [None] * 9
    bench.hub.version, bench.hub.data = 0, {}
    bench.hear()
    bench.lose(range(9, 18), of=18)
    await bench.judge()
    assert bench.ask(9) is not None
    assert len((await heldstore.load(bench.hub.client)).ledger.entries) == 9


async def test_an_approved_plan_that_is_too_large_to_store_goes_on_as_a_whole() -> None:
    bench = Bench()
    bench.lose(range(700), of=700)
    await bench.judge()
    await bench.approve()
    await bench.judge()
    bench.hub.version += 1
    bench.hear()
    await bench.judge()
    assert bench.ask(699) is None


async def test_what_a_person_was_told_stays_whole_while_its_cluster_is_away() -> None:
    bench = Bench()
    bench.lose(range(20), of=20)
    await bench.judge()
    (before,) = (await heldstore.load(bench.hub.client)).plans
    bench.fleet.there, bench.fleet.going = [], []
    bench.fleet.unseen = frozenset({"u1"})
    await bench.judge()
    assert list((await heldstore.load(bench.hub.client)).plans) == [before]


@pytest.mark.parametrize("meanwhile", [True, False])
async def test_a_pass_that_asks_for_it_no_more_does_not_count(meanwhile: bool) -> None:
    """What only a pass can know, such as what a rule takes away, counts while the pass says it."""
    bench = Bench()
    bench.lose([], of=12)
    bench.breaker.gate.began(LANE)
    for number in range(12):
        bench.ask(number)
    bench.breaker.gate.ended(LANE)
    if meanwhile:
        bench.breaker.gate.began(LANE)
        bench.breaker.gate.ended(LANE)
    await bench.judge()
    assert bool((await heldstore.load(bench.hub.client)).plans) is not meanwhile


async def test_what_cannot_be_written_down_does_not_go() -> None:
    bench = Bench()
    bench.lose([0])
    bench.ask(0)
    error = UnreachableError("api.timeout", "no answer")

    async def fail(*_: Any, **__: Any) -> None:
        raise error

    bench.hub.create = fail  # type: ignore[method-assign]
    with pytest.raises(KeyfleetError):
        await bench.judge()
    bench.breaker._fail(error)
    finding = bench.ask(0)
    assert finding
    assert finding.reason == "DeletionsUncounted"
    assert bench.woken == [LANE]


async def test_an_orphan_is_told_the_way_out_and_goes_once_it_is_approved() -> None:
    bench = Bench()
    bench.fleet.there = [target(0)]
    bench.fleet.going = [replace(Loss(target(0)), orphan="of another CRD")]
    orphaned = marker(cluster="u1", namespace="n0", name="db")
    hold = held("KindReplaced", "it was made under another CRD")
    assert bench.breaker.gate.orphan_hold(KEY, orphaned, hold) == hold
    await bench.judge()
    told = bench.breaker.gate.orphan_hold(KEY, orphaned, hold)
    assert told
    assert (told.reason, "keyfleet approve" in told.hint) == ("KindReplaced", True)
    await bench.approve()
    await bench.judge()
    assert bench.breaker.gate.orphan_hold(KEY, orphaned, hold) is None
    assert bench.ask(0) is None
    other = held("KindGone", "gone")
    assert bench.breaker.gate.orphan_hold(KEY, orphaned, other) == other


async def test_a_departing_cluster_waits_for_its_verdict() -> None:
    bench = Bench()
    bench.lose([0])
    assert bench.breaker.gate.departing(target(0))
    await bench.judge()
    assert bench.breaker.gate.departing(target(0)) is None


async def test_an_approval_that_reaches_nothing_is_told() -> None:
    bench = Bench()
    bench.lose(range(20))
    await bench.judge()
    await bench.approve()
    bench.lose(range(19))
    await bench.judge()
    assert "ApprovalLapsed" in {event.reason for event in bench.events}


@pytest.mark.parametrize(
    "edit",
    [{"begun": "yesterday"}, {"approval": {"by": "x", "at": "", "hash": ""}}, {"created": "x"}],
)
async def test_a_plan_that_somebody_edited_is_held_again(edit: dict[str, Any]) -> None:
    bench = Bench()
    bench.lose(range(20))
    await bench.judge()
    (id_,) = set(bench.hub.data) - {LEDGER_KEY}
    plan = json.loads(bench.hub.data[id_])
    bench.hub.data[id_] = json.dumps(plan | edit)
    bench.hub.version += 1
    bench.hear()
    await bench.judge()
    found = bench.ask(0)
    assert found
    assert found.reason == "DeletionHeld"


async def test_a_verdict_that_fails_unexpectedly_is_tried_again() -> None:
    """A task that ended would say nothing, and nothing would ever go again."""
    bench = Bench()
    bench.lose([0])
    survey, failures = bench.fleet.survey, [RuntimeError("x")]

    def fails_once() -> Survey:
        if failures:
            raise failures.pop()
        return survey()

    bench.fleet.survey = fails_once  # type: ignore[method-assign]
    bench.breaker.start()
    try:
        while bench.ask(0) is not None:
            await bench.clock.advance(1)
    finally:
        await bench.breaker.close()
    assert not failures


async def test_what_was_asked_for_a_cluster_that_left_is_asked_no_more() -> None:
    """Nothing will ever go there, so nobody is to be asked about it, nor others held for it."""
    bench = Bench()
    bench.lose(range(20))
    await bench.judge()
    bench.breaker.gate.began(LANE)
    assert all(bench.ask(number) for number in range(20))
    bench.breaker.gate.ended(LANE)
    bench.fleet.there, bench.fleet.going = [], []
    await bench.judge()
    assert len((await heldstore.load(bench.hub.client)).plans) == 1
    bench.breaker.gate.cluster_gone(LANE[0])
    await bench.judge()
    assert (await heldstore.load(bench.hub.client)).plans == {}


async def test_a_successor_does_not_say_again_what_is_held() -> None:
    bench = Bench()
    bench.lose(range(20))
    await bench.judge()
    bench.events.clear()
    bench.breaker = bench.started()
    bench.breaker.gate.began(LANE)
    bench.ask(0)
    bench.breaker.gate.ended(LANE)
    assert bench.breaker.gate.is_unjudged(KEY)
    await bench.judge()
    assert not bench.breaker.gate.is_unjudged(KEY)
    assert bench.events == []
