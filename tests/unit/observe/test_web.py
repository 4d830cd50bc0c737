# SPDX-License-Identifier: Apache-2.0
import asyncio

import aiohttp
import pytest

from keyfleet.base.errors import InvalidInputError
from keyfleet.observe.health import Health, Heartbeat
from keyfleet.observe.metrics import Metrics
from keyfleet.observe.web import serve
from keyfleet.testing.clock import FakeClock

ANYWHERE = "127.0.0.1:0"


class Pages:
    """What is served, and a way to ask for it."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.problems: list[str] = []
        self.metrics = Metrics(self.clock)
        self.health = Health(Heartbeat(self.clock), lambda: self.problems)

    async def get(self, *paths: str, accept: str = "*/*") -> list[tuple[int, str, str]]:
        found = []
        async with (
            serve(ANYWHERE, metrics=self.metrics, health=self.health) as address,
            aiohttp.ClientSession(headers={"Accept": accept}) as session,
        ):
            for path in paths:
                async with session.get(f"http://{address}{path}") as answer:
                    found.append((answer.status, answer.content_type, await answer.text()))
        return found


@pytest.fixture
def pages() -> Pages:
    return Pages()


async def test_a_standby_is_healthy_and_ready(pages: Pages) -> None:
    answers = await pages.get("/healthz", "/readyz")
    assert [(status, text) for status, _, text in answers] == [(200, "ok\n")] * 2


async def test_each_problem_is_a_line_of_readyz(pages: Pages) -> None:
    pages.problems = ["the hub was not listed yet", "no cluster is known"]
    healthy, ready = await pages.get("/healthz", "/readyz")
    assert healthy[0] == 200
    assert (ready[0], ready[2].splitlines()) == (503, pages.problems)


async def test_a_stuck_engine_fails_healthz(pages: Pages) -> None:
    await pages.clock.advance(1000)
    ((status, _, text),) = await pages.get("/healthz")
    assert (status, "1000 s" in text) == (503, True)


async def test_metrics_are_prometheus_text(pages: Pages) -> None:
    ((status, content_type, text),) = await pages.get("/metrics")
    assert (status, content_type) == (200, "text/plain")
    assert "keyfleet_leader 0.0" in text


async def test_metrics_are_openmetrics_where_asked(pages: Pages) -> None:
    accept = "application/openmetrics-text;version=1.0.0"
    ((_, content_type, text),) = await pages.get("/metrics", accept=accept)
    assert content_type == "application/openmetrics-text"
    assert text.endswith("# EOF\n")


async def test_there_is_nothing_else(pages: Pages) -> None:
    answers = await pages.get("/", "/metrics/x", "/debug")
    assert [status for status, _, _ in answers] == [404] * 3


async def test_an_address_in_use_is_one_clear_error(pages: Pages) -> None:
    async with serve(ANYWHERE, metrics=pages.metrics, health=pages.health) as address:
        with pytest.raises(InvalidInputError) as caught:
            await asyncio.wait_for(_serve_briefly(pages, str(address)), timeout=5)
    assert caught.value.code == "listen.unavailable"
    assert caught.value.subject == f"{address} (Address already in use)"


async def test_an_address_of_another_machine_is_one_clear_error(pages: Pages) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await _serve_briefly(pages, "192.0.2.1:0")
    assert caught.value.code == "listen.unavailable"


async def test_nobody_listens_after_the_block(pages: Pages) -> None:
    async with serve(ANYWHERE, metrics=pages.metrics, health=pages.health) as address:
        pass
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(address.host, address.port)


async def _serve_briefly(pages: Pages, listen: str) -> None:
    async with serve(listen, metrics=pages.metrics, health=pages.health):
        pass
