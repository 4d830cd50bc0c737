# SPDX-License-Identifier: Apache-2.0
"""A loopback HTTP server that answers as a test tells it, and a client of it."""

from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from keyfleet.base.codec import encode_json
from keyfleet.base.secret import SecretValue
from keyfleet.kube.access import Access, Endpoint
from keyfleet.kube.auth.static_token import StaticToken
from keyfleet.kube.client import Client
from keyfleet.testing.canary import canary
from keyfleet.testing.clock import FakeClock

Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


def answer(body: Any = None, status: int = 200, **headers: str) -> Answer:
    """Answer with this document, or these raw bytes."""
    raw = body if isinstance(body, bytes) else encode_json(body or {})
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def respond(_request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=raw, status=status, headers=named)

    return respond


def stream(*chunks: bytes, then: Answer | None = None) -> Answer:
    """Answer with these chunks and end, or go on with `then`."""

    async def respond(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for chunk in chunks:
            await response.write(chunk)
        if then is not None:
            await then(request)
        await response.write_eof()
        return response

    return respond


@dataclass
class LoopbackApi:
    """The answers still to give and the requests that came."""

    url: str = ""
    seen: list[web.BaseRequest] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    stream = staticmethod(stream)
    answer = staticmethod(answer)
    _answers: dict[str, deque[Answer]] = field(default_factory=lambda: defaultdict(deque))

    def on(self, method: str, *answers: Answer) -> None:
        """Give these answers to requests of a method, one each; the last one repeats."""
        self._answers[method].extend(answers)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.seen.append(request)
        self.bodies.append(await request.read())
        answers = self._answers[request.method]
        return await (answers.popleft() if len(answers) > 1 else answers[0])(request)


@pytest.fixture
async def loopback() -> AsyncIterator[LoopbackApi]:
    """A server without TLS."""
    async with AsyncExitStack() as stack:
        yield await start_loopback(stack)


@pytest.fixture
async def client(loopback: LoopbackApi) -> AsyncIterator[Client]:
    """A client of the server, whose lists have pages of seven."""
    access = Access(Endpoint(loopback.url), StaticToken(SecretValue(canary("token"))))
    found = Client("east", access, clock=FakeClock(), page=7)
    yield found
    await found.close()


async def start_loopback(stack: AsyncExitStack, tls: Any = None) -> LoopbackApi:
    api = LoopbackApi()
    runner = web.ServerRunner(web.Server(api.handle), shutdown_timeout=0.1)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    host, port = runner.addresses[0][:2]
    api.url = f"{'https' if tls else 'http'}://{host}:{port}"
    return api


@pytest.fixture
async def tls_loopback() -> AsyncIterator[Callable[[Any], Awaitable[LoopbackApi]]]:
    """A function that starts a server with a TLS context."""
    async with AsyncExitStack() as stack:

        async def start(context: Any) -> LoopbackApi:
            return await start_loopback(stack, context)

        yield start
