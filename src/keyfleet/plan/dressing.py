# SPDX-License-Identifier: Apache-2.0
"""Owner references, finalizers and immutability of a target: what to change, and who objects."""

from dataclasses import dataclass

from keyfleet.model.desired import Actual
from keyfleet.model.dress import Dress, OwnerReference
from keyfleet.model.plan import Finding, State
from keyfleet.plan.question import Question


@dataclass(frozen=True, slots=True)
class Change:
    """What a write does besides data, labels and annotations; None leaves as it is."""

    owners: tuple[OwnerReference, ...] | None = None
    finalizers: tuple[str, ...] | None = None
    is_immutable: bool = False

    def __bool__(self) -> bool:
        return self != Change()


def dress_of(question: Question) -> Dress:
    """Return how the target of the asking manifest is tied to it."""
    return question.intent.shape.dress if question.intent else Dress()


def dressing(dress: Dress, actual: Actual | None) -> Change:
    """Return what a target lacks, or has too much."""
    owners = _owners(dress, actual.owners if actual else ())
    known = actual.finalizers if actual else ()
    missing = tuple(name for name in dress.finalizers if name not in known)
    is_sealed = actual is not None and actual.is_immutable
    return Change(
        owners=owners,
        finalizers=(*known, *missing) if missing else None,
        is_immutable=dress.is_immutable and not is_sealed,
    )


def _owners(dress: Dress, before: tuple[OwnerReference, ...]) -> tuple[OwnerReference, ...] | None:
    if dress.manifest is None:
        return None
    others = tuple(owner for owner in before if not _is_replaced(owner, dress, dress.manifest))
    after = (*others, dress.manifest) if dress.is_owner else others
    if set(after) == set(before):
        return None
    return after


def _is_replaced(owner: OwnerReference, dress: Dress, manifest: OwnerReference) -> bool:
    """Tell whether a reference makes way for ours, or was of a manifest that left the target."""
    is_rival = owner.is_controller and (dress.is_owner or owner.kind == manifest.kind)
    return is_rival or owner.is_same_owner(manifest)


def not_controlled_by_another(question: Question) -> Finding | None:
    """Leave alone what another manifest or controller has tied to itself."""
    dress, actual = dress_of(question), question.actual
    if dress.manifest is None or dress.takes_over or actual is None:
        return None
    controller = next((owner for owner in actual.owners if owner.is_controller), None)
    if controller is None or controller.is_same_owner(dress.manifest):
        return None
    if _is_left_by(question, controller):
        return None
    is_sibling = controller.kind == dress.manifest.kind
    if not is_sibling and not dress.is_owner:
        return None
    return Finding(
        State.CONFLICT,
        "OwnedByAnotherManifest" if is_sibling else "OwnedByAnotherController",
        f"{question.place} is controlled by {controller.kind} {controller.name}",
        hint="choose another target name, or delete one of the two",
        rule="not-controlled-by-another",
    )


def _is_left_by(question: Question, controller: OwnerReference) -> bool:
    """Tell whether the manifest that a target is tied to is gone, or wants it no more."""
    holding = question.holding
    if holding.marker is None or not holding.is_transferable or question.holder_wants:
        return False
    former = holding.marker.intent
    return (former.kind, former.name) == (controller.kind, controller.name)
