# SPDX-License-Identifier: Apache-2.0
import pytest
from tests.unit.transform.gotemplate.playing import problem, sprout


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ('dateInZone "15:04 MST" 0 "America/New_York"', "19:00 EST"),
        ('htmlDateInZone 0 "UTC"', "1970-01-01"),
        ("duration 95", "1m35s"),
        ("duration 95.5", "1m35s"),
        ('duration "95"', "1m35s"),
        ('duration "1h"', "0s"),
        ('durationRound "-2h30m"', "-2h"),
        ("durationRound (toInt64 3600000000001)", "1h"),
        ("durationRound (toDuration `61m`)", "1h"),
        ('durationRound "1ms"', ""),
        ('durationRound "x"', "0s"),
        ("durationRound 95", "0s"),
        ('dateModify "1h" (toDate "2006" "2020") | date "15"', "01"),
    ],
)
def test_tells_times(action: str, text: str) -> None:
    assert sprout(action) == text


@pytest.mark.parametrize("action", ['dateInZone "15" 0 "Nope"', 'htmlDateInZone 0 "Nope"'])
def test_reports_unknown_zones(action: str) -> None:
    assert "unknown time zone" in problem(sprout, action)


def test_reports_bad_durations() -> None:
    assert "invalid duration" in problem(sprout, 'dateModify "bad" now')
