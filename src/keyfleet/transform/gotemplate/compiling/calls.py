# SPDX-License-Identifier: Apache-2.0
"""Calls of functions and methods: arguments in, budget paid, errors located.

Source: docs/compat/go-templates.md 7.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from keyfleet.transform.gotemplate.compiling.frame import Evaluate, FailureError, Frame, Place
from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.functions.table import Function
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.truth import is_true

_SMALL: Final = frozenset({int, bool, float, type(None)})
"""Types whose values are never large."""


class Argument(NamedTuple):
    """A compiled argument."""

    evaluate: Evaluate
    of: Callable[[Any], Any] | None
    """Makes it what the parameter asks for; None where it is that already."""
    place: Place
    """Of an argument of another type."""


def function_call(function: Function, arguments: Sequence[Argument], place: Place) -> Evaluate:
    """Return a closure that calls a function."""

    def call(frame: Frame) -> Any:
        values = []
        for evaluate, of, where in arguments:
            value = evaluate(frame)
            if of is not None:
                try:
                    value = of(value)
                except GoError as error:
                    raise FailureError(where, error) from None
            values.append(value)
        return invoke(frame.run, function, values, place)

    return call


def short_circuit(arguments: Sequence[Argument], *, stops_at: bool) -> Evaluate:
    """Return a closure for `and` and `or`, which evaluate no more arguments than they need."""
    evaluations = [argument.evaluate for argument in arguments]

    def decide(frame: Frame) -> Any:
        value = None
        for evaluate in evaluations:
            value = evaluate(frame)
            if is_true(value) == stops_at:
                break
        return value

    return decide


def invoke(run: Run, function: Function, values: Sequence[Any], place: Place) -> Any:
    """Call a function, or a method with its object first, and account for it.

    Raises:
        FailureError: It failed.
    """
    try:
        for value in values:
            if type(value) not in _SMALL:
                run.work_on(value)
        result = function.call(run, *values) if function.takes_run else function.call(*values)
        if type(result) not in _SMALL and id(result) not in map(id, values):
            run.has_made(result)  # an argument that is given back was paid for before
    except GoError as error:
        raise FailureError(place, _in_call(function, error)) from None
    return result


def _in_call(function: Function, error: GoError) -> GoError:
    return GoError(f"error calling {function.name}: ", *error.parts)
