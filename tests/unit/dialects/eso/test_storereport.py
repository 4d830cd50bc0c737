# SPDX-License-Identifier: Apache-2.0
"""Statuses of stores as upstream writes them, with the cause."""

from typing import Any

import pytest

from keyfleet.dialects.eso.storereport import report_store
from keyfleet.model.outcome import Readiness, StoreOutcome
from keyfleet.model.stores import StoreRef
from keyfleet.plugin import Event, Report

NOW, THEN = "2026-11-21T10:00:00Z", "2026-11-20T10:00:00Z"
STORE = StoreRef("SecretStore", "vault", "shop")


def reported(before: Any = None, **fields: Any) -> Report:
    return report_store(StoreOutcome(STORE, **fields), before, now=NOW)


VALID = {
    "conditions": [
        {
            "type": "Ready",
            "status": "True",
            "reason": "Valid",
            "message": "store validated",
            "lastTransitionTime": NOW,
        }
    ],
    "capabilities": "ReadWrite",
}


def test_a_valid_store_golden() -> None:
    found = reported(capabilities="ReadWrite")
    assert found.status == VALID
    assert found.events == (Event("Normal", "Valid", "store validated"),)
    assert reported(VALID, capabilities="ReadWrite") == Report(VALID)


@pytest.mark.parametrize(
    ("fields", "status", "reason", "message"),
    [
        (
            {"readiness": Readiness.ERROR, "is_unopened": True, "message": "why"},
            "False",
            "InvalidProviderConfig",
            "unable to create client: why",
        ),
        (
            {"readiness": Readiness.ERROR, "message": "why"},
            "False",
            "InvalidProviderConfig",
            "unable to validate store: why",
        ),
        (
            {"readiness": Readiness.UNKNOWN, "message": "why"},
            "True",
            "ValidationUnknown",
            "could not determine validation status: why",
        ),
        ({"readiness": Readiness.UNKNOWN}, "True", "Valid", "store validated"),
        (
            {"readiness": Readiness.ERROR, "reason": "Other", "message": "why"},
            "False",
            "Other",
            "unable to validate store: why",
        ),
    ],
)
def test_reasons(fields: dict[str, Any], status: str, reason: str, message: str) -> None:
    found = reported(**fields)
    assert found.status is not None
    (ready,) = found.status["conditions"]
    assert (ready["status"], ready["reason"], ready["message"]) == (status, reason, message)
    kind = "Normal" if reason == "Valid" else "Warning"
    assert found.events == (Event(kind, reason, message),)


def test_what_is_known_of_a_store_that_fails_stays() -> None:
    found = reported(VALID, readiness=Readiness.ERROR)
    assert found.status is not None
    assert found.status["capabilities"] == "ReadWrite"


def test_generators_have_no_status() -> None:
    outcome = StoreOutcome(StoreRef("Password", "pw", "shop"))
    assert report_store(outcome, None, now=NOW) == Report()
