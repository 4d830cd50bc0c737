# SPDX-License-Identifier: Apache-2.0
"""The texts were recorded from Go."""

from typing import Any

import pytest
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError
from keyfleet.transform.gotemplate.functions.eso.yaml import from_yaml, to_yaml

NO_MAP = (
    "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal %s into Go value of type "
    "map[string]interface {}"
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": 1, "b": [1, "x"]}, "a: 1\nb:\n- 1\n- x"),
        ([], "[]"),
        (None, "null"),
        ({"x": "yes", "y": 1}, 'x: "yes"\n"y": 1'),
        (float("inf"), ""),
    ],
)
def test_writes_yaml_or_nothing(value: Any, text: str) -> None:
    assert to_yaml(a_run(), value) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", {}),
        ("null", {}),
        ("a: 1\n---\nb: 2", {"a": 1.0}),
        ("n: 1\n5: x", {"false": 1.0, "5": "x"}),
        ("a", {"Error": NO_MAP % "string"}),
        ("[a]", {"Error": NO_MAP % "array"}),
        ("5", {"Error": NO_MAP % "number"}),
        ("true", {"Error": NO_MAP % "bool"}),
    ],
)
def test_reads_maps_or_says_why_there_is_none(text: str, value: Any) -> None:
    assert from_yaml(a_run(), text) == value


def test_says_what_is_no_yaml() -> None:
    assert set(from_yaml(a_run(), "a: [")) == {"Error"}


def test_ends_with_its_budget() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(BudgetError):
        to_yaml(a_run(), value)
    with pytest.raises(BudgetError):
        from_yaml(a_run(steps=10), "a: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]")
