# SPDX-License-Identifier: Apache-2.0
"""Statuses of ExternalSecrets as upstream writes them, with the cause."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.dialects.eso.manifests import origin, rejection_of

from keyfleet.dialects.eso.report import report
from keyfleet.model.intent import Rejection
from keyfleet.model.outcome import ClusterResult, Outcome, Written
from keyfleet.model.places import ClusterName, IntentKey
from keyfleet.model.plan import State
from keyfleet.plugin import Event

NO_MAP = "none; correct spec.target.template.templateFrom[0]"
NOW, THEN = "2026-11-21T10:00:00Z", "2026-11-20T10:00:00Z"
KEY = IntentKey("ExternalSecret", "shop", "db", ClusterName("east"))
EAST = ClusterName("east")


def outcome(
    *results: ClusterResult, problem: ClusterResult | None = None, **fields: Any
) -> Outcome:
    known: dict[str, Any] = {"target": "db", "refreshed_at": NOW, "version": "2-abc"}
    return Outcome(KEY, clusters=results, problem=problem, **(known | fields))


def result(
    state: State = State.IN_SYNC, reason: str = "", message: str = "", cluster: str = "east"
) -> ClusterResult:
    return ClusterResult(ClusterName(cluster), state, reason, message)


def problem(state: State, reason: str, message: str = "why") -> Outcome:
    return outcome(result(), problem=result(state, reason, message, cluster=""))


def condition(status: str, reason: str, message: str, since: str = NOW) -> dict[str, str]:
    return {
        "type": "Ready",
        "status": status,
        "reason": reason,
        "message": message,
        "lastTransitionTime": since,
    }


def ready(found: Outcome | Rejection, before: Any = None) -> tuple[str, str, str]:
    status = report(found, before, now=NOW).status
    assert status is not None
    first = status["conditions"][0]
    return first["status"], first["reason"], first["message"]


SYNCED = {
    "conditions": [condition("True", "SecretSynced", "secret synced")],
    "refreshTime": NOW,
    "syncedResourceVersion": "2-abc",
    "binding": {"name": "db"},
}


def test_success_golden() -> None:
    found = report(outcome(result(), written=Written.CREATED), None, now=NOW)
    assert found.status == SYNCED
    assert found.events == (Event("Normal", "Created", "secret created"),)


def test_the_same_again_changes_nothing() -> None:
    found = report(outcome(result()), SYNCED, now="2026-11-22T00:00:00Z")
    assert (found.status, found.events) == (SYNCED, ())


def test_a_failure_leaves_what_was_done_and_says_why() -> None:
    found = report(problem(State.PENDING, "StoreMissing"), SYNCED, now=THEN)
    message = f"could not get secret data from provider: why; what was synced at {NOW} stays"
    failed = condition("False", "SecretSyncedError", message, THEN)
    assert found.status == SYNCED | {"conditions": [failed]}
    assert found.events == (Event("Warning", "UpdateFailed", message),)


def test_nothing_stays_where_nothing_was_synced() -> None:
    failed = report(problem(State.PENDING, "StoreMissing"), None, now=NOW).status
    assert failed is not None
    assert failed["conditions"][0]["message"] == "could not get secret data from provider: why"


def test_what_others_say_in_the_status_stays() -> None:
    foreign = {"type": "Deleted", "status": "False"}
    before = {"conditions": [foreign], "more": {"a": 1}}
    status = report(outcome(result()), before, now=NOW).status
    assert status == {**SYNCED, "conditions": [*SYNCED["conditions"], foreign], "more": {"a": 1}}


def test_a_time_changes_only_with_the_status() -> None:
    before = {"conditions": [condition("False", "SecretSyncedError", "x", THEN)]}
    failed = report(problem(State.FAILED, "SourceFailed"), before, now=NOW).status
    assert failed is not None
    assert failed["conditions"][0]["lastTransitionTime"] == THEN
    synced = report(outcome(result()), before, now=NOW).status
    assert synced is not None
    assert synced["conditions"][0]["lastTransitionTime"] == NOW


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            problem(State.IN_SYNC, "SecretDeleted"),
            ("True", "SecretDeleted", "secret deleted due to DeletionPolicy=Delete"),
        ),
        (
            problem(State.IN_SYNC, "SecretRetained"),
            ("True", "SecretSynced", "secret retained due to DeletionPolicy=Retain"),
        ),
        (
            outcome(result(State.PENDING, "SecretMissing", "no such Secret")),
            ("True", "SecretMissing", "secret will not be created due to CreationPolicy=Merge"),
        ),
        (
            problem(State.FAILED, "TemplateError"),
            (
                "False",
                "SecretSyncedError",
                "could not update secret: could not apply template: why",
            ),
        ),
        (
            outcome(result(State.FAILED, "TypeKey", "why")),
            (
                "False",
                "SecretSyncedError",
                "could not update secret: could not apply template: why",
            ),
        ),
        (
            outcome(result(State.REFUSED, "Immutable", "why")),
            (
                "False",
                "SecretSyncedError",
                "could not update secret, target is immutable: why",
            ),
        ),
        (
            outcome(result(State.CONFLICT, "OwnedByAnotherController", "why")),
            ("False", "SecretSyncedError", "failed to take ownership of target secret: why"),
        ),
        (
            outcome(result(State.CONFLICT, "OwnedByAnotherManifest", "why")),
            ("False", "SecretSyncedError", "target is owned by another ExternalSecret: why"),
        ),
        (
            outcome(result(State.HELD, "OrphansHeld", "why")),
            ("False", "SecretSyncedError", "could not delete orphaned secrets: why"),
        ),
        (
            problem(State.PENDING, "SourceMissing", NO_MAP),
            (
                "False",
                "SecretSyncedError",
                f"could not update secret: error fetching templateFrom data: {NO_MAP}",
            ),
        ),
        (
            outcome(result(State.HELD, "DeletionHeld", "why")),
            ("False", "SecretSyncedError", "could not delete secret: why"),
        ),
        (
            outcome(result(State.FAILED, "Forbidden", "why")),
            ("False", "SecretSyncedError", "could not update secret: why"),
        ),
        (
            outcome(),
            (
                "False",
                "SecretSyncedError",
                "could not update secret: its cluster is no member of the fleet",
            ),
        ),
    ],
)
def test_reasons_and_messages(found: Outcome, said: tuple[str, str, str]) -> None:
    assert ready(found) == said


@pytest.mark.parametrize(
    "found",
    [
        outcome(result(State.PENDING, "Waiting", "not looked at yet")),
        outcome(result(State.UNREACHABLE, "Connecting")),
        outcome(result(State.PAUSED, "ClusterPaused")),
    ],
)
def test_what_is_not_known_yet_changes_nothing(found: Outcome) -> None:
    said = report(found, SYNCED, now=THEN)
    assert (said.status, said.events) == (SYNCED, ())


def test_a_policy_that_makes_no_target_binds_none() -> None:
    found = report(outcome(result(), target=""), None, now=NOW)
    assert found.status is not None
    assert "binding" not in found.status
    assert found.status["conditions"][0]["reason"] == "SecretSynced"
    assert found.events == ()


def test_what_is_not_known_here_stays() -> None:
    found = report(outcome(result(), refreshed_at="", version=""), SYNCED, now=THEN)
    assert (found.status, found.events) == (SYNCED, ())


def test_events_tell_what_changed() -> None:
    newer = report(outcome(result(), version="3-def"), SYNCED, now=NOW)
    assert newer.events == ()
    written = report(outcome(result(), written=Written.UPDATED), SYNCED, now=NOW)
    assert written.events == (Event("Normal", "Updated", "secret updated"),)
    skipping = report(outcome(result(), skipped=("spec.data[0]",)), SYNCED, now=NOW)
    note = "secret does not exist at provider using spec.data[0]"
    assert skipping.events == (Event("Normal", "MissingProviderSecret", note),)
    gone = report(problem(State.IN_SYNC, "SecretDeleted"), SYNCED, now=NOW)
    message = "secret deleted due to DeletionPolicy=Delete"
    assert gone.events == (Event("Normal", "Deleted", message),)
    assert gone.status is not None
    assert report(problem(State.IN_SYNC, "SecretDeleted"), gone.status, now=NOW).events == ()


def test_a_manifest_that_is_not_understood_is_told_so() -> None:
    found = report(rejection_of({"data": None}), SYNCED, now=THEN)
    message = (
        "could not get secret data from provider: spec: either data or dataFrom should be specified"
    )
    failed = condition("False", "SecretSyncedError", message, THEN)
    assert found.status == SYNCED | {"conditions": [failed]}


def test_a_kind_of_target_that_is_not_made() -> None:
    manifest = {"apiVersion": "v1", "kind": "ConfigMap"}
    message = "invalid generic target: Keyfleet delivers Secrets only"
    said = ready(rejection_of({"target": {"manifest": manifest}}))
    assert said == ("False", "SecretSyncedError", message)


def test_a_template_that_is_none_is_an_error_of_the_target() -> None:
    rejection = Rejection(
        KEY, origin("east"), "TemplateError", "why", "spec.target.template.data.k"
    )
    message = "could not update secret: could not apply template: spec.target.template.data.k: why"
    assert ready(rejection) == ("False", "SecretSyncedError", message)


def test_messages_have_a_bound() -> None:
    assert len(ready(problem(State.FAILED, "SourceFailed", "x" * 5000))[2]) == 1024


@given(
    st.sampled_from([None, {}, SYNCED, {"conditions": "x"}, {"conditions": [1, {}]}]),
    st.sampled_from(list(State)),
    st.sampled_from(["", "SecretMissing", "SourceFailed", "Waiting"]),
)
def test_saying_it_twice_says_nothing_new(before: Any, state: State, reason: str) -> None:
    found = outcome(result(state, reason, "m"))
    once = report(found, before, now=THEN)
    twice = report(found, once.status, now=NOW)
    assert (twice.status, twice.events) == (once.status, ())


def test_what_was_retained_is_said_until_a_store_is_asked_again() -> None:
    retained = problem(State.IN_SYNC, "SecretRetained")
    before = report(retained, None, now=NOW).status
    resting = report(outcome(result()), before, now=THEN)
    assert (resting.status, resting.events) == (before, ())
    assert ready(outcome(result(), refreshed_at=THEN), before)[2] == "secret synced"
