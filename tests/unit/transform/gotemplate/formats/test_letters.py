# SPDX-License-Identifier: Apache-2.0
"""Case and white space of single characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError
from keyfleet.transform.gotemplate.formats.letters import (
    SPACE,
    lower,
    mapped,
    title,
    to_lower,
    to_upper,
    upper,
    whole_characters,
)


@pytest.mark.parametrize(
    ("text", "changed"),
    [("stra\u00dfe", "STRA\u00dfE"), ("\u1fb3", "\u1fbc"), ("\ufb01", "\ufb01"), ("\u0131", "I")],
)
def test_upper_case_is_one_character_for_one(text: str, changed: str) -> None:
    assert to_upper(a_run(), text) == changed


@pytest.mark.parametrize(
    ("text", "changed"), [("\u0130", "i"), ("\u0391\u03a3", "\u03b1\u03c3"), ("ABC", "abc")]
)
def test_lower_case_does_not_look_at_neighbours(text: str, changed: str) -> None:
    assert to_lower(a_run(), text) == changed


def test_title_case_differs_from_upper_case_for_few() -> None:
    assert (title("\u01c6"), upper("\u01c6"), title("a")) == ("\u01c5", "\u01c4", "A")


@given(st.characters(exclude_categories=["Cs"]))
def test_a_character_stays_one(character: str) -> None:
    assert len(upper(character)) == len(lower(character)) == len(title(character)) == 1


def test_stray_bytes_become_the_replacement_character() -> None:
    assert whole_characters("a\udcff\u00e9") == "a\ufffd\u00e9"
    assert to_upper(a_run(), "a\udcff") == "A\ufffd"


def test_information_separators_are_no_space() -> None:
    assert not set(SPACE) & set("\x1c\x1d\x1e\x1f\u200b")
    assert set("\x85\xa0\u2028\u3000") <= set(SPACE)


def test_mapping_is_paid_for() -> None:
    with pytest.raises(BudgetError):
        mapped(a_run(steps=10), upper, "x" * 10_000)
    assert mapped(a_run(), upper, "x" * 10_000) == "X" * 10_000
