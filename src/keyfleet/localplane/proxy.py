# SPDX-License-Identifier: Apache-2.0
"""A network that misbehaves on demand, in front of a real plane."""

import asyncio
import base64
import socket
import ssl
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Self
from weakref import WeakKeyDictionary

import aiohttp
from aiohttp import web
from yarl import URL

from keyfleet.base.errors import InvariantError
from keyfleet.base.tasks import spawn, stop
from keyfleet.localplane import servers
from keyfleet.localplane.connections import client_context
from keyfleet.localplane.exchange import Edit, Exchange, Seen, end_to_end, reset
from keyfleet.localplane.faults import Fault
from keyfleet.localplane.handshake import LateHandshake
from keyfleet.localplane.masks import Mask, shows_identity
from keyfleet.localplane.plane import ADMIN, ControlPlane
from keyfleet.localplane.scripts import Script
from keyfleet.localplane.stoppable import Stoppable

_BACKLOG = 512
_END_TIMEOUT_S = 2.0
_HOSTS = ("localhost", servers.LOOPBACK)
_SYSTEM = "/api/v1/namespaces/kube-system"
_REAL_UIDS: WeakKeyDictionary[ControlPlane, str] = WeakKeyDictionary()


class FaultProxy(Stoppable):
    """TLS on loopback, signed by the plane's own authority; streams pass both ways.

    It belongs to the event loop that starts it. Logins by token pass through; a client certificate
    ends here, because the proxy ends TLS.

        async with FaultProxy(plane) as proxy:
            fault = proxy.inject(faults.throttled(when=faults.writes, times=3))
            ...
            assert proxy.writes() == []
    """

    def __init__(self, plane: ControlPlane, *, mask: Mask | None = None) -> None:
        """Reserve a port; nothing is served yet.

        Args:
            plane: What is behind it.
            mask: Another identity to show than the plane's own.
        """
        self.plane = plane
        self.mask = mask
        self.handshake_delay_s = 0.0
        """How long new connections wait for TLS; set before `start`, `heal` or `renew`."""
        self.requests: list[Seen] = []
        """Every request in the order of arrival, since the start or the last `forget`."""
        self.faults: list[Fault] = []
        """What is wrong now; the first that takes a request strikes it."""
        self._mask_edit: Edit | None = None
        self._late: set[asyncio.Task[None]] = set()
        self._scripts: list[Script] = []
        self._port = servers.Port()
        self._exchanges: set[Exchange] = set()
        self._struck: dict[Exchange, Fault] = {}
        self._listener: asyncio.Server | None = None
        self._http: web.Server | None = None
        self._session: aiohttp.ClientSession | None = None  # noqa: TID251 - see `start`

    @property
    def url(self) -> str:
        """The proxy's address; it stays the same through `cut` and `heal`."""
        return f"https://{servers.LOOPBACK}:{self._port.number}"

    def kubeconfig(self, user: str = ADMIN, *, context: str | None = None) -> dict[str, Any]:
        """Return a kubeconfig through the proxy, with a token; context named like the plane."""
        found = self.plane.kubeconfig(user, auth="token", url=self.url, context=context)
        if self.mask is not None:
            authority = base64.b64encode(self.mask.authority.ca_pem).decode()
            found["clusters"][0]["cluster"]["certificate-authority-data"] = authority
        return found

    async def start(self) -> Self:
        """Listen."""
        self._session = aiohttp.ClientSession(  # noqa: TID251 - passes bytes on, untouched
            connector=aiohttp.TCPConnector(limit=0, ssl=client_context(self.plane.ca_pem)),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=10),
            auto_decompress=False,
            skip_auto_headers=("Accept-Encoding", "User-Agent", "Accept", "Content-Type"),
        )
        if self.mask is not None:
            self._mask_edit = self.mask.edit(await _real_uid(self.plane))
        self._http = web.Server(self._handle, handler_cancellation=True, access_log=None)
        await self._listen()
        return self

    async def stop(self) -> None:
        """Break every connection and give the port back."""
        await self._hang_up()
        await stop(*self._late)
        if self._http is not None:
            await self._http.shutdown(_END_TIMEOUT_S)
        if self._session is not None:
            await self._session.close()
        self._port.release()

    async def __aenter__(self) -> Self:
        return await self.start()

    # Faults.

    def inject(self, fault: Fault) -> Fault:
        """Add a fault, before those already there; a live one strikes open streams at once."""
        self.faults.insert(0, fault)
        if fault.live:
            for exchange in list(self._exchanges):
                if exchange.forwarding is not None and fault.takes(exchange.seen):
                    self._struck[exchange] = fault
                    exchange.forwarding.cancel()
        return fault

    async def cut(self) -> None:
        """Reset every connection and refuse new ones until healed: the cluster is unreachable."""
        await self._hang_up()

    async def heal(self, fault: Fault | None = None) -> None:
        """Remove one fault, or all and the cut; what a fault has silenced stays silent."""
        self.faults = [other for other in self.faults if fault is not None and other is not fault]
        if fault is None and self._listener is None:
            await self._listen()

    async def renew(self) -> None:
        """Break every connection and listen anew, with the settings of now."""
        await self._hang_up()
        await self._listen()

    @asynccontextmanager
    async def playing(self, script: Script) -> AsyncIterator[asyncio.Task[None]]:
        """Play a script beside the block; its task tells when it is over, and ends with the block.

        Raises:
            Exception: Whatever the script's task raised.
        """
        self._scripts.append(script)
        task = spawn(script.play(self), name="fault script")
        try:
            yield task
        finally:
            self._scripts.remove(script)
            await stop(task)
        if not task.cancelled():
            task.result()

    # Records.

    def writes(self, *, but: Collection[str] = ("leases", "events")) -> list[Seen]:
        """Return the requests that asked to change objects, of all resources but these."""
        return [seen for seen in self.requests if seen.is_write and seen.resource not in but]

    def watches(self) -> list[Seen]:
        """Return the watches that were opened."""
        return [seen for seen in self.requests if seen.is_watch]

    def forget(self) -> None:
        """Empty the records: what follows is counted anew."""
        self.requests.clear()

    # Inside.

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        plain = socket.socket()
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        plain.bind((servers.LOOPBACK, self._port.number))
        if self._http is None:
            return
        context = self._server_context()
        if self.handshake_delay_s:
            late = partial(LateHandshake, self._http, context, self.handshake_delay_s, self._late)
            self._listener = await loop.create_server(late, sock=plain, backlog=_BACKLOG)
            return
        self._listener = await loop.create_server(
            self._http, sock=plain, ssl=context, backlog=_BACKLOG
        )

    def _server_context(self) -> ssl.SSLContext:
        authority = self.mask.authority if self.mask is not None else self.plane.authority
        pair = authority.server(_HOSTS)
        path = self.plane.directory / f"proxy-{self._port.number}.pem"
        servers.write_private(path, pair.certificate_pem + pair.key_pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        path.unlink()
        return context

    async def _hang_up(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        for connection in self._http.connections if self._http is not None else ():
            reset(connection.transport)
        # The handlers are cancelled as their connections break: let them see it.
        await asyncio.sleep(0)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        seen = Seen(
            request.method,
            request.path,
            dict(request.query),
            asyncio.get_running_loop().time(),
            content_type=request.content_type if request.can_read_body else "",
        )
        self.requests.append(seen)
        exchange = Exchange(request, seen, self._whole, self._pass)
        if self._mask_edit is not None and shows_identity(seen):
            exchange.edits.append(self._mask_edit)
        self._exchanges.add(exchange)
        try:
            answer = await self._answer(exchange)
            if answer is None:
                exchange.reset()
            # After a reset there is nobody to send this to.
            return answer or web.Response()
        finally:
            self._exchanges.discard(exchange)
            self._struck.pop(exchange, None)

    async def _answer(self, exchange: Exchange) -> web.StreamResponse | None:
        fault = next((fault for fault in self.faults if fault.takes(exchange.seen)), None)
        if fault is None:
            for script in self._scripts:
                script.hear(exchange.seen)
            return await self._pass(exchange)
        exchange.seen.fault = fault.name
        return await fault.strike(exchange)

    async def _pass(self, exchange: Exchange) -> web.StreamResponse | None:
        exchange.forwarding = spawn(self._forward(exchange), name="proxy-forward")
        try:
            await asyncio.wait([exchange.forwarding])
        finally:
            await stop(exchange.forwarding)
        fault = self._struck.get(exchange)
        if fault is None or not exchange.forwarding.cancelled():
            return exchange.response
        exchange.seen.fault = fault.name
        return await fault.strike(exchange)

    async def _forward(self, exchange: Exchange) -> None:
        try:
            async with self._send(exchange) as answer:
                await self._pass_on(answer, exchange)
        except (aiohttp.ClientError, OSError):
            # The plane is down or broke off: so does the proxy.
            exchange.reset()

    async def _pass_on(self, answer: aiohttp.ClientResponse, exchange: Exchange) -> None:
        connection = answer.connection
        try:
            headers = end_to_end(answer.headers)
            for edit in exchange.edits:
                headers = edit.headers(headers)
            if any(edit.needs_whole for edit in exchange.edits):
                headers.pop("Content-Length", None)
            response = await exchange.begin(answer.status, headers)
            async for block in _blocks(answer, exchange):
                await response.write(await _edited(block, exchange.edits))
            await response.write_eof()
        except asyncio.CancelledError:
            # A polite end of TLS would outlive the event loop of a test.
            reset(connection.transport if connection is not None else None)
            raise

    async def _whole(self, exchange: Exchange) -> tuple[int, dict[str, str], bytes]:
        async with self._send(exchange) as answer:
            body = await _edited(await answer.read(), exchange.edits)
            return answer.status, end_to_end(answer.headers), body

    def _send(self, exchange: Exchange) -> Any:
        if self._session is None:
            raise InvariantError("localplane.proxy", "a fault proxy does not run", self.plane.name)
        request = exchange.request
        return self._session.request(
            request.method,
            URL(self.plane.url + request.raw_path, encoded=True),
            headers=end_to_end(request.headers),
            data=request.content if request.can_read_body else None,
            allow_redirects=False,
        )


async def _real_uid(plane: ControlPlane) -> str:
    # A thousand masks of one plane ask once.
    if plane not in _REAL_UIDS:
        found = await asyncio.to_thread(plane.api.must, "GET", _SYSTEM)
        _REAL_UIDS[plane] = found["metadata"]["uid"]
    return _REAL_UIDS[plane]


async def _blocks(answer: aiohttp.ClientResponse, exchange: Exchange) -> AsyncIterator[bytes]:
    # A watch passes in whole lines, so that a fault can put an event of its own between two.
    if not exchange.seen.is_watch:
        if any(edit.needs_whole for edit in exchange.edits):
            yield await answer.read()
            return
        async for block in answer.content.iter_any():
            yield block
        return
    rest = b""
    async for block in answer.content.iter_any():
        whole, newline, tail = (rest + block).rpartition(b"\n")
        rest = tail
        if newline:
            yield whole + newline
    if rest:
        yield rest


async def _edited(block: bytes, edits: Iterable[Edit]) -> bytes:
    for edit in edits:
        await edit.pace()
        block = edit.block(block)
    return block
