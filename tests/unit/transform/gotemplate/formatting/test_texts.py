# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.transform.gotemplate.formatting.directive import Directive
from keyfleet.transform.gotemplate.formatting.texts import (
    boolean_text,
    hexadecimal_text,
    quoted_text,
    string_text,
)


def test_a_precision_cuts_characters_but_of_hexadecimal_bytes() -> None:
    assert string_text("日本", Directive("s", precision=1)) == "日"
    assert string_text("日本", Directive("q", precision=1)) == '"日"'
    assert string_text("日本", Directive("x", precision=1)) == "e6"


@pytest.mark.parametrize("verb", ["d", "f", "t", "c", "U"])
def test_a_string_has_no_text_under_the_verbs_of_others(verb: str) -> None:
    assert string_text("a", Directive(verb)) is None


def test_zeros_stand_before_strings_too() -> None:
    assert string_text("ab", Directive("s", width=5, zero=True)) == "000ab"


@pytest.mark.parametrize(
    ("how", "text"),
    [
        (Directive("q"), '"é`"'),
        (Directive("q", plus=True), '"\\u00e9`"'),
        (Directive("q", sharp=True), '"é`"'),
        (Directive("q", width=6), '  "é`"'),
        (Directive("v", is_syntax=True), '"é`"'),
    ],
)
def test_quotes(how: Directive, text: str) -> None:
    assert string_text("é`", how) == text


def test_sharp_takes_backquotes_where_they_can_hold_the_text() -> None:
    assert quoted_text('a"\t', Directive("q", sharp=True)) == '`a"\t`'


@pytest.mark.parametrize(
    ("how", "text"),
    [
        (Directive("x"), "61ff"),
        (Directive("X"), "61FF"),
        (Directive("x", space=True), "61 ff"),
        (Directive("x", sharp=True), "0x61ff"),
        (Directive("X", sharp=True, space=True), "0X61 0XFF"),
        (Directive("x", width=6), "  61ff"),
    ],
)
def test_writes_bytes_in_hexadecimal(how: Directive, text: str) -> None:
    assert hexadecimal_text(b"a\xff", how) == text
    assert string_text("a\udcff", how) == text


def test_nothing_in_hexadecimal_has_no_mark() -> None:
    assert hexadecimal_text(b"", Directive("x", sharp=True)) == ""


def test_writes_booleans() -> None:
    assert boolean_text(True, Directive("t", width=6)) == "  true"
    assert boolean_text(False, Directive()) == "false"
    assert boolean_text(True, Directive("d")) is None


@given(st.text())
def test_hexadecimal_can_be_read_again(text: str) -> None:
    assert bytes.fromhex(string_text(text, Directive("x", space=True)) or "").decode() == text
