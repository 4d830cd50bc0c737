# SPDX-License-Identifier: Apache-2.0
"""Frames and failures."""

from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.compiling.frame import (
    ROOT_SLOT,
    UNSET,
    FailureError,
    Frame,
    Place,
)
from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.parsing.nodes import Dot
from keyfleet.transform.gotemplate.run import Text


def test_begins_with_dot_as_root_and_no_variable() -> None:
    run = a_run()
    frame = Frame(run, Text(run), "default", "dot", 3)
    assert frame.slots[ROOT_SLOT] == frame.dot == "dot"
    assert frame.slots[1:] == [UNSET, UNSET]
    assert not frame.dot_is_any


def test_remembers_how_variables_got_their_values() -> None:
    run = a_run()
    frame = Frame(run, Text(run), "default", None, 3)
    frame.hold([1, 2], is_any=True)
    frame.hold([2], is_any=False)
    assert frame.any_slots == {1}


def test_a_failure_does_not_print_its_error() -> None:
    failure = FailureError(Place("t", Dot(1, 0)), GoError("kf-canary-text"))
    assert "canary" not in f"{failure!s}{failure!r}"
