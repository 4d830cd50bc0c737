# SPDX-License-Identifier: Apache-2.0
"""Strings. What Go says to many more is in vectors/sprig_strings.jsonl."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.functions.sprig.strings import (
    abbrev,
    abbrev_both,
    contains,
    go_slice,
    indent,
    nindent,
    plural,
    repeat,
    replace,
    substr,
    trim,
    trim_all,
    trim_prefix,
    trim_suffix,
    trunc,
)
from keyfleet.transform.gotemplate.values import encoded, joined, length

texts = st.text("ab \u00e9\udcff", max_size=12).map(joined)


@given(texts, texts)
def test_affixes_are_bytes(affix: str, text: str) -> None:
    whole = joined(affix, text)
    assert trim_prefix(affix, whole) == text
    assert trim_suffix(text, whole) == affix
    assert contains(text, whole)


@given(texts, st.integers(0, 15))
def test_two_cuts_are_the_text_again(text: str, size: int) -> None:
    assert joined(trunc(size, text), substr(min(size, length(text)), -1, text)) == text
    assert length(abbrev(size, text)) <= max(size, length(text) if size < 4 else 0)


@given(texts, texts, texts)
def test_replaces_bytes(old: str, new: str, text: str) -> None:
    changed = replace(a_run(), old, new, text)
    if old:
        assert encoded(changed) == encoded(text).replace(encoded(old), encoded(new))
    else:
        assert length(changed) == length(text) + length(new) * (len(text) + 1)


def test_trims_the_space_of_go_only() -> None:
    assert trim("\u00a0\x1ca\n") == "\x1ca"
    assert trim_all(a_run(), "\udcff", "\ufffda\udcfe") == "a"


def test_slices_fail_as_in_go() -> None:
    with pytest.raises(GoError) as caught:
        go_slice(b"hello", 3, 1)
    assert caught.value.go_text() == "runtime error: slice bounds out of range [3:1]"


def test_abbreviates_on_both_sides() -> None:
    assert abbrev_both(5, 10, "1234 5678 9123") == "...5678..."
    assert (plural("one", "many", 1), plural("one", "many", 0)) == ("one", "many")


def test_indents_empty_lines_too() -> None:
    assert indent(a_run(), 2, "a\n\n") == "  a\n  \n  "
    assert nindent(a_run(), 1, "a") == "\n a"


@pytest.mark.parametrize(
    ("make", "arguments"),
    [
        (repeat, (10**12, "ab")),
        (indent, (10**12, "ab")),
        (replace, ("a", "b" * 10_000, "a" * 10_000)),
        (replace, ("", "b" * 10_000, "a" * 10_000)),
    ],
)
def test_large_results_are_refused_before_they_are_made(
    make: Callable[..., str], arguments: tuple[Any, ...]
) -> None:
    with pytest.raises(BudgetError):
        make(a_run(), *arguments)
