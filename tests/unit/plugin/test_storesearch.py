# SPDX-License-Identifier: Apache-2.0
import pytest

from keyfleet.base.errors import InvalidIntentError
from keyfleet.base.regexps import LETTERS_MAX
from keyfleet.plugin.storesearch import name_matcher


@pytest.mark.parametrize(
    ("expression", "name", "matches"),
    [
        ("b", "abc", True),
        ("^b", "abc", False),
        ("(?i)ABC", "abc", True),
        ("", "abc", True),
        ("^prod-(db|web)$", "prod-db", True),
        (r"\pL", "é", True),
    ],
)
def test_matches_anywhere_in_a_name(expression: str, name: str, matches: bool) -> None:
    assert name_matcher(expression)(name) is matches


@pytest.mark.parametrize("expression", ["(", "(?=a)", r"(a)\1", "a{2000}", "a" * 20_000, "\udc80"])
def test_refuses_what_is_no_expression_of_re2(expression: str) -> None:
    with pytest.raises(InvalidIntentError) as caught:
        name_matcher(expression)
    assert caught.value.code == "store.query"
    assert caught.value.__context__ is None


def test_takes_no_longer_for_expressions_that_explode_elsewhere() -> None:
    matches = name_matcher("(a*)*b")
    assert not matches("a" * 200_000)
    assert LETTERS_MAX < 20_000


def test_names_are_not_searched_without_end() -> None:
    """Each is searched in linear time, but all of them together took minutes."""
    matches = name_matcher("(a?){1000}b")
    names = ("a" * 500 for _ in range(100_000))
    with pytest.raises(InvalidIntentError) as caught:
        list(map(matches, names))
    assert caught.value.code == "store.query"
    assert caught.value.__context__ is None
    with pytest.raises(InvalidIntentError):
        name_matcher("(a?){1000}b")("a" * 1_000_000)
