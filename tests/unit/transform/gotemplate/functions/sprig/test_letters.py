# SPDX-License-Identifier: Apache-2.0
"""Changes of single letters. What Go says to many more is in vectors/sprig_letters.jsonl."""

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.functions.sprig.letters import (
    initials,
    nospace,
    swapcase,
    title_words,
    untitle,
)


def test_words_begin_elsewhere_for_title_than_for_untitle() -> None:
    assert title_words(a_run(), "it's a-b a_b") == "It'S A-B A_b"
    assert untitle(a_run(), "AB-CD EF") == "aB-CD eF"


def test_initials_are_bytes_and_nospace_keeps_characters() -> None:
    assert initials(a_run(), "First Try \u00e9") == "FT\xc3"
    assert nospace(a_run(), "\u00e9 \u00a0b\n") == "\u00e9b"


@given(st.text("aB c"))
def test_swapping_case_keeps_letters(text: str) -> None:
    assert swapcase(a_run(), text).lower() == text.lower()
