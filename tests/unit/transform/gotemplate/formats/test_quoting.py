# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.transform.gotemplate.formats.quoting import (
    can_be_raw,
    escaped,
    quoted,
    quoted_ascii,
    quoted_character,
)
from keyfleet.transform.gotemplate.parsing.constants import unquoted


@pytest.mark.parametrize(
    ("text", "quotation"),
    [
        ("", '""'),
        ("plain é 日 😀", '"plain é 日 😀"'),
        ('a"b\\c', r'"a\"b\\c"'),
        ("it's", '"it\'s"'),
        ("\a\b\f\n\r\t\v", r'"\a\b\f\n\r\t\v"'),
        ("\x00\x1b\x7f", r'"\x00\x1b\x7f"'),
        ("\x80\u200b\ufeff\u2028", r'"\u0080\u200b\ufeff\u2028"'),
        ("\U000e0001", r'"\U000e0001"'),
        ("\udcff\udc80", r'"\xff\x80"'),
        ("\u00a0", r'"\u00a0"'),
    ],
)
def test_quotes_what_cannot_be_printed(text: str, quotation: str) -> None:
    assert quoted(text) == quotation
    assert escaped(text) == quotation[1:-1]


def test_quotes_in_ascii() -> None:
    assert quoted_ascii("aé日😀\udcff") == r'"a\u00e9\u65e5\U0001f600\xff"'


@pytest.mark.parametrize(
    ("character", "quotation"),
    [("a", "'a'"), ("'", r"'\''"), ('"', "'\"'"), ("\n", r"'\n'"), ("é", "'é'")],
)
def test_quotes_characters(character: str, quotation: str) -> None:
    assert quoted_character(character) == quotation


def test_quotes_characters_in_ascii() -> None:
    assert quoted_character("é", only_ascii=True) == r"'\u00e9'"


@pytest.mark.parametrize("text", ["", "plain", 'a"b\\', "tab\t", "é日", "\u200b", "\u00a0"])
def test_backquotes_hold_what_is_on_one_line(text: str) -> None:
    assert can_be_raw(text)


@pytest.mark.parametrize("text", ["`", "a\n", "\x00", "\x7f", "\ufeff", "\udcff", "\t`"])
def test_backquotes_cannot_hold_everything(text: str) -> None:
    assert not can_be_raw(text)


@given(st.text() | st.binary().map(lambda raw: raw.decode("utf-8", "surrogateescape")))
def test_what_is_quoted_reads_as_the_same_constant(text: str) -> None:
    assert unquoted(quoted(text)) == text
    assert unquoted(quoted_ascii(text)) == text
    assert quoted_ascii(text).isascii()
