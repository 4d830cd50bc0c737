# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import pytest

from keyfleet.base.errors import InvariantError
from keyfleet.base.secret import SecretValue
from keyfleet.model.desired import Actual, Content, DesiredObject
from keyfleet.model.intent import WriteMode
from keyfleet.model.places import ClusterName, Place

PLACE = Place(ClusterName("east"), "payments", "db")
OURS, THEIRS = SecretValue(b"kf-canary-ours"), SecretValue(b"kf-canary-theirs")
BASE = Content("Opaque", {"ours": OURS})
LIVE = Actual("uid", "7", "Opaque", data={"ours": THEIRS, "theirs": THEIRS})


def _keep_label(content: Content, actual: Actual | None) -> Content:
    return replace(content, labels={"seen": "retain", "live": str(actual is not None)})


def _override_label(content: Content) -> Content:
    return replace(content, labels={**content.labels, "seen": "patch"})


def _again(content: Content) -> Content:
    return replace(content, labels={**content.labels, "seen": content.labels["seen"] + "+"})


def test_without_rules_it_is_the_base() -> None:
    assert DesiredObject(PLACE, BASE).finalised(None) is BASE
    assert DesiredObject(PLACE, BASE).finalised(LIVE) is BASE


def test_retained_fields_come_before_patches_and_patches_in_their_order() -> None:
    wanted = DesiredObject(PLACE, BASE, (_keep_label,), (_override_label, _again))
    assert wanted.finalised(LIVE).labels == {"seen": "patch+", "live": "True"}


def test_a_retain_rule_sees_that_nothing_is_there() -> None:
    wanted = DesiredObject(PLACE, BASE, (_keep_label,))
    assert wanted.finalised(None).labels["live"] == "False"


def test_merging_keeps_the_keys_of_others_and_sets_ours() -> None:
    wanted = DesiredObject(PLACE, BASE, write_mode=WriteMode.MERGE)
    assert wanted.finalised(LIVE).data == {"ours": OURS, "theirs": THEIRS}


def test_merging_with_nothing_is_ours_alone() -> None:
    wanted = DesiredObject(PLACE, BASE, write_mode=WriteMode.MERGE)
    assert wanted.finalised(None).data == {"ours": OURS}


def test_merging_into_what_was_not_read_is_a_bug() -> None:
    wanted = DesiredObject(PLACE, BASE, write_mode=WriteMode.MERGE)
    with pytest.raises(InvariantError):
        wanted.finalised(replace(LIVE, data=None))


def test_replacing_drops_the_keys_of_others() -> None:
    assert DesiredObject(PLACE, BASE).finalised(LIVE).data == {"ours": OURS}


def test_nothing_is_changed_in_place() -> None:
    wanted = DesiredObject(PLACE, BASE, (_keep_label,), (_override_label,), WriteMode.MERGE)
    before = (dict(BASE.data), dict(BASE.labels), dict(LIVE.data or {}))
    wanted.finalised(LIVE)
    assert (dict(BASE.data), dict(BASE.labels), dict(LIVE.data or {})) == before


def test_shows_no_value() -> None:
    assert "kf-canary" not in f"{DesiredObject(PLACE, BASE)!r} {LIVE!r}"
