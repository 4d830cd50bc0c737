# SPDX-License-Identifier: Apache-2.0
import pytest
from tests.unit.transform.gotemplate.playing import consul, problem


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ('toTitle "it\'s a-B x_y"', "It's A-B X_y"),
        ('trim "ab" "abxba"', "x"),
        ('"aXa" | replaceAll "a" "b"', "bXb"),
        ('regexReplaceAll "a(.)" "<$1>" "axay"', "<x><y>"),
        ('split "," " a,b "', "[a b]"),
        ('split "," "  " | len', "0"),
        ('splitToMap "," ":" "a:1,b:2:3,c"', "map[a:1 b:2:3]"),
        ('split "-" "a-b" | join "+"', "a+b"),
        ('join "," (parseJSON "[`a`]")'.replace("`", '\\"'), "a"),
        ('indent 2 "a\\n\\nb"', "  a\n\n  b"),
    ],
)
def test_the_subject_comes_last(action: str, text: str) -> None:
    assert consul(action) == text


def test_refuses_to_indent_to_the_left() -> None:
    assert problem(consul, 'indent -1 "a"').endswith("indent value must be a positive integer")


def test_joins_strings_only() -> None:
    assert "expected []string; got []interface {}" in problem(consul, 'join "," (sprig_list 1)')


def test_indents_within_the_budget() -> None:
    assert "longer than" in problem(consul, "indent 9000000 `a`")
