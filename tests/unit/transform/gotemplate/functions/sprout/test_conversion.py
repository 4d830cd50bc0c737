# SPDX-License-Identifier: Apache-2.0
import pytest
from tests.unit.transform.gotemplate.playing import problem, sprout


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ('toInt "5.7"', "5"),
        ('toInt64 "5" | printf `%T`', "int64"),
        ('toUint "5" | printf `%T`', "uint"),
        ('toUint64 "18446744073709551615"', "18446744073709551615"),
        ('toFloat64 "1e3"', "1000"),
        ("toBool 1.5", "true"),
        ("toBool nil", "false"),
        ("toOctal 777", "511"),
        ('toDuration "95"', "95ns"),
        ('toDuration "1h2m"', "1h2m0s"),
        ("toDuration 2.9", "2ns"),
        ('toDate "2006-01-02" "2020-01-05" | date "Jan 2"', "Jan 5"),
        ('toLocalDate "2006" "Europe/Berlin" "2020"', "2020-01-01 00:00:00 +0100 CET"),
    ],
)
def test_converts(action: str, text: str) -> None:
    assert sprout(action) == text


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ('toInt "x"', "unable to cast"),
        ("toBool (list)", "unable to cast"),
        ('toBool ""', "strconv.ParseBool"),
        ('toOctal "9"', "failed to parse octal: "),
        ("toDuration true", "to time.Duration"),
        ('toLocalDate "2006" "Nope/X" "2020"', "unknown time zone"),
    ],
)
def test_reports_what_it_cannot_convert(action: str, text: str) -> None:
    assert text in problem(sprout, action)
