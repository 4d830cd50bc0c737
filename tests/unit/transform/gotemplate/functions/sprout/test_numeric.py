# SPDX-License-Identifier: Apache-2.0
import pytest
from tests.unit.transform.gotemplate.playing import problem, sprout


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ("add 1 2.7", "3"),
        ("add 1.5 2", "3.5"),
        ("addf 0.1 0.2", "0.30000000000000004"),
        ("add | printf `%T`", "float64"),
        ("add 9223372036854775807 1", "-9223372036854775808"),
        ("add (toUint 1) -2", "18446744073709551615"),
        ("add1 1.5", "2.5"),
        ("sub 5 2 1", "2"),
        ("5 | sub 10", "5"),
        ("mul 2.5 2 | printf `%T`", "int64"),
        ("mulf 2 2.5", "5"),
        ("divf 1 3", "0.3333333333333333"),
        ('div "x" 1', "0"),
        ("div 1 0", "-9223372036854775808"),
        ("mod -7 3", "-1"),
        ("mod 7 0", "-9223372036854775808"),
        ('max "3" 2.9', "3"),
        ("min 2 1 0", "0"),
        ('maxf 1 "NaN"', "NaN"),
        ("minf 1.5 1", "1"),
        ('floor "1.7"', "1"),
        ("ceil 1.2", "2"),
        ("round -2.5 0", "-3"),
        ("round 1.4 0 0.3", "2"),
    ],
)
def test_calculates_with_floats_and_keeps_the_first_type(action: str, text: str) -> None:
    assert sprout(action) == text


@pytest.mark.parametrize(
    "action", ['add "1" 2', "add true 1", "add nil 1", 'add1 "1"', "add1 true"]
)
def test_a_first_value_without_arithmetic_is_an_error(action: str) -> None:
    assert problem(sprout, action).startswith(f"error calling {action.split(maxsplit=1)[0]}: ")


def test_does_not_show_what_is_no_number() -> None:
    text = problem(sprout, "add 1 .a", a="kf-canary-a")
    assert text.startswith("error calling add: failed to convert: [redacted] to float64: unable to")
    assert "kf-canary" not in text
