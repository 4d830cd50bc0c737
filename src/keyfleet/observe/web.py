# SPDX-License-Identifier: Apache-2.0
"""Serve `/metrics`, `/healthz` and `/readyz` while the engine runs.

Started inside the engine's own TaskGroup, so it comes and goes with it and handles no signals. The
answers hold names of clusters and figures, nothing else; the default address is this machine only.
"""

import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from aiohttp import web

from keyfleet.base.errors import InvalidInputError
from keyfleet.observe.health import Health
from keyfleet.observe.listen import ListenAddress, parse_listen
from keyfleet.observe.metrics import Metrics

SHUTDOWN_S = 2.0
"""How long an answer that is under way may take when the engine stops."""

_METRICS = web.AppKey("metrics", Metrics)
_HEALTH = web.AppKey("health", Health)


def make_app(metrics: Metrics, health: Health) -> web.Application:
    """Return the application with its three pages."""
    app = web.Application()
    app[_METRICS] = metrics
    app[_HEALTH] = health
    app.router.add_get("/metrics", _metrics)
    app.router.add_get("/healthz", _healthz)
    app.router.add_get("/readyz", _readyz)
    return app


@asynccontextmanager
async def serve(listen: str, *, metrics: Metrics, health: Health) -> AsyncIterator[ListenAddress]:
    """Listen until the block ends; give the address that is really bound.

    Args:
        listen: As `parse_listen`; port 0 lets the system choose.
        metrics: What `/metrics` shows.
        health: What `/healthz` and `/readyz` answer.
    Raises:
        InvalidInputError: `listen.address`, or `listen.unavailable`: in use, not allowed, or not an
            address of this machine.
    """
    async with listening(make_app(metrics, health), listen) as address:
        yield address


@asynccontextmanager
async def listening(
    app: web.Application, listen: str, *, option: str = "--listen"
) -> AsyncIterator[ListenAddress]:
    """Serve an application until the block ends; give the address that is really bound.

    Args:
        app: What answers; bodies come to it as they were sent.
        listen: As `parse_listen`; port 0 lets the system choose.
        option: What chose the address, for people.
    Raises:
        InvalidInputError: As `serve`.
    """
    address = parse_listen(listen)
    runner = web.AppRunner(
        app,
        handle_signals=False,
        access_log=None,
        shutdown_timeout=SHUTDOWN_S,
        # Little that is packed becomes much.
        auto_decompress=False,
    )
    await runner.setup()
    try:
        await _bind(runner, address, option)
        yield ListenAddress(address.host, runner.addresses[0][1])
    finally:
        await runner.cleanup()


async def _bind(runner: web.AppRunner, address: ListenAddress, option: str) -> None:
    try:
        await web.TCPSite(runner, address.host, address.port).start()
    except OSError as error:
        raise InvalidInputError(
            "listen.unavailable",
            "cannot listen on this address",
            f"{address} ({_cause(error)})",
            f"choose another address with {option}",
        ) from None


def _cause(error: OSError) -> str:
    # Name look-ups have negative numbers of their own.
    number = error.errno or 0
    return os.strerror(number) if number > 0 else "no such host"


async def _metrics(request: web.Request) -> web.Response:
    body, content_type = request.app[_METRICS].render(request.headers.get("Accept", ""))
    return web.Response(body=body, headers={"Content-Type": content_type})


async def _healthz(request: web.Request) -> web.Response:
    return _answer(request.app[_HEALTH].unhealthy)


async def _readyz(request: web.Request) -> web.Response:
    return _answer(request.app[_HEALTH].unready)


def _answer(ask: Callable[[], Sequence[str]]) -> web.Response:
    problems = ask()
    if not problems:
        return web.Response(text="ok\n")
    return web.Response(status=503, text="".join(f"{problem}\n" for problem in problems))
