# SPDX-License-Identifier: Apache-2.0
"""Planes behind HTTP sessions: what `keyfleet.kube` takes for the network.

`installed` puts a session in the place of aiohttp's, so that the whole of `keyfleet.kube` runs
above it: credentials, limits, time limits, paging, informers. A plane called `east` is reached at
`http://east`.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientTimeout
from yarl import URL

from keyfleet.kube import network
from keyfleet.kube.resources import SECRETS, Resource
from keyfleet.testing.memoryplane.plane import MemoryPlane, Reply, refused
from keyfleet.testing.memoryplane.refusals import (
    RefusalError,
    broken,
    too_many,
    unauthorized,
)
from keyfleet.testing.memoryplane.watches import Watch
from keyfleet.testing.memoryplane.weather import Sky, Weather

BOOKMARK_S = 60.0


@dataclass(eq=False)
class Process:
    """Who sends requests; once dead, nothing of it reaches a plane any more."""

    user: str = "keyfleet"
    is_dead: bool = False
    responses: dict["Response", None] = field(default_factory=dict)
    """In the order of opening, so that a seed tells all."""

    def die(self) -> None:
        """Be killed: every connection breaks."""
        self.is_dead = True
        for response in list(self.responses):
            response.content.set_exception(ConnectionResetError())


_process: ContextVar[Process] = ContextVar("process")


@contextmanager
def running_as(process: Process) -> Iterator[None]:
    """Let what is started inside send its requests as this process."""
    token = _process.set(process)
    try:
        yield
    finally:
        _process.reset(token)


@dataclass
class Internet:
    """The planes that can be reached, by host, and the weather on the way to each."""

    planes: dict[str, MemoryPlane]
    weathers: dict[str, Weather]

    def __post_init__(self) -> None:
        """Let the weather decide what may be done where."""
        for host, plane in self.planes.items():
            plane.may = _may(self.weathers[host])

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Be the network of every client that is made inside."""
        # `Link` asks its module for sessions; nothing above it knows the difference.
        module: Any = network
        before, module.open_session = module.open_session, self._session
        try:
            yield
        finally:
            module.open_session = before

    def _session(self, *_: object, **__: object) -> "Session":
        # How a real one would connect does not matter here.
        return Session(self, _process.get())


def _may(weather: Weather) -> Any:
    def may(verb: str, resource: Resource, namespace: str, name: str, user: str) -> bool:
        del name, verb
        is_denied = resource.plural == SECRETS.plural and namespace in weather.forbidden
        return user == "admin" or not is_denied

    return may


class Session:
    """As much of `aiohttp.ClientSession` as `keyfleet.kube` uses."""

    def __init__(self, internet: Internet, process: Process) -> None:
        self._internet = internet
        self._process = process
        self._open: list[Response] = []

    async def request(
        self,
        method: str,
        url: URL,
        *,
        headers: Any,
        data: Any,
        timeout: ClientTimeout,  # noqa: ASYNC109 - as aiohttp has it
        **options: Any,
    ) -> "Response":
        """Send one request; return its answer, or the open watch."""
        del options
        body = data if isinstance(data, bytes) else (data.read() if data is not None else b"")
        sent = (method, url.raw_path_qs, body, headers.get("Content-Type", ""), headers["Accept"])
        async with asyncio.timeout(timeout.total):
            found = await self._exchange(url.host or "", sent)
        weather = self._internet.weathers[url.host or ""]
        response = Response(found, weather, timeout, self._process)
        if isinstance(found, Watch):
            self._open = [*(one for one in self._open if one.is_open), response]
            self._process.responses[response] = None
        return response

    async def _exchange(self, host: str, sent: tuple[str, str, bytes, str, str]) -> Reply | Watch:
        weather = self._internet.weathers[host]
        if weather.sky is Sky.REFUSED:
            raise ConnectionRefusedError
        await weather.travel()
        self._check_alive()
        if trouble := _trouble(weather):
            return trouble
        try:
            found = self._internet.planes[host].answer(*sent, user=self._process.user)
        except RefusalError as refusal:
            found = refused(refusal)
        is_write = sent[0] != "GET"
        if is_write and weather.loses_answer():
            raise ConnectionResetError
        if not isinstance(found, Watch):
            await weather.travel()
            self._check_alive()
        return found

    def _check_alive(self) -> None:
        if self._process.is_dead:
            raise ConnectionResetError

    async def close(self) -> None:
        """End every watch."""
        for response in self._open:
            response.close()
        self._open.clear()


