# SPDX-License-Identifier: Apache-2.0
"""Run servers for a parent process, and end them when the parent is gone.

Started as a script of its own session, with nothing but the standard library. It reads one command
per line from its standard input, fields separated by NUL, and answers each with one line. The end
of the input means that the parent has ended, in whatever way: every server is killed and the
directory named by the first argument is removed.

    start NAME LOG ARGV...   -> the process id
    signal NAME NUMBER       -> ok
    end NAME                 -> ok, once the process is gone
    state NAME               -> running, or the exit code

PR_SET_PDEATHSIG in the parent would not do: the kernel ties it to the *thread* that forked, and
macOS lacks it. Here it is a second line, for the case that somebody kills the guardian itself.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None

Servers = dict[str, subprocess.Popen[bytes]]


def main(directory: str, remove: str) -> None:
    """Serve commands until the input ends."""
    os.chdir(directory)
    signal.signal(signal.SIGTERM, _leave)
    servers: Servers = {}
    try:
        for line in sys.stdin:
            sys.stdout.write(_obey(servers, line.rstrip("\n").split("\0")) + "\n")
            sys.stdout.flush()
    finally:
        for server in servers.values():
            _end(server)
        os.chdir("/")
        if remove == "remove":
            shutil.rmtree(directory, ignore_errors=True)


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _obey(servers: Servers, words: list[str]) -> str:
    verb, name, *rest = words
    try:
        if verb == "start":
            servers[name] = _start(Path(rest[0]), rest[1:])
            return str(servers[name].pid)
        if verb == "signal":
            servers[name].send_signal(int(rest[0]))
        elif verb == "end":
            _end(servers[name])
        elif verb == "state":
            code = servers[name].poll()
            return "running" if code is None else str(code)
    except (OSError, KeyError) as error:
        return f"failed {type(error).__name__}: {error}"
    return "ok"


def _start(log: Path, argv: list[str]) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            preexec_fn=_die_with_guardian if _LIBC else None,  # noqa: PLW1509 - one thread here
        )


def _die_with_guardian() -> None:
    assert _LIBC is not None  # noqa: S101 - narrows the type
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _end(server: subprocess.Popen[bytes]) -> None:
    # SIGKILL also ends a stopped process, and the data are either throw-away or survive it.
    server.kill()
    server.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
