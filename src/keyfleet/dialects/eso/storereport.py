# SPDX-License-Identifier: Apache-2.0
"""StoreOutcome -> status and events of a SecretStore or ClusterSecretStore.

Source: compat/external-secrets.md 3.2.
"""

from collections.abc import Mapping
from typing import Any

from keyfleet.dialects.eso.conditions import Ready, Status, short
from keyfleet.model.outcome import Readiness, StoreOutcome
from keyfleet.plugin import Event, Report

VALID, UNKNOWN, INVALID = "Valid", "ValidationUnknown", "InvalidProviderConfig"


def report_store(outcome: StoreOutcome, before: Mapping[str, Any] | None, *, now: str) -> Report:
    """Return the whole status, and an event where it says something new.

    Args:
        outcome: How the store stands.
        before: Its present `status`.
        now: RFC 3339; used only where the Ready condition flips.
    """
    known: Status = before or {}
    if outcome.store.is_generator:
        # Generators have no status.
        return Report()
    ready = _ready(outcome)
    status = ready.said(known, now)
    if outcome.capabilities:
        status["capabilities"] = outcome.capabilities
    kind = "Normal" if ready.reason == VALID else "Warning"
    event = Event(kind, ready.reason, ready.message)
    return Report(status, (event,) if ready.is_new(known) else ())


def _ready(outcome: StoreOutcome) -> Ready:
    message = outcome.message
    if outcome.readiness is Readiness.ERROR:
        what = "unable to create client" if outcome.is_unopened else "unable to validate store"
        return Ready("False", outcome.reason or INVALID, short(what, message))
    if outcome.readiness is Readiness.UNKNOWN and message:
        what = "could not determine validation status"
        return Ready("True", outcome.reason or UNKNOWN, short(what, message))
    # Credentials that are looked up where the asking manifest is cannot be tried by themselves.
    return Ready("True", outcome.reason or VALID, "store validated")
