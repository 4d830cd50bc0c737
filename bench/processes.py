# SPDX-License-Identifier: Apache-2.0
"""Contestants as processes of their own, so that CPU and memory of each are its own."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keyfleet.base import codec
from keyfleet.base.errors import KeyfleetError

END_S = 45.0
ROOT = Path(__file__).parent.parent
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Running:
    """A process that runs beside the benchmark."""

    process: Process

    @property
    def cpu_s(self) -> float:
        """CPU time it has used, in user and system mode, to a hundredth of a second."""
        fields = _stat(self.process.pid)
        return (int(fields[11]) + int(fields[12])) / _TICKS

    @property
    def rss_mb(self) -> float:
        """Memory it holds now."""
        return int(_stat(self.process.pid)[21]) * _PAGE / 1e6

    async def ask(self, **request: Any) -> Any:
        """Send one request to a contestant and return its answer."""
        writer, reader = self.process.stdin, self.process.stdout
        if writer is None or reader is None:
            raise KeyfleetError("bench.no_pipe", "this process takes no requests")
        writer.write(codec.encode_json(request) + b"\n")
        await writer.drain()
        line = await reader.readline()
        if not line:
            raise KeyfleetError("bench.ended", "a contestant ended by itself")
        return codec.decode_json(line, subject="the answer of a contestant")


def _stat(pid: int) -> list[str]:
    # Field 3 of proc(5) is the first: the name before it may hold spaces.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


@asynccontextmanager
async def running(
    argv: Sequence[str], *, environ: dict[str, str] | None = None, log: Path | None = None
) -> AsyncIterator[Running]:
    """Run a process; it has ended when this is left, whatever happened.

    Without `log` it answers requests on its standard streams.
    """
    output = log.open("wb") if log is not None else None
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=DEVNULL if output else PIPE,
        stdout=output or PIPE,
        stderr=output,
        env=environ,
        cwd=ROOT,
    )
    try:
        yield Running(process)
    finally:
        await _end(process)
        if output is not None:
            output.close()


def contestant(module: str, *arguments: str) -> list[str]:
    """Return how a module of this package is run."""
    return [sys.executable, "-m", f"bench.{module}", *arguments]


async def _end(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(END_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
