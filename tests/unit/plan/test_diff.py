# SPDX-License-Identifier: Apache-2.0
"""Differences for people show names, sizes and digits, and never a value."""

from tests.unit.plan.questions import DATA, INSTALLATION, KEY, OTHER, live

from keyfleet.base.secret import SecretValue
from keyfleet.model.desired import Content
from keyfleet.model.plan import Change
from keyfleet.plan.diff import changes
from keyfleet.testing.canary import canary, find_canary

CONTENT = Content("Opaque", {"password": SecretValue(canary("new")), "user": DATA["password"]})


def signs(found: tuple[Change, ...]) -> list[tuple[str, str, str]]:
    return [(change.sign, change.kind, change.name) for change in found]


def test_a_new_object_is_all_plus() -> None:
    found = changes(KEY, INSTALLATION, None, CONTENT)
    assert signs(found) == [("+", "key", "password"), ("+", "key", "user")]
    assert [(one.before, one.before_size) for one in found] == [("", None), ("", None)]
    assert [len(one.after) for one in found] == [8, 8]


def test_an_object_that_goes_is_all_minus() -> None:
    found = changes(KEY, INSTALLATION, live(), None)
    assert signs(found) == [("-", "key", "password")]
    assert (found[0].after, found[0].after_size) == ("", None)


def test_changed_kept_added_and_removed_keys_are_told_apart() -> None:
    actual = live({"password": SecretValue(canary("old")), "gone": DATA["password"]})
    found = changes(KEY, INSTALLATION, actual, CONTENT)
    assert signs(found) == [("-", "key", "gone"), ("~", "key", "password"), ("+", "key", "user")]
    same = changes(KEY, INSTALLATION, live(CONTENT.data), CONTENT)
    assert [one.sign for one in same] == ["=", "="]
    assert [one.before for one in same] == [one.after for one in same]


def test_sizes_are_shown() -> None:
    found = changes(KEY, INSTALLATION, live({"k": SecretValue(b"kf-canary-")}), CONTENT)
    assert found[0].before_size == 10


def test_an_empty_value_has_a_size() -> None:
    empty = Content("Opaque", {"k": SecretValue(b"")})
    found = changes(KEY, INSTALLATION, live({"k": SecretValue(b"")}), empty)
    assert (found[0].sign, found[0].before_size, found[0].after_size) == ("=", 0, 0)


def test_a_changed_type_and_changed_metadata_are_shown_in_clear() -> None:
    actual = live({}, labels={"a": "1", "same": "1"}, annotations={"n": "1"})
    content = Content("example.com/x", {}, {"a": "2", "b": "1", "same": "1"}, {"n": "2", "m": "1"})
    found = changes(KEY, INSTALLATION, actual, content)
    assert [(one.kind, one.name, one.sign, one.before, one.after) for one in found] == [
        ("type", "type", "~", "Opaque", "example.com/x"),
        ("label", "a", "~", "1", "2"),
        ("label", "b", "+", "", "1"),
        ("annotation", "m", "+", "", "1"),
        ("annotation", "n", "~", "1", "2"),
    ]


def test_a_type_that_was_not_read_is_no_change() -> None:
    assert changes(KEY, INSTALLATION, live({}, type=""), Content("Opaque")) == ()


def test_the_same_value_shows_other_digits_in_another_intent() -> None:
    mine = changes(KEY, INSTALLATION, None, CONTENT)
    theirs = changes(OTHER, INSTALLATION, None, CONTENT)
    assert [one.after for one in mine] != [one.after for one in theirs]


def test_no_value_shows() -> None:
    assert not find_canary(repr(changes(KEY, INSTALLATION, live(), CONTENT)))
