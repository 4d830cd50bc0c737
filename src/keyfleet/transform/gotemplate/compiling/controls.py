# SPDX-License-Identifier: Apache-2.0
"""What control structures do: choose, loop, stop.

A statement is a closure that writes into its frame's output. It returns how the loop around it
goes on: `ON` in the usual case, else `BREAK` or `CONTINUE`.
Source: docs/compat/go-templates.md 10.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from keyfleet.transform.gotemplate.compiling.frame import Evaluate, FailureError, Frame, Place
from keyfleet.transform.gotemplate.compiling.looping import pairs
from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.fields import holds_any
from keyfleet.transform.gotemplate.truth import is_true

ON: Final = 0
BREAK: Final = 1
CONTINUE: Final = 2

Statement = Callable[[Frame], int]


class Branch(NamedTuple):
    """One condition of an `if` or a `with`, and what it leads to."""

    evaluate: Evaluate
    sets_dot: bool
    body: Statement


def sequence(statements: Sequence[Statement], cost: int, place: Place) -> Statement:
    """Return a statement that executes others one by one.

    Args:
        statements: What to execute.
        cost: The steps of all of them, paid at once.
        place: Where there were too many steps.
    """

    def execute(frame: Frame) -> int:
        try:
            frame.run.step(cost)
        except GoError as error:
            raise FailureError(place, error) from None
        for statement in statements:
            signal = statement(frame)
            if signal:
                return signal
        return ON

    return execute


def signal_of(signal: int) -> Statement:
    """Return a statement that does nothing but say how to go on."""
    return lambda _: signal


def choice(branches: Sequence[Branch], otherwise: Statement) -> Statement:
    """Return an `if` or `with`, and all that follows it with `else if` or `else with`."""

    def choose(frame: Frame) -> int:
        for evaluate, sets_dot, body in branches:
            value = evaluate(frame)
            if is_true(value):
                return _with_dot(frame, value, body) if sets_dot else body(frame)
        return otherwise(frame)

    return choose


def loop(
    evaluate: Evaluate, slots: Sequence[int], body: Statement, otherwise: Statement, place: Place
) -> Statement:
    """Return a `range`.

    Args:
        evaluate: Gives what to go through.
        slots: Where the element goes or, of two, where the position and the element go.
        body: Executed for each element, which is dot then.
        otherwise: Executed when there is none.
        place: Where there is nothing to go through.
    """
    first = 2 - len(slots)  # one variable is for the element

    def execute(frame: Frame) -> int:
        value = evaluate(frame)
        try:
            found = pairs(frame.run, value, variables=len(slots))
        except GoError as error:
            raise FailureError(place, error) from None
        dot, dot_is_any = frame.dot, frame.dot_is_any
        is_empty = True
        frame.dot_is_any = holds_any(value)
        frame.hold(slots[-1:], is_any=frame.dot_is_any)
        for pair in found:
            is_empty = False
            frame.dot = pair[1]
            for slot, part in zip(slots, pair[first:], strict=True):
                frame.slots[slot] = part
            if body(frame) == BREAK:
                break
        frame.dot, frame.dot_is_any = dot, dot_is_any
        return otherwise(frame) if is_empty else ON

    return execute


def _with_dot(frame: Frame, value: Any, body: Statement) -> int:
    dot, dot_is_any = frame.dot, frame.dot_is_any
    frame.dot, frame.dot_is_any = value, False
    signal = body(frame)
    frame.dot, frame.dot_is_any = dot, dot_is_any
    return signal
