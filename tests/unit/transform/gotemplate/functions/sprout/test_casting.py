# SPDX-License-Identifier: Apache-2.0
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.functions.sprout.casting import (
    cast_float,
    cast_integer,
    cast_text,
    cast_texts,
    cast_unsigned,
    of_type_like,
)
from keyfleet.transform.gotemplate.values import Int64, Uint8, Uint64


@given(st.integers(-(2**63), 2**63 - 1))
def test_reads_integers_that_it_wrote(number: int) -> None:
    assert cast_integer(a_run(), cast_text(a_run(), number), "int") == number


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("", 0),
        ("5.7", 5),
        ("-.5", 0),
        (".", 0),
        ("0x1F", 31),
        ("017", 15),
        (None, 0),
        (True, 1),
        (2.9, 2),
    ],
)
def test_takes_many_things_for_an_integer(value: Any, number: int) -> None:
    assert cast_integer(a_run(), value, "int") == number


@pytest.mark.parametrize(
    ("value", "number"), [("+5", 5), ("5.7", 5), (Uint64(2**64 - 1), 2**64 - 1)]
)
def test_takes_them_without_a_sign_too(value: Any, number: int) -> None:
    assert cast_unsigned(a_run(), value, "uint") == number


@pytest.mark.parametrize("value", [-1, -0.5, "-5", "-", [], "kf-canary"])
def test_refuses_what_has_a_sign_or_is_no_number(value: Any) -> None:
    with pytest.raises(GoError) as caught:
        cast_unsigned(a_run(), value, "uint")
    assert "kf-canary" not in caught.value.shown("")


@pytest.mark.parametrize(("value", "number"), [("", 0.0), ("1e3", 1000.0), (1, 1.0), (None, 0.0)])
def test_takes_many_things_for_a_float(value: Any, number: float) -> None:
    assert cast_float(a_run(), value) == number


def test_says_what_cannot_be_cast_but_not_its_value() -> None:
    with pytest.raises(GoError) as caught:
        cast_float(a_run(), "kf-canary")
    text = caught.value.shown("")
    assert text.startswith(
        "unable to cast [redacted] of type string to float64: strconv.ParseFloat"
    )
    assert "kf-canary" not in text


def test_texts_are_plain_and_nil_has_none() -> None:
    assert cast_texts(a_run(), [1e6, True, None, [1], b"a"]) == ["1000000", "true", "", "a"]
    assert cast_texts(a_run(), None) == []


def test_a_result_takes_the_type_of_another_value() -> None:
    assert of_type_like(1, 2.7) == 2
    assert of_type_like(1.5, 2.5) == 2.5
    assert of_type_like(Uint8(1), 257.0) == Uint8(1)
    assert type(of_type_like(Int64(1), 2.0)) is Int64
    with pytest.raises(GoError):
        of_type_like("1", 2.0)
