# SPDX-License-Identifier: Apache-2.0
"""A reverse proxy in front of a real server, that holds requests back or refuses them."""

import http.client
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

PATIENCE_S = 60.0


@dataclass(frozen=True)
class Asked:
    """One request, as it came in."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Refusal:
    """What is answered instead of the server."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Rule = Callable[[Asked], Refusal | None]
"""What to do with a request: wait inside, refuse it, or None: let it through."""


def let_through(_asked: Asked) -> None:
    return None


class Front:
    """Forwards to `target` under the rule of the moment."""

    def __init__(self, target: str) -> None:
        self.asked: list[Asked] = []
        self.rule: Rule = let_through
        """Runs in a thread per request."""
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                asked = Asked(self.command, self.path, dict(self.headers), body)
                front.asked.append(asked)
                self.tell(front.rule(asked) or forwarded(target, asked))

            def tell(self, answer: Refusal) -> None:
                self.send_response(answer.status)
                for name, text in answer.headers.items():
                    self.send_header(name, text)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            def __getattr__(self, name: str) -> Callable[[], None]:
                # Whatever the method: `do_GET`, `do_LIST`.
                if name.startswith("do_"):
                    return self.do
                raise AttributeError(name)

            def log_message(self, *_arguments: object) -> None:
                """Keep quiet."""

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def open(self) -> None:
        """Let everything through again, and count anew."""
        self.rule = let_through
        self.asked.clear()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    # A request that is held must not hold up the end.
    block_on_close = False

    def handle_error(self, _request: Any, _client_address: Any) -> None:
        """Keep quiet: the client went, or the server behind is down."""


class Held:
    """A rule that keeps the requests that it is meant for until `release`."""

    def __init__(self, is_meant: Callable[[Asked], bool]) -> None:
        self._is_meant = is_meant
        self._released = threading.Event()
        self.came = threading.Event()
        """Set once one is kept."""

    def __call__(self, asked: Asked) -> None:
        if self._is_meant(asked):
            self.came.set()
            self._released.wait(PATIENCE_S)

    def release(self) -> None:
        self._released.set()


def forwarded(target: str, asked: Asked) -> Refusal:
    """Return what the server behind answers."""
    connection = http.client.HTTPConnection(urlsplit(target).netloc, timeout=PATIENCE_S)
    try:
        connection.request(asked.method, asked.path, asked.body, dict(asked.headers))
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    dropped = ("content-length", "transfer-encoding", "connection")
    kept = {name: text for name, text in answer.getheaders() if name.lower() not in dropped}
    return Refusal(answer.status, kept, body)
