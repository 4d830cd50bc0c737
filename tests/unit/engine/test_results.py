# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import pytest
from tests.unit.engine.fakes import EAST, HUB, WEST, finding_of, intent_of, key_of

from keyfleet.engine.results import WAITING, News, Results, Whereabouts
from keyfleet.engine.settled import PassResult
from keyfleet.model.matchers import ChosenClusters
from keyfleet.model.outcome import ClusterResult, Outcome, TargetResult, Written
from keyfleet.model.places import ClusterName
from keyfleet.model.plan import Finding, State

KEY = key_of()
BOTH = intent_of(clusters=ChosenClusters(("east", "west")))
FLEET = (EAST, WEST, HUB)


def result_of(state: State = State.IN_SYNC, *, revision: int = 3, reason: str = "") -> PassResult:
    return PassResult((TargetResult("payments", "db", state, reason, revision=revision),))


def outcome_of(
    results: Results, away: dict[str, Finding] | None = None, *, revision: int = 0, source: str = ""
) -> Outcome:
    fleet = [Whereabouts(facts, (away or {}).get(facts.name)) for facts in FLEET]
    return results.outcome(BOTH, fleet, revision=revision, source_fingerprint=source)


def in_cluster(outcome: Outcome, name: str) -> ClusterResult:
    (found,) = [result for result in outcome.clusters if result.cluster == name]
    return found


@pytest.fixture
def results() -> Results:
    found = Results()
    for facts in (EAST, WEST):
        found.store(KEY, facts.name, result_of())
    return found


def test_a_cluster_that_was_not_looked_at_is_pending() -> None:
    outcome = outcome_of(Results())
    assert {"east", "west"} == {result.cluster for result in outcome.clusters}
    assert {(State.PENDING, WAITING)} == {
        (result.state, result.reason) for result in outcome.clusters
    }


def test_clusters_that_are_not_meant_are_not_told(results: Results) -> None:
    assert [result.cluster for result in outcome_of(results).clusters] == ["east", "west"]
    assert outcome_of(results).counts == {State.IN_SYNC: 2}


def test_a_cluster_with_leftovers_is_told_although_it_is_not_meant(results: Results) -> None:
    left = TargetResult("payments", "db", State.HELD, "ClusterRenamed")
    results.store(KEY, HUB.name, PassResult((), (left,)))
    assert State.HELD is in_cluster(outcome_of(results), "hub").state


def test_the_same_result_again_is_no_news(results: Results) -> None:
    assert not results.store(KEY, EAST.name, result_of())
    assert results.store(KEY, EAST.name, result_of(State.CONFLICT))


def test_a_problem_of_the_cluster_lies_over_the_last_result_and_keeps_its_numbers(
    results: Results,
) -> None:
    east = in_cluster(outcome_of(results, {"east": finding_of()}), "east")
    assert (
        east.state,
        east.reason,
        east.targets,
        east.in_sync,
        east.revision,
    ) == (State.UNREACHABLE, "Unreachable", 1, 0, 3)
    assert State.IN_SYNC is in_cluster(outcome_of(results), "east").state


def test_a_problem_of_a_cluster_that_was_never_looked_at_is_told() -> None:
    east = in_cluster(outcome_of(Results(), {"east": finding_of()}), "east")
    assert (east.state, east.targets) == (State.UNREACHABLE, 0)


def test_the_worst_cluster_comes_first(results: Results) -> None:
    results.store(KEY, WEST.name, result_of(State.CONFLICT))
    assert [result.cluster for result in outcome_of(results).clusters] == ["west", "east"]


def test_a_name_that_nobody_answers_to_is_told(results: Results) -> None:
    intent = intent_of(clusters=ChosenClusters(("east", "eats")))
    fleet = [Whereabouts(EAST, None)]
    outcome = results.outcome(intent, fleet, revision=0, source_fingerprint="")
    missing = in_cluster(outcome, "eats")
    assert (missing.state, missing.reason) == (State.PENDING, "ClusterMissing")


def test_a_problem_of_the_whole_is_news_once_and_ends(results: Results) -> None:
    source = finding_of("SourceMissing", State.PENDING)
    assert [results.problem(KEY, source) for _ in range(2)] == [True, False]
    told = outcome_of(results).problem
    assert told is not None
    assert (told.cluster, told.reason) == ("", "SourceMissing")
    assert results.problem(KEY, None)
    assert outcome_of(results).problem is None


def test_revision_and_source_of_the_manifest_count_until_the_source_was_read(
    results: Results,
) -> None:
    intent = intent_of(revision=4, source_fingerprint="v1:k:old")
    fleet = [Whereabouts(EAST, None)]
    before = results.outcome(intent, fleet, revision=0, source_fingerprint="")
    after = results.outcome(intent, fleet, revision=5, source_fingerprint="v1:k:new")
    assert (before.revision, before.source_fingerprint, before.generation) == (4, "v1:k:old", 3)
    assert (after.revision, after.source_fingerprint) == (5, "v1:k:new")


