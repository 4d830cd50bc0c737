# SPDX-License-Identifier: Apache-2.0
"""The controller that stays after `keyfleet demo --keep`: a process of its own.

It ends by itself when the supervisor of the planes is gone, in whatever way that came about, so
that stopping the planes stops everything. While it lives it holds a lock, by which `--stop` waits
for its end.
"""

import asyncio
import fcntl
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from keyfleet.app import Settings, run_controller
from keyfleet.base.clock import Clock, SystemClock
from keyfleet.base.tasks import spawn, stop
from keyfleet.localplane import supervise
from keyfleet.observe.logs import LogFormat, configure_logging
from keyfleet.observe.process import harden_process

_POLL_S = 0.4
_STOP_WITHIN_S = 15.0


def start_controller(kubeconfig: Path, hub: str) -> None:
    """Start the process; it has not begun to work yet."""
    with log_file().open("wb") as log:
        subprocess.Popen(
            [sys.executable, "-P", "-m", __package__, str(kubeconfig), hub],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,
        )


async def stop_all(clock: Clock) -> bool:
    """End planes and controller; return whether there was anything."""
    was_running = await supervise.stop_supervised()
    deadline = clock.monotonic() + _STOP_WITHIN_S
    while _is_running() and clock.monotonic() < deadline:
        await clock.sleep(_POLL_S / 4)
    return was_running


def log_file() -> Path:
    """Return where the controller's log lies."""
    return supervise.folder() / "controller.log"


def _lock_file() -> Path:
    return supervise.folder() / "controller.lock"


def _is_running() -> bool:
    with _lock_file().open("w") as file:
        return not _lock(file.fileno())


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


async def _serve(settings: Settings, clock: Clock) -> None:
    controller = spawn(run_controller(settings), name="controller")
    try:
        while supervise.read_state() is not None and not controller.done():
            await clock.sleep(_POLL_S)
    finally:
        await stop(controller)


def main(arguments: Sequence[str]) -> None:
    """Be the controller of kept planes; the arguments are kubeconfig and hub."""
    harden_process()
    configure_logging(1, log_format=LogFormat.TEXT)
    kubeconfig, hub = arguments
    settings = Settings((Path(kubeconfig),), hub, "127.0.0.1:0", environ=os.environ)
    with _lock_file().open("w") as file:
        if _lock(file.fileno()):
            asyncio.run(_serve(settings, SystemClock()))
