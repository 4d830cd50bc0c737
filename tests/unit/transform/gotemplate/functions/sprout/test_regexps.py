# SPDX-License-Identifier: Apache-2.0
import pytest
from tests.unit.transform.gotemplate.playing import problem, sprout


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ('regexReplaceAll "a(.)" "axay" "<$1>"', "<x><y>"),
        ('mustRegexMatch "^a" "abc"', "true"),
        ('toJSON (regexFindGroups "(a)(b)?" "xac")', '["a","a",""]'),
        ('toJSON (regexFindGroups "a" "x")', "[]"),
        ('regexFindAllGroups "(a)(.)" 1 "abac"', "[[ab a b]]"),
        ('toJSON (regexFindAllGroups "x" -1 "a")', "[]"),
        ('regexFindNamed "(?P<x>a)(?P<y>b)?(c)?" "zac"', "map[x:a y:]"),
        ('regexFindNamed "(?P<x>a)" "z"', "map[]"),
        ('regexFindAllNamed "(?P<x>a)(?P<y>.)" -1 "abac"', "[map[x:a y:b] map[x:a y:c]]"),
    ],
)
def test_matches(action: str, text: str) -> None:
    assert sprout(action) == text


@pytest.mark.parametrize("action", ['regexMatch "[" "a"', 'regexFindAllNamed "[" 1 "a"'])
def test_reports_bad_patterns(action: str) -> None:
    assert problem(sprout, action).endswith(": error parsing regexp: missing closing ]: `[`")
