# SPDX-License-Identifier: Apache-2.0
"""Ranges of integers. What Go says to many more is in vectors/sprig_sequences.jsonl."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError
from keyfleet.transform.gotemplate.functions.sprig.sequences import (
    count_of,
    seq,
    until,
    until_step,
)

numbers = st.integers(-50, 50)


@given(numbers)
def test_counts_up_or_down_from_zero(count: int) -> None:
    assert [abs(number) for number in until(a_run(), count)] == list(range(abs(count)))


@given(numbers, numbers, numbers)
def test_steps_never_pass_the_end(start: int, stop: int, step: int) -> None:
    found = until_step(a_run(), start, stop, step)
    assert all(min(start, stop) <= number <= max(start, stop) for number in found)
    assert stop not in found


@given(numbers, numbers)
def test_seq_holds_both_ends(start: int, end: int) -> None:
    found = seq(a_run(), start, end).split(" ")
    assert (int(found[0]), int(found[-1])) == (start, end)


@pytest.mark.parametrize("count", [10**6, -(10**6), 2**63 - 1])
def test_long_ranges_are_refused_before_they_are_made(count: int) -> None:
    for make in (until, seq):
        with pytest.raises(BudgetError):
            make(a_run(), count)


def test_counts_what_python_cannot() -> None:
    assert count_of(range(2**70)) == 2**70
    assert count_of(range(10, 0, -3)) == 4
