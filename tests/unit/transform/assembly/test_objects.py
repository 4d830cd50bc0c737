# SPDX-License-Identifier: Apache-2.0
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.transform.assembly.objects import object_of, text_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b' {"a": 1, "a": 2} ', {"a": 2.0}),
        (b"null", {}),
        (b'{"a":"\xff\\ud800x\\ud83d\\ude00"}', {"a": "\ufffd\ufffdx\U0001f600"}),
        (b'{"a":[true,null,{"b":1.5}]}', {"a": [True, None, {"b": 1.5}]}),
    ],
)
def test_reads_objects_as_go_does(text: bytes, expected: dict[str, Any]) -> None:
    assert object_of(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b"[1]", b'"a"', b"1", b"true", b"{", b'{"a":1e400}', b'{"a":01}', b"a: b", b"\xff"),
        *(b"1" * 5000, b'{"a":' + b"1" * 5000 + b"}", b'{"a":' + b"[" * 9999 + b"]" * 9999 + b"}"),
        b'{"a":' + b"[" * 150 + b"]" * 150 + b"}",
    ],
)
def test_everything_else_is_none(text: bytes) -> None:
    assert object_of(text) is None


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
    ],
)
def test_writes_values_as_upstream_does(value: Any, text: bytes) -> None:
    assert text_of(value) == text


@given(st.binary(max_size=50))
def test_takes_any_bytes(text: bytes) -> None:
    for value in (object_of(text) or {}).values():
        text_of(value)
