"""What `wait` waits for, and what it says is missing."""

from typing import Any

import pytest

from keyfleet.cli.options import Common
from keyfleet.cli.refs import Ref
from keyfleet.cli.standing import standing_of
from keyfleet.cli.wait import Wanted, holds, missing

REF = Ref("payments", "db")


def _document(*states: str, ready: str = "True", generation: int = 1) -> dict[str, Any]:
    names = {"InSync": "inSync", "Paused": "paused", "Pending": "pending", "Held": "held"}
    return {
        "metadata": {"name": "db", "namespace": "payments", "generation": generation},
        "status": {
            "observedGeneration": 1,
            "conditions": [{"type": "Ready", "status": ready, "reason": "R", "message": "m"}],
            "summary": {names[state]: states.count(state) for state in states},
            "clusters": [
                {"name": f"c{index}", "state": state, "reason": "Why", "message": "words"}
                for index, state in enumerate(states)
            ],
        },
    }


@pytest.mark.parametrize(
    ("document", "true_of"),
    [
        (None, {Wanted.GONE}),
        (_document("InSync", "InSync"), {Wanted.IN_SYNC, Wanted.READY}),
        (_document("InSync", "Paused"), {Wanted.READY}),
        (_document("InSync", "Pending", ready="False"), set()),
        (_document("InSync", ready="False"), set()),
        (_document("InSync", generation=2), set()),
        (_document(), {Wanted.IN_SYNC, Wanted.READY}),
    ],
)
def test_conditions(document: dict[str, Any] | None, true_of: set[Wanted]) -> None:
    assert true_of == {wanted for wanted in Wanted if holds(document, wanted, Common())}


def test_only_chosen_clusters_count() -> None:
    document = _document("InSync", "Held", ready="False")
    assert holds(document, Wanted.IN_SYNC, Common(cluster=("c0",)))
    assert not holds(document, Wanted.IN_SYNC, Common(cluster=("c1",)))


def test_a_chosen_cluster_that_is_not_there_is_waited_for() -> None:
    assert not holds(_document("InSync"), Wanted.IN_SYNC, Common(cluster=("c9",)))


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (
            _document("Held", "Pending", "InSync", ready="False"),
            "c0 is Held, Why: words (and 1 more)",
        ),
        (_document("InSync", ready="False"), "payments/db: m"),
        (_document(generation=2), "no controller has looked"),
    ],
)
def test_what_is_missing_is_said(document: dict[str, Any], text: str) -> None:
    assert text in missing(REF, standing_of(document))


def test_an_undeclared_secret_is_said_to_be_undeclared() -> None:
    assert "not declared" in missing(REF, None)
