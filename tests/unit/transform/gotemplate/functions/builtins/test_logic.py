# SPDX-License-Identifier: Apache-2.0
"""Truth and comparison as functions."""

import pytest

from keyfleet.transform.gotemplate import TemplateError, render
from keyfleet.transform.gotemplate.functions.builtins.logic import and_, or_


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{and 1 2}}{{and 1 0 2}}{{or 0 2}}{{or 0 `` }}{{1 | and 0}}", "2020"),
        ("{{and .absent}}{{or .absent nil}}", "<no value><no value>"),
        ("{{not 0}} {{not .absent}} {{not `x`}}", "true true false"),
        ("{{eq 1 2 1}} {{eq 1 2 3}} {{ne 1 2}} {{eq .absent nil}}", "true false true true"),
        ("{{lt 1 2}} {{le 2 2}} {{gt 1 2}} {{ge 2 2}}", "true true false true"),
        ("{{lt `a` `b`}} {{le 1.5 1.5}} {{gt `b` `a`}} {{ge 1.0 1.5}}", "true true true false"),
        (
            "{{gt .nan 1.0}} {{ge .nan 1.0}} {{lt .nan 1.0}} {{eq .nan .nan}}",
            "true true false false",
        ),
    ],
)
def test_answers(template: str, text: str) -> None:
    assert render(template, {"nan": float("nan")}) == text


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{eq 1}}", "error calling eq: missing argument for comparison"),
        ("{{eq 1 2 `x` 1}}", "error calling eq: incompatible types for comparison: int and string"),
        ("{{ne 1 1 1}}", "wrong number of args for ne: want 2 got 3"),
        ("{{le true false}}", "error calling le: invalid type for comparison"),
        ("{{gt nil 1}}", "error calling gt: invalid type for comparison"),
        ("{{and}}", "wrong number of args for and: want at least 1 got 0"),
    ],
)
def test_errors(template: str, message: str) -> None:
    with pytest.raises(TemplateError) as caught:
        render(template, {})
    assert str(caught.value).endswith(message)


def test_eq_stops_at_the_first_match() -> None:
    assert render("{{eq 1 1 `x`}}", None) == "true"


def test_and_and_or_are_functions_of_their_own_too() -> None:
    """As a table's functions, for those who call them without the compiler."""
    assert [and_(1, 0, 2), and_(1, 2), or_(0, "", 3), or_(0, "")] == [0, 2, 3, ""]
