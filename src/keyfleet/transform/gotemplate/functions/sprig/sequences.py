# SPDX-License-Identifier: Apache-2.0
"""Sprig's ranges of integers. Source: docs/compat/go-templates.md 16.3."""

from typing import Final

from keyfleet.transform.gotemplate.functions.table import INT, Table
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import GoList

SEQUENCES: Final = Table()


@SEQUENCES.function("until", params=(INT,), run=True)
def until(run: Run, count: int) -> GoList:
    """Return the integers from 0 up or down to, not including, the count."""
    return until_step(run, 0, count, 1 if count >= 0 else -1)


@SEQUENCES.function("untilStep", params=(INT, INT, INT), run=True)
def until_step(run: Run, start: int, stop: int, step: int) -> GoList:
    """Return the integers from start to, not including, stop; none when the step leads away."""
    return GoList(_range(run, start, stop, step), "int")


def _range(run: Run, start: int, stop: int, step: int) -> range:
    numbers = range(start, stop, step) if step else range(0)
    run.will_hold(count_of(numbers))
    run.walk(count_of(numbers))
    return numbers


def count_of(numbers: range) -> int:
    """Return how many there are; `len` refuses more than 2**63 - 1."""
    return (numbers[-1] - numbers[0]) // numbers.step + 1 if numbers else 0


@SEQUENCES.function("seq", variadic=INT, run=True)
def seq(run: Run, *parameters: int) -> str:
    """Return the integers as the Unix tool of that name does, in one line."""
    if not 1 <= len(parameters) <= 3:
        return ""
    start = parameters[0] if len(parameters) > 1 else 1
    end = parameters[-1]
    toward = 1 if end >= start else -1
    step = parameters[1] if len(parameters) == 3 else toward
    if len(parameters) == 3 and toward < 0 and step > 0:
        return ""
    return " ".join(map(str, _range(run, start, end + toward, step)))