def _trouble(weather: Weather) -> Reply | None:
    match weather.sky:
        case Sky.REFUSED:
            raise ConnectionResetError
        case Sky.FLAKY if weather.strikes(0.25):
            raise ConnectionResetError
        case Sky.EXPIRED:
            return refused(unauthorized())
        case Sky.THROTTLED if weather.strikes(0.7):
            return refused(too_many())
        case Sky.FAILING if weather.strikes(0.7):
            return refused(broken())
        case Sky.PORTAL:
            return _portal_page(weather)
    return None


def _portal_page(weather: Weather) -> Reply:
    pages = (
        Reply(404, b"<html>no such page</html>"),
        Reply(200, b"{}"),
        Reply(404, b'{"error":"unknown host"}'),
        Reply(200, b'{"kind":"List","items":[]}'),
    )
    return weather.random.choice(pages)


class Response:
    """As much of `aiohttp.ClientResponse` as `keyfleet.kube` uses."""

    def __init__(
        self, found: Reply | Watch, weather: Weather, limit: ClientTimeout, process: Process
    ) -> None:
        self.status = found.status if isinstance(found, Reply) else 200
        self.headers = dict(found.headers) if isinstance(found, Reply) else {}
        self.content = Content(found, weather, limit.sock_read)
        self._process = process
        self._watch = found if isinstance(found, Watch) else None

    async def __aenter__(self) -> "Response":
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.close()

    @property
    def is_open(self) -> bool:
        """Tell whether more may come."""
        return self._watch is not None and not self._watch.is_ended

    def close(self) -> None:
        """End the connection."""
        self._process.responses.pop(self, None)
        self.content.close()
        if self._watch is not None:
            self._watch.end()


class Content:
    """A body as it arrives: that of a watch line by line, any other at once."""

    def __init__(self, found: Reply | Watch, weather: Weather, silence_s: float | None) -> None:
        self._watch = found if isinstance(found, Watch) else None
        self._body = found.body if isinstance(found, Reply) else b""
        self._weather = weather
        self._silence_s = silence_s
        self._error: BaseException | None = None
        self._news = asyncio.Event()
        self._began = asyncio.get_running_loop().time()
        self._timers: list[asyncio.TimerHandle] = []
        if self._watch is not None:
            self._watch.on_news = self._news.set
            self._plan(self._watch)

    async def readany(self) -> bytes:
        """Return what has arrived, at least one byte; empty at the end."""
        if self._watch is None:
            body, self._body = self._body, b""
            return body
        async with asyncio.timeout(self._silence_s):
            return await self._arrived(self._watch)

    async def _arrived(self, watch: Watch) -> bytes:
        while True:
            if self._error is not None:
                raise self._error
            if watch.lines or watch.is_ended:
                # What is on its way may be joined by more, and may be held up.
                await self._weather.travel()
                if self._error is not None:
                    raise self._error
                chunk = b"".join(watch.lines)
                watch.lines.clear()
                return chunk
            self._news.clear()
            await self._news.wait()

    def set_exception(self, error: BaseException) -> None:
        """Make reads fail, one that waits included."""
        self._error = error
        self._news.set()

    def close(self) -> None:
        """Send no bookmarks any more."""
        for timer in self._timers:
            timer.cancel()

    def _plan(self, watch: Watch) -> None:
        loop = asyncio.get_running_loop()
        self.close()
        self._timers = [loop.call_later(BOOKMARK_S, self._bookmark, watch)]
        left_s = watch.timeout_s - (loop.time() - self._began)
        if watch.timeout_s:
            self._timers.append(loop.call_later(max(left_s, 0.0), watch.end))

    def _bookmark(self, watch: Watch) -> None:
        if not watch.is_ended:
            watch.bookmark()
            self._plan(watch)
