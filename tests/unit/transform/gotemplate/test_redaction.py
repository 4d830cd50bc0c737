# SPDX-License-Identifier: Apache-2.0
"""The net under functions that put a value into the constant part of an error."""

from collections.abc import Mapping
from typing import Any

from keyfleet.transform.gotemplate.redaction import redacted
from keyfleet.transform.gotemplate.values import GoObject

SECRET = 'kf-canary-"quoted"\n'


class Thing(GoObject):
    go_type = "things.Thing"

    def fields(self) -> Mapping[str, Any]:
        return {"Value": SECRET}


def test_takes_values_out_wherever_they_are() -> None:
    for root in ({"a": [{"b": SECRET}]}, [SECRET], SECRET, Thing(), {"t": [Thing()]}):
        assert redacted(f"cannot take {SECRET}!", root, "{{.}}") == "cannot take [redacted]!"


def test_takes_out_what_go_quotes() -> None:
    message = 'cannot take "kf-canary-\\"quoted\\"\\n"'
    assert redacted(message, {"a": SECRET}, "{{.a}}") == 'cannot take "[redacted]"'


def test_takes_out_numbers() -> None:
    assert redacted("not 54321, not 12.5", [54321, 12.5], "") == "not [redacted], not [redacted]"


def test_longer_values_first() -> None:
    """Else the rest of the longer one would stay."""
    data = ["kf-canary", "kf-canary-longer"]
    assert redacted("no kf-canary-longer", data, "") == "no [redacted]"


def test_keeps_what_the_source_says_and_what_is_too_short() -> None:
    assert redacted("no port in abc", ["port", "abc"], '{{fail "port"}}') == "no port in abc"


def test_data_may_hold_itself() -> None:
    data: dict[str, Any] = {"a": "kf-canary-x"}
    data["self"] = data
    assert redacted("a kf-canary-x", data, "") == "a [redacted]"
