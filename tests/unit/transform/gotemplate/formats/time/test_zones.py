# SPDX-License-Identifier: Apache-2.0
import pytest

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.formats.time.zones import UTC, Zone, zone

SUMMER = 1_720_000_000
WINTER = 1_705_000_000


@pytest.mark.parametrize("name", ["", "UTC", "Local"])
def test_takes_the_local_zone_for_utc(name: str) -> None:
    assert zone(name) is UTC


def test_knows_summer_and_winter() -> None:
    rome = zone("Europe/Rome")
    assert rome.at(SUMMER) == ("CEST", 7200)
    assert rome.at(WINTER) == ("CET", 3600)


@pytest.mark.parametrize("unix_s", [-(2**63), -(10**12), 2**63 - 1, 10**12])
def test_answers_for_any_year(unix_s: int) -> None:
    assert zone("Asia/Tokyo").at(unix_s)[1] in (32400, 33539)


@pytest.mark.parametrize("name", ["Bad/Zone", "europe/rome", "America", "Europe/Rome\0"])
def test_refuses_what_is_no_zone(name: str) -> None:
    with pytest.raises(GoError) as caught:
        zone(name)
    assert caught.value.go_text() == f"unknown time zone {name}"


@pytest.mark.parametrize("name", ["../etc/passwd", "/etc/passwd", "\\x"])
def test_reads_no_other_file(name: str) -> None:
    with pytest.raises(GoError, match="Go error") as caught:
        zone(name)
    assert caught.value.go_text() == "time: invalid location name"


def test_tells_the_moment_from_what_clocks_show() -> None:
    rome = zone("Europe/Rome")
    for unix_s in (SUMMER, WINTER):
        assert rome.unix_s(unix_s + rome.at(unix_s)[1]) == unix_s


def test_finds_what_an_abbreviation_means() -> None:
    rome = zone("Europe/Rome")
    assert rome.offset_of("CET", SUMMER) == 3600
    assert rome.offset_of("EST", SUMMER) is None
    assert Zone("X", 60).offset_of("X", 0) == 60
