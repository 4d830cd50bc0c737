# SPDX-License-Identifier: Apache-2.0
from typing import Any

import pytest
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.formats.time.times import GoTime
from keyfleet.transform.gotemplate.formats.yaml import V2, V3, decode_yaml, decode_yaml_mapping
from keyfleet.transform.gotemplate.values import GoMap, type_of


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: &x [1, 2]\nb: *x", {"a": [1, 2], "b": [1, 2]}),
        ("<<: [{a: 1}, {a: 2, b: 3}]", {"a": 1, "b": 3}),
        (
            "a: !!str 5\nb: !!int '7'\nc: !!float 3\nd: !own 5",
            {"a": "5", "b": 7, "c": 3.0, "d": "5"},
        ),
        ("a: !!binary /w==", {"a": "\udcff"}),
        ("", None),
    ],
)
def test_reads_as_go_does(text: str, value: Any) -> None:
    for dialect in (V2, V3):
        assert decode_yaml(a_run(), text, dialect) == value


def test_differs_by_version() -> None:
    text = "a: 1\n<<: {a: 2}\nt: 2020-01-01"
    assert decode_yaml(a_run(), text, V2) == {"a": 2, "t": "2020-01-01"}
    found = decode_yaml(a_run(), text, V3)
    assert found["a"] == 1
    assert isinstance(found["t"], GoTime)
    assert type_of(decode_yaml(a_run(), "a: b", V2)) == "map[interface {}]interface {}"
    assert type_of(decode_yaml(a_run(), "a: b", V3)) == "map[string]interface {}"
    assert type_of(decode_yaml(a_run(), "1: b", V3)) == "map[interface {}]interface {}"


def test_makes_every_alias_anew() -> None:
    found = decode_yaml(a_run(), "a: &x {}\nb: *x", V2)
    assert found["a"] is not found["b"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: &x [*x]", "yaml: anchor 'x' value contains itself"),
        (
            "a: 1\na: 2",
            'yaml: unmarshal errors:\n  line 2: mapping key "a" already defined at line 1',
        ),
        (
            "{a: 1, a: 2}",
            'yaml: unmarshal errors:\n  line 1: mapping key "a" already defined at line 1',
        ),
        ("a: !!int b", "yaml: cannot decode !!str `b` as a !!int"),
        ("? [a]\n: b", 'yaml: invalid map key: []interface {}{"a"}'),
        ("<<: 5", "yaml: map merge requires map or sequence of maps as the value"),
        ("a: !!binary '@'", "yaml: !!binary value contains invalid base64 data"),
    ],
)
def test_refuses_in_the_words_of_go(text: str, problem: str) -> None:
    with pytest.raises(GoError) as caught:
        decode_yaml(a_run(), text, V3)
    assert caught.value.go_text() == problem


def test_refuses_what_expands_to_too_much() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{b}: &{b} [*{a}, *{a}, *{a}]\n" for a, b in ("ab", "bc", "cd", "de")
    )
    long = f"a: &a {'x' * 200_000}\nb: [{', '.join(['*a'] * 99)}]"
    for text in (bomb, long):
        with pytest.raises(BudgetError):
            decode_yaml(a_run(), text, V2)


def test_reads_mappings_with_keys_of_text() -> None:
    assert decode_yaml_mapping(a_run(), "5: x\n~: n\ntrue: [1]", V3) == {"5": "x", "true": [1]}
    assert decode_yaml_mapping(a_run(), "", V3) == {}
    found = decode_yaml_mapping(a_run(), "~", V3)
    assert isinstance(found, GoMap)
    assert found.is_nil


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- 1", "cannot unmarshal !!seq into map[string]interface {}"),
        ("abcdefghijkl", "cannot unmarshal !!str `abcdefg...` into map[string]interface {}"),
        ("5", "cannot unmarshal !!int `5` into map[string]interface {}"),
        ("? {a: b}\n: c", "cannot unmarshal !!map into string"),
    ],
)
def test_refuses_what_is_no_mapping(text: str, problem: str) -> None:
    with pytest.raises(GoError) as caught:
        decode_yaml_mapping(a_run(), text, V3)
    assert caught.value.go_text() == f"yaml: unmarshal errors:\n  line 1: {problem}"


@pytest.mark.parametrize("text", ["1: a\ntrue: b", "y: a\n1: b", "0: a\n0.0: b"])
def test_loses_no_value_where_python_has_one_key_for_two(text: str) -> None:
    with pytest.raises(GoError) as caught:
        decode_yaml(a_run(), text, V2)
    assert "cannot be told apart" in caught.value.go_text()


def test_of_two_equal_keys_the_last_counts() -> None:
    assert decode_yaml(a_run(), "1: a\n1: b", V2) == {1: "b"}
