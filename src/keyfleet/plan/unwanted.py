# SPDX-License-Identifier: Apache-2.0
"""What to do about a target that is not wanted any more.

It is deleted or released as its marker says, and only when the view of the fleet is complete. Where
the same arrives sealed from now on it is released in any case: nobody is without it in between.
"""

from dataclasses import replace

from keyfleet.model.ownership import Claim, Marker
from keyfleet.model.plan import Step, Verb
from keyfleet.plan.checks import intent_runs
from keyfleet.plan.leaving import leave, renamed
from keyfleet.plan.question import Question
from keyfleet.plan.writes import released


def decide_unwanted(question: Question) -> Step:
    """Return what to do about a target that is not wanted any more."""
    marker, actual = question.holding.marker, question.actual
    if actual is None or marker is None or not question.holding.belongs_to(question.key):
        return leave(question)
    if marker.released or actual.is_deleting or question.rival is not None:
        # A rival that wants the place takes the marker itself: nobody deletes in between.
        return leave(question)
    if says_nothing(question, marker):
        return leave(question)
    if hold := intent_runs(question) or question.deletion_hold or renamed(question, marker):
        return leave(question, hold)
    policy = question.deletion_policy or marker.deletion_policy
    step = replace(leave(question), verb=Verb.DELETE)
    if policy != "Delete" or question.is_succeeded:
        return replace(step, verb=Verb.RELEASE, write=released(question, actual, marker))
    return step


def says_nothing(question: Question, marker: Marker) -> bool:
    """Tell whether a marker and who asks now are no reason to delete."""
    is_unsigned = question.holding.claim is Claim.UNSIGNED
    if question.intent is None:
        # `apply` from a laptop stores no intent, so its absence says nothing.
        return is_unsigned or not marker.intent_uid
    # Anybody who may write Secrets there can forge it, in the name of any intent. Only a person at
    # a command line, whose own rights count, deletes on its word.
    return is_unsigned and not question.policies.is_operator
