# SPDX-License-Identifier: Apache-2.0
"""What a target should hold, given what is there.

Mostly the whole data is ours and two fingerprints say whether it is as wanted. Where keys of others
stay, the values themselves are compared, and our own keys of before that are wanted no more go.
"""

from dataclasses import dataclass, replace

from keyfleet.base.secret import SecretValue
from keyfleet.model.data import fingerprint
from keyfleet.model.desired import Actual, Content, DesiredObject
from keyfleet.model.intent import Intent, WriteMode
from keyfleet.plan.question import Question
from keyfleet.plan.sealing import is_sealed_so


@dataclass(frozen=True, slots=True)
class Meeting:
    """A wanted object over a live one."""

    content: Content
    """What the target shall hold; its data is complete only where it is not as wanted."""
    is_same_data: bool
    fingerprint: str
    """Of the target's data afterwards."""
    keys: tuple[str, ...] = ()
    """Names of our keys, where those of others stay."""


def first_keys(question: Question) -> tuple[str, ...]:
    """Return what the marker says of our keys when the target is made."""
    desired = question.desired
    return _names(desired) if desired and _is_merged(desired) else ()


def meeting(question: Question, actual: Actual) -> Meeting:
    """Return what becomes of a live object; pure."""
    assert question.desired is not None  # noqa: S101 - narrows the type; decide() checked it
    desired = question.desired
    if _is_merged(desired):
        return _merged(question, desired, actual)
    content = _typed(question.intent, desired.finalised(actual), actual)
    if desired.write_mode is WriteMode.CREATE_ONLY or _is_sealed(question.intent):
        return Meeting(content, is_same_data=True, fingerprint=actual.fingerprint)
    is_same = actual.fingerprint == question.fingerprint and is_sealed_so(question, content)
    return Meeting(content, is_same, question.fingerprint)


def _merged(question: Question, desired: DesiredObject, actual: Actual) -> Meeting:
    marker = question.holding.marker
    before = tuple(sorted(actual.inherited_keys))
    if marker is not None and question.holding.is_ours:
        before = marker.keys
    if question.made.inputs and question.fingerprint == actual.fingerprint:
        # Templates made it of the very inputs of now, and nobody changed it: nothing was rendered.
        content = _typed(question.intent, desired.base, actual)
        return Meeting(content, is_same_data=True, fingerprint=actual.fingerprint, keys=before)
    live = replace(actual, data=_without(actual, set(before)))
    content = _typed(question.intent, desired.finalised(live), actual)
    is_same = _is_sealed(question.intent) or content.data == actual.data
    installation = question.installation
    print_ = fingerprint(
        installation.ring, hub=installation.hub, intent=question.key, data=content.data
    )
    return Meeting(content, is_same, actual.fingerprint if is_same else print_, _names(desired))


def _without(actual: Actual, keys: set[str]) -> dict[str, SecretValue] | None:
    if actual.data is None:
        return None
    return {key: value for key, value in actual.data.items() if key not in keys}


def _typed(intent: Intent | None, content: Content, actual: Actual) -> Content:
    keeps = intent is not None and intent.shape.keeps_type and not intent.shape.type
    return replace(content, type=actual.type) if keeps and actual.type else content


def _is_sealed(intent: Intent | None) -> bool:
    return intent is not None and intent.shape.dress.is_immutable


def _is_merged(desired: DesiredObject) -> bool:
    return desired.write_mode is WriteMode.MERGE


def _names(desired: DesiredObject) -> tuple[str, ...]:
    return tuple(sorted(desired.base.data))
