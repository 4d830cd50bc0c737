# SPDX-License-Identifier: Apache-2.0
"""What a pass and each of its targets came to."""

from dataclasses import dataclass

from keyfleet.engine.lane import Again
from keyfleet.model.outcome import TargetResult, Written
from keyfleet.model.places import IntentKey, Place
from keyfleet.model.plan import Finding, State, Step, Verb
from keyfleet.plan.question import Question


@dataclass(frozen=True, slots=True)
class PassResult:
    """What one pass found and did."""

    targets: tuple[TargetResult, ...]
    """Of the wanted targets."""
    left_over: tuple[TargetResult, ...] = ()
    """Of targets that are not wanted and still there."""
    wrote: int = 0
    written: Written | None = None
    """What became of the wanted targets by that."""
    again: Again | None = None
    heirs: frozenset[IntentKey] = frozenset()
    """Intents for which unwanted targets were left: it is their turn now."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What one target came to."""

    result: TargetResult
    wrote: bool = False
    is_made: bool = False
    """It was written where nothing was."""
    again: Again | None = None
    is_gone: bool = False
    """Not wanted, and nothing is left to tell of it."""
    heir: IntentKey | None = None
    """The intent that an unwanted target was left to."""


def nothing(question: Question) -> Step:
    """Return the step that leaves a target as it is."""
    marker = question.holding.marker
    revision = marker.revision if marker and question.holding.belongs_to(question.key) else 0
    return Step(question.key, question.place, Verb.NONE, revision=revision)


def found(place: Place, finding: Finding, *, revision: int = 0) -> Settled:
    """Return a target as a finding tells it."""
    return Settled(
        TargetResult(
            place.namespace,
            place.name,
            finding.state,
            finding.reason,
            finding.advice,
            revision,
            finding.hint,
        )
    )


def in_sync(question: Question, step: Step) -> TargetResult:
    """Return a target that is as it should be after a step."""
    place = question.place
    return TargetResult(place.namespace, place.name, State.IN_SYNC, revision=step.revision)


def pass_result(settled: list[Settled], left: list[Settled]) -> PassResult:
    """Return what a pass came to, by its wanted targets and what was left over."""
    everything = [*settled, *left]
    again = [one.again for one in everything if one.again is not None]
    earliest = min(again, key=lambda one: one.after_s or 0.0, default=None)
    return PassResult(
        targets=tuple(one.result for one in settled),
        left_over=tuple(one.result for one in left if not one.is_gone),
        wrote=sum(one.wrote for one in everything),
        written=_written(settled),
        again=earliest,
        heirs=frozenset(one.heir for one in left if one.heir is not None),
    )


def _written(settled: list[Settled]) -> Written | None:
    if any(one.is_made for one in settled):
        return Written.CREATED
    return Written.UPDATED if any(one.wrote for one in settled) else None
