# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.playing import problem, sprout
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.functions.sprout.texts import ellipsis, substr
from keyfleet.transform.gotemplate.values import decoded, length

strings = st.binary(max_size=20).map(decoded)


@given(st.integers(-30, 30), st.integers(-30, 30), strings)
def test_never_cuts_more_than_there_is(start: int, end: int, text: str) -> None:
    assert length(substr(start, end, text)) <= length(text)
    assert substr(0, length(text), text) == text


@given(st.integers(4, 30), strings)
def test_an_ellipsis_keeps_to_its_width(width: int, text: str) -> None:
    assert len(ellipsis(a_run(), width, text)) <= width


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ("join `,` (list 1 nil true 1e6 (list 2))", "1,true,1000000,"),
        ("toJSON (strSlice nil)", "[]"),
        ("toJSON (strSlice (list nil))", "null"),
        ("sortAlpha (list 3 20 1.5)", "[1.5 20 3]"),
        ("sortAlpha nil", "[<nil>]"),
        ('substr -3 -1 "abcdef"', "de"),
        ('ellipsis 5 "abcdefgh"', "ab..."),
        ('ellipsis 3 "abcdefgh"', "abcdefgh"),
        ('ellipsisBoth 5 10 "1234 5678 9123"', "...5678..."),
        ('ellipsisBoth 12 8 "abcdefghijkl"', ""),
        ('ellipsisBoth 3 8 "éééééééééé"', "...éé..."),
    ],
)
def test_cuts_and_joins(action: str, text: str) -> None:
    assert sprout(action) == text


@pytest.mark.parametrize("offset", [-2, 100])
def test_reports_an_offset_outside_of_the_text(offset: int) -> None:
    assert "slice bounds out of range" in problem(sprout, f'ellipsisBoth {offset} 8 "abcdefghijkl"')
