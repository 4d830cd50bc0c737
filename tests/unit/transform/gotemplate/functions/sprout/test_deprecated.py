# SPDX-License-Identifier: Apache-2.0
import pytest
from tests.unit.transform.gotemplate.playing import problem, sprout

from keyfleet.transform.gotemplate.functions import function_set
from keyfleet.transform.gotemplate.functions.sprout.deprecated import NAMES

UNSAFE = "cannot safecall function: "
ARITY = f"{UNSAFE}number of arguments does not match function's input arity: "
PANIC = f"{UNSAFE}recovered from a panic: "
REFLECT = f"{PANIC}reflect: "


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ('mustDateModify "1h" nil', "0001-01-01 01:00:00 +0000 UTC"),
        ("mustRegexFind nil nil", ""),
        ("mustMerge nil (dict 1 2)", "map[1:2]"),
        ("addf 1 2.5", "3"),
        ("toJson nil", "null"),
    ],
)
def test_nil_is_the_zero_value_of_what_is_wanted(action: str, text: str) -> None:
    assert sprout(action) == text


@pytest.mark.parametrize(
    ("action", "text"),
    [
        (
            "mustHas 1",
            "number of arguments does not match function's input arity: expected 2, got 1",
        ),
        ("mustMerge", f"{REFLECT}Call with too few input arguments"),
        ("sha1sum 5", f"{REFLECT}Call using int as type string"),
        ("mustMerge dict 5", f"{REFLECT}cannot use int as type map[string]interface {{}} in Call"),
        ("mustChunk 0 (list 1)", f"{PANIC}runtime error: integer divide by zero"),
    ],
)
def test_panics_are_told_of_in_other_words(action: str, text: str) -> None:
    assert text in problem(sprout, action)


def test_other_errors_stay_as_they_are() -> None:
    assert problem(sprout, "mustFirst 5").endswith("mustFirst: cannot find first on type int")


def test_a_budget_that_is_used_up_is_no_panic() -> None:
    steps = problem(sprout, 'mustToJson (splitList "" (repeat 200000 "a"))')
    assert PANIC not in steps
    assert "more than" in steps


def test_all_of_them_take_anything() -> None:
    functions = function_set("sprout")
    assert all(functions[name].params == () and functions[name].takes_run for name in NAMES)
