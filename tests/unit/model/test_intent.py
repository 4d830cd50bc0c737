# SPDX-License-Identifier: Apache-2.0
from keyfleet.model.intent import (
    ClusterTargets,
    Guard,
    Intent,
    OnMissing,
    Origin,
    SecretRef,
    Shape,
)
from keyfleet.model.matchers import ChosenClusters, ChosenNamespaces
from keyfleet.model.places import ClusterName, IntentKey


def _intent(name: str = "db", *, namespace: str = "a", created: str = "") -> Intent:
    return Intent(
        key=IntentKey("FleetSecret", namespace, name),
        origins=(Origin("native", "FleetSecret", namespace, name, created=created),),
        reads=(),
        shape=Shape(),
        targets=ClusterTargets(ChosenClusters(), ChosenNamespaces(), name),
    )


def test_the_older_of_two_intents_is_senior_then_the_name_decides() -> None:
    old = _intent("z", created="2026-01-01T00:00:00Z")
    young = _intent("a", created="2026-01-02T00:00:00Z")
    unknown = _intent("0")
    twin = _intent("y", created="2026-01-01T00:00:00Z")
    ordered = sorted([unknown, young, old, twin], key=lambda intent: intent.seniority)
    assert ordered == [twin, old, young, unknown]


def test_an_intent_answers_to_its_first_origin() -> None:
    assert _intent("db").origin.name == "db"


def test_a_reference_without_a_cluster_is_on_the_hub() -> None:
    assert str(SecretRef("a", "b")) == "hub/a/b"
    assert str(SecretRef("a", "b", ClusterName("east"))) == "east/a/b"


def test_nothing_is_deleted_because_a_source_is_missing_unless_asked() -> None:
    assert Guard().on_source_missing is OnMissing.RETAIN
