"""How secrets stand."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from keyfleet.cli.standing import (
    Standing,
    foreign_standing,
    live_standing,
    rejected_standing,
    standing_of,
)
from keyfleet.cli.standings import standings_answer
from keyfleet.model.intent import ClusterTargets, Intent, Origin, Read, SecretRef, Shape
from keyfleet.model.matchers import ChosenClusters, ChosenNamespaces
from keyfleet.model.places import ClusterName, IntentKey, Place
from keyfleet.model.plan import Finding, State, Step, Verb

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
KEY = IntentKey("Secret", "payments", "app")


def _document(**status: Any) -> dict[str, Any]:
    return {
        "metadata": {
            "name": "db",
            "namespace": "payments",
            "generation": 2,
            "creationTimestamp": "2026-11-20T11:00:00Z",
        },
        "status": {"observedGeneration": 2, "revision": 3, "syncHandled": "t", **status},
    }


def _ready(status: str, reason: str, message: str = "") -> list[dict[str, str]]:
    return [{"type": "Ready", "status": status, "reason": reason, "message": message}]


WELL = _document(
    conditions=_ready("True", "Synced", "in sync in 2 of 2 clusters"),
    summary={"clusters": 2, "inSync": 2, "text": "2/2"},
    clusters=[
        {"name": "east", "state": "InSync", "targets": 1, "inSync": 1, "revision": 3,
         "propagationMs": 14},
        {"name": "west", "state": "InSync", "targets": 2, "inSync": 2, "revision": 3},
    ],
)  # fmt: skip
BEHIND = _document(
    conditions=_ready("False", "NamespaceMissing", "west: namespace payments is absent"),
    summary={"clusters": 60, "inSync": 58, "pending": 1, "paused": 1, "text": "58/60"},
    clusters=[
        {"name": "west", "state": "Pending", "reason": "NamespaceMissing", "targets": 1,
         "message": "namespace payments is absent"},
        {"name": "lab", "state": "Paused", "reason": "ClusterPaused", "targets": 1},
    ],
)  # fmt: skip
UNSEEN = {**WELL, "metadata": {**WELL["metadata"], "generation": 3, "name": "unseen"}}


def _intent() -> Intent:
    return Intent(
        KEY,
        (Origin("annotated", "Secret", "payments", "app", created="2026-11-20T11:58:00Z"),),
        (Read("kubernetes", SecretRef("payments", "app")),),
        Shape(),
        ClusterTargets(ChosenClusters(("east",)), ChosenNamespaces(("payments",)), "app"),
    )


def _step(cluster: str, verb: Verb, finding: Finding | None = None) -> Step:
    return Step(KEY, Place(ClusterName(cluster), "payments", "app"), verb, finding, revision=1)


LIVE = live_standing(
    _intent(), [_step("east", Verb.NONE), _step("west", Verb.UPDATE), _step("west", Verb.NONE)]
)
REJECTED = rejected_standing(
    "Secret", "payments", "odd", Finding(State.FAILED, "UnknownAnnotation", "targts: unknown")
)
ALL = [standing_of(WELL), standing_of(BEHIND), standing_of(UNSEEN), LIVE, REJECTED]


@pytest.mark.parametrize("command", ["status", "wait", "sync"])
def test_golden(golden_answer: Callable[..., None], command: str) -> None:
    found = ALL if command == "status" else ALL[1:2]
    wide = standings_answer(found, now=NOW, wide=True)
    shown = wide if command == "sync" else standings_answer(found, now=NOW)
    golden_answer(command, shown, wide)


def test_golden_of_nothing(golden_answer: Callable[..., None]) -> None:
    golden_answer("status-none", standings_answer([], now=NOW))


@pytest.mark.parametrize(
    ("standing", "is_well"),
    [
        (standing_of(WELL), True),
        (standing_of(BEHIND), False),
        (standing_of(UNSEEN), False),
        (LIVE, False),
        (REJECTED, False),
        (live_standing(_intent(), [_step("east", Verb.NONE)]), True),
        (standing_of({"metadata": {"name": "new", "namespace": "a", "generation": 1}}), False),
    ],
)
def test_what_check_accepts(standing: Standing, is_well: bool) -> None:
    assert is_well is standing.is_well


def test_a_status_of_an_older_generation_says_nothing_of_this_one() -> None:
    standing = standing_of(UNSEEN)
    assert (standing.ready, standing.reason, standing.counts) == ("Unknown", "NotObserved", None)


def test_chosen_clusters_are_counted_alone() -> None:
    assert standing_of(BEHIND).within(lambda name: name == "lab").is_well
    assert not standing_of(BEHIND).within(lambda name: name == "west").is_well


def test_a_live_look_knows_whether_a_controller_has_work_left() -> None:
    assert LIVE.is_waiting
    held = _step("east", Verb.NONE, Finding(State.HELD, "IdentityChanged", "other"))
    assert not live_standing(_intent(), [held]).is_waiting


def test_a_state_of_a_newer_version_is_shown_as_failed() -> None:
    later = _document(clusters=[{"name": "east", "state": "Rolling"}])
    assert [each.state for each in standing_of(later).clusters] == [State.FAILED]


SEALED = Origin(
    "sealed-secrets", "SealedSecret", "payments", "grafana", cluster=ClusterName("east")
)


def _sealed_standing(status: dict[str, Any]) -> Standing:
    document = {"metadata": {"name": "grafana", "namespace": "payments", "generation": 2}}
    here = ClusterName("east")
    return foreign_standing({**document, "status": status}, SEALED, here, condition="Synced")


def test_other_tools_manifest_stands_as_its_own_condition_says() -> None:
    synced = {"type": "Synced", "status": "False", "reason": "UnsealFailed", "message": "no (key)"}
    ready = {"type": "Ready", "status": "True"}
    failing = _sealed_standing({"observedGeneration": 2, "conditions": [ready, synced]})
    assert (failing.ready, failing.reason) == ("False", "UnsealFailed")
    assert not failing.is_well
    assert [(each.state, each.message) for each in failing.clusters] == [(State.FAILED, "no (key)")]
    # Upstream's controller writes no reason.
    bare = {"type": "Synced", "status": "True"}
    well = _sealed_standing({"observedGeneration": 2, "conditions": [bare]})
    assert well.is_well


def test_a_condition_of_an_earlier_generation_of_other_tools_manifests_says_nothing() -> None:
    synced = {"type": "Synced", "status": "True", "reason": "Unsealed"}
    old = _sealed_standing({"observedGeneration": 1, "conditions": [synced]})
    assert (old.ready, old.reason) == ("Unknown", "NotObserved")
    silent = _sealed_standing({"conditions": [synced]})
    assert silent.ready == "True"
