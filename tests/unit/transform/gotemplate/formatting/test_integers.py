# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.transform.gotemplate.formatting.directive import Directive
from keyfleet.transform.gotemplate.formatting.integers import integer_text
from keyfleet.transform.gotemplate.values import Int64, Uint8

int64s = st.integers(-(2**63), 2**63 - 1)


@pytest.mark.parametrize(
    ("verb", "text"),
    [
        ("d", "-42"),
        ("v", "-42"),
        ("b", "-101010"),
        ("o", "-52"),
        ("O", "-0o52"),
        ("x", "-2a"),
        ("X", "-2A"),
        ("c", "\ufffd"),
        ("q", "'\ufffd'"),
        ("U", "U+FFFFFFFFFFFFFFD6"),
    ],
)
def test_writes_a_negative_number_under_every_verb(verb: str, text: str) -> None:
    assert integer_text(-42, Directive(verb)) == text


@pytest.mark.parametrize("verb", ["s", "f", "t", "e", "z"])
def test_has_no_text_under_the_verbs_of_others(verb: str) -> None:
    assert integer_text(1, Directive(verb)) is None


def test_zeros_fill_after_the_sign() -> None:
    assert integer_text(-42, Directive("d", width=6, zero=True)) == "-00042"
    assert integer_text(42, Directive("d", width=6, zero=True, plus=True)) == "+00042"


def test_a_precision_switches_zeros_off() -> None:
    assert integer_text(42, Directive("d", width=6, precision=3, zero=True)) == "   042"


def test_nothing_is_zero_with_no_digits() -> None:
    assert integer_text(0, Directive("d", width=3, precision=0, zero=True)) == "   "


def test_the_base_is_named_once() -> None:
    assert integer_text(8, Directive("o", sharp=True)) == "010"
    assert integer_text(8, Directive("o", sharp=True, precision=4)) == "0010"
    assert integer_text(255, Directive("X", sharp=True)) == "0XFF"


def test_go_syntax_of_unsigned_numbers_is_hexadecimal() -> None:
    assert integer_text(Uint8(65), Directive(is_syntax=True)) == "0x41"
    assert integer_text(Int64(65), Directive(is_syntax=True)) == "65"


def test_a_code_point_is_shown_where_it_can_be() -> None:
    assert integer_text(0x1F600, Directive("U", sharp=True)) == "U+1F600 '😀'"
    assert integer_text(7, Directive("U", sharp=True)) == "U+0007"
    assert integer_text(0x110000, Directive("U", sharp=True)) == "U+110000"


@pytest.mark.parametrize("number", [-1, 0xD800, 0x110000])
def test_what_is_no_character_is_replaced(number: int) -> None:
    assert integer_text(number, Directive("c")) == "\ufffd"


@given(int64s, st.sampled_from("dboxX"))
def test_can_be_read_again(number: int, verb: str) -> None:
    base = {"d": 10, "b": 2, "o": 8, "x": 16, "X": 16}[verb]
    assert int(integer_text(number, Directive(verb)) or "", base) == number
