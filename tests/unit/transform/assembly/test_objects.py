# SPDX-License-Identifier: Apache-2.0
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.transform.assembly.objects import object_of


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


@given(st.binary(max_size=50))
def test_takes_any_bytes(text: bytes) -> None:
    found = object_of(text)
    assert found is None or isinstance(found, dict)
