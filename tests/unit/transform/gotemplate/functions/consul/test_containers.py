# SPDX-License-Identifier: Apache-2.0
import pytest
from tests.unit.transform.gotemplate.playing import consul, problem


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ('in "abc" "b"', "true"),
        ('in "abc" 1', "false"),
        ('in (parseJSON "[1]") 1', "false"),
        ('in (parseJSON "[1]") 1.0', "true"),
        ("in (sprig_list (add 0 1)) 1", "true"),
        ("in (sprig_list true) true", "false"),
        ("in nil 1", "false"),
        ('contains "b" "abc"', "true"),
        ("containsAll (sprig_list) `a`", "true"),
        ("containsAny (sprig_list) `a`", "false"),
        ("containsNone (sprig_list `q`) `cab`", "true"),
        ("containsNotAll (sprig_list `a` `x`) `cab`", "true"),
    ],
)
def test_finds_values_of_the_same_kind(action: str, text: str) -> None:
    assert consul(action) == text


def test_explodes_keys_with_slashes() -> None:
    assert consul('explodeMap (sprig_dict "a/b" 1 "a/c/d" 2 "e" 3)') == (
        "map[a:map[b:1 c:map[d:2]] e:3]"
    )


def test_refuses_a_key_below_a_value_without_showing_it() -> None:
    text = problem(consul, "explodeMap .m", m={"a": "kf-canary-1", "a/c": 2})
    assert text == "error calling explodeMap: explodeMap: not a map: [redacted]"


def test_exploding_stops_at_the_depth_of_all_values() -> None:
    assert "nested deeper" in problem(consul, "explodeMap .m", m={"a/" * 1000 + "b": 1})


def test_merging_keeps_or_replaces_what_is_there() -> None:
    data = {"d": {"a": 1, "b": 0}, "s": {"a": 2, "b": 3}}
    assert consul("mergeMap .d .s", **data) == "map[a:1 b:3]"
    assert consul("mergeMapWithOverride .d .s", **data) == "map[a:2 b:3]"


def test_merging_into_nil_makes_a_map() -> None:
    assert consul('mergeMap nil (sprig_dict "a" 1)') == "map[a:1]"
    assert consul('mergeMapWithOverride nil (sprig_dict "a" 1)') == "map[a:1]"


def test_pays_for_every_value_it_looks_for() -> None:
    budget = "takes more than 100000 steps"
    assert budget in problem(
        consul, "range $i := sprig_until 90000 }}{{ containsAny $.v `x` }}{{ end", v=[1] * 9000
    )


def test_refuses_maps_with_other_keys_than_strings() -> None:
    assert "expected map[string]interface {}" in problem(consul, "explodeMap (parseYAML `1: a`)")
