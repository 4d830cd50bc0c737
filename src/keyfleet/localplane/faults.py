# SPDX-License-Identifier: Apache-2.0
"""What can go wrong between a client and an API server: one function per fault.

A fault strikes a request instead of the plane. A `live` one also strikes requests whose answer is
already streaming, at the moment it is added. A new fault is a new function here that returns a
`Fault`; the proxy needs no change.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web

from keyfleet.base import codec
from keyfleet.localplane.exchange import Exchange, Seen, status_object

When = Callable[[Seen], bool]
"""Chooses the requests that a fault strikes."""

Strike = Callable[[Exchange], Awaitable[web.StreamResponse | None]]
"""Answers an exchange; None: the connection is broken and there is no answer."""

_HALF_EVENT = b'{"type":"MODIFIED","object":{"kind":"Secret","apiVersion":"v1","meta'


@dataclass(eq=False, slots=True)
class Fault:
    """One way to fail, for the requests it chooses, for a number of times or until healed."""

    name: str
    """For records of what was struck."""
    strike: Strike
    """What happens to an exchange."""
    when: When
    """Which requests."""
    live: bool = False
    """Whether it also strikes answers that are streaming already."""
    times: int | None = None
    """How many requests at most; None: until healed."""
    struck: int = 0
    """How many so far."""
    _spent: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    def takes(self, seen: Seen) -> bool:
        """Return whether this request is struck, and count it if so."""
        if self.times is not None and self.struck >= self.times:
            return False
        if not self.when(seen):
            return False
        self.struck += 1
        if self.struck == self.times:
            self._spent.set()
        return True

    async def is_spent(self) -> None:
        """Wait until it has struck as often as it may; for ever where that is no number."""
        await self._spent.wait()


def everything(_seen: Seen) -> bool:
    """Choose every request."""
    return True


def watches(seen: Seen) -> bool:
    """Choose watches."""
    return seen.is_watch


def writes(seen: Seen) -> bool:
    """Choose what changes objects."""
    return seen.is_write


def on(resource: str, method: str | None = None) -> When:
    """Choose requests of one resource (`secrets`), of one method where given."""

    def when(seen: Seen) -> bool:
        return seen.resource == resource and method in {None, seen.method}

    return when


def within(namespace: str) -> When:
    """Choose requests of one namespace."""

    def when(seen: Seen) -> bool:
        return seen.namespace == namespace

    return when


def both(first: When, second: When) -> When:
    """Choose what both choose."""

    def when(seen: Seen) -> bool:
        return first(seen) and second(seen)

    return when


def error(
    code: int = 503,
    reason: str = "ServiceUnavailable",
    *,
    when: When = everything,
    times: int | None = None,
) -> Fault:
    """Answer with an HTTP error, 5xx or any other, and a Status."""

    async def _strike(exchange: Exchange) -> web.StreamResponse:
        return await exchange.answer_status(code, reason)

    return Fault(f"error {code}", _strike, when, times=times)


def throttled(
    retry_after_s: int = 1, *, when: When = everything, times: int | None = None
) -> Fault:
    """Answer 429 with Retry-After."""

    async def _strike(exchange: Exchange) -> web.StreamResponse:
        headers = {"Retry-After": str(retry_after_s)}
        return await exchange.answer_status(429, "TooManyRequests", headers)

    return Fault("throttled", _strike, when, times=times)


def unauthorized(*, when: When = everything, times: int | None = None) -> Fault:
    """Accept no login, as when a token or client certificate has expired; open watches end."""

    async def _strike(exchange: Exchange) -> web.StreamResponse:
        if exchange.response is not None:
            await exchange.response.write_eof()
            return exchange.response
        return await exchange.answer_status(401, "Unauthorized")

    return Fault("unauthorized", _strike, when, live=True, times=times)


def forbidden(*, when: When = everything, times: int | None = None) -> Fault:
    """Answer that the login may not do this."""
    return error(403, "Forbidden", when=when, times=times)


def gone(*, when: When = watches, times: int | None = None) -> Fault:
    """Answer a new watch (or the next page of a list) with HTTP 410."""
    return error(410, "Expired", when=when, times=times)


def gone_event(*, when: When = watches, times: int | None = None) -> Fault:
    """Send an ERROR event with code 410 inside the stream and end it, open watches included."""

    async def _strike(exchange: Exchange) -> web.StreamResponse:
        response = await exchange.begin_stream()
        event = {"type": "ERROR", "object": status_object(410, "Expired")}
        await response.write(codec.encode_json(event) + b"\n")
        await response.write_eof()
        return response

    return Fault("gone event", _strike, when, live=True, times=times)


def ended(*, when: When = watches, times: int | None = None) -> Fault:
    """End watches cleanly, open ones included, as an API server does at its own timeout."""

    async def _strike(exchange: Exchange) -> web.StreamResponse:
        response = await exchange.begin_stream()
        await response.write_eof()
        return response

    return Fault("ended", _strike, when, live=True, times=times)


def half_line(*, when: When = watches, times: int | None = None) -> Fault:
    """Send half of an event, then the end of the stream, which looks complete to HTTP.

    Open watches are struck too. Of a plain answer half is sent and the connection is broken.
    """

    async def _strike(exchange: Exchange) -> web.StreamResponse | None:
        if not exchange.seen.is_watch:
            await _half_answer(exchange)
            return None
        response = await exchange.begin_stream()
        await response.write(_HALF_EVENT)
        await response.write_eof()
        return response

    return Fault("half line", _strike, when, live=True, times=times)


async def _half_answer(exchange: Exchange) -> None:
    if exchange.response is None:
        status, headers, body = await exchange.upstream(exchange)
        response = await exchange.begin(status, {**headers, "Content-Length": str(len(body))})
        await response.write(body[: len(body) // 2])
    exchange.reset()


def silence(*, when: When = everything, times: int | None = None) -> Fault:
    """Say nothing more: no event, no bookmark, no end; the connection stays open.

    A watch that is opened during the silence gets its headers and then nothing; any other request
    gets nothing at all and does not reach the plane. What was silenced stays silent after `heal`,
    as a connection does that a firewall has forgotten.
    """

    async def _strike(exchange: Exchange) -> web.StreamResponse | None:
        if exchange.seen.is_watch:
            await exchange.begin_stream()
        await exchange.until_gone()
        return exchange.response

    return Fault("silence", _strike, when, live=True, times=times)


def reset(*, when: When = everything, times: int | None = None) -> Fault:
    """Break the connections of these requests with a TCP reset, open streams included.

    `FaultProxy.cut` also refuses new connections.
    """

    async def _strike(exchange: Exchange) -> None:
        exchange.reset()

    return Fault("reset", _strike, when, live=True, times=times)


def answer_lost(*, when: When = writes, times: int | None = None) -> Fault:
    """Let the plane do what is asked, then break the connection instead of answering."""

    async def _strike(exchange: Exchange) -> None:
        await exchange.upstream(exchange)
        exchange.reset()

    return Fault("answer lost", _strike, when, times=times)
