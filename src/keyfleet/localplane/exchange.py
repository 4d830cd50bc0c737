# SPDX-License-Identifier: Apache-2.0
"""One request on its way through the proxy: what was asked, and the means to answer it."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from aiohttp import web

from keyfleet.base import codec

WRITE_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})

# Asking for a decision or a token is a POST, and changes no object.
_REVIEWS = ("reviews", "token")

_HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "host"}
)


@dataclass(slots=True)
class Seen:
    """A request that the proxy saw; headers and bodies are not kept, they hold secrets."""

    method: str
    """In capitals."""
    path: str
    """Without the query."""
    query: dict[str, str]
    """Decoded; of a repeated name the last."""
    at: float
    """On the event loop's clock."""
    content_type: str = ""
    """Of the request: it tells the kinds of PATCH apart."""
    status: int | None = None
    """What the client was answered; None: nothing yet, or never."""
    fault: str | None = None
    """The name of the fault that struck it."""

    @property
    def is_watch(self) -> bool:
        """Whether the answer is a stream of events."""
        return self.method == "GET" and self.query.get("watch") in {"1", "true"}

    @property
    def is_write(self) -> bool:
        """Whether it asks to change an object; dry runs and reviews do not."""
        return (
            self.method in WRITE_METHODS
            and "dryRun" not in self.query
            and not self.path.endswith(_REVIEWS)
        )

    @property
    def resource(self) -> str:
        """The resource's plural name, such as `secrets`; nothing for other paths."""
        words = self._words()
        return words[0] if words else ""

    @property
    def name(self) -> str:
        """The object's name, nothing for a collection."""
        words = self._words()
        return words[1] if len(words) > 1 else ""

    @property
    def namespace(self) -> str:
        """The namespace in the path, nothing for a cluster-wide request."""
        words = self._path_words()
        return words[1] if len(words) > 2 and words[0] == "namespaces" else ""

    def _words(self) -> list[str]:
        words = self._path_words()
        return words[2:] if self.namespace else words

    def _path_words(self) -> list[str]:
        words = self.path.strip("/").split("/")
        skipped = {"api": 2, "apis": 3}.get(words[0])
        return words[skipped:] if skipped else []


class Upstream(Protocol):
    """Sends an exchange's request to the plane and returns the whole answer."""

    async def __call__(self, exchange: "Exchange") -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body as they came."""
        ...


async def _at_once() -> None:
    pass


def _as_it_is(block: bytes) -> bytes:
    return block


def _untouched(headers: dict[str, str]) -> dict[str, str]:
    return headers


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of the plane's answer on its way to the client."""

    block: Callable[[bytes], bytes] = _as_it_is
    """Of a watch: whole lines. Of any other answer: the whole body."""
    headers: Callable[[dict[str, str]], dict[str, str]] = _untouched
    """Before they are sent."""
    pace: Callable[[], Awaitable[None]] = _at_once
    """Waited for before each block, the first included."""

    @property
    def needs_whole(self) -> bool:
        """Whether the body must be had before any of it is passed on."""
        return self.block is not _as_it_is


@dataclass(eq=False, slots=True)
class Exchange:
    """A request and its answer; a fault answers with these methods instead of the plane."""

    request: web.BaseRequest
    """As aiohttp received it."""
    seen: Seen
    """What is remembered of it."""
    upstream: Upstream
    """The way to the plane, for faults that spoil a real answer."""
    forward: Callable[["Exchange"], Awaitable[web.StreamResponse | None]]
    """Passes the request and its answer on, for faults that only delay or edit them."""
    edits: list[Edit] = field(default_factory=list)
    """Changes of the answer that is passed on."""
    response: web.StreamResponse | None = None
    """The answer, once its headers are sent."""
    forwarding: asyncio.Task[Any] | None = field(default=None, repr=False)
    """What passes the plane's answer on, while it does."""

    async def begin(self, status: int, headers: dict[str, str]) -> web.StreamResponse:
        """Send the answer's headers; a streamed body follows."""
        response = web.StreamResponse(status=status)
        response.headers.update(headers)
        self.seen.status = status
        self.response = response
        await response.prepare(self.request)
        return response

    async def begin_stream(self) -> web.StreamResponse:
        """Return the open answer of a watch, opened by us where the plane has not."""
        if self.response is not None:
            return self.response
        return await self.begin(200, {"Content-Type": "application/json"})

    async def answer_status(
        self, code: int, reason: str, headers: dict[str, str] | None = None
    ) -> web.StreamResponse:
        """Answer with an error as an API server would."""
        body = codec.encode_json(status_object(code, reason))
        response = web.Response(
            status=code, body=body, headers=headers, content_type="application/json"
        )
        self.seen.status = code
        self.response = response
        await response.prepare(self.request)
        return response

    async def go_on(self, *edits: Edit) -> web.StreamResponse | None:
        """Pass the request to the plane after all, and its answer back with these changes."""
        self.edits.extend(edits)
        return await self.forward(self)

    async def answer_with(
        self, body: bytes, *, status: int = 200, content_type: str = "application/json"
    ) -> web.StreamResponse:
        """Answer with this body, whatever it is."""
        response = web.Response(status=status, body=body, headers={"Content-Type": content_type})
        self.seen.status = status
        self.response = response
        await response.prepare(self.request)
        return response

    @property
    def is_gone(self) -> bool:
        """Whether the client has gone; what is written then is lost without a word."""
        transport = self.request.transport
        return transport is None or transport.is_closing()

    async def until_gone(self) -> None:
        """Wait until the client gives up or the proxy ends (both cancel)."""
        await asyncio.Event().wait()

    def reset(self) -> None:
        """Break the client's connection with a TCP reset."""
        reset(self.request.transport)


def reset(transport: asyncio.Transport | asyncio.BaseTransport | None) -> None:
    """Break a connection with a TCP reset: no TLS goodbye, no FIN."""
    if transport is None:
        return
    plain = transport.get_extra_info("socket")
    if plain is not None:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()


def status_object(code: int, reason: str) -> dict[str, Any]:
    """Return a Kubernetes Status that says failure."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": f"injected: {reason}",
        "reason": reason,
        "code": code,
    }


def end_to_end(headers: Any) -> dict[str, str]:
    """Return the headers that a proxy passes on."""
    return {name: value for name, value in headers.items() if name.lower() not in _HOP_BY_HOP}
