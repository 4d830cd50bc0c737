# SPDX-License-Identifier: Apache-2.0
import pytest
from tests.unit.transform.gotemplate.playing import problem, sprout


@pytest.mark.parametrize(
    ("new", "old", "text"),
    [
        ('get "a" (dict "a" 1)', 'get (dict "a" 1) "a"', "1"),
        ('hasKey "a" (dict "a" nil)', 'hasKey (dict "a" nil) "a"', "true"),
        ('set "a" 1 (dict)', 'set (dict) "a" 1', "map[a:1]"),
        ('unset "a" (dict "a" 1)', 'unset (dict "a" 1) "a"', "map[]"),
        ('pick "a" (dict "a" 1 "b" 2)', 'pick (dict "a" 1 "b" 2) "a"', "map[a:1]"),
        ('omit "a" (dict "a" 1 "b" 2)', 'omit (dict "a" 1 "b" 2) "a"', "map[b:2]"),
    ],
)
def test_the_map_comes_last_or_first(new: str, old: str, text: str) -> None:
    assert sprout(new) == sprout(old) == text


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ('values (dict "b" 1 "a" 2) (dict "c" 3)', "[2 1 3]"),
        ('dig "a.b" (dict "a" (dict "b" 1))', "1"),
        ('dig "a" "z" "y" (dict "a" (dict "b" 1))', "<no value>"),
        ('merge (dict "a" 0 "n" nil) (dict "a" 1 "n" 2 "x" nil)', "map[a:0 n:2]"),
        ('merge (dict "a" (dict "x" 1)) (dict "a" (dict "x" 2 "y" 3))', "map[a:map[x:1 y:3]]"),
        ('merge nil (dict "a" 1)', "map[a:1]"),
        ('mergeOverwrite (dict "a" 1) (dict "a" nil)', "map[a:<nil>]"),
        ('mergeOverwrite nil (dict "a" 1)', "map[a:1]"),
    ],
)
def test_works_on_maps(action: str, text: str) -> None:
    assert sprout(action) == text


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ('get "a"', "expected 2 arguments, got 1"),
        ('get 1 (dict "a" 1)', "expected map or string, got int"),
        ('get "a" nil', "interface conversion: interface {} is nil, not map[string]interface {}"),
        ("get (dict) 5", "interface conversion: interface {} is int, not string"),
        ('set "a" 1 2', "last argument must be a map[string]any"),
        ('pick "a"', "expected 2 arguments, got 1"),
        ('omit "a" 1 (dict)', "all keys must be strings"),
        ('dig "a" "b" (dict "a" 1)', 'value at key "a" is not a nested dictionary but int'),
        (
            'dig 1 (dict "a" 1)',
            "cannot parse keys: all keys must be strings, got int at position 0",
        ),
    ],
)
def test_reports_what_is_no_map(action: str, text: str) -> None:
    assert problem(sprout, action).endswith(f": {text}")


def test_a_map_merged_with_itself_comes_to_an_end() -> None:
    endless = 'merge (set "a" .m .m) (set "a" .n .n)'
    assert "nested deeper" in problem(sprout, endless, m={"x": 1}, n={"y": 1})
