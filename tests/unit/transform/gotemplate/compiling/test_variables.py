# SPDX-License-Identifier: Apache-2.0
"""Variables: declared, assigned, read, and the value that goes through a pipeline."""

import pytest
from tests.unit.transform.gotemplate.frames import a_frame

from keyfleet.transform.gotemplate.compiling.frame import UNSET, FailureError, Place
from keyfleet.transform.gotemplate.compiling.variables import assignment, declaration, pipe, reading
from keyfleet.transform.gotemplate.parsing.nodes import Dot
from keyfleet.transform.gotemplate.values import INVALID

PLACE = Place("t", Dot(1, 0))


def test_a_declaration_gives_its_value_to_all() -> None:
    frame = a_frame("x")
    assert declaration(lambda frame: frame.dot, [1, 2])(frame) == "x"
    assert frame.slots[1:] == ["x", "x"]


def test_nil_becomes_no_value() -> None:
    """So that a field of it is no value too, where a field of nil would fail."""
    frame = a_frame()
    assert declaration(lambda _: None, [1])(frame) is INVALID
    assert frame.slots[1] is INVALID
    assert assignment(lambda _: None, [(1, "$x")], PLACE)(frame) is INVALID
    assert frame.slots[1] is INVALID


def test_an_assigned_value_is_no_longer_an_element() -> None:
    frame = a_frame()
    frame.slots[1] = "old"
    frame.hold([1, 2], is_any=True)
    assert assignment(lambda _: "new", [(1, "$x")], PLACE)(frame) == "new"
    assert (frame.slots[1], frame.any_slots) == ("new", {2})


@pytest.mark.parametrize("slot", [None, 1])
def test_variables_that_were_not_declared_fail_when_they_are_reached(slot: int | None) -> None:
    frame = a_frame()
    assert frame.slots[1] is UNSET
    for evaluate in (
        assignment(lambda _: 1, [(slot, "$x")], PLACE),
        reading(slot, "$x", PLACE),
    ):
        with pytest.raises(FailureError) as caught:
            evaluate(frame)
        assert caught.value.place is PLACE
        assert caught.value.error.go_text() == "undefined variable: $x"


def test_reads_what_was_declared() -> None:
    frame = a_frame("root")
    assert reading(0, "$", PLACE)(frame) == "root"


def test_each_command_takes_the_value_of_the_one_before() -> None:
    frame = a_frame("a")
    stages = [lambda frame: frame.slots[1] + "b", lambda frame: frame.slots[1] + "c"]
    assert pipe(lambda frame: frame.dot, stages, 1)(frame) == "abc"
    assert pipe(lambda _: None, [lambda frame: frame.slots[1]], 1)(frame) is INVALID