def test_the_time_of_the_last_change_is_told_with_the_next_result(results: Results) -> None:
    results.propagated(KEY, EAST.name, 0.0421)
    results.store(KEY, EAST.name, result_of())
    assert in_cluster(outcome_of(results), "east").propagation_ms == 42


def test_a_cluster_that_left_is_forgotten(results: Results) -> None:
    assert results.of_cluster(EAST.name) == [KEY]
    results.leave_cluster(EAST.name)
    assert results.of_cluster(EAST.name) == []
    assert in_cluster(outcome_of(results), "east").reason == WAITING


def test_an_intent_that_is_gone_is_forgotten(results: Results) -> None:
    results.forget(KEY)
    assert results.of_cluster(EAST.name) == []


def test_a_sync_is_handled_when_every_cluster_was_passed() -> None:
    results = Results()
    results.sync_began(KEY, "t1", [EAST.name, WEST.name])
    assert not results.sync_passed(KEY, EAST.name)
    assert not results.sync_passed(KEY, EAST.name)
    assert outcome_of(results).sync_handled == ""
    assert results.sync_passed(KEY, WEST.name)
    assert outcome_of(results).sync_handled == "t1"


def test_a_handled_sync_is_news_once_and_what_was_asked_of_an_earlier_controller_is_none() -> None:
    results = Results()
    results.sync_began(KEY, "t1", ())
    assert not results.take_news(KEY).synced
    results.sync_began(KEY, "t2", [EAST.name])
    assert not results.take_news(KEY).synced
    results.sync_passed(KEY, EAST.name)
    assert [results.take_news(KEY).synced for _ in range(2)] == [True, False]


def test_a_sync_without_a_reachable_cluster_is_handled_at_once() -> None:
    results = Results()
    results.sync_began(KEY, "t1", ())
    assert outcome_of(results).sync_handled == "t1"


def test_passes_after_a_handled_sync_say_nothing_of_it() -> None:
    results = Results()
    results.sync_began(KEY, "t1", [EAST.name])
    assert [results.sync_passed(KEY, EAST.name) for _ in range(2)] == [True, False]


def test_passes_of_intents_that_nobody_syncs_handle_nothing() -> None:
    assert not Results().sync_passed(KEY, ClusterName("east"))


def test_a_second_sync_replaces_the_first() -> None:
    results = Results()
    results.sync_began(KEY, "t1", [EAST.name])
    results.sync_began(KEY, "t2", [WEST.name])
    assert results.sync_passed(KEY, WEST.name)
    assert outcome_of(results).sync_handled == "t2"


def test_without_a_cluster_nothing_is_said_of_the_source(results: Results) -> None:
    """A restarted controller, which never read it for such an intent, says the same."""
    results.problem(KEY, Finding(State.PENDING, "SourceMissing", "absent"))
    for facts in (EAST, WEST):
        assert outcome_of(results).problem is not None
        results.leave(KEY, facts.name)
    assert outcome_of(results).problem is None


def test_the_counts_of_a_cluster_follow_every_change(results: Results) -> None:
    other = key_of("other")
    results.store(other, EAST.name, result_of())
    assert (results.in_sync(EAST.name), results.in_sync(WEST.name)) == (2, 1)
    results.store(other, EAST.name, result_of(State.FAILED))
    assert results.in_sync(EAST.name) == 1
    assert {KEY, other} == set(results.of_cluster(EAST.name))
    results.forget(KEY)
    assert (results.in_sync(EAST.name), results.of_cluster(EAST.name)) == (0, [other])
    results.leave_cluster(EAST.name)
    results.leave_cluster(WEST.name)
    assert [results.of_cluster(facts.name) for facts in FLEET] == [[], [], []]
    assert [results.in_sync(facts.name) for facts in FLEET] == [0, 0, 0]


def test_what_was_written_is_told_once_and_that_it_is_new_counts_more(results: Results) -> None:
    results.store(KEY, EAST.name, replace(result_of(), written=Written.CREATED))
    results.store(KEY, EAST.name, replace(result_of(), written=Written.UPDATED))
    results.store(KEY, EAST.name, result_of())
    assert results.take_news(KEY) == News(Written.CREATED)
    assert results.take_news(KEY) == News()
    assert Results().take_news(KEY) == News()


def test_what_is_left_out_is_told_when_that_is_new(results: Results) -> None:
    results.skip(KEY, ("spec.data[0]",))
    assert results.take_news(KEY).skipped == ("spec.data[0]",)
    results.skip(KEY, ("spec.data[0]",))
    assert results.take_news(KEY).skipped == ()
    results.skip(KEY, ())
    results.skip(KEY, ("spec.data[0]",))
    assert results.take_news(KEY).skipped == ("spec.data[0]",)
