# SPDX-License-Identifier: Apache-2.0
import pytest
from tests.unit.transform.gotemplate.playing import problem, sprout


@pytest.mark.parametrize(
    ("new", "old", "text"),
    [
        ("append 3 (list 1)", "append (list 1) 3", "[1 3]"),
        ("prepend 3 (list 1)", "prepend (list 1) 3", "[3 1]"),
        ("slice 1 2 (list 1 2 3)", "slice (list 1 2 3) 1 2", "[2]"),
        ("without 1 2 (list 1 2 3)", "without (list 1 2 3) 1 2", "[3]"),
    ],
)
def test_the_list_comes_last_or_first(new: str, old: str, text: str) -> None:
    assert sprout(new) == sprout(old) == text


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ("append nil (list 1)", "[1 <nil>]"),
        ('concat (list 1) "x" nil (list 2)', "[1 2]"),
        ("toJSON (concat)", "[]"),
        ("chunk 2 (list 1 2 3)", "[[1 2] [3]]"),
        ('uniq (list 1 1 "1" 1.0 nil nil)', "[1 1 1 <nil>]"),
        ('compact (list 0 1 "")', "[1]"),
        ("flatten (list 1 (list 2 (list 3)))", "[1 2 3]"),
        ("flattenDepth 1 (list 1 (list 2 (list 3)))", "[1 2 [3]]"),
        ("slice (list) 0 1", "<no value>"),
        ("slice 1", "1"),
        ('slice "x" 1 (list 1 2)', "[1]"),
        ("has 1 nil", "false"),
        ("toJSON (rest (list))", "null"),
        ("toJSON (rest (list 1))", "[]"),
        ("toJSON (reverse (list))", "[]"),
        ("mustFirst (list 1 2)", "1"),
        ("last (list 1 2)", "2"),
    ],
)
def test_works_on_lists(action: str, text: str) -> None:
    assert sprout(action) == text


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ("append 1", "expected 2 arguments, got 1"),
        ("append 1 nil", "cannot append to nil"),
        ("prepend 1 2", "cannot prepend on type int"),
        ("chunk 0 (list 1)", "runtime error: integer divide by zero"),
        ("uniq (list 1 (list 1))", "runtime error: hash of unhashable type []interface {}"),
        ("uniq (list (dict))", "hash of unhashable type: map[string]interface {}"),
        ("flatten (list nil)", "reflect: call of reflect.Value.Interface on zero Value"),
        ("slice", "expected 2 arguments, got 0"),
        ("slice 1 2 nil", "cannot slice nil"),
        ('slice 0 2 "abc"', "last argument must be a slice but got string"),
        ("slice 4 (list 1)", "start index out of bounds"),
        ("slice 1 9 (list 1)", "end index out of bounds"),
        ("without 1", "expected 2 arguments, got 1"),
        ("without 1 nil", "cannot without nil"),
        ("without 1 (list dict)", "runtime error: hash of unhashable type map[string]interface {}"),
        ("without (list 1) list", "runtime error: hash of unhashable type []interface {}"),
        ("first nil", "cannot first nil"),
        ("reverse 5", "cannot find reverse on type int"),
    ],
)
def test_reports_what_is_no_list(action: str, text: str) -> None:
    assert problem(sprout, action).endswith(f": {text}")
