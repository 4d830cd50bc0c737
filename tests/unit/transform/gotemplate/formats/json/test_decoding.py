# SPDX-License-Identifier: Apache-2.0
import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.formats.json import (
    decode_json,
    decode_json_leniently,
    encode_json,
)
from keyfleet.transform.gotemplate.values import JsonNumber


def value_of(text: str, **how: Any) -> Any:
    return decode_json(a_run(), text, **how)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (" null ", None),
        ("true", True),
        ("false", False),
        ("1", 1.0),
        ("-1.5e+2", -150.0),
        ("1e-400", 0.0),
        ('"a"', "a"),
        ("\t[ 1 ,\n{ } , [ ] ]\r", [1.0, {}, []]),
        ('{"a" : 1, "b":2, "a":3}', {"a": 3.0, "b": 2.0}),
        (r'"\"\\\/\b\f\n\r\t\u00e9"', '"\\/\b\f\n\r\té'),
        (r'"\ud83d\ude00"', "😀"),
        (r'"\ud800 \udc00 \ud800\u0041 \ud800\ud83d\ude00"', "� � �A �😀"),
        ('"\u00a0\x7f\u2028"', "\u00a0\x7f\u2028"),
        ('"a\udcffb"', "a�b"),
    ],
)
def test_reads_documents(text: str, value: Any) -> None:
    assert value_of(text) == value


def test_numbers_are_floats_unless_asked_otherwise() -> None:
    text = "[1, 1.0, 1e2, 12345678901234567890123]"
    assert [type(item) for item in value_of(text)] == [float] * 4
    assert value_of(text, numbers="json.Number") == [
        JsonNumber("1"),
        JsonNumber("1.0"),
        JsonNumber("1e2"),
        JsonNumber("12345678901234567890123"),
    ]
    assert [type(item) for item in value_of(text, numbers="int")] == [int, float, float, int]


def test_keeps_the_sign_of_zero() -> None:
    assert math.copysign(1, value_of("-0")) == -1


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "unexpected end of JSON input"),
        (' {"a"', "unexpected end of JSON input"),
        ('"abc', "unexpected end of JSON input"),
        ("[1,", "unexpected end of JSON input"),
        ("nope", "invalid character 'o' in literal null (expecting 'u')"),
        ("tru", "invalid character ' ' in literal true (expecting 'e')"),
        ("x", "invalid character 'x' looking for beginning of value"),
        ("[1,]", "invalid character ']' looking for beginning of value"),
        ("{b:1}", "invalid character 'b' looking for beginning of object key string"),
        ('{"a":1,}', "invalid character '}' looking for beginning of object key string"),
        ('{"a" 1}', "invalid character '1' after object key"),
        ('{"a":1 "b"', "invalid character '\"' after object key:value pair"),
        ("[1 2]", "invalid character '2' after array element"),
        ("01", "invalid character '1' after top-level value"),
        ("1.", "invalid character ' ' after decimal point in numeric literal"),
        ("-", "invalid character ' ' in numeric literal"),
        ("1e+x", "invalid character 'x' in exponent of numeric literal"),
        ('"a\nb"', r"invalid character '\n' in string literal"),
        (r'"\q"', "invalid character 'q' in string escape code"),
        (r'"\u12g4"', r"invalid character 'g' in \u hexadecimal character escape"),
        ("'a'", r"invalid character '\'' looking for beginning of value"),
        ("é", "invalid character 'Ã' looking for beginning of value"),
        ("\u00a01", "invalid character 'Â' looking for beginning of value"),
        ("[1e400]", "json: cannot unmarshal number 1e400 into Go value of type float64"),
    ],
)
def test_says_what_is_wrong(text: str, problem: str) -> None:
    with pytest.raises(GoError) as caught:
        value_of(text)
    assert caught.value.go_text() == problem


def test_lenient_readers_get_nil() -> None:
    assert decode_json_leniently(a_run(), "{") is None
    assert decode_json_leniently(a_run(), "[1,1e400,2]") == [1.0, None, 2.0]


def test_shows_no_piece_of_the_document() -> None:
    with pytest.raises(GoError) as caught:
        value_of("kf-canary-json")
    assert caught.value.shown("") == "invalid character '[redacted]' looking for beginning of value"


@pytest.mark.parametrize("text", ["[" * 500 + "]" * 500, '{"a":' * 500 + "1" + "}" * 500])
def test_refuses_what_is_nested_too_deeply(text: str) -> None:
    with pytest.raises(BudgetError):
        value_of(text)
    with pytest.raises(BudgetError):
        decode_json_leniently(a_run(), text)


@pytest.mark.parametrize(
    "text",
    [
        "[" + "1," * 50_000 + "1]",
        '"' + "\\n" * 900_000 + '"',
        " " * 3_000_000,
        '["' + "x" * 3_000_000 + '"]',
    ],
)
def test_stops_at_documents_that_take_too_long(text: str) -> None:
    with pytest.raises(BudgetError):
        decode_json(a_run(steps=20_000), text)


@given(st.text() | st.text('{}[]":,\\ntrue1-0.eE \n"ufals', max_size=15))
def test_any_text_is_json_or_an_error(text: str) -> None:
    try:
        value = value_of(text)
    except GoError:
        return
    assert msgspec.json.decode(text) == value or "\\u" in text


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    )
)
def test_reads_what_was_written(value: Any) -> None:
    assert value_of(encode_json(a_run(), value)) == value
    assert value_of(encode_json(a_run(), value, indent="  ", escapes_html=False)) == value
