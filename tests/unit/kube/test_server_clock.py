# SPDX-License-Identifier: Apache-2.0
"""How far a server's clock is from ours."""

from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from keyfleet.kube.access import Access, Endpoint
from keyfleet.kube.auth.combined import combined
from keyfleet.kube.client import Client
from keyfleet.kube.server_clock import ServerClock
from keyfleet.testing.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def server_clock(clock: FakeClock) -> ServerClock:
    return ServerClock(clock)


def date(clock: FakeClock, **ahead: float) -> str:
    return format_datetime(clock.now() + timedelta(**ahead), usegmt=True)


def test_nothing_is_known_before_an_answer(server_clock: ServerClock) -> None:
    assert server_clock.offset_s is None


@pytest.mark.parametrize("minutes", [-7, 0, 12])
def test_the_offset_is_that_of_the_last_answer(
    server_clock: ServerClock, clock: FakeClock, minutes: int
) -> None:
    server_clock.hear(date(clock, hours=3))
    server_clock.hear(date(clock, minutes=minutes))
    assert server_clock.offset_s == pytest.approx(60 * minutes, abs=1.0)


@pytest.mark.parametrize("text", [None, "", "soon", "Mon, 99 Foo 2026 00:00:00 GMT", "1" * 400])
def test_what_is_no_date_changes_nothing(
    server_clock: ServerClock, clock: FakeClock, text: str | None
) -> None:
    server_clock.hear(date(clock, minutes=5))
    before = server_clock.offset_s
    server_clock.hear(text)
    assert server_clock.offset_s == before


async def test_a_client_tells_the_offset_of_its_server(loopback: Any, clock: FakeClock) -> None:
    version = {"gitVersion": "v1.36.0"}
    loopback.on("GET", loopback.answer(version, Date=date(clock, hours=-1)))
    client = Client("east", Access(Endpoint(loopback.url), combined()), clock=clock)
    assert client.clock_offset_s is None
    await client.version()
    await client.close()
    assert client.clock_offset_s == pytest.approx(-3600, abs=1.0)
