# SPDX-License-Identifier: Apache-2.0
"""Each fault, seen by a plain HTTP client through the proxy in front of a real plane."""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import aiohttp
import pytest

from keyfleet.base import codec
from keyfleet.localplane import ControlPlane, FaultProxy, faults
from keyfleet.localplane.connections import client_context
from keyfleet.localplane.exchange import reset
from keyfleet.testing.canary import CANARY_PREFIX

Start = Callable[[ControlPlane], Awaitable[FaultProxy]]

QUIET_S = 0.4
"""Long enough to see that nothing comes: an event takes 2 ms."""


@pytest.fixture
async def proxy(hub: ControlPlane, fault_proxy: Start) -> FaultProxy:
    return await fault_proxy(hub)


@pytest.fixture
async def client(proxy: FaultProxy) -> AsyncIterator[aiohttp.ClientSession]:
    headers = {"Authorization": f"Bearer {proxy.plane.tokens['admin']}"}
    async with aiohttp.ClientSession(
        proxy.url,
        headers=headers,
        connector=aiohttp.TCPConnector(ssl=client_context(proxy.plane.ca_pem)),
        timeout=aiohttp.ClientTimeout(total=20),
    ) as session:
        yield session


@pytest.fixture
def secrets(namespace: str) -> str:
    """The path of the namespace's Secrets."""
    return f"/api/v1/namespaces/{namespace}/secrets"


def secret(name: str, size: int = 8) -> dict[str, Any]:
    value = base64.b64encode(f"{CANARY_PREFIX}{'x' * size}".encode()).decode()
    return {"metadata": {"name": name}, "data": {"value": value}}


async def create(client: aiohttp.ClientSession, path: str, name: str, size: int = 8) -> int:
    async with client.post(path, json=secret(name, size)) as response:
        await response.read()
        return response.status


