# SPDX-License-Identifier: Apache-2.0
import math
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.formats.toml import to_toml
from keyfleet.transform.gotemplate.values import GoMap, Int64, JsonNumber, nil_list, string_map

keys = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
scalars = (
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=10,
)
tables = st.dictionaries(keys, values)


@given(tables)
def test_others_read_what_it_writes(table: dict[str, Any]) -> None:
    assert tomllib.loads(to_toml(a_run(), table)) == table


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": {"x": 1.0}}, "b = 1\n\n[a]\n  x = 1.0\n"),
        ({"a": {"b": {"c": 1}}}, "[a]\n  [a.b]\n    c = 1\n"),
        ({"a": [{"x": 1}, {}]}, "[[a]]\n  x = 1\n\n[[a]]\n"),
        ({"a": [{"x": 1}, 2]}, "a = [{x = 1}, 2]\n"),
        ({"a": None, "b": nil_list()}, ""),
        ({"a b": JsonNumber("1.50"), "c": JsonNumber("7")}, '"a b" = 1.5\nc = 7\n'),
        (string_map({"a": "\x7f\n"}), 'a = "\\u007f\\n"\n'),
        (Int64(5), "5"),
        ([1, "a"], '[1, "a"]'),
        ({"a": math.inf}, "a = inf\n"),
    ],
)
def test_writes_as_gos_library_does(value: Any, text: str) -> None:
    assert to_toml(a_run(), value) == text


@pytest.mark.parametrize(
    "value",
    [
        JsonNumber("x"),
        [{"a": 1}],
        {"a": [None]},
        {"a": 1j},
        {"a": GoMap({"b": 1}, key="interface {}")},
    ],
)
def test_refuses_what_toml_has_nothing_for(value: Any) -> None:
    with pytest.raises(GoError, match="a Go error"):
        to_toml(a_run(), value)


@pytest.mark.parametrize(
    "wrap", [lambda inner: {"a": inner}, lambda inner: [inner]], ids=["map", "list"]
)
def test_stops_at_the_depth_of_all_values(wrap: Any) -> None:
    value: Any = {"x": 1}
    for _ in range(300):
        value = wrap(value)
    with pytest.raises(BudgetError):
        to_toml(a_run(), {"a": [1, value]})


def test_a_map_that_holds_itself_comes_to_an_end() -> None:
    endless: dict[str, Any] = {}
    endless["a"] = endless
    with pytest.raises(BudgetError):
        to_toml(a_run(), endless)


def test_pays_for_escapes_before_it_makes_them() -> None:
    with pytest.raises(BudgetError):
        to_toml(a_run(string_bytes=1000), '"' * 300)
