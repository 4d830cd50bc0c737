# SPDX-License-Identifier: Apache-2.0
"""Connections to a local API server, kept from one call to the next.

A TLS handshake costs both sides ten times what a small call does, and the end of a namespace is
some fifty calls.
"""

import http.client
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from keyfleet.base import codec


@dataclass(frozen=True, slots=True)
class Answer:
    """Status code and body of one answer."""

    status: int
    """The HTTP status code."""
    body: bytes = field(repr=False)
    """As the server sent it."""

    def json(self) -> Any:
        """Return the decoded body."""
        return codec.decode_json(self.body, subject="API server's answer")


@dataclass(frozen=True, slots=True)
class Request:
    """One request, the login in its headers."""

    method: str
    path: str
    content: bytes | None = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    timeout_s: float


class Connections:
    """Connections to one server that wait for their next call; any thread may call."""

    def __init__(self, url: str, ca_pem: bytes) -> None:
        """Prepare; nothing is opened yet.

        Args:
            url: `https://127.0.0.1:<port>`.
            ca_pem: What signs the server's certificate.
        """
        self._place = urlsplit(url).netloc
        self._context = client_context(ca_pem)
        self._lock = threading.Lock()
        self._idle: list[http.client.HTTPSConnection] = []
        self._is_open = True

    def exchange(self, request: Request) -> Answer:
        """Send a request, on a connection that waits, else on a new one.

        Raises:
            OSError, http.client.HTTPException: No answer.
        """
        if (waiting := self._take()) is not None:
            # It may have died with a server that was killed since: the next call finds out.
            with suppress(ConnectionError, ssl.SSLError, http.client.HTTPException):
                return self._exchange(waiting, request)
        return self._exchange(
            http.client.HTTPSConnection(self._place, context=self._context), request
        )

    def close(self) -> None:
        """Close what waits, and keep nothing from now on; harmless when repeated."""
        with self._lock:
            self._is_open = False
            waiting, self._idle = self._idle, []
        for connection in waiting:
            connection.close()

    def _take(self) -> http.client.HTTPSConnection | None:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _exchange(self, connection: http.client.HTTPSConnection, request: Request) -> Answer:
        try:
            connection.timeout = request.timeout_s
            if connection.sock is not None:
                connection.sock.settimeout(request.timeout_s)
            connection.request(request.method, request.path, request.content, dict(request.headers))
            response = connection.getresponse()
            answer = Answer(response.status, response.read())
        except BaseException:
            connection.close()
            raise
        self._keep(connection)
        return answer

    def _keep(self, connection: http.client.HTTPSConnection) -> None:
        with self._lock:
            if self._is_open and connection.sock is not None:
                self._idle.append(connection)
                return
        connection.close()


def client_context(ca_pem: bytes) -> ssl.SSLContext:
    """Return a TLS client context that trusts this authority only."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=ca_pem.decode())
    return context
