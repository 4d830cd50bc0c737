# SPDX-License-Identifier: Apache-2.0
"""How a target's own annotations change what an intent does to it.

Source: compat/sealed-secrets.md 2.5.
"""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.plan.questions import intent

from keyfleet.model.desired import Actual
from keyfleet.model.dress import Dress, OwnerReference
from keyfleet.model.intent import Deference, DeletionPolicy, Intent, WriteMode
from keyfleet.plan.facing import facing

SHARES, YIELDS = "example.com/shares", "example.com/yields"
MANIFEST = OwnerReference("example.com/v1", "Kind", "db", "u1")
OTHER = OwnerReference("v1", "ConfigMap", "x", "u2")
DRESS = Dress(MANIFEST, is_owner=True, finalizers=("example.com/keep",), is_immutable=True)


def deferring(**annotations: str) -> Intent:
    plain = intent()
    shape = replace(
        plain.shape,
        deference=Deference(SHARES, YIELDS),
        dress=DRESS,
        annotations={f"example.com/{name}": text for name, text in annotations.items()},
    )
    return replace(plain, shape=shape)


def live(*owners: OwnerReference, **annotations: str) -> Actual:
    found = {f"example.com/{name}": text for name, text in annotations.items()}
    return Actual("t1", "1", annotations=found, owners=owners)


def test_an_intent_that_defers_to_nobody_is_the_same_everywhere() -> None:
    plain = intent()
    assert facing(plain, live(shares="true", yields="true")) is plain
    assert facing(plain, None) is plain


def test_what_is_there_gets_no_finalizer_and_is_not_made_immutable() -> None:
    found = facing(deferring(), live()).shape
    assert (found.dress.finalizers, found.dress.is_immutable) == ((), False)
    assert facing(deferring(), None).shape.dress == DRESS


@pytest.mark.parametrize(
    ("annotations", "mode", "is_tied", "takes_over"),
    [
        ({}, WriteMode.REPLACE_DATA, True, False),
        ({"yields": "true"}, WriteMode.REPLACE_DATA, True, True),
        ({"shares": "true"}, WriteMode.MERGE, False, False),
        ({"shares": "true", "yields": "true"}, WriteMode.MERGE, True, True),
        ({"shares": "True", "yields": "1"}, WriteMode.REPLACE_DATA, True, False),
    ],
)
def test_what_the_target_says_decides(
    annotations: dict[str, str], mode: WriteMode, is_tied: bool, takes_over: bool
) -> None:
    found = facing(deferring(), live(OTHER, **annotations))
    dress = found.shape.dress
    assert found.shape.write_mode is mode
    assert (dress.manifest is not None, dress.takes_over) == (is_tied, takes_over)
    is_left = found.guard.on_intent_deleted is DeletionPolicy.RETAIN
    assert is_left is not is_tied


def test_a_template_counts_for_taking_over_what_is_shared() -> None:
    found = facing(deferring(yields="true"), live(shares="true"))
    assert found.shape.dress.takes_over
    assert not facing(deferring(yields="true"), live()).shape.dress.takes_over


def test_what_is_tied_already_goes_with_its_manifest() -> None:
    found = facing(deferring(), live(MANIFEST, shares="true"))
    assert found.shape.dress.manifest is None
    assert found.guard.on_intent_deleted is DeletionPolicy.DELETE


def test_what_will_be_shared_is_made_as_it_is_met_later() -> None:
    found = facing(deferring(shares="true"), None)
    assert (found.shape.write_mode, found.shape.dress) == (WriteMode.MERGE, DRESS)


@given(st.dictionaries(st.sampled_from(["shares", "yields", "x"]), st.sampled_from(["true", "no"])))
def test_facing_twice_is_facing_once(annotations: dict[str, str]) -> None:
    actual = live(**annotations)
    once = facing(deferring(), actual)
    assert facing(once, actual) == once
