# SPDX-License-Identifier: Apache-2.0
"""Outcome -> status and events of a SealedSecret, in upstream's words.

The condition's message is upstream's text alone, since scripts read it; what would change it is in
the event. Source: compat/sealed-secrets.md 1.4, 2.3.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from keyfleet.dialects.sealedsecrets.conditions import Status, Synced, previous
from keyfleet.model.intent import Rejection
from keyfleet.model.outcome import ClusterResult, Outcome
from keyfleet.model.places import IntentKey
from keyfleet.model.plan import State
from keyfleet.plugin import Event, Report

UNSEALED = "Unsealed"
UNSEAL_FAILED = "UnsealFailed"
TEMPLATE_ERROR = "TemplateError"
TWICE = "SealedAndTemplated"
NOTE_MAX_BYTES = 1024
"""What an Event takes as its note."""
MESSAGE_MAX_BYTES = 32 << 10
"""Of a condition: a thousand items that do not open are told, and a status still fits."""

_UNKNOWN_YET = ("Waiting", "Connecting")
_NOT_OURS = frozenset(
    {
        "ClaimedByOlderIntent",
        "CopiedMarker",
        "HeldByIntent",
        "OwnedByAnotherController",
        "OwnedByAnotherManifest",
        "OwnedByOtherHub",
        "OwnedUnverified",
        "Unmarked",
    }
)
"""Reasons for which a Secret that is there is left alone."""
_IMMUTABLE = "delete the Secret by hand; it is created again at once"


@dataclass(frozen=True, slots=True)
class _Failure:
    """What failed, as condition and event say it."""

    reason: str
    message: str
    event: Event


def report(outcome: Outcome | Rejection, before: Mapping[str, Any] | None, *, now: str) -> Report:
    """Return the whole status, and events where something changed for people.

    Args:
        outcome: What came of the SealedSecret, or why it was not understood.
        before: Its present `status`.
        now: RFC 3339; used only where the status changes.
    """
    known: Status = before or {}
    if isinstance(outcome, Rejection):
        return _failed(_rejected(outcome), known, outcome.origin.generation, now=now)
    worst = outcome.worst
    if worst is None and outcome.clusters:
        is_paused = all(result.state is State.PAUSED for result in outcome.clusters)
        return Report(known) if is_paused else _succeeded(outcome, known, now)
    if worst is not None and worst.reason in _UNKNOWN_YET:
        # Nothing is known yet: what was said stands.
        return Report(known)
    failure = _failure(outcome.intent, worst)
    return _failed(failure, known, outcome.generation, now=now, is_asked=outcome.synced)


def _succeeded(outcome: Outcome, before: Status, now: str) -> Report:
    synced = Synced(is_true=True, reason=UNSEALED)
    was_true = previous(before).get("status") == "True"
    is_told = was_true and not outcome.written and not outcome.synced
    if is_told and not synced.is_new(before, outcome.generation):
        return Report(before)
    notices = tuple(Event("Warning", TWICE, _short(notice)) for notice in outcome.notices)
    done = Event("Normal", UNSEALED, "SealedSecret unsealed successfully")
    status = synced.said(before, outcome.generation, now, is_asked=outcome.synced)
    return Report(status, (done, *notices))


def _failed(
    failure: _Failure, before: Status, generation: int, *, now: str, is_asked: bool = False
) -> Report:
    message = _short(failure.message, MESSAGE_MAX_BYTES)
    synced = Synced(is_true=False, reason=failure.reason, message=message)
    events = (failure.event,) if is_asked or synced.is_new(before, generation) else ()
    return Report(synced.said(before, generation, now, is_asked=is_asked), events)


def _rejected(rejection: Rejection) -> _Failure:
    where = f"{rejection.path}: " if rejection.path else ""
    return _unseal_failed(rejection.reason, f"{where}{rejection.message}", rejection.hint)


def _failure(key: IntentKey, worst: ClusterResult | None) -> _Failure:
    if worst is None:
        return _update_failed("ClusterUnknown", "its cluster is no member of the fleet", "")
    if worst.reason in (UNSEAL_FAILED, TEMPLATE_ERROR):
        return _unseal_failed(worst.reason, worst.cause, worst.hint)
    if worst.reason in _NOT_OURS:
        text = f'Resource "{key.name}" already exists and is not managed by SealedSecret'
        hint = worst.hint if worst.reason == "Unmarked" else worst.message
        event = Event("Warning", "ErrUpdateFailed", _advised(text, hint))
        return _Failure(worst.reason, f"failed update: {text}", event)
    if worst.reason == "Immutable":
        return _immutable(key, worst.reason)
    return _update_failed(worst.reason or worst.state.value, worst.cause, worst.hint)


def _immutable(key: IntentKey, reason: str) -> _Failure:
    refused = "data: Forbidden: field is immutable when `immutable` is set"
    text = (
        f"Error updating {key.namespace}/{key.name}: the target Secret is immutable. {_IMMUTABLE}"
    )
    event = Event("Warning", "ErrUpdateFailed", _short(text))
    return _Failure(reason, f'Secret "{key.name}" is invalid: {refused}', event)


def _unseal_failed(reason: str, text: str, hint: str) -> _Failure:
    note = _advised(f"Failed to unseal: {text}", hint)
    return _Failure(reason, text, Event("Warning", "ErrUnsealFailed", note))


def _update_failed(reason: str, text: str, hint: str) -> _Failure:
    return _Failure(reason, text, Event("Warning", "ErrUpdateFailed", _advised(text, hint)))


def _advised(text: str, hint: str) -> str:
    return _short(f"{text}; {hint}" if hint else text)


def _short(text: str, size: int = NOTE_MAX_BYTES) -> str:
    return text.encode()[:size].decode(errors="ignore")
