# SPDX-License-Identifier: Apache-2.0
"""Random values. What Go says to many more is in vectors/sprig_randoms.jsonl."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import BudgetError, GoError
from keyfleet.transform.gotemplate.functions.sprig.randoms import (
    rand_alpha,
    rand_alpha_num,
    rand_ascii,
    rand_int,
    rand_numeric,
    shuffle,
    uuidv4,
)


@given(st.integers(-3, 300))
def test_characters_are_of_their_kind(count: int) -> None:
    size = max(count, 0)
    for draw, belongs in (
        (rand_alpha, str.isalpha), (rand_numeric, str.isdigit), (rand_alpha_num, str.isalnum),
        (rand_ascii, str.isprintable),
    ):  # fmt: skip
        text = draw(a_run(), count)
        assert len(text) == size
        assert text.isascii()
        assert all(map(belongs, text))


@given(st.text())
def test_shuffling_keeps_characters(text: str) -> None:
    assert sorted(shuffle(a_run(), text)) == sorted(text)


def test_a_uuid_has_its_version_and_variant() -> None:
    text = uuidv4(a_run())
    assert [len(part) for part in text.split("-")] == [8, 4, 4, 4, 12]
    assert (text[14], text[19] in "89ab") == ("4", True)


def test_an_empty_range_is_an_error() -> None:
    assert rand_int(a_run(), 5, 6) == 5
    with pytest.raises(GoError) as caught:
        rand_int(a_run(), 5, 5)
    assert caught.value.go_text() == "invalid argument to Intn"


def test_long_ones_are_refused() -> None:
    for count in (2_000_000, 10**12):
        with pytest.raises(BudgetError):
            rand_alpha(a_run(), count)
