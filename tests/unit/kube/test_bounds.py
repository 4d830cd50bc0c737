# SPDX-License-Identifier: Apache-2.0
"""Answers that are longer than any API server's are cut, not read."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from keyfleet.base.errors import KeyfleetError, UnreachableError
from keyfleet.kube import bounds
from keyfleet.kube.access import Access, Endpoint
from keyfleet.kube.auth.combined import combined
from keyfleet.kube.bounds import MIB, OVERSIZED
from keyfleet.kube.client import Client
from keyfleet.kube.requests import Wait, watch
from keyfleet.kube.resources import SECRETS
from keyfleet.testing.clock import FakeClock

CHUNK = b" " * 65536


@pytest.fixture
async def client(loopback: Any) -> AsyncIterator[Client]:
    found = Client("east", Access(Endpoint(loopback.url), combined()), clock=FakeClock())
    yield found
    await found.close()


class Endless:
    """Answers with a body that never ends, and counts what was taken of it."""

    def __init__(self, status: int = 200, **headers: str) -> None:
        self.sent = 0
        self._status = status
        self._headers = headers

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(status=self._status, headers=self._headers)
        await response.prepare(request)
        while request.transport is not None:
            await response.write(CHUNK)
            self.sent += len(CHUNK)
        return response


async def test_an_endless_answer_is_cut_at_the_limit(loopback: Any, client: Client) -> None:
    endless = Endless()
    loopback.on("GET", endless)
    with pytest.raises(UnreachableError) as caught:
        await client.version()
    assert caught.value.code == OVERSIZED
    assert endless.sent < 2 * bounds.BODY_BYTES[Wait.SHORT]


@pytest.mark.parametrize(
    ("status", "code"),
    [(500, "api.server_error"), (404, "api.not_served"), (403, "api.forbidden")],
)
async def test_an_endless_refusal_counts_by_its_status_alone(
    loopback: Any, client: Client, status: int, code: str
) -> None:
    endless = Endless(status)
    loopback.on("GET", endless)
    with pytest.raises(KeyfleetError) as caught:
        await client.get(SECRETS, "a", namespace="b")
    assert caught.value.code == code
    assert endless.sent < 16 * bounds.ERROR_BYTES


async def test_an_endless_refusal_of_a_watch_is_cut_too(loopback: Any, client: Client) -> None:
    endless = Endless(503)
    loopback.on("GET", endless)
    with pytest.raises(UnreachableError) as caught:
        await client.transport.open_watch(watch(SECRETS, timeout_s=60), silence_s=10)
    assert caught.value.code == "api.server_error"
    assert endless.sent < 16 * bounds.ERROR_BYTES


async def test_what_unpacks_to_too_much_is_cut(
    loopback: Any, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "BODY_BYTES", {Wait.SHORT: 2 * MIB})

    async def bomb(request: web.BaseRequest) -> web.StreamResponse:
        response = web.Response(body=b" " * (16 * MIB))
        response.enable_compression(web.ContentCoding.gzip)
        return response

    loopback.on("GET", bomb)
    with pytest.raises(UnreachableError) as caught:
        await client.version()
    assert caught.value.code in (OVERSIZED, "api.interrupted")


@pytest.mark.parametrize(
    "headers",
    [{"X-Long": "x" * 20_000}, {f"X-{number}": "x" for number in range(1000)}],
)
async def test_endless_headers_are_refused(
    loopback: Any, client: Client, headers: dict[str, str]
) -> None:
    loopback.on("GET", loopback.answer({"gitVersion": "v1"}, **headers))
    with pytest.raises(UnreachableError) as caught:
        await client.version()
    assert caught.value.code == "api.interrupted"


async def test_a_body_of_just_the_limit_is_read(
    loopback: Any, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = b'{"gitVersion":"v1"}'
    monkeypatch.setattr(bounds, "BODY_BYTES", {Wait.SHORT: len(body)})
    loopback.on("GET", loopback.answer(body))
    assert await client.version() == "v1"
    monkeypatch.setattr(bounds, "BODY_BYTES", {Wait.SHORT: len(body) - 1})
    with pytest.raises(UnreachableError):
        await client.version()
