# SPDX-License-Identifier: Apache-2.0
"""Streams of manifests: what is written is read back; what is none is refused and not quoted."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base.errors import InvalidInputError
from keyfleet.cli.sealing.files.documents import (
    Style,
    expanded,
    parse_style,
    read_documents,
    written,
)
from keyfleet.testing.canary import canary, find_canary

_LEAF = st.one_of(st.text(max_size=12), st.booleans(), st.integers(-(2**53), 2**53), st.none())
_DOCUMENT = st.dictionaries(
    st.text(max_size=8), st.one_of(_LEAF, st.lists(_LEAF, max_size=3)), min_size=1, max_size=3
)


@given(st.lists(_DOCUMENT, max_size=3), st.sampled_from(Style))
def test_what_is_written_is_read(documents: list[dict[str, Any]], style: Style) -> None:
    text = written(documents, style)
    assert read_documents(text.encode("utf-8", "surrogatepass"), "a file") == documents
    assert text.count("---\n") >= len(documents) or style is Style.JSON


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 0), ("---\n---\n", 0), ('{"a":1}{"b":2}\n{"c":3}', 3), ("{a: 1}\n---\nb: 2\n", 2)],
)
def test_streams_of_either_kind(text: str, count: int) -> None:
    assert len(read_documents(text.encode(), "a file")) == count


@pytest.mark.parametrize(
    "text", ["- {0}", '["{0}"]', "{0}", '{{"a": "{0}"', '{{"a": 1}} {0}', "a: {{{0}"]
)
def test_what_is_no_manifest_is_refused_and_not_quoted(text: str) -> None:
    raw = text.format(canary("stream").decode()).encode()
    with pytest.raises(InvalidInputError) as caught:
        read_documents(raw, "a file")
    assert not find_canary(f"{caught.value!r} {caught.value.__context__!r}")


def test_lists_are_expanded_in_their_place() -> None:
    inner = {"kind": "SecretList", "items": [{"a": 1}, {"a": 2}]}
    found = expanded([{"a": 0}, {"kind": "List", "items": [inner, {"a": 3}]}, {"a": 4}])
    assert [each["a"] for each in found] == [0, 1, 2, 3, 4]


def test_styles_are_called_in_any_case() -> None:
    assert (parse_style("YAML"), parse_style("Json")) == (Style.YAML, Style.JSON)
    with pytest.raises(InvalidInputError):
        parse_style("table")
