# SPDX-License-Identifier: Apache-2.0
"""Run an exec plugin: bounded in time and output, and ended with all its children."""

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process

from keyfleet.base.errors import UnreachableError
from keyfleet.kube.auth.exec_config import ExecConfig
from keyfleet.kube.auth.surroundings import Surroundings

TIMEOUT_S = 30.0
PERSON_TIMEOUT_S = 600.0
"""Seconds for a plugin that asks a person, who may have to fetch a phone."""
OUTPUT_MAX = 1 << 20
"""Bytes of standard output."""
CLEAN_UP_S = 2.0
_CHUNK = 1 << 16


async def run_plugin(
    config: ExecConfig, surroundings: Surroundings, *, timeout_s: float = TIMEOUT_S
) -> bytes:
    """Return what the plugin printed.

    Raises:
        InvalidInputError: It must ask a person and cannot.
        UnreachableError: Not found, not startable, a non-zero exit, too slow or too talkative.
    """
    interactive = config.is_interactive(surroundings.stdin_refused)
    process = await _start(config, surroundings, interactive=interactive)
    limit_s = max(timeout_s, PERSON_TIMEOUT_S) if interactive else timeout_s
    done = False
    try:
        async with asyncio.timeout(limit_s):
            output = await _read(process, config)
            code = await process.wait()
        done = True
    except TimeoutError:
        raise _failed(config, f"no end after {limit_s:g} s") from None
    finally:
        if not done:
            await _kill(process, group=not interactive)
    if code != 0:
        raise _failed(config, f"exit code {code}")
    return output


async def _start(config: ExecConfig, surroundings: Surroundings, *, interactive: bool) -> Process:
    executable = config.executable(surroundings.environ)
    try:
        return await asyncio.create_subprocess_exec(
            executable,
            *config.args,
            env=config.environ(surroundings, interactive=interactive),
            stdin=None if interactive else DEVNULL,
            stdout=PIPE,
            stderr=None if surroundings.show_stderr else DEVNULL,
            # A process group of its own can be ended as a whole, but may not read the terminal.
            start_new_session=not interactive,
        )
    except (OSError, ValueError) as error:
        raise _failed(config, f"cannot be started, {type(error).__name__}") from None


async def _read(process: Process, config: ExecConfig) -> bytes:
    if process.stdout is None:
        return b""
    output = bytearray()
    while chunk := await process.stdout.read(_CHUNK):
        output += chunk
        if len(output) > OUTPUT_MAX:
            raise _failed(config, f"more than {OUTPUT_MAX} bytes of output")
    return bytes(output)


async def _kill(process: Process, *, group: bool) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if group:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    # A descendant that left the group may hold the pipe open for ever.
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CLEAN_UP_S):
            await process.wait()


def _failed(config: ExecConfig, how: str) -> UnreachableError:
    return UnreachableError(
        "login.plugin_failed",
        "the executable of the login plugin failed",
        f"{how}, {config.place}",
        hint="run the kubeconfig's exec command by hand to see why",
    )
