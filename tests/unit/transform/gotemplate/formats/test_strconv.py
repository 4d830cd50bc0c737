# SPDX-License-Identifier: Apache-2.0
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats.strconv import (
    OutOfRangeError,
    atoi,
    has_good_underscores,
    parse_bool,
    parse_float,
    parse_int,
    parse_uint,
)


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("+5", 5), ("-007", -7), ("-9223372036854775808", -(2**63)), ("0" * 99 + "1", 1)],
)
def test_reads_decimal_integers(text: str, number: int) -> None:
    assert parse_int(text) == number
    assert atoi(text) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0x1F", 31),
        ("-0X1f", -31),
        ("0b101", 5),
        ("0o17", 15),
        ("017", 15),
        ("0", 0),
        ("1_000", 1000),
        ("0x_1F", 31),
        ("0_7", 7),
    ],
)
def test_follows_prefixes_in_base_0(text: str, number: int) -> None:
    assert parse_int(text, 0) == number


@pytest.mark.parametrize(
    "text", ["", "-", "08", "0x", "1__0", "_1", "1_", "0b2", "1e3", "1 ", "٣", "0x_", "+-1"]
)
def test_refuses_what_is_no_integer(text: str) -> None:
    with pytest.raises(GoError) as caught:
        parse_int(text, 0)
    assert caught.value.go_text() == f'strconv.ParseInt: parsing "{text}": invalid syntax'


@pytest.mark.parametrize(
    ("text", "base", "bits"),
    [
        ("9223372036854775808", 10, 64),
        ("-9223372036854775809", 10, 64),
        ("99999999999999999999x", 10, 64),
        ("1" * 5000, 10, 64),
        ("128", 10, 8),
        ("-129", 10, 8),
    ],
)
def test_refuses_what_does_not_fit(text: str, base: int, bits: int) -> None:
    with pytest.raises(GoError, check=lambda error: "value out of range" in error.go_text()):
        parse_int(text, base, bits)


@pytest.mark.parametrize(
    ("text", "nearest"),
    [("99999999999999999999x", 2**63 - 1), ("-9223372036854775809", -(2**63))],
)
def test_knows_the_nearest_number_that_fits(text: str, nearest: int) -> None:
    with pytest.raises(OutOfRangeError) as caught:
        atoi(text)
    assert caught.value.nearest == nearest


def test_infinity_is_nearest_to_what_is_too_large() -> None:
    with pytest.raises(OutOfRangeError) as caught:
        parse_float("-1e999")
    assert caught.value.nearest == -math.inf


def test_an_unsigned_integer_has_no_sign() -> None:
    assert parse_uint("18446744073709551615") == 2**64 - 1
    assert parse_uint("255", bits=8) == 255
    for text in ("-1", "+1", "18446744073709551616"):
        with pytest.raises(GoError):
            parse_uint(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1e3", 1000.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("+1.5E-2", 0.015),
        ("1_0.2_5", 10.25),
        ("0x1.8p1", 3.0),
        ("-0X_1P-2", -0.25),
        ("1e-999", 0.0),
        ("Inf", math.inf),
        ("-iNfInItY", -math.inf),
    ],
)
def test_reads_floats(text: str, number: float) -> None:
    assert parse_float(text) == number


def test_keeps_the_sign_of_zero() -> None:
    assert math.copysign(1, parse_float("-0")) == -1


def test_not_a_number_has_no_sign() -> None:
    assert math.isnan(parse_float("NaN"))
    with pytest.raises(GoError):
        parse_float("-nan")


@pytest.mark.parametrize(
    "text",
    ["", ".", "1e", "1e+", "0x10", "0x.p1", "1_.5", "_1", "1e5_", " 1", "1 ", "infinit"],
)
def test_refuses_what_is_no_float(text: str) -> None:
    with pytest.raises(GoError, check=lambda error: "invalid syntax" in error.go_text()):
        parse_float(text)


@pytest.mark.parametrize("text", ["1e999", "-1e999", "0x1p5000", "9" * 400])
def test_refuses_floats_that_are_too_large(text: str) -> None:
    with pytest.raises(GoError, check=lambda error: "value out of range" in error.go_text()):
        parse_float(text)


@pytest.mark.parametrize(
    ("text", "flag"),
    [("1", True), ("t", True), ("True", True), ("TRUE", True), ("F", False), ("false", False)],
)
def test_reads_booleans(text: str, *, flag: bool) -> None:
    assert parse_bool(text) is flag


@pytest.mark.parametrize("text", ["", "tRue", "yes", "2"])
def test_refuses_what_is_no_boolean(text: str) -> None:
    with pytest.raises(GoError):
        parse_bool(text)


def test_shows_the_text_only_to_those_who_may_see_it() -> None:
    with pytest.raises(GoError) as caught:
        atoi("kf-canary-number")
    assert caught.value.shown("") == 'strconv.Atoi: parsing "[redacted]": invalid syntax'


@pytest.mark.parametrize(
    ("text", "is_good"),
    [("10", True), ("1_0", True), ("0x_f_f", True), ("1__0", False), ("1_e5", False), ("_", False)],
)
def test_underscores_stand_between_digits(text: str, *, is_good: bool) -> None:
    assert has_good_underscores(text) is is_good


@given(st.integers(-(2**63), 2**63 - 1))
def test_reads_what_was_written(number: int) -> None:
    assert parse_int(str(number)) == number
    assert parse_int(hex(number), 0) == number


@given(st.text("0123456789_xXeEpP.+-abn ٣"))
def test_any_text_is_a_number_or_an_error(text: str) -> None:
    for parse in (parse_float, parse_uint, lambda text: parse_int(text, 0)):
        try:
            shown = str(parse(text))
        except GoError as error:
            shown = error.shown(text)
        assert "redacted" not in shown
