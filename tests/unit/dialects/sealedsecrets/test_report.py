# SPDX-License-Identifier: Apache-2.0
"""What is said on a SealedSecret: upstream's words, written only where something changed.

Source: compat/sealed-secrets.md 2.3.
"""

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.dialects.sealedsecrets.manifests import rejection_of

from keyfleet.dialects.sealedsecrets.report import MESSAGE_MAX_BYTES, report
from keyfleet.model.outcome import ClusterResult, Outcome, Written
from keyfleet.model.places import ClusterName, IntentKey
from keyfleet.model.plan import State
from keyfleet.plugin import Event

KEY = IntentKey("SealedSecret", "shop", "db")
NOW, LATER = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
HUB = ClusterName("")
GOOD = ClusterResult(HUB, State.IN_SYNC, targets=1, in_sync=1)
DONE = Outcome(KEY, 7, clusters=(GOOD,), written=Written.CREATED)
SAME = replace(DONE, written=None)
UNSEALED = Event("Normal", "Unsealed", "SealedSecret unsealed successfully")
NO_KEY = "no key could decrypt secret (a, b)"


def failing(reason: str, message: str, hint: str = "", state: State = State.FAILED) -> Outcome:
    told = f"{message}; {hint}" if hint else message
    result = ClusterResult(HUB, state, reason, told, hint=hint)
    return Outcome(KEY, 7, clusters=(result,))


def unopened(message: str = NO_KEY, hint: str = "seal it again") -> Outcome:
    told = f"{message}; {hint}"
    problem = ClusterResult(HUB, State.FAILED, "UnsealFailed", told, hint=hint)
    return Outcome(KEY, 7, clusters=(GOOD,), problem=problem)


def condition(outcome: Outcome, before: Any = None, now: str = NOW) -> dict[str, Any]:
    status = report(outcome, before, now=now).status
    assert status is not None
    found: dict[str, Any] = status["conditions"][0]
    return found


def test_success_is_told_once() -> None:
    first = report(DONE, None, now=NOW)
    assert first.status == {
        "observedGeneration": 7,
        "conditions": [
            {
                "type": "Synced",
                "status": "True",
                "lastUpdateTime": NOW,
                "lastTransitionTime": NOW,
                "reason": "Unsealed",
                "message": "",
            }
        ],
    }
    assert first.events == (UNSEALED,)
    again = report(SAME, first.status, now=LATER)
    assert (again.status, again.events) == (first.status, ())


def test_what_was_mended_is_told_and_not_written() -> None:
    before = report(DONE, None, now=NOW).status
    mended = report(replace(DONE, written=Written.UPDATED), before, now=LATER)
    assert (mended.status, mended.events) == (before, (UNSEALED,))


def test_a_new_generation_is_written_and_flips_nothing() -> None:
    before = report(DONE, None, now=NOW).status
    found = condition(replace(SAME, generation=8), before, LATER)
    assert (found["lastUpdateTime"], found["lastTransitionTime"]) == (LATER, NOW)


def test_other_conditions_stay_and_ours_comes_first() -> None:
    other = {"type": "Other", "status": "Unknown"}
    before = {"conditions": [other, {"type": "Synced", "status": "False"}], "more": 1}
    found = report(DONE, before, now=NOW).status
    assert found is not None
    assert [one["type"] for one in found["conditions"]] == ["Synced", "Other"]
    assert found["more"] == 1


def test_what_does_not_open_is_told_in_upstreams_words_and_the_event_says_what_to_do() -> None:
    found = report(unopened(), None, now=NOW)
    assert condition(unopened())["message"] == NO_KEY
    assert condition(unopened())["reason"] == "UnsealFailed"
    note = f"Failed to unseal: {NO_KEY}; seal it again"
    assert found.events == (Event("Warning", "ErrUnsealFailed", note),)
    assert report(unopened(), found.status, now=LATER).events == ()


def test_another_message_of_the_same_status_is_written() -> None:
    before = report(unopened(), None, now=NOW).status
    found = condition(unopened("no key could decrypt secret (a)"), before, LATER)
    assert (found["message"], found["lastTransitionTime"]) == (
        "no key could decrypt secret (a)",
        NOW,
    )


