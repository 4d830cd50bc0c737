# SPDX-License-Identifier: Apache-2.0
import math
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError, Data, GoError
from keyfleet.transform.gotemplate.formats.json import encode_json
from keyfleet.transform.gotemplate.formats.json.encoding import is_number
from keyfleet.transform.gotemplate.values import (
    INVALID,
    GoMap,
    GoObject,
    Int64,
    JsonNumber,
    nil_list,
    string_map,
    strings,
)


class Pair(GoObject):
    go_type = "sprig.pair"

    def fields(self) -> Mapping[str, Any]:
        return {"B": "<", "A": [1]}


class Version(GoObject):
    go_type = "*semver.Version"

    def json_value(self) -> str:
        return "1.2.3"


class Mask(GoObject):
    go_type = "net.IPMask"

    def underlying(self) -> bytes:
        return b"hi"


class Late(GoObject):
    go_type = "time.Time"

    def json_value(self) -> str:
        raise GoError("Time: ", Data("year"))  # noqa: TRY003 - as Go words it


class Pause(GoObject, int):
    go_type = "time.Duration"
    go_kind = "int64"


class Channel(GoObject):
    go_type = "chan int64"
    go_kind = "chan"


def text(value: Any, **how: Any) -> str:
    return encode_json(a_run(), value, **how)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "null"),
        (INVALID, "null"),
        (True, "true"),
        (Int64(-5), "-5"),
        (2.0, "2"),
        ("a", '"a"'),
        (JsonNumber("1.50"), "1.50"),
        (JsonNumber(""), "0"),
        (b"hi", '"aGk="'),
        ([1, "a", None, []], '[1,"a",null,[]]'),
        (nil_list(), "null"),
        (strings(["a"]), '["a"]'),
        ({"b": 1, "a": {}}, '{"a":{},"b":1}'),
        (string_map({"k": "v"}), '{"k":"v"}'),
        (GoMap(is_nil=True), "null"),
        (GoMap({10: "a", 9: "b", True: "c"}, key="interface {}"), '{"10":"a","9":"b","true":"c"}'),
        (Pair(), '{"B":"\\u003c","A":[1]}'),
        ([Version()], '["1.2.3"]'),
        (Pause(5), "5"),
        (Mask(), '"aGk="'),
    ],
)
def test_writes_every_type(value: Any, expected: str) -> None:
    assert text(value) == expected


def test_writes_lines_with_an_indent() -> None:
    assert text({"a": [1, []], "b": {}}, indent="  ") == (
        '{\n  "a": [\n    1,\n    []\n  ],\n  "b": {}\n}'
    )


def test_escapes_what_html_would_read() -> None:
    assert text("<&>") == '"\\u003c\\u0026\\u003e"'
    assert text("<&>", escapes_html=False) == '"<&>"'


def test_escapes_what_json_or_javascript_cannot_hold() -> None:
    assert text('"\\\b\f\n\r\t\x00\x1f\x7fé\u2028\u2029😀\udcff') == (
        r'"\"\\\b\f\n\r\t\u0000\u001f' + "\x7fé" + r"\u2028\u2029" + "😀" + r'\ufffd"'
    )


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (math.nan, "json: unsupported value: NaN"),
        (-math.inf, "json: unsupported value: -Inf"),
        (1j, "json: unsupported type: complex128"),
        (Channel(), "json: unsupported type: chan int64"),
        (Late(), "json: error calling MarshalJSON for type time.Time: Time: year"),
        (JsonNumber("1x"), 'json: invalid number literal "1x"'),
    ],
)
def test_refuses_what_json_cannot_say(value: Any, problem: str) -> None:
    with pytest.raises(GoError) as caught:
        text([value])
    assert caught.value.go_text() == problem


@pytest.mark.parametrize("number", ["0", "-0", "10", "1.5", "1e5", "1E+5", "-1.0e-10"])
def test_knows_numbers(number: str) -> None:
    assert is_number(number)


@pytest.mark.parametrize(
    "number", ["", "-", "01", "1.", ".5", "+1", "1e", "1e+", "0x1", "1 ", "٣", "--1", "1e5.5"]
)
def test_knows_what_is_no_number(number: str) -> None:
    assert not is_number(number)


def test_refuses_what_holds_itself() -> None:
    items: dict[str, Any] = {}
    items["self"] = items
    with pytest.raises(BudgetError):
        text(items)


def test_stops_before_a_text_is_too_long() -> None:
    items: list[Any] = ["x" * 200]
    for _ in range(12):
        items = [items, items]
    with pytest.raises(BudgetError):
        encode_json(a_run(string_bytes=10_000), items)
    with pytest.raises(BudgetError):
        encode_json(a_run(string_bytes=10_000), "<" * 2000)


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**63), 2**63 - 1)
        | st.floats(-(2.0**53), 2.0**53)
        | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    ),
    st.booleans(),
    st.sampled_from(["", " ", "  "]),
)
def test_other_readers_understand_it(value: Any, escapes_html: bool, indent: str) -> None:
    written = text(value, escapes_html=escapes_html, indent=indent)
    assert msgspec.json.decode(written) == value
