# SPDX-License-Identifier: Apache-2.0
"""Networks and servers that take their time: before an answer, and between its pieces."""

import asyncio
from random import Random

from aiohttp import web

from keyfleet.localplane.exchange import Edit, Exchange
from keyfleet.localplane.faults import Fault, When, everything


def delayed(
    before_s: float = 0.0,
    *,
    between_s: float = 0.0,
    jitter_s: float = 0.0,
    seed: int = 0,
    when: When = everything,
    times: int | None = None,
) -> Fault:
    """Wait before an answer is asked for, and before each piece of it.

    Args:
        before_s: Before the request reaches the plane.
        between_s: Before each piece of the answer: an event of a watch, a block of a body.
        jitter_s: Up to this much more each time, by chance.
        seed: Of that chance: the same one gives the same waits in the same order of requests.
        when: Which requests.
        times: How many at most.
    """
    random = Random(seed)  # noqa: S311 - delays, no secrets

    async def _pause(seconds: float) -> None:
        if seconds or jitter_s:
            await asyncio.sleep(seconds + random.random() * jitter_s)

    async def _strike(exchange: Exchange) -> web.StreamResponse | None:
        await _pause(before_s)
        return await exchange.go_on(Edit(pace=lambda: _pause(between_s)))

    return Fault("delayed", _strike, when, times=times)


def trickled(
    piece: int = 1,
    pause_s: float = 0.01,
    *,
    when: When = everything,
    times: int | None = None,
) -> Fault:
    """Send an answer in pieces of so many bytes with a pause after each."""

    async def _strike(exchange: Exchange) -> web.StreamResponse:
        status, headers, body = await exchange.upstream(exchange)
        response = await exchange.begin(status, {**headers, "Content-Length": str(len(body))})
        for start in range(0, len(body), piece):
            await response.write(body[start : start + piece])
            await asyncio.sleep(pause_s)
        await response.write_eof()
        return response

    return Fault("trickled", _strike, when, times=times)
