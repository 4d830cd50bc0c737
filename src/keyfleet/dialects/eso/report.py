# SPDX-License-Identifier: Apache-2.0
"""Outcome -> status and events of an ExternalSecret, in upstream's words with the cause added.

Dashboards and scripts look at upstream's reasons, so these are the only ones; upstream says the
cause in an event alone, which is the most frequent complaint about it.
Source: compat/external-secrets.md 1.3, 3.1, 3.3.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from keyfleet.dialects.eso.conditions import Ready, Status, previous, short
from keyfleet.dialects.eso.rules import GENERIC_TARGET
from keyfleet.dialects.eso.shaping import PATH
from keyfleet.model.intent import Rejection
from keyfleet.model.outcome import ClusterResult, Outcome
from keyfleet.model.plan import State
from keyfleet.plugin import Event, Report

SYNCED, DELETED, MISSING = "SecretSynced", "SecretDeleted", "SecretMissing"
FAILED = "SecretSyncedError"
ABSENT = "MissingProviderSecret"
RETAINED = "SecretRetained"
"""What the engine calls a search that finds nothing, which upstream calls synced."""

_GONE = "secret does not exist at provider using"
_FETCH = "could not get secret data from provider"
_UPDATE = "could not update secret"
_DELETE = "could not delete secret"
_TEMPLATE = "could not apply template"
_TEMPLATES = "error fetching templateFrom data"

_DONE = {
    DELETED: Ready("True", DELETED, "secret deleted due to DeletionPolicy=Delete"),
    RETAINED: Ready("True", SYNCED, "secret retained due to DeletionPolicy=Retain"),
}
_UNMADE = Ready("True", MISSING, "secret will not be created due to CreationPolicy=Merge")
_TARGET_TEXTS = {
    "Immutable": f"{_UPDATE}, target is immutable",
    "OwnedByAnotherController": "failed to take ownership of target secret",
    "HeldByIntent": "failed to take ownership of target secret",
    "OwnedByAnotherManifest": "target is owned by another ExternalSecret",
    "OrphansHeld": "could not delete orphaned secrets",
}
_SHAPE_REASONS = frozenset(
    {
        "KeyName",
        "MetadataInvalid",
        "MetadataReserved",
        "TemplateEncoding",
        "TemplateError",
        "TemplateMissing",
        "TemplateTwice",
        "TemplateYaml",
        "TemplatesMany",
        "TooLarge",
        "TypeKey",
        "TypeValue",
    }
)
"""What is wrong with the target that is to be made, rather than with what a store gives."""
_DELETION = "Deletion"
"""Begins the reasons of deletions that wait for a person."""
_UNKNOWN_YET = ("Waiting", "Connecting")


def report(outcome: Outcome | Rejection, before: Mapping[str, Any] | None, *, now: str) -> Report:
    """Return the whole status, and events where something changed for people.

    Args:
        outcome: What came of the ExternalSecret, or why it was not understood.
        before: Its present `status`.
        now: RFC 3339; used only where the Ready condition flips.
    """
    known: Status = before or {}
    if isinstance(outcome, Rejection):
        ready = _rejected(outcome)
        return Report(ready.said(known, now), _failure(ready, known))
    found = _readiness(outcome)
    if found is None:
        # Nothing is known yet, or nothing is to be done for now: what was said stands.
        return Report(dict(known))
    if found == _synced() and _is_retained_still(outcome, known):
        found = _DONE[RETAINED]
    found = _with_what_stays(found, known)
    status = found.said(known, now)
    if found.is_true:
        return Report(status | _progress(outcome, found), _success(outcome, found, known))
    return Report(status, _failure(found, known))


def _rejected(rejection: Rejection) -> Ready:
    if rejection.reason == GENERIC_TARGET:
        return Ready("False", FAILED, short(rejection.message, rejection.hint))
    is_template = rejection.reason in _SHAPE_REASONS
    what = (_UPDATE, _TEMPLATE) if is_template else (_FETCH,)
    cause = "; ".join(filter(None, (rejection.message, rejection.hint)))
    return Ready("False", FAILED, short(*what, rejection.path, cause))


def _readiness(outcome: Outcome) -> Ready | None:
    worst, problem = outcome.worst, outcome.problem
    if worst is not None:
        return _unready(worst, is_problem=worst is problem)
    if problem is not None:
        return _DONE.get(problem.reason, _synced())
    if not outcome.clusters:
        return Ready("False", FAILED, short(_UPDATE, "its cluster is no member of the fleet"))
    if all(result.state is State.PAUSED for result in outcome.clusters):
        return None
    return _synced()


def _with_what_stays(ready: Ready, before: Status) -> Ready:
    """Add when what stays in place was read, where a store gives nothing now."""
    since = before.get("refreshTime")
    if not since or not ready.message.startswith(_FETCH):
        return ready
    return replace(ready, message=short(f"{ready.message}; what was synced at {since} stays"))


def _is_retained_still(outcome: Outcome, known: Status) -> bool:
    """Tell whether no store was asked since one was found to have nothing."""
    was_retained = previous(known).get("message") == _DONE[RETAINED].message
    return was_retained and known.get("refreshTime") == outcome.refreshed_at


def _synced() -> Ready:
    return Ready("True", SYNCED, "secret synced")


def _unready(worst: ClusterResult, *, is_problem: bool) -> Ready | None:
    if worst.reason in _UNKNOWN_YET:
        return None
    if worst.reason == MISSING:
        return _UNMADE
    cause = worst.message or worst.reason or worst.state.value
    if is_problem and f"{PATH}.templateFrom" in cause:
        # An object with templates is absent, or may not be read.
        return Ready("False", FAILED, short(_UPDATE, _TEMPLATES, cause))
    if is_problem and worst.reason not in _SHAPE_REASONS:
        return Ready("False", FAILED, short(_FETCH, cause))
    if worst.reason in _SHAPE_REASONS:
        return Ready("False", FAILED, short(_UPDATE, _TEMPLATE, cause))
    what = _DELETE if worst.reason.startswith(_DELETION) else _UPDATE
    return Ready("False", FAILED, short(_TARGET_TEXTS.get(worst.reason, what), cause))


def _progress(outcome: Outcome, ready: Ready) -> dict[str, Any]:
    """Return what success says besides readiness; what is not known stays as it was."""
    found: dict[str, Any] = {}
    if outcome.refreshed_at:
        found["refreshTime"] = outcome.refreshed_at
    if outcome.version:
        found["syncedResourceVersion"] = outcome.version
    if ready.reason == SYNCED and outcome.target:
        found["binding"] = {"name": outcome.target}
    return found


def _success(outcome: Outcome, ready: Ready, before: Status) -> tuple[Event, ...]:
    skipped = (Event("Normal", ABSENT, f"{_GONE} {entry}") for entry in outcome.skipped)
    return (*skipped, *_written(outcome, ready, before))


def _written(outcome: Outcome, ready: Ready, before: Status) -> tuple[Event, ...]:
    if ready.reason == DELETED:
        return (Event("Normal", "Deleted", ready.message),) if ready.is_new(before) else ()
    if ready.reason != SYNCED or not outcome.target or outcome.written is None:
        return ()
    return (Event("Normal", outcome.written, f"secret {outcome.written.lower()}"),)


def _failure(ready: Ready, before: Status) -> tuple[Event, ...]:
    return (Event("Warning", "UpdateFailed", ready.message),) if ready.is_new(before) else ()
