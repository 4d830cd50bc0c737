# SPDX-License-Identifier: Apache-2.0
"""What the closures of a compiled template work on, and how they fail."""

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.fields import MissingKey
from keyfleet.transform.gotemplate.parsing.nodes import Node
from keyfleet.transform.gotemplate.run import Run, Text

UNSET: Final = object()
"""In the slot of a variable whose declaration was not executed."""
ROOT_SLOT: Final = 0
"""Of `$`."""


class Place(NamedTuple):
    """Where a template fails."""

    definition: str
    """The template at work: the main one, or one that it calls."""
    node: Node


class FailureError(Exception):
    """A Go error, and the place that it is reported at."""

    def __init__(self, place: Place, error: GoError) -> None:
        """Make it."""
        super().__init__("a Go error")  # never the text: it may quote a value
        self.place = place
        self.error = error


class Frame:
    """One execution of one definition."""

    __slots__ = ("any_slots", "dot", "dot_is_any", "missing", "out", "run", "slots")

    def __init__(self, run: Run, out: Text, missing: MissingKey, dot: Any, size: int) -> None:
        """Begin.

        Args:
            run: The budget of the whole render.
            out: Where text goes.
            missing: What a missing key gives.
            dot: The value at hand, and that of `$`.
            size: How many slots the definition's variables need, with that of `$`.
        """
        self.run = run
        self.out = out
        self.missing: MissingKey = missing
        self.dot = dot
        self.dot_is_any = False
        """Whether dot was taken out of a container of `any`: errors then say so."""
        self.slots: list[Any] = [UNSET] * size
        self.slots[ROOT_SLOT] = dot
        self.any_slots: set[int] = set()
        """The variables that hold what was taken out of a container of `any`."""

    def hold(self, slots: Iterable[int], *, is_any: bool) -> None:
        """Remember how variables got their values."""
        if is_any:
            self.any_slots.update(slots)
        else:
            self.any_slots.difference_update(slots)


Evaluate = Callable[[Frame], Any]
"""Gives an expression's value."""


class Expression(NamedTuple):
    """A compiled piece of a pipeline."""

    evaluate: Evaluate
    last: Node
    """What Go looks at last when it evaluates it, and points at in errors that follow."""
