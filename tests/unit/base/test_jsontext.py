# SPDX-License-Identifier: Apache-2.0
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base.jsontext import compacted, elements, is_json, members, mended, unescaped

blanks = st.text(" \t\r\n", max_size=3).map(str.encode)
documents = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    "document",
    [
        *(
            b"{}",
            b" [1 , 2] ",
            b'"\\ud800"',
            b'"\\udc00\\ud800x"',
            b'"\\\\ud800"',
            b'"\xff"',
            b"-0",
        ),
        *(b'{"a":1,"a":2}', b"1e400", b"\tnull\n", b'{"\\ud83d\\ude00":1}'),
    ],
)
def test_takes_what_go_takes(document: bytes) -> None:
    assert is_json(document)


@pytest.mark.parametrize(
    "document",
    [
        *(b"", b" ", b"{", b"[1,]", b"01", b"+1", b".5", b"NaN", b'"\n"', b'"\\x"', b"'a'", b"1 2"),
        *(b'{"a"}', b"{1:2}", b"nul", b"\xef\xbb\xbf1", b'"\\u12"', b'"\\ud8"', b"[" * 9999),
    ],
)
def test_refuses_what_go_refuses(document: bytes) -> None:
    assert not is_json(document)


@given(st.dictionaries(st.text(), documents), blanks)
def test_members_are_in_order_and_as_written(document: dict[str, Any], gap: bytes) -> None:
    pairs = [(msgspec.json.encode(k), msgspec.json.encode(v)) for k, v in document.items()]
    written = (gap + k + gap + b":" + gap + v + gap for k, v in pairs)
    assert list(members(gap + b"{" + b",".join(written) + b"}" + gap)) == pairs


@given(st.lists(documents), blanks)
def test_elements_are_in_order_and_as_written(document: list[Any], gap: bytes) -> None:
    raws = [msgspec.json.encode(value) for value in document]
    written = (gap + raw + gap for raw in raws)
    assert list(elements(gap + b"[" + b",".join(written) + b"]" + gap)) == raws


@given(documents)
def test_only_blanks_between_values_go(document: Any) -> None:
    raw = msgspec.json.encode(document)
    assert compacted(msgspec.json.format(raw, indent=3)) == raw


@given(st.text())
def test_says_what_a_string_says(text: str) -> None:
    assert unescaped(msgspec.json.encode(text)[1:-1]) == text.encode()
    escapes = "".join(f"\\u{unit:04x}" for unit in _units(text))
    assert unescaped(escapes.encode()) == text.encode()


def _units(text: str) -> list[int]:
    raw = text.encode("utf-16-be")
    return [int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2)]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (b'"\xff\\ud800\\n"', '"\ufffd\\ufffd\\n"'.encode()),
        (rb'"\\ud800"', rb'"\\ud800"'),
        (rb'"\ud83d\ude00"', rb'"\ud83d\ude00"'),
        (rb'"\ude00\ud83d"', rb'"\ufffd\ufffd"'),
        (rb'"\ud83d\ud83d\ude00"', rb'"\ufffd\ud83d\ude00"'),
    ],
)
def test_mends_what_is_no_text(document: bytes, expected: bytes) -> None:
    assert mended(document) == expected
    assert msgspec.json.decode(mended(document)) == unescaped(document[1:-1]).decode(
        "utf-8", "replace"
    )


@given(st.binary(max_size=60))
def test_takes_any_bytes(document: bytes) -> None:
    if is_json(document):
        msgspec.json.decode(mended(document))
    unescaped(document)
