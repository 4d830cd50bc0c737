# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate import TemplateError, render
from keyfleet.transform.gotemplate.functions.sprout.wrapping import wrap, wrap_with


@pytest.mark.parametrize(
    ("width", "text", "lines"),
    [
        (5, "a: 1\nb: [x, y]\n", "a: 1\nb:\n[x,\ny]"),
        (3, " a b c d ", "a b\nc d"),
        (5, "a\tb c\td", "a b c\nd"),
        (3, "é é é", "é é\né"),
        (4, "x abcdefg h", "x\nabcdefg\nh"),
        (0, "a b", "a\nb"),
        (3, "  ", ""),
    ],
)
def test_words_fill_lines(width: int, text: str, lines: str) -> None:
    assert wrap(a_run(), width, text) == lines


@pytest.mark.parametrize(
    ("width", "separator", "text", "pieces"),
    [
        (3, "|", "abcdefg h", "abc|def|g h"),
        (3, "|", "x abcdefg h", "x|abc|def|g h"),
        (4, "|", "x abcdefg h", "x|abcd|efg|h"),
        (3, "|", "ééééééé h é", "ééé|ééé|é h|é"),
        (3, "", "abcd e", "abc\nd e"),
        (-1, "|", "ab c", "a|b|c"),
    ],
)
def test_longer_words_are_cut_where_a_separator_is_given(
    width: int, separator: str, text: str, pieces: str
) -> None:
    assert wrap_with(a_run(), width, separator, text) == pieces


@given(st.integers(1, 20), st.text("ab é\n"))
def test_no_piece_is_wider_than_asked(width: int, text: str) -> None:
    assert all(len(p) <= width for p in wrap_with(a_run(), width, "|", text).split("|"))


def test_a_long_separator_is_bounded() -> None:
    source = '{{ wrapWith 1 (repeat 5000 "x") (repeat 5000 "a ") }}'
    with pytest.raises(TemplateError, match="text longer"):
        render(source, {}, functions="sprout")


def test_the_product_of_nothing_is_one() -> None:
    assert render("{{ mul }} {{ mulf }}", {}, functions="sprout") == "1 1"
