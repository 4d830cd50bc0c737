# SPDX-License-Identifier: Apache-2.0
"""The parent's end of the guardian: start, signal and end servers that cannot be orphaned."""

import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from keyfleet.base.errors import KeyfleetError
from keyfleet.localplane import guardian

_CLOSE_TIMEOUT_S = 10.0


class Guardian:
    """A process in a session of its own that runs servers and dies, with them, when we do.

    Ctrl-C does not reach it, so that the servers live until the parent has cleaned up.
    """

    def __init__(self, directory: Path, *, remove: bool) -> None:
        """Start it; `remove` also deletes `directory` at the end, crash or not."""
        self._lock = threading.Lock()
        self.pids: dict[str, int] = {}
        """Server -> process id of its latest start."""
        with (directory / "guardian.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-I", "-S", guardian.__file__),
                    *(str(directory), "remove" if remove else "keep"),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                text=True,
            )

    @property
    def pid(self) -> int:
        """The guardian's process id."""
        return self._process.pid

    def start(self, name: str, argv: Sequence[str], *, log: Path) -> None:
        """Run a server with its output in `log`."""
        self.pids[name] = int(self._ask("start", name, str(log), *argv))

    def signal(self, name: str, number: int) -> None:
        """Send a signal to a server."""
        self._ask("signal", name, str(number))

    def end(self, name: str) -> None:
        """Kill a server and wait until it is gone."""
        self._ask("end", name)

    def exit_code(self, name: str) -> int | None:
        """Return how a server ended, None while it runs."""
        answer = self._ask("state", name)
        return None if answer == "running" else int(answer)

    def close(self) -> None:
        """End every server and the guardian; harmless when repeated."""
        with self._lock:
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    _close_quietly(pipe)
            try:
                self._process.wait(_CLOSE_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _ask(self, *words: str) -> str:
        with self._lock:
            answer = self._exchange("\0".join(words))
        if not answer or answer.startswith("failed"):
            raise KeyfleetError(
                "localplane.guardian",
                "a local control plane's server cannot be controlled",
                words[1],
                hint=answer.removeprefix("failed").strip() or "its guardian process has ended",
            )
        return answer

    def _exchange(self, line: str) -> str:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None or stdin.closed:
            return ""
        try:
            stdin.write(line + "\n")
            stdin.flush()
            return stdout.readline().rstrip("\n")
        except OSError:
            return ""


def _close_quietly(pipe: object) -> None:
    try:
        pipe.close()  # type: ignore[attr-defined]
    except OSError:
        # Unsent commands for a guardian that has already ended.
        return
