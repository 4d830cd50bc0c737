# SPDX-License-Identifier: Apache-2.0
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.formats.time.times import GoTime
from keyfleet.transform.gotemplate.formats.yaml.dialect import V2, V3
from keyfleet.transform.gotemplate.formats.yaml.resolving import is_plain, resolved
from keyfleet.transform.gotemplate.values import Uint64, type_of


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None), ("~", None), ("NULL", None), ("nUll", "nUll"),
        ("true", True), ("FALSE", False), ("tRue", "tRue"),
        ("012", 10), ("0o14", 12), ("0x1f", 31), ("-0b11", -3), ("1_000", 1000), ("08", 8.0),
        ("+5", 5), ("0x", "0x"), ("_1", "_1"), ("0o8", "0o8"), ("5.", 5.0), (".5", 0.5),
        ("1e3", 1000.0), ("1e999", "1e999"), ("12:30:45", "12:30:45"), ("-.INF", -math.inf),
        ("18446744073709551615", Uint64(2**64 - 1)), ("18446744073709551616", 2.0**64),
        ("2020-13-01", "2020-13-01"), ("1" * 600, "1" * 600),
    ],
)  # fmt: skip
def test_reads_plain_scalars_as_go_does(text: str, value: Any) -> None:
    found = resolved(a_run(), text, V3)
    assert found == value
    assert type_of(found) == type_of(value)


@pytest.mark.parametrize("text", ["y", "Yes", "on", "OFF", "n"])
def test_old_booleans_are_those_of_yaml_1_1(text: str) -> None:
    assert isinstance(resolved(a_run(), text, V2), bool)
    assert resolved(a_run(), text, V3) == text
    assert not is_plain(a_run(), text, V3)


def test_reads_times() -> None:
    found = resolved(a_run(), "2020-1-2T03:04:05+01:00", V3)
    assert isinstance(found, GoTime)
    assert found.rfc3339() == "2020-01-02T03:04:05+01:00"


def test_quotes_base_60() -> None:
    assert not is_plain(a_run(), "190:20:30", V2)
    assert is_plain(a_run(), "a:b", V2)


@given(st.text(alphabet="0123456789xobeE+-._:naifNTyY~", min_size=1, max_size=20))
def test_makes_a_value_of_any_text(text: str) -> None:
    assert resolved(a_run(), text, V2) is None or type_of(resolved(a_run(), text, V2))
