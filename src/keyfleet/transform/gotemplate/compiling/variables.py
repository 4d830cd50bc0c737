# SPDX-License-Identifier: Apache-2.0
"""What variables do: take the value of a pipeline, and give it.

The value of a pipeline is never nil in an `any`, but no value: Go takes it out of the `any`.
Source: docs/compat/go-templates.md 7.
"""

from collections.abc import Sequence
from typing import Any

from keyfleet.transform.gotemplate.compiling.frame import (
    UNSET,
    Evaluate,
    FailureError,
    Frame,
    Place,
)
from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.values import INVALID


def declaration(evaluate: Evaluate, slots: Sequence[int]) -> Evaluate:
    """Return a pipeline that gives its value to new variables, if there are any."""

    def declare(frame: Frame) -> Any:
        value = evaluate(frame)
        if value is None:
            value = INVALID
        for slot in slots:
            frame.slots[slot] = value
        return value

    return declare


def assignment(
    evaluate: Evaluate, variables: Sequence[tuple[int | None, str]], place: Place
) -> Evaluate:
    """Return a pipeline that gives its value to variables which are there already.

    Args:
        evaluate: Gives the value.
        variables: Their slots, None for those that were never declared, and names.
        place: Where a variable is missing.
    """

    def assign(frame: Frame) -> Any:
        value = evaluate(frame)
        if value is None:
            value = INVALID
        for slot, name in variables:
            if slot is None or frame.slots[slot] is UNSET:
                raise FailureError(place, _undefined(name))
            frame.slots[slot] = value
            frame.any_slots.discard(slot)
        return value

    return assign


def reading(slot: int | None, name: str, place: Place) -> Evaluate:
    """Return what gives a variable's value."""

    def read(frame: Frame) -> Any:
        value = UNSET if slot is None else frame.slots[slot]
        if value is UNSET:
            raise FailureError(place, _undefined(name))
        return value

    return read


def pipe(first: Evaluate, stages: Sequence[Evaluate], slot: int) -> Evaluate:
    """Return commands that each take the value of the one before, which waits in a slot."""

    def evaluate(frame: Frame) -> Any:
        value = first(frame)
        for stage in stages:
            frame.slots[slot] = INVALID if value is None else value
            value = stage(frame)
        return value

    return evaluate


def _undefined(name: str) -> GoError:
    return GoError(f"undefined variable: {name}")
