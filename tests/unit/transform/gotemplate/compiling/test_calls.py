# SPDX-License-Identifier: Apache-2.0
"""Calls: what they cost, what they are given, where they fail."""

from typing import Any

import pytest
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.compiling.calls import (
    Argument,
    function_call,
    invoke,
    short_circuit,
)
from keyfleet.transform.gotemplate.compiling.frame import Evaluate, FailureError, Frame, Place
from keyfleet.transform.gotemplate.errors import BudgetError, Data, GoError
from keyfleet.transform.gotemplate.functions.table import ANY, STRING, Table
from keyfleet.transform.gotemplate.parsing.nodes import Dot, Nil
from keyfleet.transform.gotemplate.run import Run, Text
from keyfleet.transform.gotemplate.values import INVALID

FUNCTIONS = Table()
CALL, ARGUMENT = Place("t", Dot(1, 0)), Place("t", Nil(1, 5))


@FUNCTIONS.function("double", params=(STRING,), run=True)
def double(run: Run, text: str) -> str:
    run.step()
    return text * 2


@FUNCTIONS.function("fail", params=(ANY,))
def fail(value: Any) -> Any:
    raise GoError("cannot take ", Data(str(value)))  # noqa: TRY003


def call(name: str, value: Any) -> Any:
    function = FUNCTIONS[name]
    argument = Argument(lambda _: value, function.params[0].of, ARGUMENT)
    run = a_run()
    return function_call(function, [argument], CALL)(Frame(run, Text(run), "default", None, 1))


def test_gives_the_run_and_the_arguments() -> None:
    assert call("double", "ab") == "abab"


def test_an_argument_of_another_type_fails_at_the_argument() -> None:
    with pytest.raises(FailureError) as caught:
        call("double", 1)
    assert caught.value.place is ARGUMENT
    assert caught.value.error.go_text() == "wrong type for value; expected string; got int"


def test_a_failing_function_fails_at_the_call_and_keeps_its_data_apart() -> None:
    with pytest.raises(FailureError) as caught:
        call("fail", "kf-canary-value")
    assert caught.value.place is CALL
    assert caught.value.error.shown("") == "error calling fail: cannot take [redacted]"


def test_large_arguments_and_results_cost() -> None:
    run = a_run(memory_bytes=30_000)
    invoke(run, FUNCTIONS["double"], ["a" * 10_000], CALL)
    assert run.steps <= run.limits.steps - 10
    with pytest.raises(FailureError):
        invoke(run, FUNCTIONS["double"], ["a" * 10_000], CALL)


def test_a_budget_that_is_used_up_ends_a_call() -> None:
    with pytest.raises(FailureError) as caught:
        invoke(a_run(steps=0), FUNCTIONS["double"], ["a"], CALL)
    assert "steps" in caught.value.error.go_text()
    assert issubclass(BudgetError, GoError)


@pytest.mark.parametrize(
    ("values", "stops_at", "evaluated", "answer"),
    [
        (["a", "", "b"], False, 2, ""),
        (["", "b", "c"], True, 2, "b"),
        (["", INVALID, None], True, 3, None),
        (["a", "b"], False, 2, "b"),
    ],
)
def test_evaluates_no_more_than_needed(
    values: list[Any], stops_at: bool, evaluated: int, answer: Any
) -> None:
    asked: list[Any] = []

    def asking(value: Any) -> Evaluate:
        def evaluate(_: Frame) -> Any:
            asked.append(value)
            return value

        return evaluate

    arguments = [Argument(asking(value), None, ARGUMENT) for value in values]
    run = a_run()
    decide = short_circuit(arguments, stops_at=stops_at)
    assert decide(Frame(run, Text(run), "default", None, 1)) is answer
    assert len(asked) == evaluated
