# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats.time.layouts import LENGTH_MAX, formatted, pieces
from keyfleet.transform.gotemplate.formats.time.moments import moment
from keyfleet.transform.gotemplate.formats.time.zones import Zone


@pytest.mark.parametrize(
    ("layout", "text"),
    [
        ("2006 06 January Jan 01 1", "2023 23 November Nov 11 11"),
        ("Monday Mon 02 _2 2 002 __2", "Tuesday Tue 14 14 14 318 318"),
        ("15 03 3 PM pm 04 4 05 5", "22 10 10 PM pm 13 13 20 20"),
        ("05.000 05,999 05.0009 05.000x", "20.050 20,05 20.0009 20.050x"),
        ("MST -0700 -07:00 -07 -070000 -07:00:00", "X -0130 -01:30 -01 -013000 -01:30:00"),
        ("Z0700 Z07:00 Z07", "-0130 -01:30 -01"),
        ("Janet Monk _2006", "Janet Monk _2023"),
        ("é$", "é$"),
    ],
)
def test_writes_as_go_does(layout: str, text: str) -> None:
    shown = moment(1_700_000_000 + 5400, 50_000_000, Zone("X", -5400))
    assert "".join(formatted(shown, layout)) == text


def test_writes_z_for_utc_and_an_offset_for_a_zone_without_name() -> None:
    assert "".join(formatted(moment(0), "Z0700 Z07:00:00 MST")) == "Z Z UTC"
    assert "".join(formatted(moment(0, 0, Zone("", 7200)), "MST")) == "+0200"


@given(st.text(alphabet="0123456789JanMoSTZ_PMpm.,-: é", max_size=30))
def test_loses_no_character_of_a_layout(layout: str) -> None:
    assert "".join(text for text, _ in pieces(layout)) == layout


def test_refuses_a_very_long_layout() -> None:
    assert pieces("2" * LENGTH_MAX)
    with pytest.raises(GoError):
        pieces("2" * (LENGTH_MAX + 1))
