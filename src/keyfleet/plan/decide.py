# SPDX-License-Identifier: Apache-2.0
"""One question in, one step out.

A target that is wanted passes the checks, then whose it is decides: nobody's is created, ours is
brought in line, another's is a conflict unless the intent says otherwise. What is not wanted any
more is decided by `keyfleet.plan.unwanted`.
"""

from dataclasses import replace

from keyfleet.model.desired import Actual
from keyfleet.model.intent import ConflictPolicy, Creation, Replace
from keyfleet.model.ownership import Claim
from keyfleet.model.plan import Finding, Step, Verb
from keyfleet.plan.checks import first_objection
from keyfleet.plan.leaving import (
    adopt_differs,
    conflict,
    leave,
    pending_deletion,
    target_missing,
    unchangeable,
)
from keyfleet.plan.meeting import meeting
from keyfleet.plan.question import Question
from keyfleet.plan.unwanted import decide_unwanted, says_nothing
from keyfleet.plan.writes import anew, difference, empties, whole


def decide(question: Question) -> Step:
    """Return what to do about one target."""
    if question.desired is None:
        return decide_unwanted(question)
    creation = question.intent.shape.creation if question.intent else Creation.CREATE
    if creation is Creation.NEVER:
        return leave(question)
    if finding := first_objection(question):
        return _refuse(question, finding)
    if question.actual is not None:
        return _decide_existing(question, question.actual)
    if creation is Creation.EXISTING:
        return leave(question, target_missing(question.place))
    return _create(question)


def _refuse(question: Question, finding: Finding) -> Step:
    """Leave the target as it is, or take away what a rule does not even want to stay."""
    step, marker = leave(question, finding), question.holding.marker
    is_own = question.holding.belongs_to(question.key)
    if not finding.withdraws or marker is None or not is_own or says_nothing(question, marker):
        return step
    is_going = question.actual is not None and question.actual.is_deleting
    return step if marker.released or is_going else replace(step, verb=Verb.DELETE)


def _create(question: Question) -> Step:
    return Step(
        question.key,
        question.place,
        Verb.CREATE,
        write=whole(question),
        revision=question.asker.revision,
        fingerprint=question.fingerprint,
    )


def _decide_existing(question: Question, actual: Actual) -> Step:
    if actual.is_deleting:
        return leave(question, pending_deletion(question))
    if not _is_takeable(question):
        return _decide_foreign(question, actual)
    return _bring_in_line(question, actual)


def _is_takeable(question: Question) -> bool:
    holding = question.holding
    if holding.belongs_to(question.key) or question.is_made_by_ours:
        return True
    if holding.claim is Claim.NOBODYS:
        return question.intent is not None and question.intent.guard.takes_unmarked
    # Another intent's target is free to take once that intent is gone or has left the place; not
    # when it was left there on purpose, and not on the word of an unsigned marker.
    return holding.is_transferable and not question.holder_wants


def _decide_foreign(question: Question, actual: Actual) -> Step:
    assert question.intent is not None  # noqa: S101 - narrows the type: desired implies an intent
    holding = question.holding
    guard = question.intent.guard
    policy = guard.on_conflict
    if guard.takes_unmarked and holding.claim is Claim.NOBODYS:
        return _bring_in_line(question, actual)
    is_held = holding.is_ours and question.holder_wants
    if is_held or holding.claim is Claim.UNVERIFIED or policy is ConflictPolicy.REFUSE:
        return leave(question, conflict(question))
    if policy is ConflictPolicy.ADOPT and not _holds_wanted_data(question, actual):
        return leave(question, adopt_differs(question))
    return _bring_in_line(question, actual)


def _holds_wanted_data(question: Question, actual: Actual) -> bool:
    met = meeting(question, actual)
    return actual.type == met.content.type and met.is_same_data


def _bring_in_line(question: Question, actual: Actual) -> Step:
    met = meeting(question, actual)
    finding = unchangeable(question, actual, met.content, is_same_data=met.is_same_data)
    if finding is not None and not _may_recreate(question):
        return leave(question, finding)
    write = difference(question, actual, met)
    if finding is not None:
        verb, write = Verb.RECREATE, anew(question, actual, met, write)
    else:
        verb = Verb.UPDATE
    if write is None:
        return leave(question)
    return Step(
        question.key,
        question.place,
        verb,
        write=write,
        uid=actual.uid,
        resource_version=actual.resource_version,
        revision=question.asker.revision,
        fingerprint=met.fingerprint,
        empties=empties(question, actual, write),
    )


def _may_recreate(question: Question) -> bool:
    intent = question.intent
    return intent is not None and intent.guard.on_unchangeable is Replace.RECREATE
