# SPDX-License-Identifier: Apache-2.0
"""Texts of values. What Go says to many more is in vectors/sprig_texts.jsonl."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError
from keyfleet.transform.gotemplate.functions.sprig.texts import (
    cat,
    join,
    quote,
    shown,
    sort_alpha,
    split,
    split_list,
    split_n,
    squote,
    text_of,
    texts_of,
)
from keyfleet.transform.gotemplate.values import type_of

words = st.lists(st.text("ab\u00e9", min_size=1), min_size=1)


@given(words)
def test_splitting_undoes_joining(pieces: list[str]) -> None:
    text = join(a_run(), ",", pieces)
    assert split_list(a_run(), ",", text) == pieces
    assert list(split(a_run(), ",", text).values()) == pieces
    assert len(split_n(a_run(), ",", 2, text)) == min(2, len(pieces))


@given(words)
def test_sorts_by_bytes(pieces: list[str]) -> None:
    assert sort_alpha(a_run(), pieces) == sorted(pieces, key=str.encode)


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        (None, []),
        ([1, None, "a"], ["1", "a"]),
        ("x", ["x"]),
        ({"a": 1}, ["map[a:1]"]),
        (b"a", ["97"]),
    ],
)
def test_texts_of_lists_leave_nil_out(value: Any, texts: list[str]) -> None:
    assert texts_of(a_run(), value) == texts
    assert type_of(texts_of(a_run(), value)) == "[]string"


def test_bytes_are_what_they_spell_only_in_strings() -> None:
    assert text_of(a_run(), b"ab") == "ab"
    assert shown(a_run(), b"ab") == "[97 98]"


def test_quotes_leave_nil_out() -> None:
    assert quote(a_run(), 'a"b', None, 1) == '"a\\"b" "1"'
    assert squote(a_run(), "a'b", None, 1) == "'a'b' '1'"
    assert squote(a_run(), None) == ""
    assert cat(a_run(), "a", None, 1) == "a 1"


def test_one_large_value_many_times_is_refused() -> None:
    shared = ["x" * 100_000]
    with pytest.raises(BudgetError):
        texts_of(a_run(), [shared] * 1000)
    with pytest.raises(BudgetError):
        join(a_run(), "", ["x" * 100_000] * 1000)
    with pytest.raises(BudgetError):
        quote(a_run(), "x" * 1_000_000)