@pytest.mark.parametrize("reason", ["Unmarked", "HeldByIntent", "OwnedByAnotherController"])
def test_a_secret_of_somebody_else_is_told_in_upstreams_words(reason: str) -> None:
    outcome = failing(reason, "hub/shop/db exists", "do this", State.CONFLICT)
    text = 'Resource "db" already exists and is not managed by SealedSecret'
    found = condition(outcome)
    assert (found["message"], found["reason"]) == (f"failed update: {text}", reason)
    (event,) = report(outcome, None, now=NOW).events
    assert (event.type, event.reason) == ("Warning", "ErrUpdateFailed")
    assert event.note.startswith(f"{text}; ")
    assert (event.note == f"{text}; do this") is (reason == "Unmarked")


def test_an_immutable_secret_is_told_in_the_api_servers_words() -> None:
    outcome = failing("Immutable", "it is immutable")
    assert condition(outcome)["message"].endswith("field is immutable when `immutable` is set")
    (event,) = report(outcome, None, now=NOW).events
    assert event.note.startswith("Error updating shop/db: the target Secret is immutable. ")


def test_templates_that_fail_are_a_matter_of_unsealing() -> None:
    text = "template: a:1: unclosed action (a)"
    outcome = failing("TemplateError", text, "correct the template")
    assert condition(outcome)["message"] == text
    (event,) = report(outcome, None, now=NOW).events
    assert event.note == f"Failed to unseal: {text}; correct the template"


def test_what_no_api_server_takes_is_a_matter_of_writing() -> None:
    outcome = failing("KeyName", "not a valid key of a Secret: ../k", "rename it")
    found = replace(outcome, clusters=(), problem=outcome.clusters[0])
    (event,) = report(found, None, now=NOW).events
    assert event.reason == "ErrUpdateFailed"


def test_other_failures_are_told_as_they_are() -> None:
    outcome = failing("WriteRefused", "hub/shop/db: refused", "look")
    assert condition(outcome)["message"] == "hub/shop/db: refused"
    assert report(outcome, None, now=NOW).events == (
        Event("Warning", "ErrUpdateFailed", "hub/shop/db: refused; look"),
    )
    assert condition(Outcome(KEY, 7))["reason"] == "ClusterUnknown"


@pytest.mark.parametrize("reason", ["Waiting", "Connecting"])
def test_nothing_is_said_before_anything_is_known(reason: str) -> None:
    before = {"conditions": [{"type": "Synced", "status": "True"}]}
    outcome = failing(reason, "not yet", state=State.PENDING)
    assert report(outcome, before, now=NOW).status == before
    paused = Outcome(KEY, 7, clusters=(ClusterResult(HUB, State.PAUSED, "ClusterPaused"),))
    assert report(paused, before, now=NOW).status == before


def test_a_rejection_names_the_field() -> None:
    found = report(rejection_of({"template": []}), None, now=NOW)
    assert found.status is not None
    (said,) = found.status["conditions"]
    assert said["message"].startswith("spec.template: ")
    assert [event.reason for event in found.events] == ["ErrUnsealFailed"]


def test_notices_come_with_success_and_long_texts_are_cut() -> None:
    (_, notice) = report(replace(DONE, notices=("twice",)), None, now=NOW).events
    assert notice == Event("Warning", "SealedAndTemplated", "twice")
    long = unopened("x" * 2 * MESSAGE_MAX_BYTES)
    assert len(condition(long)["message"]) == MESSAGE_MAX_BYTES
    (event,) = report(long, None, now=NOW).events
    assert len(event.note) == 1024


@pytest.mark.parametrize("outcome", [SAME, unopened()])
def test_who_asked_for_a_sync_is_answered_though_nothing_changed(outcome: Outcome) -> None:
    before = report(outcome, None, now=NOW).status
    assert report(outcome, before, now=LATER).status is before
    answer = report(replace(outcome, synced=True), before, now=LATER)
    assert answer.status is not None
    said = answer.status["conditions"][0]
    assert (said["lastUpdateTime"], said["lastTransitionTime"]) == (LATER, NOW)
    assert [event.reason for event in answer.events] in (["Unsealed"], ["ErrUnsealFailed"])
