# SPDX-License-Identifier: Apache-2.0
"""The step that leaves a target as it is, and the findings that say why."""

from dataclasses import replace

from keyfleet.model.desired import Actual, Content
from keyfleet.model.ownership import Claim, Marker
from keyfleet.model.places import Place
from keyfleet.model.plan import Finding, State, Step, Verb
from keyfleet.plan.checks import as_told_to
from keyfleet.plan.question import Question

TARGET_MISSING = "SecretMissing"
"""Reason of a target that is only written to where it exists, and does not; no fault."""


def leave(question: Question, finding: Finding | None = None) -> Step:
    """Return the step that does nothing, and the finding that says why."""
    actual = question.actual
    marker = question.holding.marker if question.holding.belongs_to(question.key) else None
    return Step(
        question.key,
        question.place,
        Verb.NONE,
        finding,
        uid=actual.uid if actual else "",
        resource_version=actual.resource_version if actual else "",
        revision=marker.revision if marker else 0,
        fingerprint=actual.fingerprint if actual else "",
    )


def pending_deletion(question: Question) -> Finding:
    """Return what is told of a target that somebody is deleting."""
    return Finding(
        State.PENDING,
        "TargetTerminating",
        f"{question.place} is being deleted by somebody; it is created again once it is gone",
        hint="find who deletes it, and which finalizer keeps it",
        rule="ownership",
    )


def target_missing(place: Place) -> Finding:
    """Return what is told of a target that is only written to where it exists."""
    return Finding(
        State.PENDING,
        TARGET_MISSING,
        f"{place} does not exist, and the manifest asks to write only to what is there",
        hint="create the Secret, or let the manifest create it",
        rule="creation",
    )


def conflict(question: Question) -> Finding:
    """Return whose target it is, and the way out."""
    holding, marker = question.holding, question.holding.marker
    if holding.is_ours and marker is not None:
        who = f"belongs to {as_told_to(question, marker.intent)}"
    elif holding.claim is Claim.NOBODYS:
        who = "exists and was not made by Keyfleet"
    elif holding.claim is Claim.OTHER_HUB:
        who = "belongs to another Keyfleet hub"
    elif holding.claim is Claim.UNVERIFIED:
        who = "carries a marker signed under a key that is not at hand"
    else:
        who = "carries a marker that is not valid for this place"
    return Finding(
        State.CONFLICT,
        "HeldByIntent" if holding.is_ours else f"{holding.claim}",
        f"{question.place} {who}",
        hint=_way_out(question),
        rule="ownership",
    )


def _way_out(question: Question) -> str:
    holding = question.holding
    if holding.is_ours:
        return "delete one of the two declarations, or change a name or a placement"
    hub = holding.marker.hub if holding.marker else ""
    return {
        Claim.OTHER_HUB: f"if that hub is lost, `keyfleet adopt --from-hub {hub}` takes it over;"
        " else choose another name, or set spec.conflictPolicy: Overwrite",
        Claim.UNVERIFIED: "let Keyfleet read that key, or restore it; if it is lost,"
        " `keyfleet adopt --unverified` takes the target over",
        Claim.COPY: "delete it if a backup or a cloned cluster left it, or set"
        " spec.conflictPolicy: Overwrite",
    }.get(holding.claim, _way_to_take(question))


def _way_to_take(question: Question) -> str:
    deference = question.intent.shape.deference if question.intent else None
    if deference is None:
        return "set spec.conflictPolicy to Adopt or Overwrite, or choose another name"
    return f"annotate the Secret with {deference.yields}=true to let it be replaced"


def adopt_differs(question: Question) -> Finding:
    """Return why a target that may be adopted is not: it holds other data."""
    return replace(
        conflict(question),
        reason="AdoptDiffers",
        message=f"{question.place} exists and holds other data than wanted",
        hint="make the data equal, or set spec.conflictPolicy: Overwrite",
    )


def unchangeable(
    question: Question, actual: Actual, content: Content, *, is_same_data: bool
) -> Finding | None:
    """Return why the API would refuse the wanted content; None when it would not."""
    if question.sealing is not None:
        # A SealedSecret takes everything; what comes of it is its controller's.
        return None
    if actual.type and actual.type != content.type:
        return Finding(
            State.FAILED,
            "TypeChanged",
            f"{question.place} has type {actual.type} and {content.type} is wanted;"
            " the type of a Secret cannot be changed",
            hint=_way_to_change(question),
            rule="type-is-fixed",
        )
    if actual.is_immutable and not is_same_data:
        return Finding(
            State.FAILED,
            "Immutable",
            f"{question.place} is immutable and holds other data than wanted",
            hint=_way_to_change(question),
            rule="immutable-is-kept",
        )
    return None


def _way_to_change(question: Question) -> str:
    by_hand = "delete the target by hand; it is created again at once"
    # Who leaves it to annotations of the target has no such field.
    defers = question.intent is not None and question.intent.shape.deference is not None
    return by_hand if defers else f"set spec.replace: Recreate, or {by_hand}"


def renamed(question: Question, marker: Marker) -> Finding | None:
    """Return why nothing is deleted under a name that the cluster no longer answers to."""
    name = marker.cluster_name
    if not name or question.cluster.answers_to(name) or name in question.accepted_names:
        return None
    return Finding(
        State.HELD,
        "ClusterRenamed",
        f"{question.place} was delivered when this cluster was called {name}; nothing is deleted",
        hint=f"`keyfleet clusters trust {question.place.cluster}` accepts the new name",
        rule="cluster-name-is-known",
    )
