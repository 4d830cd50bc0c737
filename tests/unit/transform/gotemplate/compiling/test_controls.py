# SPDX-License-Identifier: Apache-2.0
"""Choosing and looping: what runs, what dot is, who is told to stop."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.transform.gotemplate.frames import a_frame

from keyfleet.transform.gotemplate.compiling.controls import (
    BREAK,
    CONTINUE,
    ON,
    Branch,
    Statement,
    choice,
    loop,
    sequence,
    signal_of,
)
from keyfleet.transform.gotemplate.compiling.frame import FailureError, Frame, Place
from keyfleet.transform.gotemplate.parsing.nodes import Dot
from keyfleet.transform.gotemplate.values import string_map

PLACE = Place("t", Dot(1, 0))
NOTHING = signal_of(ON)


def writes(text: Callable[[Frame], Any], signal: int = ON) -> Statement:
    def write(frame: Frame) -> int:
        frame.out.add(f"{text(frame)};")
        return signal

    return write


SHOW_DOT = writes(lambda frame: f"{frame.dot} {frame.dot_is_any}")


def test_a_sequence_stops_at_a_signal_and_pays_for_all() -> None:
    frame = a_frame()
    before = frame.run.steps
    statement = sequence([SHOW_DOT, signal_of(CONTINUE), SHOW_DOT], 7, PLACE)
    assert statement(frame) == CONTINUE
    assert frame.out.pieces == ["None False;"]
    assert before - frame.run.steps == 7
    with pytest.raises(FailureError):
        statement(a_frame(steps=6))


def test_with_sets_dot_and_gives_it_back() -> None:
    frame = a_frame("outer")
    frame.dot_is_any = True
    body = writes(lambda frame: f"{frame.dot} {frame.dot_is_any}", BREAK)
    assert choice([Branch(lambda _: "inner", True, body)], NOTHING)(frame) == BREAK
    assert frame.out.pieces == ["inner False;"]
    assert (frame.dot, frame.dot_is_any) == ("outer", True)


def test_takes_the_first_branch_that_is_true() -> None:
    branches = [
        Branch(lambda _: 0, True, writes(lambda _: "no")),
        Branch(lambda _: 1, False, SHOW_DOT),
        Branch(lambda _: pytest.fail("asked too much"), False, NOTHING),
    ]
    frame = a_frame("dot")
    choice(branches, NOTHING)(frame)
    assert frame.out.pieces == ["dot False;"]
    assert choice(branches[:1], signal_of(BREAK))(frame) == BREAK


def test_a_loop_sets_dot_and_variables() -> None:
    frame = a_frame("outer")
    body = writes(lambda frame: f"{frame.dot} {frame.slots[1:]}")
    assert loop(lambda _: ["a", "b"], [1, 2], body, NOTHING, PLACE)(frame) == ON
    assert loop(lambda _: {"k": "v"}, [2], body, NOTHING, PLACE)(frame) == ON
    assert frame.out.pieces == ["a [0, 'a'];", "b [1, 'b'];", "v [1, 'v'];"]
    assert frame.dot == "outer"


def test_a_loop_knows_whether_its_elements_were_any() -> None:
    frame = a_frame()
    loop(lambda _: [1], [1, 2], SHOW_DOT, NOTHING, PLACE)(frame)
    assert frame.any_slots == {2}
    loop(lambda _: string_map({"k": "v"}), [1, 2], SHOW_DOT, NOTHING, PLACE)(frame)
    assert frame.any_slots == set()
    assert frame.out.pieces == ["1 True;", "v False;"]


def test_a_loop_takes_signals_for_itself() -> None:
    frame = a_frame()
    body = writes(lambda frame: frame.dot, CONTINUE)
    assert loop(lambda _: 2, [], body, NOTHING, PLACE)(frame) == ON
    body = writes(lambda frame: frame.dot, BREAK)
    assert loop(lambda _: 2, [], body, NOTHING, PLACE)(frame) == ON
    assert frame.out.pieces == ["0;", "1;", "0;"]


def test_what_follows_an_empty_loop_speaks_to_the_loop_around() -> None:
    assert loop(lambda _: [], [], NOTHING, signal_of(BREAK), PLACE)(a_frame()) == BREAK


def test_an_impossible_loop_fails_at_its_place() -> None:
    with pytest.raises(FailureError) as caught:
        loop(lambda _: 1.5, [], NOTHING, NOTHING, PLACE)(a_frame())
    assert caught.value.place is PLACE
