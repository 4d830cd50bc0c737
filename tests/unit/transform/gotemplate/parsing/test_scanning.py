# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.transform.gotemplate.parsing.scanning import (
    end_of_number,
    end_of_quoted,
    end_of_spaces,
    end_of_word,
    is_letter_or_digit,
)


@pytest.mark.parametrize("character", ["a", "Z", "_", "7", "é", "日", "٣"])
def test_letters_and_digits_of_every_script_make_words(character: str) -> None:
    assert is_letter_or_digit(character)


@pytest.mark.parametrize("character", ["", "-", "²", "½", " ", "€", "\u0301", "\udcff"])
def test_other_characters_do_not(character: str) -> None:
    assert not is_letter_or_digit(character)


def test_a_word_ends_before_what_is_no_letter_or_digit() -> None:
    assert end_of_word("x.été_1-b", 2) == 7


def test_only_four_characters_are_white_space() -> None:
    assert end_of_spaces(" \t\r\n\vx", 0) == 4


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("12x", (3, False)), ("12 ", (2, True)), ("-3)", (2, True)), ("0x1Fg", (5, False)),
        ("0x1F.8p-2i}", (10, True)), ("0b12", (4, False)), ("0o78", (4, False)),
        ("1e+5|", (4, True)), ("1.5.2", (3, True)), (".5", (2, True)), ("+", (1, True)),
        ("1p4", (2, False)), ("1_0", (3, True)), ("", (0, True)),
    ],
)  # fmt: skip
def test_numbers_end_where_go_ends_them(source: str, found: tuple[int, bool]) -> None:
    assert end_of_number(source, 0) == found


@pytest.mark.parametrize(
    ("source", "end"),
    [
        ('"a"b', 3), (r'"a\"b"', 6), (r'"\\"', 4), ('"a\n"', None), ('"a', None), ('"a\\\n"', None),
        ('"\\', None), ("`a\n\\`b", 5), ("`a", None), (r"'\''", 4), ("''", 2),
    ],
)  # fmt: skip
def test_quoted_constants_end_at_their_quote(source: str, end: int | None) -> None:
    assert end_of_quoted(source, 0) == end


@given(st.text("01x_.eEpPi+-bo ", max_size=30))
def test_a_number_never_ends_outside_of_its_source_by_more_than_what_it_shows(source: str) -> None:
    end, is_whole = end_of_number(source, 0)
    assert 0 <= end <= len(source)
    assert is_whole or is_letter_or_digit(source[end - 1])
