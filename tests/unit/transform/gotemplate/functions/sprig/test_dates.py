# SPDX-License-Identifier: Apache-2.0
import pytest
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.formats.time.times import GoTime
from keyfleet.transform.gotemplate.functions.sprig import dates
from keyfleet.transform.gotemplate.values import INVALID, Int32, Int64


def repr_type(value: object) -> str:
    return type(value).__name__


@pytest.mark.parametrize("value", [0, Int64(0), Int32(0), GoTime(0)], ids=repr_type)
def test_takes_a_number_for_seconds_since_1970(value: object) -> None:
    assert dates.date(a_run(), "2006-01-02", value) == "1970-01-01"


@pytest.mark.parametrize("value", [0.0, "0", None, INVALID, True], ids=repr_type)
def test_takes_everything_else_for_now(value: object) -> None:
    run = a_run()
    assert dates.html_date(run, value) == run.now().strftime("%Y-%m-%d")


def test_takes_an_unknown_zone_for_utc() -> None:
    assert dates.date_in_zone(a_run(), "15", 0, "Bad/Zone") == "00"
    assert dates.html_date_in_zone(a_run(), 80_000, "Asia/Tokyo") == "1970-01-02"


def test_tells_how_long_ago_it_was() -> None:
    run = a_run()
    assert dates.ago(run, int(run.now().timestamp()) - 3661) == "1h1m1s"
    assert dates.ago(run, Int32(0)) == "0s"
    assert dates.duration_round(run, GoTime(int(run.now().timestamp()) - 90_000)) == "1d"


def test_reads_seconds_only_from_text_and_int64() -> None:
    values = ["95", Int64(95), 95, "x", "", None, "9" * 30]
    assert [dates.duration_of_seconds(value) for value in values] == [
        "1m35s", "1m35s", "0s", "0s", "0s", "0s", "-1s",
    ]  # fmt: skip


def test_falls_back_where_text_cannot_be_read() -> None:
    assert dates.to_date(a_run(), "2006", "x").go_string() == "0001-01-01 00:00:00 +0000 UTC"
    assert dates.date_modify("x", GoTime(5)) == GoTime(5)
    assert dates.unix_epoch(dates.must_date_modify("-1m", GoTime(65))) == "5"
