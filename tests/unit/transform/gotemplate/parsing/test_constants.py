# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats.quoting import quoted
from keyfleet.transform.gotemplate.parsing.constants import (
    Readings,
    character,
    complex_number,
    number,
    unquoted,
)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ('"a"', "a"), (r'"\a\b\f\n\r\t\v\\\""', '\a\b\f\n\r\t\v\\"'), (r'"\x41\102"', "AB"),
        (r'"\u00e9\U0001F600"', "é\U0001f600"), (r'"\xc3\xa9"', "é"), (r'"\xff"', "\udcff"),
        ("`a\r\n\\n`", "a\n\\n"), ('"\udcff"', "\ufffd"), ("`\udcff`", "\udcff"),
        ('"\udcff\\n"', "\ufffd\n"), ('""', ""),
    ],
)  # fmt: skip
def test_strings(source: str, text: str) -> None:
    assert unquoted(source) == text


@pytest.mark.parametrize(
    "escape", ["q", "'", "x4", "xzz", "08", "400", "u12", "ud800", "U00110000", "0", "x 1", "u+123"]
)
def test_escapes_that_there_are_none_of(escape: str) -> None:
    with pytest.raises(GoError) as caught:
        unquoted(f'"\\{escape}"')
    assert caught.value.go_text() == "invalid syntax"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_go_quotes_is_read_back(text: str) -> None:
    assert unquoted(quoted(text)) == text


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("'a'", 97), (r"'\n'", 10), (r"'\''", 39), (r"'\xff'", 255), ("'日'", 26085),
        ("'\udcff'", 0xFFFD),
    ],
)  # fmt: skip
def test_characters_are_integers(source: str, code: int) -> None:
    assert character(source) == Readings(code, code, float(code), None, code)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("''", "invalid syntax"),
        (r"'\"'", "invalid syntax"),
        (r"'\\a'", r"malformed character constant: '\\a'"),
        ("'ab'", "malformed character constant: 'ab'"),
    ],
)
def test_character_constants_that_are_none(source: str, message: str) -> None:
    with pytest.raises(GoError) as caught:
        character(source)
    assert caught.value.go_text() == message


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("5", 5), ("-3", -3), ("+7", 7), ("1_000", 1000), ("0x1F", 31), ("0X_1f", 31), ("0b11", 3),
        ("0o17", 15), ("017", 15), ("1.5", 1.5), (".5", 0.5), ("1.", 1.0), ("1e3", 1000.0),
        ("0x1.8p1", 3.0), ("3i", 3j), ("0i", 0j), ("0x1E", 30), ("-0x1E", -30.0),
        ("-9223372036854775808", -(2**63)),
    ],
)  # fmt: skip
def test_numbers_have_a_type_of_their_own(source: str, value: complex) -> None:
    found = number(source).default
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("source", "readings"),
    [
        ("1.0", Readings(1, 1, 1.0, None, 1.0)),
        ("1.5", Readings(None, None, 1.5, None, 1.5)),
        ("1e19", Readings(None, 10**19, 1e19, None, 1e19)),
        ("-1.0", Readings(-1, None, -1.0, None, -1.0)),
        ("-5", Readings(-5, None, -5.0, None, -5)),
        ("-0", Readings(0, 0, 0.0, None, 0)),
        ("18446744073709551615", Readings(None, 2**64 - 1, float(2**64 - 1), None, None)),
    ],
)
def test_numbers_are_read_as_every_type_that_holds_them(source: str, readings: Readings) -> None:
    assert number(source) == readings


def test_complex_numbers_without_an_imaginary_part_are_other_numbers_too() -> None:
    assert complex_number("1+0i") == Readings(1, 1, 1.0, 1 + 0j, 1 + 0j)
    assert complex_number("1e-2-0x1p2i") == Readings(None, None, None, 0.01 - 4j, 0.01 - 4j)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("1e+", 'illegal number syntax: "1e+"'),
        ("0x", 'illegal number syntax: "0x"'),
        ("1__0", 'illegal number syntax: "1__0"'),
        ("1e400", 'illegal number syntax: "1e400"'),
        ("0b1i", 'illegal number syntax: "0b1i"'),
        ("089", 'integer overflow: "089"'),
        ("18446744073709551616", 'integer overflow: "18446744073709551616"'),
        ("+9223372036854775808", 'integer overflow: "+9223372036854775808"'),
        ("9" * 100, f'integer overflow: "{"9" * 100}"'),
    ],
)
def test_numbers_that_are_none(source: str, message: str) -> None:
    with pytest.raises(GoError) as caught:
        number(source)
    assert caught.value.go_text() == message


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("1+i", "syntax error scanning complex number"),
        ("1i+2i", "syntax error scanning complex number"),
        ("0b1+2i", "syntax error scanning complex number"),
        ("1+2e400i", 'strconv.ParseFloat: parsing "+2e400": value out of range'),
        ("+-1i", 'strconv.ParseFloat: parsing "+": invalid syntax'),
    ],
)
def test_complex_numbers_that_are_none(source: str, message: str) -> None:
    with pytest.raises(GoError) as caught:
        complex_number(source)
    assert caught.value.go_text() == message


@given(st.text("01789_.eEpPi+-xobXABF", min_size=1, max_size=20))
def test_whatever_looks_like_a_number_is_read_or_refused(source: str) -> None:
    for read in (number, complex_number):
        try:
            found = read(source)
        except GoError:
            continue
        assert found != Readings()
