# SPDX-License-Identifier: Apache-2.0
"""Send requests to one API server: credentials, limits, time limits, and errors as ours.

Nothing of a body, a header or a library's exception gets into an error.
"""

import asyncio
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from keyfleet.base.clock import Clock
from keyfleet.base.errors import KeyfleetError, UnreachableError
from keyfleet.base.http import USER_AGENT, Session
from keyfleet.base.log import Hooks
from keyfleet.kube.access import Access
from keyfleet.kube.bounds import ERROR_BYTES, body_limit, read_body
from keyfleet.kube.limiter import Limiter
from keyfleet.kube.network import Link, Network, network_error
from keyfleet.kube.requests import Request, Wait
from keyfleet.kube.responses import error_of
from keyfleet.kube.server_clock import ServerClock

UNAUTHORIZED = 401
THROTTLED = 429
LARGE_BYTES = 512 * 1024

# aiohttp raises RuntimeError where a session or connection was closed by ourselves.
_FAILURES = (aiohttp.ClientError, TimeoutError, OSError, ValueError, RuntimeError)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long the parts of an exchange may take, in seconds."""

    connect_s: float = 10.0
    """Connect and TLS handshake."""
    short_s: float = 15.0
    """A whole short request."""
    list_s: float = 30.0
    """Silence while a list is read, and the wait for the first byte of a watch."""


class Transport:
    """The way to one API server."""

    def __init__(
        self,
        cluster: str,
        access: Access,
        *,
        clock: Clock,
        hooks: Hooks,
        in_flight: int,
        timeouts: Timeouts,
    ) -> None:
        self.cluster = cluster
        self.limiter = Limiter(in_flight, clock=clock)
        self.server_clock = ServerClock(clock)
        self._credential = access.credential
        self._clock = clock
        self._hooks = hooks
        self.endpoint = access.endpoint
        self._network = Network(access.endpoint, subject=cluster)
        self._base = access.endpoint.server.rstrip("/")
        self._common = (("User-Agent", USER_AGENT), *access.impersonation)
        self._timeouts = timeouts
        self._limits = {
            Wait.SHORT: _limit(timeouts, total=timeouts.short_s),
            # A bound on the whole too: closing a session forgets the limit on silence.
            Wait.LIST: _limit(timeouts, sock_read=timeouts.list_s, total=10 * timeouts.list_s),
        }

    async def send(self, request: Request) -> bytes:
        """Return the body of a successful answer.

        Raises:
            KeyfleetError: As the table of `keyfleet.kube.responses`, or no answer at all.
        """
        async with self.limiter:
            status, headers, body = await self._exchange(request)
            if status == UNAUTHORIZED and await self._credential.rejected():
                status, headers, body = await self._exchange(request)
        if not _is_success(status):
            raise self._refusal(request, status, headers, body)
        return body

    async def _exchange(self, request: Request) -> tuple[int, Mapping[str, str], bytes]:
        headers, link = await self._prepare(request)
        started = self._clock.monotonic()
        status = 0
        try:
            with link:
                response = await self._begin(
                    request, link.short, link, headers, self._limits[request.wait]
                )
                async with response:
                    limit = body_limit(response.status, request.wait)
                    body = await read_body(response, limit, subject=self._subject(request))
                    status = response.status
                    return status, response.headers, body
        except _FAILURES as error:
            raise network_error(error, self._subject(request)) from None
        finally:
            self._finished(request, status, self._clock.monotonic() - started)

    async def _prepare(self, request: Request) -> tuple[CIMultiDict[str], Link]:
        headers = CIMultiDict(self._common)
        headers["Accept"] = request.accept
        # Measured: gzip costs 1.5 times the client's CPU for a list, and the server far more.
        headers["Accept-Encoding"] = "identity"
        if request.content_type:
            headers["Content-Type"] = request.content_type
        headers.update(await self._credential.headers())
        return headers, self._network.link(await self._credential.certificate())

    async def _begin(
        self,
        request: Request,
        session: Session,
        link: Link,
        headers: CIMultiDict[str],
        limit: aiohttp.ClientTimeout,
    ) -> aiohttp.ClientResponse:
        response = await session.request(
            request.method,
            URL(self._base + request.target, encoded=True),
            headers=headers,
            data=_payload(request.body),
            timeout=limit,
            **link.options,
        )
        self.server_clock.hear(response.headers.get("Date"))
        return response

    def _finished(self, request: Request, status: int, took_s: float) -> None:
        # A list is slow because it is long, not because the server is loaded.
        slow_s = took_s if request.wait is Wait.SHORT else 0.0
        self.limiter.answered(throttled=status == THROTTLED, took_s=slow_s)
        self._hooks.request_finished(self.cluster, request.verb, status, took_s)

    async def open_watch(self, request: Request, *, silence_s: float) -> "Stream":
        """Open a watch; its reads fail when nothing comes for `silence_s`.

        Raises:
            KeyfleetError: As `send`.
        """
        link, response = await self._open(request, silence_s)
        if response.status == UNAUTHORIZED and await self._credential.rejected():
            response.close()
            link, response = await self._open(request, silence_s)
        if response.status == 200:
            return Stream(response, link, self._subject(request))
        raise await self._refused_watch(request, response)

    async def _open(
        self, request: Request, silence_s: float
    ) -> tuple[Link, aiohttp.ClientResponse]:
        headers, link = await self._prepare(request)
        limit = _limit(self._timeouts, sock_read=silence_s)
        started = self._clock.monotonic()
        status = 0
        try:
            async with asyncio.timeout(self._timeouts.list_s):
                response = await self._begin(request, link.watches, link, headers, limit)
            status = response.status
        except _FAILURES as error:
            raise network_error(error, self._subject(request)) from None
        finally:
            self._finished(request, status, self._clock.monotonic() - started)
        return link, response

    async def _refused_watch(
        self, request: Request, response: aiohttp.ClientResponse
    ) -> KeyfleetError:
        try:
            async with response, asyncio.timeout(self._timeouts.short_s):
                body = await read_body(response, ERROR_BYTES, subject=self._subject(request))
        except _FAILURES:
            body = b""
        return self._refusal(request, response.status, response.headers, body)

    def _refusal(
        self, request: Request, status: int, headers: Mapping[str, str], body: bytes
    ) -> KeyfleetError:
        subject = self._subject(request)
        return error_of(
            status, body, headers, verb=request.verb, subject=subject, sent=request.body
        )

    def _subject(self, request: Request) -> str:
        return f"{self.cluster}/{request.subject}"

    async def close(self) -> None:
        """End all connections."""
        await self._network.close()


class Stream:
    """The body of an open watch."""

    def __init__(self, response: aiohttp.ClientResponse, link: Link, subject: str) -> None:
        self.subject = subject
        self._response = response
        self._link = link
        link.streams.add(self)

    async def read(self) -> bytes:
        """Return what has arrived, at least one byte; empty at the end.

        Raises:
            UnreachableError: The connection broke, or was silent too long (`api.silent`).
        """
        try:
            return await self._response.content.readany()
        except TimeoutError:
            raise UnreachableError("api.silent", "the watch fell silent", self.subject) from None
        except _FAILURES as error:
            raise network_error(error, self.subject) from None

    def cut(self) -> None:
        """Make reads fail, one that waits included, and end the connection.

        aiohttp wakes nobody when a session is closed: a read would wait for ever.
        """
        self._response.content.set_exception(aiohttp.ClientConnectionError())
        self._response.close()

    def close(self) -> None:
        """End the connection."""
        self._link.streams.discard(self)
        self._response.close()


def _limit(timeouts: Timeouts, **parts: Any) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(sock_connect=timeouts.connect_s, **parts)


def _payload(body: bytes) -> bytes | io.BytesIO | None:
    # A file object is sent in pieces that let the loop run in between.
    return io.BytesIO(body) if len(body) >= LARGE_BYTES else body or None


def _is_success(status: int) -> bool:
    return 200 <= status < 300
