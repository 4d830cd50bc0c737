# SPDX-License-Identifier: Apache-2.0
"""Inputs are compared, not outputs: what stays as it is, and what is made anew."""

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.plan.questions import (
    DATA,
    FORGED,
    INSTALLATION,
    KEY,
    LAPTOP,
    OTHER,
    digest,
    live,
    marker,
    question,
)

from keyfleet.model.desired import Actual, Content
from keyfleet.model.ownership import MARKED, Holding, Installation
from keyfleet.model.plan import Finding, State, Verb
from keyfleet.plan.decide import decide
from keyfleet.plan.kept import is_kept, kept_metadata, metadata_fingerprint
from keyfleet.plan.question import Made

INPUTS = "v1:k1:aaaaaaaaaaaaaaaa"
SPOT = question().spot
NAMES = (("env",), ("note",))


def rendered(**changes: Any) -> Actual:
    """Return a target as a render left it."""
    labels, annotations = {"env": "prod"}, {"note": "n"}
    said = {
        "inputs": INPUTS,
        "fingerprint": digest(DATA),
        "metadata": metadata_fingerprint(KEY, INSTALLATION, labels, annotations),
        **changes,
    }
    mark = marker(**said)
    return live(mark=mark, labels=labels, annotations=annotations, is_as_marked=True)


def holding(actual: Actual, by: Installation = INSTALLATION) -> Holding:
    return MARKED.claims(actual.annotations, SPOT, by)


def kept(actual: Actual, *, inputs: tuple[str, ...] = (INPUTS,), type_: str = "Opaque") -> bool:
    return is_kept(KEY, holding(actual), actual, inputs=inputs, type_=type_)


def test_the_same_inputs_and_the_delivered_data_are_kept() -> None:
    assert kept(rendered())
    assert kept(rendered(), inputs=("v1:k2:bbbbbbbbbbbbbbbb", INPUTS)), "another key came meanwhile"


@pytest.mark.parametrize(
    ("actual", "more"),
    [
        (rendered(), {"inputs": ("v1:k1:bbbbbbbbbbbbbbbb",)}),
        (rendered(), {"type_": "example.com/db"}),
        (replace(rendered(), is_as_marked=False), {}),
        (rendered(inputs=""), {}),
        (live(), {}),
        (live(mark=marker(OTHER, inputs=INPUTS), is_as_marked=True), {}),
        (live(mark=marker(inputs=INPUTS), by=LAPTOP, is_as_marked=True), {}),
        (live(mark=marker(inputs=INPUTS), by=FORGED, is_as_marked=True), {}),
    ],
)
def test_anything_else_is_made_anew(actual: Actual, more: dict[str, Any]) -> None:
    """Also on the word of a marker that anybody could have written."""
    assert not kept(actual, **more)


def test_metadata_is_kept_while_nobody_changed_it() -> None:
    actual = rendered()
    found = kept_metadata(KEY, INSTALLATION, holding(actual), actual, NAMES)
    assert found == ({"env": "prod"}, {"note": "n"})


@pytest.mark.parametrize(
    "changes",
    [
        {"labels": {"env": "other"}},
        {"labels": {}},
        {"annotations": {"note": "m"}},
    ],
)
def test_metadata_that_somebody_changed_is_made_anew(changes: dict[str, Any]) -> None:
    actual = rendered()
    marks = holding(actual)
    assert kept_metadata(KEY, INSTALLATION, marks, replace(actual, **changes), NAMES) is None


def test_without_a_marker_no_metadata_is_kept() -> None:
    assert kept_metadata(KEY, INSTALLATION, Holding(), live(), NAMES) is None


def test_a_kept_target_is_not_written() -> None:
    made = Made(INPUTS, metadata_fingerprint(KEY, INSTALLATION, {}, {}))
    asked = question(made=made)
    first = decide(asked)
    assert first.write is not None
    actual = Actual(
        "o1",
        "7",
        "Opaque",
        {name: text or "" for name, text in first.write.labels.items()},
        {name: text or "" for name, text in first.write.annotations.items()},
        fingerprint=first.fingerprint,
        is_as_marked=True,
    )
    assert is_kept(KEY, holding(actual), actual, inputs=(INPUTS,), type_="Opaque")
    nothing = replace(asked.desired, base=Content("Opaque")) if asked.desired else None
    again = decide(replace(asked, desired=nothing, fingerprint=actual.fingerprint, actual=actual))
    assert (again.verb, again.finding) == (Verb.NONE, None)


def test_a_target_whose_templates_fail_stays() -> None:
    """There is a desired object, which holds nothing: it must never be written."""
    finding = Finding(State.FAILED, "TemplateError", "k cannot be executed")
    asked = question(desired=replace(_desired(), base=Content("Opaque")), obstacle=finding)
    for actual in (None, rendered(), live()):
        step = decide(replace(asked, actual=actual))
        assert (step.verb, step.finding) == (Verb.NONE, finding)


def _desired() -> Any:
    found = question().desired
    assert found is not None
    return found
