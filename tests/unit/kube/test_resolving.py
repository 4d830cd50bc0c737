# SPDX-License-Identifier: Apache-2.0
"""A name from an inventory leads nowhere that inventories may not send us."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from keyfleet.base.errors import UnreachableError
from keyfleet.kube.access import Access, Endpoint
from keyfleet.kube.auth.combined import combined
from keyfleet.kube.client import Client
from keyfleet.testing.clock import FakeClock

Open = Callable[..., Client]


@pytest.fixture
async def opened() -> AsyncIterator[Open]:
    """A function that opens a client of a URL."""
    async with AsyncExitStack() as stack:

        def make(server: str, *, is_foreign: bool) -> Client:
            access = Access(Endpoint(server, is_foreign=is_foreign), combined())
            client = Client("east", access, clock=FakeClock())
            stack.push_async_callback(client.close)
            return client

        yield make


def names(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Let every name lead to these addresses; return the names that were looked up."""
    asked: list[str] = []

    async def getaddrinfo(_loop: object, host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        tcp = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
        return [(*tcp, (address, port)) for address in addresses]

    monkeypatch.setattr(type(asyncio.get_running_loop()), "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize(
    "addresses", [["169.254.169.254"], ["127.0.0.1", "169.254.169.254"], ["100.100.100.200"]]
)
async def test_an_inventory_s_name_may_not_lead_to_a_metadata_service(
    loopback: Any, opened: Open, monkeypatch: pytest.MonkeyPatch, addresses: list[str]
) -> None:
    asked = names(monkeypatch, *addresses)
    port = loopback.url.rpartition(":")[2]
    client = opened(f"http://east.example.com:{port}", is_foreign=True)
    with pytest.raises(UnreachableError) as caught:
        await client.version()
    assert caught.value.code == "api.off_limits"
    assert asked == ["east.example.com"]
    assert loopback.seen == []


async def test_a_name_that_was_harmless_is_checked_each_time_it_is_looked_up(
    loopback: Any, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    loopback.on("GET", loopback.answer({"gitVersion": "v1"}, Connection="close"))
    port = loopback.url.rpartition(":")[2]
    names(monkeypatch, "127.0.0.1")
    assert await opened(f"http://east.example.com:{port}", is_foreign=True).version() == "v1"
    names(monkeypatch, "169.254.169.254")
    with pytest.raises(UnreachableError) as caught:
        await opened(f"http://east.example.com:{port}", is_foreign=True).version()
    assert caught.value.code == "api.off_limits"


async def test_the_operator_s_own_names_are_not_questioned(
    loopback: Any, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    loopback.on("GET", loopback.answer({"gitVersion": "v1"}))
    port = loopback.url.rpartition(":")[2]
    names(monkeypatch, "127.0.0.1")
    monkeypatch.setattr("keyfleet.kube.resolving.is_off_limits", lambda _: True)
    assert await opened(f"http://east.example.com:{port}", is_foreign=False).version() == "v1"
