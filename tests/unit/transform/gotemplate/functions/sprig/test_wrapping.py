# SPDX-License-Identifier: Apache-2.0
"""Line wrapping. What Go says to many more is in vectors/sprig_wrapping.jsonl."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError
from keyfleet.transform.gotemplate.functions.sprig.wrapping import wrap, wrap_with


@given(st.text("ab \u00e9"), st.integers(1, 9))
def test_pieces_have_at_most_the_width(text: str, width: int) -> None:
    pieces = wrap_with(a_run(), width, "|", text).encode("utf-8", "surrogateescape").split(b"|")
    assert all(len(piece) <= width for piece in pieces)


@given(st.lists(st.text("ab", min_size=1)), st.integers(1, 9))
def test_wrapping_keeps_words(words: list[str], width: int) -> None:
    assert wrap(a_run(), width, " ".join(words)).split() == words


def test_many_long_separators_are_refused() -> None:
    with pytest.raises(BudgetError):
        wrap_with(a_run(), 1, "x" * 10_000, "a" * 10_000)
