# SPDX-License-Identifier: Apache-2.0
"""Expressions of manifests: what is cheap is searched for, what is not is refused unseen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base.errors import InvalidInputError
from keyfleet.base.regexps import REPEATED_MAX, repeated, searcher


def test_an_expression_matches_anywhere() -> None:
    assert [name for name in ("a-db", "web") if searcher("db")(name)] == ["a-db"]
    assert searcher("^db$")("db")
    assert not searcher("^db$")("db\n")


@pytest.mark.parametrize(
    "expression",
    ["(", "(?=a)", r"(a)\1", "x" * 10_001, "(?:x{1,500})" * 20, r"\pL" * 101, "a{1001}"],
)
def test_what_is_no_expression_or_a_dear_one_is_refused(expression: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        searcher(expression)
    assert caught.value.code == "regexp.invalid"


def test_repetitions_add_up_by_their_largest_numbers() -> None:
    assert repeated("a{2,30}b{5}c{7,}") == 42
    assert repeated("a{}b{x}") == 0
    assert repeated("(?:x{1,500})" * 11) > REPEATED_MAX


@given(st.text(max_size=60), st.text(max_size=20))
def test_foreign_expressions_match_or_are_refused(expression: str, name: str) -> None:
    try:
        matches = searcher(expression)
    except InvalidInputError:
        return
    assert matches(name) in (True, False)
