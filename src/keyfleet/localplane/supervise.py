# SPDX-License-Identifier: Apache-2.0
"""Keep control planes after the command that started them: `keyfleet demo --keep`.

`start_supervised` runs this module as a detached process. It starts the planes, tells its starter
the progress line by line on its standard output, writes a state file and waits until it is stopped
or its time is over. While it lives it holds a lock; a state file without that lock is left over
from a supervisor that was killed (its guardians have ended the planes), and is removed.
"""

import asyncio
import fcntl
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import IO

import msgspec

from keyfleet.base import codec
from keyfleet.base.clock import SystemClock, parse_timestamp, timestamp
from keyfleet.base.errors import KeyfleetError
from keyfleet.localplane import paths
from keyfleet.localplane.fleet import LocalFleet
from keyfleet.localplane.servers import write_private

LIFETIME = timedelta(hours=2)

_CHECK_EVERY_S = 15.0
_STOP_TIMEOUT_S = 15.0
_STOP_POLL_S = 0.05
_LINE_LIMIT_BYTES = 1 << 20


class State(msgspec.Struct, frozen=True):
    """What runs under the supervisor."""

    pid: int
    """The supervisor's process."""
    names: tuple[str, ...]
    """Contexts; the first is the hub."""
    kubeconfig: str
    """Path of a kubeconfig with a context per plane."""
    deadline: str
    """When it stops by itself, RFC 3339."""


class _Report(msgspec.Struct, omit_defaults=True):
    # One line from the supervisor to its starter.
    progress: str = ""
    error: tuple[str, str, str, str] | None = None
    state: State | None = None


def folder() -> Path:
    """Return where state, kubeconfig and log of the supervisor lie."""
    return paths.state_root() / "demo"


async def start_supervised(
    names: Sequence[str],
    progress: paths.Progress = paths.silent,
    *,
    lifetime: timedelta = LIFETIME,
) -> State:
    """Start planes under a detached supervisor and return once they answer.

    Cancelling ends what was begun.

    Raises:
        KeyfleetError: `localplane.kept` when planes are kept already; else as `LocalFleet.start`.
    """
    pipe = await asyncio.to_thread(_launch, names, lifetime)
    reader = asyncio.StreamReader(limit=_LINE_LIMIT_BYTES)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), pipe
    )
    try:
        return await _follow(reader, progress)
    except asyncio.CancelledError:
        # The supervisor's next line meets a closed pipe, and it ends.
        transport.close()
        await _is_gone()
        raise
    finally:
        transport.close()
        await asyncio.sleep(0)


def _launch(names: Sequence[str], lifetime: timedelta) -> IO[bytes]:
    """Start the supervisor, which forks at once: it is nobody's child. Return its reports."""
    folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    reading, writing = os.pipe()
    pipe = os.fdopen(reading, "rb", buffering=0)
    try:
        with (folder() / "supervisor.log").open("wb") as log:
            subprocess.run(
                [sys.executable, "-P", "-m", __spec__.name, str(lifetime.total_seconds()), *names],
                stdin=subprocess.DEVNULL,
                stdout=writing,
                stderr=log,
                start_new_session=True,
                check=True,
            )
    except BaseException:
        pipe.close()
        raise
    finally:
        os.close(writing)
    return pipe


async def _follow(reader: asyncio.StreamReader, progress: paths.Progress) -> State:
    async for line in reader:
        report = codec.decode_json_as(_Report, line, subject="supervisor")
        if report.state is not None:
            return report.state
        if report.error is not None:
            raise KeyfleetError(*report.error)
        progress(report.progress)
    log = folder() / "supervisor.log"
    raise KeyfleetError(
        "localplane.supervisor", "the supervisor of the control planes ended", hint=f"see {log}"
    )


def read_state() -> State | None:
    """Return what runs under a supervisor; None: nothing does, and leftovers are removed."""
    with _lock() as is_ours:
        if is_ours:
            _remove_leftovers()
            return None
    try:
        raw = (folder() / "state.json").read_bytes()
    except FileNotFoundError:
        # It is still starting, or just ending.
        return None
    return codec.decode_json_as(State, raw, subject="state.json")


async def stop_supervised() -> bool:
    """End the supervisor and its planes; return whether there was one."""
    state = read_state()
    if state is None:
        return False
    with suppress(ProcessLookupError):
        os.kill(state.pid, signal.SIGTERM)
        if not await _is_gone():
            os.kill(state.pid, signal.SIGKILL)
            await _is_gone()
    read_state()
    return True


async def _is_gone() -> bool:
    clock = SystemClock()
    deadline = clock.monotonic() + _STOP_TIMEOUT_S
    while clock.monotonic() < deadline:
        with _lock() as is_ours:
            if is_ours:
                return True
        await clock.sleep(_STOP_POLL_S)
    return False


@contextmanager
def _lock() -> Iterator[bool]:
    """Hold the supervisor's lock; False: another process holds it."""
    folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder() / "lock").open("w") as file:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _remove_leftovers() -> None:
    for name in ("state.json", "kubeconfig"):
        (folder() / name).unlink(missing_ok=True)


def main(arguments: Sequence[str]) -> int:
    """Be the supervisor of planes; the first argument is its lifetime in seconds."""
    if os.fork():
        return 0
    signal.signal(signal.SIGTERM, _leave)
    lifetime_s, *names = arguments
    output: IO[bytes] = sys.stdout.buffer
    try:
        with _lock() as is_ours:
            if not is_ours:
                _refuse()
            _serve(names, timedelta(seconds=float(lifetime_s)), output)
    except BrokenPipeError:
        # Whoever asked for planes is gone before they were ready.
        return 3
    except KeyfleetError as error:
        _tell(output, _Report(error=(error.code, error.message, error.subject, error.hint)))
        return 3
    return 0


def _refuse() -> None:
    raise KeyfleetError(
        "localplane.kept",
        "control planes are kept already",
        str(folder()),
        hint="keyfleet demo --stop",
    )


def _serve(names: Sequence[str], lifetime: timedelta, output: IO[bytes]) -> None:
    _remove_leftovers()
    fleet = LocalFleet(names)
    try:
        fleet.open(lambda line: _tell(output, _Report(progress=line)))
        state = State(
            pid=os.getpid(),
            names=tuple(names),
            kubeconfig=str(fleet.write_kubeconfig(folder() / "kubeconfig")),
            deadline=timestamp(SystemClock().now() + lifetime),
        )
        write_private(folder() / "state.json", codec.encode_json(state))
        _tell(output, _Report(state=state))
        _wait(state)
    finally:
        fleet.close()
        _remove_leftovers()


def _wait(state: State) -> None:
    # By the wall clock: a laptop that slept through the deadline stops them when it wakes.
    deadline = parse_timestamp(state.deadline)
    pause = threading.Event()
    while (left := deadline - SystemClock().now()) > timedelta():
        pause.wait(min(_CHECK_EVERY_S, left.total_seconds()))


def _tell(output: IO[bytes], report: _Report) -> None:
    output.write(codec.encode_json(report) + b"\n")
    output.flush()


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
