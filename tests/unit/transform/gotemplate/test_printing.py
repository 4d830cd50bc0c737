# SPDX-License-Identifier: Apache-2.0
from collections.abc import Mapping
from typing import Any

import pytest
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.printing import printed, printed_action, sprint, sprintln
from keyfleet.transform.gotemplate.values import INVALID, GoObject, GoSequence, JsonNumber


class Pair(GoObject):
    go_type = "*sprig.pair"

    def fields(self) -> Mapping[str, Any]:
        return {"A": 1, "B": "x"}


class Channel(GoSequence):
    go_type = "<-chan int64"


class Version(GoObject):
    go_type = "*semver.Version"

    def go_string(self) -> str:
        return "&1.2"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        (1, "1"),
        (True, "true"),
        (1e6, "1e+06"),
        (1j, "(0+1i)"),
        (None, "<nil>"),
        (INVALID, "<nil>"),
        ([None], "[<nil>]"),
        (Pair(), "&{1 x}"),
        (Version(), "&1.2"),
    ],
)
def test_prints(value: Any, text: str) -> None:
    assert printed(value, a_run()) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "<no value>"),
        (INVALID, "<no value>"),
        ([None], "[<nil>]"),
        ("a", "a"),
        (Pair(), "{1 x}"),
        (Version(), "&1.2"),
    ],
)
def test_an_action_writes_no_value_and_what_a_pointer_points_to(value: Any, text: str) -> None:
    assert printed_action(value, a_run()) == text


def test_a_space_stands_between_two_that_are_no_strings() -> None:
    values = [1, 2, "a", "b", 3, True, None, JsonNumber("4"), [5]]
    assert sprint(a_run(), values) == "1 2ab3 true <nil>4[5]"


def test_a_line_always_has_spaces() -> None:
    assert sprintln(a_run(), ["a", 1, "b"]) == "a 1 b\n"
    assert sprintln(a_run(), []) == "\n"


def test_halves_of_a_character_become_that_character() -> None:
    assert sprint(a_run(), ["\udcc3", "\udca9"]) == "é"


def test_stops_before_a_text_is_too_long() -> None:
    with pytest.raises(BudgetError):
        sprint(a_run(string_bytes=1000), ["x" * 600, "y" * 600])


def test_an_action_cannot_write_a_channel() -> None:
    with pytest.raises(GoError) as caught:
        printed_action(Channel(), a_run(), "{{.c}}")
    assert caught.value.go_text() == "can't print {{.c}} of type <-chan int64"
    assert printed(Channel(), a_run()) == "0xc000012345"
