# SPDX-License-Identifier: Apache-2.0
"""Choices. What Go says to many more is in vectors/sprig_defaults.jsonl."""

import pytest

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.functions.sprig.defaults import (
    are_all_given,
    coalesce,
    default,
    fail,
    hello,
    is_any_given,
    is_empty,
    ternary,
)
from keyfleet.transform.gotemplate.values import GoObject


class Nothing(GoObject):
    go_type = "things.Nothing"

    def __len__(self) -> int:
        return 0


def test_no_struct_is_empty() -> None:
    assert not is_empty(Nothing())
    assert all(map(is_empty, [None, False, 0, 0.0, "", [], {}]))


def test_default_takes_the_first_given_value() -> None:
    assert (default("d"), default("d", ""), default("d", "x", "y")) == ("d", "d", "x")


def test_choices_look_for_what_is_not_empty() -> None:
    assert (coalesce(0, "", "x"), coalesce()) == ("x", None)
    assert (are_all_given(), are_all_given(1, 0), is_any_given(), is_any_given(0, 1)) == (
        True, False, False, True,
    )  # fmt: skip
    assert (ternary(1, 2, True), ternary(1, 2, False), hello()) == (1, 2, "Hello!")


def test_the_message_of_fail_is_data() -> None:
    with pytest.raises(GoError) as caught:
        fail("no port")
    assert caught.value.go_text() == "no port"
    assert caught.value.shown("{{ fail .message }}") == "[redacted]"
