# SPDX-License-Identifier: Apache-2.0
"""Outcome -> status and events: the same outcome writes nothing new."""

from typing import Any

import pytest

from keyfleet.dialects.native import DIALECT
from keyfleet.model.intent import Origin, Rejection
from keyfleet.model.outcome import ClusterResult, Outcome
from keyfleet.model.places import ClusterName, IntentKey
from keyfleet.model.plan import State
from keyfleet.plugin import Event

KEY = IntentKey("FleetSecret", "payments", "db")
THEN = "2026-11-20T10:00:00Z"
LATER = "2026-11-20T11:00:00Z"


def result(name: str, state: State = State.IN_SYNC, reason: str = "") -> ClusterResult:
    return ClusterResult(
        ClusterName(name), state, reason, f"{name} {reason}", targets=1, in_sync=1, revision=2
    )


def outcome(*results: ClusterResult, **more: Any) -> Outcome:
    return Outcome(KEY, generation=4, revision=2, clusters=results, **more)


def report(
    answer: Outcome | Rejection, before: Any = None, *, now: str = THEN
) -> tuple[dict[str, Any], tuple[Event, ...]]:
    found = DIALECT.report(answer, before, now=now)
    assert found.status is not None
    return dict(found.status), found.events


def ready(status: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = status["conditions"][0]
    assert found["type"] == "Ready"
    return found


GOOD = outcome(result("east"), result("west"))
BAD = outcome(result("east"), result("west", State.FAILED, "Immutable"))


def test_ready_when_every_cluster_is_in_sync() -> None:
    status, events = report(GOOD)
    assert ready(status) == {
        "type": "Ready",
        "status": "True",
        "reason": "Synced",
        "message": "in sync in 2 of 2 clusters",
        "lastTransitionTime": THEN,
        "observedGeneration": 4,
    }
    assert status["summary"]["text"] == "2/2"
    assert events == (Event("Normal", "Synced", "in sync in 2 of 2 clusters"),)


def test_the_same_outcome_later_changes_nothing_and_says_nothing() -> None:
    first, _ = report(BAD)
    second, events = report(BAD, first, now=LATER)
    assert second == first
    assert events == ()


def test_the_time_changes_only_when_ready_flips() -> None:
    first, _ = report(BAD)
    other = outcome(result("west", State.UNREACHABLE, "Timeout"))
    second, _ = report(other, first, now=LATER)
    assert ready(second)["lastTransitionTime"] == THEN
    third, _ = report(GOOD, second, now=LATER)
    assert ready(third)["lastTransitionTime"] == LATER


def test_names_the_worst_cluster() -> None:
    status, events = report(BAD)
    assert ready(status)["status"] == "False"
    assert ready(status)["reason"] == "Immutable"
    assert ready(status)["message"] == "west: west Immutable"
    assert events == (Event("Warning", "Immutable", "west: west Immutable"),)
    assert [found["name"] for found in status["clusters"]] == ["west", "east"]


def test_a_problem_of_the_whole_is_named_without_a_cluster() -> None:
    problem = ClusterResult(ClusterName(""), State.PENDING, "SourceMissing", "no such Secret")
    status, _ = report(outcome(result("east"), problem=problem))
    assert ready(status)["reason"] == "SourceMissing"
    assert ready(status)["message"] == "no such Secret"


def test_paused_clusters_do_not_count_against_ready() -> None:
    status, _ = report(outcome(result("east"), result("west", State.PAUSED)))
    assert ready(status)["status"] == "True"
    assert ready(status)["message"] == "in sync in 1 of 2 clusters, 1 paused"
    assert status["summary"]["text"] == "1/2"


def test_warns_when_nothing_is_selected() -> None:
    status, events = report(outcome())
    assert (ready(status)["status"], ready(status)["reason"]) == ("True", "NoTargets")
    assert events[0].type == "Warning"


def test_says_a_new_revision() -> None:
    first, _ = report(GOOD)
    _, events = report(Outcome(KEY, revision=3, clusters=GOOD.clusters), first, now=LATER)
    assert [event.reason for event in events] == ["Synced"]


def test_lists_the_fifty_worst_and_counts_all() -> None:
    results = [result(f"c{number:03}") for number in range(120)]
    results.append(result("z", State.REFUSED, "ByRule"))
    status, _ = report(outcome(*results))
    assert len(status["clusters"]) == 50
    assert status["clusters"][0]["name"] == "z"
    assert status["summary"]["clusters"] == 121
    assert status["summary"]["inSync"] == 120


@pytest.mark.parametrize("state", list(State))
def test_counts_every_state(state: State) -> None:
    summary = report(outcome(result("east", state)))[0]["summary"]
    field = state.value[0].lower() + state.value[1:]
    assert (summary["clusters"], summary[field]) == (1, 1)


def test_shows_propagation_only_where_it_was_measured() -> None:
    measured = ClusterResult(ClusterName("east"), State.IN_SYNC, propagation_ms=12)
    clusters = report(outcome(measured, result("west")))[0]["clusters"]
    assert [found.get("propagationMs") for found in clusters] == [12, None]


def test_answers_a_requested_sync() -> None:
    assert report(outcome(sync_handled="t1"))[0]["syncHandled"] == "t1"


def test_keeps_conditions_of_others() -> None:
    other = {"type": "Reviewed", "status": "True", "lastTransitionTime": THEN}
    status, _ = report(GOOD, {"conditions": [other]})
    assert [found["type"] for found in status["conditions"]] == ["Ready", "Reviewed"]


def test_a_rejection_keeps_what_was_delivered_and_says_why() -> None:
    first, _ = report(GOOD)
    origin = Origin("native", "FleetSecret", "payments", "db", generation=5)
    path = "spec.placement.exlude"
    rejection = Rejection(KEY, origin, "UnknownField", "unknown field", path, "did you mean?")
    status, events = report(rejection, first, now=LATER)
    assert status["clusters"] == first["clusters"]
    assert status["revision"] == 2
    assert status["observedGeneration"] == 5
    assert ready(status)["reason"] == "UnknownField"
    assert ready(status)["message"] == f"{path}: unknown field; did you mean?"
    assert events[0].type == "Warning"
    assert report(rejection, status, now=LATER) == (status, ())


def test_messages_stay_within_what_events_take() -> None:
    problem = ClusterResult(ClusterName(""), State.FAILED, "Long", "x" * 5000)
    status, events = report(outcome(problem=problem))
    assert len(ready(status)["message"]) <= 1024
    assert len(events[0].note.encode()) <= 1024
