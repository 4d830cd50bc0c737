# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.model.outcome import (
    ClusterResult,
    Outcome,
    TargetResult,
    cluster_result,
    count_states,
    worst_first,
)
from keyfleet.model.places import ClusterName, IntentKey
from keyfleet.model.plan import State

EAST = ClusterName("east")
KEY = IntentKey("FleetSecret", "a", "b")
states = st.sampled_from(list(State))
results = st.builds(ClusterResult, st.sampled_from(["a", "b", "c", "d"]).map(ClusterName), states)
targets = st.builds(
    TargetResult, st.sampled_from(["x", "y"]), st.just("db"), states, revision=st.integers(0, 4)
)


@given(st.lists(results))
def test_the_worst_comes_first_then_the_name(given_results: list[ClusterResult]) -> None:
    ordered = worst_first(given_results)
    keys = [(result.state.severity, result.cluster) for result in ordered]
    assert keys == sorted(keys)
    assert sorted(map(repr, ordered)) == sorted(map(repr, given_results))


@given(st.lists(results))
def test_counts_add_up(given_results: list[ClusterResult]) -> None:
    counts = count_states(given_results)
    assert sum(counts.values()) == len(given_results)
    assert 0 not in counts.values()


@given(st.lists(targets, min_size=1))
def test_a_cluster_is_as_bad_as_its_worst_target(given_targets: list[TargetResult]) -> None:
    result = cluster_result(EAST, given_targets)
    assert result.state.severity == min(target.state.severity for target in given_targets)
    assert result.targets == len(given_targets)
    assert result.in_sync == sum(target.state is State.IN_SYNC for target in given_targets)
    assert (result.state is State.IN_SYNC) is (result.in_sync == result.targets)


@given(st.lists(targets))
def test_the_revision_is_the_lowest_that_is_known(given_targets: list[TargetResult]) -> None:
    known = {target.revision for target in given_targets} - {0}
    assert cluster_result(EAST, given_targets).revision == min(known, default=0)


def test_the_worst_target_gives_reason_and_message() -> None:
    result = cluster_result(
        EAST,
        [
            TargetResult("x", "db", State.IN_SYNC),
            TargetResult("y", "db", State.CONFLICT, "NotOurs", "belongs to another"),
        ],
        propagation_ms=12,
    )
    assert (result.reason, result.message) == ("NotOurs", "belongs to another")
    assert result.propagation_ms == 12


def test_a_cluster_where_nothing_is_wanted_is_in_sync() -> None:
    assert cluster_result(EAST, []) == ClusterResult(EAST, State.IN_SYNC)


@pytest.mark.parametrize("state", [State.IN_SYNC, State.PAUSED])
def test_ready_when_the_others_are_in_sync_or_paused(state: State) -> None:
    clusters = (ClusterResult(EAST, state), ClusterResult(ClusterName("b"), State.IN_SYNC))
    assert Outcome(KEY, clusters=clusters).worst is None


@given(st.lists(results))
def test_ready_names_the_worst_in_any_order(given_results: list[ClusterResult]) -> None:
    worst = Outcome(KEY, clusters=tuple(given_results)).worst
    bad = [item for item in given_results if item.state not in (State.IN_SYNC, State.PAUSED)]
    assert worst == (worst_first(bad)[0] if bad else None)


def test_a_problem_of_the_whole_comes_before_any_cluster() -> None:
    problem = ClusterResult(ClusterName(""), State.PENDING, "SourceMissing")
    clusters = (ClusterResult(EAST, State.FAILED),)
    assert Outcome(KEY, clusters=clusters, problem=problem).worst is problem
