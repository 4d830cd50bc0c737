# SPDX-License-Identifier: Apache-2.0
import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base.errors import InvalidInputError
from keyfleet.base.gojson import Raw, encode, float_text, members, plain, text_of
from keyfleet.base.secret import SecretValue
from keyfleet.testing.canary import canary

documents = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"b": 1, "a": [True, None, 1.5]}, rb'{"a":[true,null,1.5],"b":1}'),
        ({}, b"{}"),
        ([], b"[]"),
        ((1, 2), b"[1,2]"),
        ("<a & b>", rb'"\u003ca \u0026 b\u003e"'),
        ('\u2028\u2029\x00\x1f\n\t\r\b\f"\\/', rb'"\u2028\u2029\u0000\u001f\n\t\r\b\f\"\\/"'),
        ("\x7f\u00e9\U0001f600", '"\x7f\u00e9\U0001f600"'.encode()),
        (b"\xff\xfe", rb'"\ufffd\ufffd"'),
        ({"\U0001f600": 1, "\uffff": 2, "z": 3}, '{"z":3,"\uffff":2,"\U0001f600":1}'.encode()),
        (1e21, b"1e+21"),
        (2**70, str(2**70).encode()),
        ({"a": Raw(b' { "x" : "< >" , "y":[ 1 ] } ')}, rb'{"a":{"x":"\u003c \u003e","y":[1]}}'),
    ],
)
def test_writes_what_go_writes(value: Any, expected: bytes) -> None:
    assert encode(value, escape_html=True) == expected


def test_leaves_html_alone_when_told_to() -> None:
    value = ["<&>", Raw('[ "<\u2028>" ]'.encode())]
    assert encode(value, escape_html=False) == '["<&>",["<\u2028>"]]'.encode()


@given(documents, st.booleans())
def test_what_it_writes_reads_the_same(document: Any, escape_html: bool) -> None:
    assert msgspec.json.decode(encode(document, escape_html=escape_html)) == document


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a\nb", b"a\nb"),
        ("", b""),
        (None, b""),
        (True, b"true"),
        (2.12, b"2.12"),
        (2.1234534153423423, b"2.1234534153423423"),
        (1e21, b"1000000000000000000000"),
        (1e-7, b"0.0000001"),
        (3.0, b"3"),
        (float(2**53 + 1), b"9007199254740992"),
        ({"b": "<", "a": [1.0, None]}, rb'{"a":[1,null],"b":"\u003c"}'),
        ([], b"[]"),
        (12345678901234567890, b"12345678901234567890"),
        (Raw(b"-1.50e2"), b"-150"),
        (Raw(b"1e999"), b"1e999"),
        (Raw(b'{ "a": "<" }'), rb'{"a":"\u003c"}'),
    ],
)
def test_gives_a_secret_what_upstream_gives_it(value: Any, text: bytes) -> None:
    assert text_of(value) == text


def test_no_secret_value_gets_into_a_document() -> None:
    with pytest.raises(TypeError):
        encode({"a": SecretValue(canary("json"))}, escape_html=True)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_refuses_numbers_that_json_does_not_have(number: float) -> None:
    with pytest.raises(InvalidInputError):
        encode(number, escape_html=True)


def test_half_a_pair_of_surrogates_is_a_stranger() -> None:
    assert encode({"\ud800": "\udfff"}, escape_html=True) == rb'{"\ufffd":"\ufffd"}'


def test_refuses_what_is_nested_too_deeply() -> None:
    value: list[Any] = []
    for _ in range(5000):
        value = [value]
    with pytest.raises(InvalidInputError):
        encode(value, escape_html=True)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0.0, "0"),
        (-0.0, "-0"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (1e-6, "0.000001"),
        (9.5e-7, "9.5e-7"),
        (1e-10, "1e-10"),
        (1e100, "1e+100"),
    ],
)
def test_writes_floats_as_javascript_does(number: float, expected: str) -> None:
    assert float_text(number) == expected


def test_members_keep_their_text() -> None:
    document = b' { "a" : { "b" :  1 } , "c\\n": "x" ,"d":[1, 2 ],"e":null,"f":-1.50e3 } '
    assert members(document) == {
        "a": b'{ "b" :  1 }', "c\n": b'"x"', "d": b"[1, 2 ]", "e": b"null", "f": b"-1.50e3",
    }  # fmt: skip


def test_the_last_of_two_members_counts() -> None:
    assert members(b'{"a":1,"a":2}') == {"a": b"2"}


@pytest.mark.parametrize(
    "document",
    [
        *(b"", b"null", b"[1]", b'"a"', b"1", b"{", b'{"a":1}}', b'{"a":01}', b"{'a':1}", b"\xff"),
        *(b"{" * 9999, b'{"a":' * 9999 + b"1" + b"}" * 9999),
    ],
)
def test_members_of_what_is_no_object_are_none(document: bytes) -> None:
    assert members(document) is None


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (rb'"a\"\u00e9\ud83d\ude00\/"', 'a"\u00e9\U0001f600/'.encode()),
        (rb'"\ud800x\udc00"', "\ufffdx\ufffd".encode()),
        (b'"\xff\xe2\x82"', "\ufffd\ufffd\ufffd".encode()),
        (b"null", b""),
        (b"true", b"true"),
        (b"1.50", b"1.50"),
        (b'{ "a": "b" }', b'{ "a": "b" }'),
        (b'""', b""),
    ],
)
def test_only_strings_lose_their_quotes(raw: bytes, expected: bytes) -> None:
    assert plain(raw) == expected


@given(st.dictionaries(st.text(), documents), st.booleans())
def test_members_and_plain_give_back_what_was_written(found: dict[str, Any], escape: bool) -> None:
    taken = members(encode(found, escape_html=escape))
    assert taken is not None
    assert {name: msgspec.json.decode(raw) for name, raw in taken.items()} == found
    for name, value in found.items():
        if isinstance(value, str):
            assert plain(taken[name]).decode() == value


@given(st.binary(max_size=60))
def test_takes_any_bytes(document: bytes) -> None:
    members(document)
    plain(document)
    assert encode([document, {document: document}], escape_html=True).decode()
