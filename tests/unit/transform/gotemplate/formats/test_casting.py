# SPDX-License-Identifier: Apache-2.0
"""Values as numbers."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.transform.gotemplate.formats.casting import (
    INT64_MIN,
    LONGEST_NUMBER,
    as_float,
    as_integer,
    truncated,
)
from keyfleet.transform.gotemplate.values import JsonNumber, Uint64


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (None, 0), (True, 1), (-3.9, -3), ("3.7", 3), ("0x1F", 31), ("017", 15), ("5.", 5),
        ("1_000", 1000), (JsonNumber("12"), 12), (Uint64(2**64 - 1), -1), (1e30, INT64_MIN),
        ("08", None), ("1e3", None), (" 5 ", None), ("", None), (".5", None), ([1], None),
        ({}, None), (1j, None), ("9223372036854775808", None), ("0" * (LONGEST_NUMBER + 1), None),
    ],
)  # fmt: skip
def test_as_integer(value: Any, number: int | None) -> None:
    assert as_integer(value) == number


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (None, 0.0), (True, 1.0), (2, 2.0), ("1e3", 1000.0), ("1_0", 10.0), ("-Inf", -math.inf),
        ("", None), ("x", None), ([], None), (1j, None), ("0x10", None), ("1e400", None),
        ("0" * (LONGEST_NUMBER + 1), None),
    ],
)  # fmt: skip
def test_as_float(value: Any, number: float | None) -> None:
    assert as_float(value) == number


@given(st.integers(-(2**63), 2**63 - 1))
def test_reads_every_integer_it_writes(number: int) -> None:
    assert as_integer(str(number)) == as_integer(f"{number}.75") == number


@given(st.floats())
def test_truncates_into_64_bits(number: float) -> None:
    assert -(2**63) <= truncated(number) < 2**63
