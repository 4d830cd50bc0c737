# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace
from datetime import UTC, datetime

from tests.unit.plan.questions import INSTALLATION, KEY, PLACE, live, marker, unwanted

from keyfleet.engine.deletion.pruning import held_back
from keyfleet.engine.oneshot import Planned
from keyfleet.model.deletion import DeletionLimits
from keyfleet.model.places import IntentKey, Place
from keyfleet.model.plan import Finding, State, Step, Verb

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
LIMITS = DeletionLimits()


def planned(number: int, verb: Verb = Verb.DELETE) -> Planned:
    place = Place(PLACE.cluster, "pay", "db")
    key = IntentKey("FleetSecret", "pay", f"db-{number}")
    mark = marker(key)
    question = replace(unwanted(live(mark=mark, by=INSTALLATION)), key=key)
    return Planned(Step(key, place, verb, uid=f"o{number}"), question)


def run(*every: Planned, approved: tuple[str, ...] = ()) -> list[Step]:
    found = held_back(every, LIMITS, approved=approved, now=NOW)
    return [one.step for one in found]


def test_a_few_are_pruned() -> None:
    every = [planned(number) for number in range(10)]
    assert run(*every) == [one.step for one in every]


def test_too_many_wait_and_the_rest_goes_on() -> None:
    steps = run(*[planned(number) for number in range(11)], planned(11, Verb.UPDATE))
    assert {step.verb for step in steps[:11]} == {Verb.NONE}
    assert {step.finding.reason for step in steps[:11] if step.finding} == {"DeletionHeld"}
    assert steps[11].verb is Verb.UPDATE


def test_what_stays_counts_as_what_there_is() -> None:
    kept = [planned(number, Verb.NONE) for number in range(11, 40)]
    steps = run(*[planned(number) for number in range(11)], *kept)
    assert {step.verb for step in steps[:11]} == {Verb.DELETE}


def test_naming_the_plan_lets_exactly_that_set_go() -> None:
    every = [planned(number) for number in range(11)]
    finding = run(*every)[0].finding
    assert finding is not None
    id_ = finding.hint.partition("--approve ")[2].split()[0]
    assert {step.verb for step in run(*every, approved=(id_,))} == {Verb.DELETE}
    assert {step.verb for step in run(*every, planned(11), approved=(id_,))} == {Verb.NONE}


def test_a_cluster_that_could_not_be_asked_changes_nothing() -> None:
    finding = Finding(State.UNREACHABLE, "Unreachable", "no answer")
    away = Planned(Step(KEY, PLACE, Verb.NONE, finding))
    assert run(away) == [away.step]
