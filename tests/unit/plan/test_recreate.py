# SPDX-License-Identifier: Apache-2.0
"""What cannot be changed is made anew where that was asked for; what loses data says so."""

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.plan.questions import (
    DATA,
    INSTALLATION,
    KEY,
    desired,
    digest,
    intent,
    live,
    marker,
    question,
    unwanted,
)

from keyfleet.base.secret import SecretValue
from keyfleet.model.data import empty_fingerprint
from keyfleet.model.desired import DesiredObject
from keyfleet.model.intent import Intent, Replace
from keyfleet.model.ownership import OWNER_ANNOTATION
from keyfleet.model.plan import State, Verb
from keyfleet.plan.checks import ANNOTATIONS_MAX_BYTES, DATA_MAX_BYTES, fits_into_a_secret
from keyfleet.plan.decide import decide
from keyfleet.testing.canary import canary

OTHER = {"password": SecretValue(canary("other"))}


def recreating() -> Intent:
    wanted = intent()
    return replace(wanted, guard=replace(wanted.guard, on_unchangeable=Replace.RECREATE))


@pytest.mark.parametrize(
    ("facts", "wanted", "reason"),
    [
        ({"is_immutable": True}, desired(OTHER), "Immutable"),
        ({}, desired(type_="example.com/other"), "TypeChanged"),
    ],
)
def test_is_refused_by_default_and_made_anew_on_demand(
    facts: dict[str, Any], wanted: DesiredObject, reason: str
) -> None:
    actual = live(mark=marker(), labels={"theirs": "kept"}, **facts)
    asked = question(wanted, actual=actual)
    refused = decide(asked)
    assert (refused.verb, refused.finding and refused.finding.reason) == (Verb.NONE, reason)
    assert refused.finding
    assert "spec.replace: Recreate" in refused.finding.hint
    step = decide(replace(asked, intent=recreating()))
    assert (step.verb, step.uid, step.resource_version) == (Verb.RECREATE, "o1", "7")
    assert step.write is not None
    assert step.write.data
    assert step.write.labels["theirs"] == "kept"
    assert OWNER_ANNOTATION in step.write.annotations
    assert not step.loses


def test_making_anew_takes_along_what_stays_and_leaves_what_goes() -> None:
    mark = marker(labels=("old",))
    actual = live(mark=mark, labels={"old": "1", "theirs": "kept"}, is_immutable=True)
    asked = question(desired(OTHER, labels={"new": "2"}), actual=actual, intent=recreating())
    write = decide(asked).write
    assert write is not None
    assert {"old", "new", "theirs"} & set(write.labels) == {"new", "theirs"}


def test_what_is_as_wanted_is_not_made_anew() -> None:
    actual = live(mark=marker(), is_immutable=True)
    step = decide(question(actual=actual, intent=recreating()))
    assert step.verb is not Verb.RECREATE


def test_a_type_that_differs_is_made_anew_though_the_marks_are_equal() -> None:
    asked = question(desired(type_="example.com/other"), intent=recreating())
    created = decide(replace(asked, actual=None)).write
    assert created is not None
    notes = {name: str(text) for name, text in created.annotations.items()}
    labels = {name: str(text) for name, text in created.labels.items()}
    actual = replace(live(mark=marker()), annotations=notes, labels=labels)
    step = decide(replace(asked, actual=actual))
    assert step.verb is Verb.RECREATE
    assert step.write is not None
    assert step.write.annotations == notes


def test_emptying_is_a_loss_and_staying_empty_is_none() -> None:
    full = decide(question(desired({}), actual=live(mark=marker())))
    assert (full.verb, full.empties, full.loses) == (Verb.UPDATE, True, True)
    empty = empty_fingerprint(INSTALLATION.ring, hub=INSTALLATION.hub, intent=KEY)
    assert digest({}) == empty
    still = decide(question(desired({}), actual=live({}, mark=marker())))
    assert not still.loses


def test_a_change_of_values_is_no_loss_and_a_deletion_is_one() -> None:
    assert not decide(question(desired(OTHER), actual=live(mark=marker()))).loses
    assert not decide(question(desired({}))).loses
    assert decide(unwanted(live(mark=marker()))).loses


@pytest.mark.parametrize(
    ("data", "note", "is_refused"),
    [
        (DATA_MAX_BYTES, 0, False),
        (DATA_MAX_BYTES + 1, 0, True),
        (1, ANNOTATIONS_MAX_BYTES - (8 << 10) - 1, False),
        (1, ANNOTATIONS_MAX_BYTES - (8 << 10), True),
    ],
)
def test_what_no_api_server_takes_is_refused(data: int, note: int, is_refused: bool) -> None:
    half = SecretValue(canary("x").ljust(data // 2, b"."))
    rest = SecretValue(b"." * (data - half.size if data > half.size else 0))
    wanted = desired({"a": half, "b": rest} if data > 1 else DATA, annotations={"n": "x" * note})
    finding = fits_into_a_secret(question(wanted))
    assert (finding is not None) == is_refused
    if finding is not None:
        assert (finding.state, finding.reason) == (State.FAILED, "TooLarge")
        assert decide(question(wanted, actual=live(mark=marker()))).verb is Verb.NONE


def test_what_is_not_wanted_is_not_measured() -> None:
    assert fits_into_a_secret(unwanted(live(mark=marker()))) is None
