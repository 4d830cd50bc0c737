# SPDX-License-Identifier: Apache-2.0
"""Outcome -> events on an annotated Secret; nothing is written to the Secret itself."""

from collections.abc import Mapping
from typing import Any

from keyfleet.model.intent import Rejection
from keyfleet.model.outcome import Outcome
from keyfleet.model.plan import State
from keyfleet.plugin import Event, Report

NOTE_MAX_BYTES = 1024


def report(
    outcome: Outcome | Rejection,
    before: Mapping[str, Any] | None,
    *,
    now: str,
) -> Report:
    """Return one event that says how the Secret stands.

    A Secret has no status to compare with: whoever sends events drops repetitions.
    """
    if isinstance(outcome, Rejection):
        return Report(events=(_rejected(outcome),))
    return Report(events=(_answered(outcome),))


def _rejected(rejection: Rejection) -> Event:
    text = f"{rejection.path}: {rejection.message}" if rejection.path else rejection.message
    note = f"{text}; {rejection.hint}" if rejection.hint else text
    return Event("Warning", rejection.reason, _short(note))


def _answered(outcome: Outcome) -> Event:
    worst = outcome.worst
    if worst is not None:
        where = f"{worst.cluster}: " if worst.cluster else ""
        text = worst.message or worst.reason or worst.state.value
        return Event("Warning", worst.reason or worst.state.value, _short(f"{where}{text}"))
    if not outcome.clusters:
        return Event("Warning", "NoTargets", "no cluster is selected: nothing is delivered")
    synced = sum(result.state is State.IN_SYNC for result in outcome.clusters)
    return Event("Normal", "Synced", f"in sync in {synced} of {len(outcome.clusters)} clusters")


def _short(text: str) -> str:
    return text.encode()[:NOTE_MAX_BYTES].decode(errors="ignore")