class Watch:
    """An open watch, read line by line, whatever the lines' length."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response
        self.rest = b""

    async def line(self) -> bytes:
        """Return the next line; at the end of the stream what is left of one."""
        while b"\n" not in self.rest:
            block = await self.response.content.readany()
            if not block:
                rest, self.rest = self.rest, b""
                return rest
            self.rest += block
        line, _, self.rest = self.rest.partition(b"\n")
        return line

    async def event(self) -> tuple[str, dict[str, Any]]:
        """Return type and object of the next event."""
        event = codec.decode_json(await self.line(), subject="event")
        return event["type"], event["object"]

    async def is_quiet(self) -> bool:
        """Return whether nothing comes, not even the end."""
        try:
            async with asyncio.timeout(QUIET_S):
                await self.line()
        except TimeoutError:
            return True
        return False


Open = Callable[[str], Awaitable[Watch]]


@pytest.fixture
def opened(client: aiohttp.ClientSession) -> Iterator[Open]:
    """A function that opens a watch of everything at a path."""
    responses = []

    async def open_watch(path: str) -> Watch:
        response = await client.get(path, params={"watch": "1"})
        responses.append(response)
        assert response.status == 200
        return Watch(response)

    yield open_watch
    for response in responses:
        if response.connection is not None:
            # A polite end of TLS would outlive the event loop of the test.
            reset(response.connection.transport)
        response.close()


async def test_passes_requests_and_events_both_ways(
    client: aiohttp.ClientSession, secrets: str, opened: Open
) -> None:
    watch = await opened(secrets)
    assert await create(client, secrets, "a") == 201
    kind, found = await watch.event()
    assert (kind, found["metadata"]["name"]) == ("ADDED", "a")


async def test_passes_large_objects_both_ways(
    client: aiohttp.ClientSession, secrets: str, opened: Open
) -> None:
    watch = await opened(secrets)
    assert await create(client, secrets, "large", size=700_000) == 201
    _, found = await watch.event()
    assert len(found["data"]["value"]) > 900_000


async def test_the_plane_s_authority_signs_the_proxy(proxy: FaultProxy) -> None:
    config = proxy.kubeconfig()
    cluster = config["clusters"][0]["cluster"]
    assert cluster["server"] == proxy.url != proxy.plane.url
    assert base64.b64decode(cluster["certificate-authority-data"]) == proxy.plane.ca_pem
    assert config["users"][0]["user"] == {"token": proxy.plane.tokens["admin"]}


async def test_records_what_was_asked(
    proxy: FaultProxy, client: aiohttp.ClientSession, secrets: str, opened: Open
) -> None:
    async with client.get(secrets, params={"limit": "5"}):
        pass
    await create(client, secrets, "a")
    async with client.post(f"{secrets}?dryRun=All", json=secret("b")):
        pass
    await opened(secrets)
    assert [(r.method, r.query, r.status) for r in proxy.requests] == [
        ("GET", {"limit": "5"}, 200),
        ("POST", {}, 201),
        ("POST", {"dryRun": "All"}, 201),
        ("GET", {"watch": "1"}, 200),
    ]
    assert [(r.resource, r.path) for r in proxy.writes()] == [("secrets", secrets)]
    assert len(proxy.watches()) == 1
    proxy.forget()
    assert proxy.writes() == []


async def test_cut_breaks_streams_and_refuses_until_healed(
    proxy: FaultProxy, client: aiohttp.ClientSession, secrets: str, opened: Open
) -> None:
    watch = await opened(secrets)
    url = proxy.url
    await proxy.cut()
    with pytest.raises((aiohttp.ClientError, OSError)):
        await watch.line()
    with pytest.raises(aiohttp.ClientConnectorError):
        await client.get(secrets)
    await proxy.heal()
    assert proxy.url == url
    assert await create(client, secrets, "after") == 201


async def test_error_strikes_the_chosen_requests_so_many_times(
    proxy: FaultProxy, client: aiohttp.ClientSession, secrets: str
) -> None:
    fault = proxy.inject(faults.error(503, when=faults.on("secrets", "POST"), times=2))
    async with client.get(secrets) as response:
        assert response.status == 200
    assert [await create(client, secrets, f"n{i}") for i in range(3)] == [503, 503, 201]
    assert fault.struck == 2
    assert [r.fault for r in proxy.writes()] == ["error 503", "error 503", None]


async def test_throttled_names_the_time_to_wait(
    proxy: FaultProxy, client: aiohttp.ClientSession, secrets: str
) -> None:
    proxy.inject(faults.throttled(7, times=1))
    async with client.get(secrets) as response:
        body = await response.json()
    assert (response.status, response.headers["Retry-After"]) == (429, "7")
    assert (body["kind"], body["reason"]) == ("Status", "TooManyRequests")


async def test_gone_refuses_a_watch_and_leaves_lists(
    proxy: FaultProxy, client: aiohttp.ClientSession, secrets: str
) -> None:
    proxy.inject(faults.gone())
    async with client.get(secrets, params={"watch": "true"}) as response:
        assert response.status == 410
        assert (await response.json())["reason"] == "Expired"
    async with client.get(secrets) as response:
        assert response.status == 200


async def test_gone_event_ends_an_open_watch_between_two_lines(
    proxy: FaultProxy, client: aiohttp.ClientSession, secrets: str, opened: Open
) -> None:
    watch = await opened(secrets)
    await create(client, secrets, "a")
    assert (await watch.event())[0] == "ADDED"
    proxy.inject(faults.gone_event(times=1))
    kind, status = await watch.event()
    assert (kind, status["code"]) == ("ERROR", 410)
    assert await watch.line() == b""
    assert (await (await opened(secrets)).event())[0] == "ADDED"


async def test_gone_event_strikes_a_watch_that_is_just_opening(
    proxy: FaultProxy, secrets: str, opened: Open
) -> None:
    proxy.inject(faults.gone_event(times=1))
    kind, status = await (await opened(secrets)).event()
    assert (kind, status["code"]) == ("ERROR", 410)


async def test_ended_watch_ends_cleanly(proxy: FaultProxy, secrets: str, opened: Open) -> None:
    watch = await opened(secrets)
    proxy.inject(faults.ended())
    assert await watch.line() == b""


async def test_half_line_of_a_watch_then_its_end(
    proxy: FaultProxy, secrets: str, opened: Open
) -> None:
    watch = await opened(secrets)
    proxy.inject(faults.half_line(times=1))
    line = await watch.line()
    assert line.startswith(b'{"type":"MODIFIED"')
    assert not line.endswith(b"}")
    assert await watch.line() == b""


async def test_half_of_a_plain_answer_then_a_reset(
    proxy: FaultProxy, client: aiohttp.ClientSession, secrets: str
) -> None:
    proxy.inject(faults.half_line(when=faults.everything, times=1))
    async with client.get(secrets) as response:
        assert response.status == 200
        with pytest.raises((aiohttp.ClientError, OSError)):
            await response.read()


async def test_silence_of_an_open_watch_lasts_after_healing(
    proxy: FaultProxy, client: aiohttp.ClientSession, secrets: str, opened: Open
) -> None:
    silenced = await opened(secrets)
    fault = proxy.inject(faults.silence(when=faults.watches))
    await create(client, secrets, "unseen")
    assert await silenced.is_quiet()
    await proxy.heal(fault)
    assert await silenced.is_quiet()
    assert (await (await opened(secrets)).event())[1]["metadata"]["name"] == "unseen"


async def test_silence_of_new_watches_and_plain_requests(
    proxy: FaultProxy, client: aiohttp.ClientSession, secrets: str, opened: Open
) -> None:
    proxy.inject(faults.silence())
    assert await (await opened(secrets)).is_quiet()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(QUIET_S):
            await create(client, secrets, "never")
    await proxy.heal()
    async with client.get(f"{secrets}/never") as response:
        assert response.status == 404


async def test_reset_breaks_only_the_chosen_connections(
    proxy: FaultProxy, client: aiohttp.ClientSession, secrets: str
) -> None:
    proxy.inject(faults.reset(when=faults.on("secrets", "POST"), times=1))
    with pytest.raises((aiohttp.ClientError, OSError)):
        await create(client, secrets, "a")
    async with client.get(secrets) as response:
        assert response.status == 200
    assert await create(client, secrets, "a") == 201


async def test_answer_lost_after_the_write_happened(
    proxy: FaultProxy, client: aiohttp.ClientSession, secrets: str
) -> None:
    proxy.inject(faults.answer_lost(times=1))
    with pytest.raises((aiohttp.ClientError, OSError)):
        await create(client, secrets, "a")
    assert await create(client, secrets, "a") == 409


async def test_plane_that_dies_breaks_the_connections(
    proxy: FaultProxy, client: aiohttp.ClientSession, fault_proxy: Start
) -> None:
    async with await ControlPlane.start("mortal") as plane:
        front = await fault_proxy(plane)
        config = front.kubeconfig()
        context = client_context(plane.ca_pem)
        headers = {"Authorization": f"Bearer {config['users'][0]['user']['token']}"}
        async with client.get(
            f"{front.url}/api/v1/secrets", params={"watch": "1"}, headers=headers, ssl=context
        ) as response:
            plane.kill_api()
            with pytest.raises((aiohttp.ClientError, OSError)):
                await response.content.read()
        with pytest.raises((aiohttp.ClientError, OSError)):
            await client.get(f"{front.url}/version", headers=headers, ssl=context)
    assert proxy.requests == []


async def test_stops_with_open_watches_at_once(
    hub: ControlPlane, proxy: FaultProxy, secrets: str, opened: Open
) -> None:
    watch = await opened(secrets)
    async with asyncio.timeout(3):
        await proxy.stop()
    with pytest.raises((aiohttp.ClientError, OSError)):
        await watch.line()
    assert hub.api.call("GET", "/readyz").status == 200
