# SPDX-License-Identifier: Apache-2.0
"""The API server's service proxy, for clusters that have no pods.

A real API server asks a pod for what is below `/services/http:NAME:PORT/proxy`, and refuses those
on loopback. Here a proxy in front of it does the same for one Service; all else is the real server.
"""

import re

import aiohttp
from aiohttp import web

from keyfleet.localplane.exchange import Exchange, Seen
from keyfleet.localplane.faults import Fault

SERVICE = "sealed-secrets-controller"
"""What kubeseal looks for."""
PORT = "http"


class ServiceProxy:
    """Answers the paths of one Service by asking an address; notes what was asked."""

    def __init__(self, namespace: str, address: str) -> None:
        self.asked: list[tuple[str, str, int]] = []
        """Method, path, and the status that was answered."""
        self.standbys = 0
        """How many requests a standby answers before the leader does."""
        self.address = address
        self._path = re.compile(
            rf"/api/v1/namespaces/{namespace}/services/http:{SERVICE}:(?:{PORT})?/proxy(/.*)"
        )

    def fault(self) -> Fault:
        """Return what makes a `FaultProxy` do it."""
        return Fault("service proxy", self._strike, self._is_ours)

    def _is_ours(self, seen: Seen) -> bool:
        return self._path.fullmatch(seen.path) is not None

    async def _strike(self, exchange: Exchange) -> web.StreamResponse:
        found = self._path.fullmatch(exchange.seen.path)
        assert found is not None
        answer = await self._answer(exchange, found[1])
        self.asked.append((exchange.seen.method, found[1], answer.status))
        return answer

    async def _answer(self, exchange: Exchange, path: str) -> web.Response:
        if self.standbys:
            self.standbys -= 1
            return web.Response(status=503, headers={"Retry-After": "1"}, text="not this one\n")
        headers = {"X-Forwarded-For": exchange.request.remote or ""}
        body = await exchange.request.read()
        async with (
            aiohttp.ClientSession() as session,
            session.request(
                exchange.seen.method, self.address + path, data=body or None, headers=headers
            ) as answer,
        ):
            kept = {
                name: text
                for name, text in answer.headers.items()
                if name not in ("Content-Length", "Transfer-Encoding", "Date", "Server")
            }
            return web.Response(status=answer.status, headers=kept, body=await answer.read())
