# SPDX-License-Identifier: Apache-2.0
"""One real server on loopback that tests talk to, and that never outlives its owner."""

import http.client
import random
import shutil
import signal
import socket
import tempfile
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from keyfleet.base import codec
from keyfleet.base.errors import KeyfleetError
from keyfleet.localplane.connections import Answer
from keyfleet.localplane.processes import Guardian

LOOPBACK = "127.0.0.1"

_START_TIMEOUT_S = 60.0
_CALL_TIMEOUT_S = 30.0
_POLL_S = 0.05
_LOG_LINES = 15
# Below the ports that kernels give to outgoing connections: nobody takes one while its server is
# down for a moment.
_PORTS = range(18_000, 32_000)


class Rig(ABC):
    """A server with a directory, a port and a log of its own.

    Blocking methods, so that one session fixture serves tests of any event loop.
    """

    name: str
    """Names the process, its log file and its directory."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix=f"keyfleet-{self.name}-")).resolve()
        self.port = free_port()
        self._guardian: Guardian | None = None

    @abstractmethod
    def command(self) -> list[str]:
        """Return the command line; the working directory is `directory`."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Return whether the server answers; what a refused connection raises means no."""

    def prepare(self) -> None:  # noqa: B027 - not every server reads files
        """Write the files that the server reads at its start."""

    def settle(self) -> None:  # noqa: B027 - not every server needs it
        """Set up what a fresh server needs over its API."""

    @property
    def url(self) -> str:
        """The server's address, plain HTTP."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def log(self) -> Path:
        """What the server wrote to its standard streams."""
        return self.directory / f"{self.name}.log"

    def open(self) -> Self:
        """Start it and return once it answers; closed again when it cannot.

        Raises:
            KeyfleetError: `localplane.rig`, with the last lines of its log.
        """
        try:
            self.prepare()
            self._guardian = Guardian(self.directory, remove=True)
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def close(self) -> None:
        """End it and remove its directory; harmless when repeated."""
        if self._guardian is not None:
            self._guardian.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    def kill(self) -> None:
        """Kill the server: connections are refused, and what it kept in memory is lost."""
        self._process.end(self.name)

    def restart(self) -> None:
        """Kill it and start it again, at the same address and fresh."""
        self.kill()
        self._start()

    def pause(self) -> None:
        """Stop its process: connections stay open and nothing answers."""
        self._process.signal(self.name, signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused server go on."""
        self._process.signal(self.name, signal.SIGCONT)

    @property
    def _process(self) -> Guardian:
        if self._guardian is None:
            raise self._failure(reason="it was not opened")
        return self._guardian

    def _start(self) -> None:
        self._process.start(self.name, self.command(), log=self.log)
        deadline = monotonic() + _START_TIMEOUT_S
        pause = threading.Event()
        while not self._answers():
            code = self._process.exit_code(self.name)
            if code is not None:
                raise self._failure(reason=f"it ended with code {code}")
            if monotonic() > deadline:
                raise self._failure(reason="it was not ready in time")
            pause.wait(_POLL_S)
        self.settle()

    def _answers(self) -> bool:
        with suppress(OSError, http.client.HTTPException):
            return self.is_ready()
        return False

    def _failure(self, *, reason: str) -> KeyfleetError:
        return KeyfleetError(
            "localplane.rig",
            "a local server did not start",
            f"{self.name}: {reason}",
            hint="last lines of its log:\n" + self._tail(),
        )

    def _tail(self) -> str:
        with suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-_LOG_LINES:])
        return "(no log)"


def free_port() -> int:
    """Return a port on which nobody listens, and that the kernel does not hand out by itself."""
    for number in random.sample(_PORTS, len(_PORTS)):
        with socket.socket() as attempt, suppress(OSError):
            attempt.bind((LOOPBACK, number))
            return number
    raise OSError("no free port on loopback")  # noqa: TRY003 - said once, here


def call(
    url: str,
    method: str,
    path: str,
    body: Any = None,
    *,
    headers: Mapping[str, str] | None = None,
    timeout_s: float = _CALL_TIMEOUT_S,
) -> Answer:
    """Send one request over plain HTTP; `body` is bytes, or anything JSON can hold.

    Raises:
        OSError, http.client.HTTPException: No answer.
    """
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=timeout_s)
    content = body if body is None or isinstance(body, bytes) else codec.encode_json(body)
    try:
        connection.request(method, path, content, dict(headers or {}))
        response = connection.getresponse()
        return Answer(response.status, response.read())
    finally:
        connection.close()


def must(url: str, method: str, path: str, body: Any = None, **options: Any) -> Any:
    """Return the decoded answer, None when empty, of a call that has to succeed.

    Raises:
        KeyfleetError: The server answered with an error; its text is not repeated.
    """
    answer = call(url, method, path, body, **options)
    if answer.status >= http.client.BAD_REQUEST:
        raise KeyfleetError(
            "localplane.refused",
            "a local server refused a call",
            f"{method} {path.partition('?')[0]}: {answer.status}",
        )
    return answer.json() if answer.body.strip() else None
