# SPDX-License-Identifier: Apache-2.0
"""Answers to an annotated Secret are events only."""

from keyfleet.dialects.annotated import dialect
from keyfleet.model.intent import Origin, Rejection
from keyfleet.model.outcome import ClusterResult, Outcome
from keyfleet.model.places import ClusterName, IntentKey
from keyfleet.model.plan import State
from keyfleet.plugin import Event

KEY = IntentKey("Secret", "payments", "db")
NOW = "2026-11-20T10:00:00Z"


def event(outcome: Outcome | Rejection) -> Event:
    report = dialect().report(outcome, None, now=NOW)
    assert report.status is None
    return report.events[0]


def test_says_when_all_is_well() -> None:
    east = ClusterResult(ClusterName("east"), State.IN_SYNC)
    expected = Event("Normal", "Synced", "in sync in 1 of 1 clusters")
    assert event(Outcome(KEY, clusters=(east,))) == expected


def test_says_the_worst() -> None:
    east = ClusterResult(ClusterName("east"), State.CONFLICT, "Foreign", "somebody else's")
    expected = Event("Warning", "Foreign", "east: somebody else's")
    assert event(Outcome(KEY, clusters=(east,))) == expected


def test_says_when_nothing_is_selected() -> None:
    assert event(Outcome(KEY)).reason == "NoTargets"


def test_says_why_annotations_were_refused() -> None:
    origin = Origin("annotated", "Secret", "payments", "db")
    rejection = Rejection(KEY, origin, "UnknownAnnotation", "unknown", "a/b", "did you mean?")
    assert event(rejection) == Event("Warning", "UnknownAnnotation", "a/b: unknown; did you mean?")
