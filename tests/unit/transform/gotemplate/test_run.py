# SPDX-License-Identifier: Apache-2.0
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError
from keyfleet.transform.gotemplate.run import Run, Text


def test_steps_run_out() -> None:
    run = a_run(steps=3)
    run.step(2)
    run.step()
    with pytest.raises(BudgetError) as caught:
        run.step()
    assert caught.value.go_text() == "the template takes more than 3 steps"


@pytest.mark.parametrize(
    "argument",
    ["a" * 256, b"a" * 256, [0] * 256, 5, None],
    ids=["str", "bytes", "list", "int", "nil"],
)
def test_small_arguments_cost_nothing(argument: Any) -> None:
    a_run(steps=0).work_on(argument)


@pytest.mark.parametrize(
    "argument", ["a" * 5000, b"a" * 5000, [0] * 5000, dict.fromkeys(range(5000))]
)
def test_large_arguments_cost_a_step_for_each_kibibyte(argument: Any) -> None:
    run = a_run(steps=5)
    run.work_on(argument)
    assert run.steps == 0


def test_loops_in_python_cost_more() -> None:
    run = a_run(steps=100)
    run.walk(49)
    assert run.steps == 100
    run.walk(255)
    assert run.steps == 95
    run.walk(4750)
    assert run.steps == 0


def test_strings_have_a_length_and_all_of_them_together_too() -> None:
    run = a_run(string_bytes=10, memory_bytes=25)
    with pytest.raises(BudgetError, match="a Go error"):
        run.will_make(11)
    run.will_make(10)
    run.will_make(10)
    with pytest.raises(BudgetError) as caught:
        run.will_make(10)
    assert caught.value.go_text() == "the template makes more than 25 bytes"


def test_a_budget_is_spent_when_more_of_it_was_wanted() -> None:
    run = a_run(steps=3, memory_bytes=10)
    run.step(3)
    run.will_make(10)
    assert not run.is_spent
    for spend in (Run.step, Run.will_make):
        run = a_run(steps=0, memory_bytes=0)
        with pytest.raises(BudgetError):
            spend(run, 1)
        assert run.is_spent


def test_lists_have_a_length_and_cost_memory() -> None:
    run = a_run(elements=3, memory_bytes=300)
    with pytest.raises(BudgetError) as caught:
        run.will_hold(4)
    assert caught.value.go_text() == "a list of more than 3 elements"
    run.will_hold(3)
    with pytest.raises(BudgetError):
        run.will_hold(3)


@pytest.mark.parametrize(
    ("result", "size"),
    [
        ("a" * 256, 0),
        ("a" * 300, 300),
        ("é" * 300, 1200),
        (b"a" * 300, 300),
        ([0] * 300, 19_200),
        (dict.fromkeys(range(300)), 19_200),
        (5, 0),
    ],
    ids=["short", "ascii", "other", "bytes", "list", "map", "number"],
)
def test_results_count_for_what_they_may_take(result: Any, size: int) -> None:
    a_run(memory_bytes=size).has_made(result)
    if size:
        with pytest.raises(BudgetError):
            a_run(memory_bytes=size - 1).has_made(result)


def test_depth_keys_and_hashes_are_bounded() -> None:
    run = a_run(depth=2, generated_keys=1, slow_hashes=1)
    run.check_depth(2)
    run.generate_key()
    run.hash_slowly()
    assert run.steps <= run.limits.steps - 8000
    with pytest.raises(BudgetError):
        run.check_depth(3)
    with pytest.raises(BudgetError):
        run.generate_key()
    with pytest.raises(BudgetError):
        run.hash_slowly()


def test_text_stops_before_it_is_too_long() -> None:
    text = Text(a_run(string_bytes=10))
    text.add("abcde")
    text.add("é")
    with pytest.raises(BudgetError):
        text.add("ab")
    assert text.whole() == "abcdeé"


def test_text_may_have_a_bound_of_its_own() -> None:
    text = Text(a_run(), limit=1)
    text.add("a")
    with pytest.raises(BudgetError) as caught:
        text.add("b")
    assert caught.value.go_text() == "a text longer than 1 bytes"


@given(st.binary(), st.integers(0, 20))
def test_the_pieces_of_a_text_make_whole_characters(raw: bytes, cut: int) -> None:
    text = Text(a_run())
    for piece in (raw[:cut], raw[cut:]):
        text.add(piece.decode("utf-8", "surrogateescape"))
    assert text.whole() == raw.decode("utf-8", "surrogateescape")
