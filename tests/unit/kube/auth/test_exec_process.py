# SPDX-License-Identifier: Apache-2.0
"""Real plugins: tiny shell scripts."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest

from keyfleet.base import codec
from keyfleet.base.errors import InvalidInputError, UnreachableError
from keyfleet.kube.auth.exec_config import ExecConfig
from keyfleet.kube.auth.exec_process import OUTPUT_MAX, run_plugin
from keyfleet.kube.auth.surroundings import Surroundings

V1 = "client.authentication.k8s.io/v1"
SERVER = Surroundings({"PATH": os.defpath})


def _plugin(folder: Path, body: str, mode: str = "Never") -> ExecConfig:
    script = folder / "login"
    script.write_text(f"#!/bin/sh\n{body}\n")
    script.chmod(0o755)
    return ExecConfig(str(script), V1, mode, subject="context a")


def _is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def test_gets_arguments_environment_and_request(tmp_path: Path) -> None:
    config = replace(
        _plugin(tmp_path, 'printf "%s|%s|%s|" "$1" "$COLOUR" "$SECRET"; cat; env'),
        args=("get token",),
        env=(("COLOUR", "red"),),
    )
    surroundings = Surroundings({"PATH": os.defpath, "SECRET": "kf-canary-environment"})
    output = (await run_plugin(config, surroundings)).decode()
    assert output.startswith("get token|red||")
    line = next(line for line in output.splitlines() if "KUBERNETES_EXEC_INFO=" in line)
    sent = codec.decode_json(line.partition("KUBERNETES_EXEC_INFO=")[2], subject="")
    assert sent["spec"] == {"interactive": False}


@pytest.mark.parametrize(
    ("body", "how"),
    [
        ("echo kf-canary-out; echo kf-canary-err >&2; exit 3", "exit code 3"),
        ("kill -9 $$", "exit code -9"),
        ("exec yes kf-canary-out", f"more than {OUTPUT_MAX} bytes"),
    ],
)
async def test_a_failure_is_told_without_output(
    tmp_path: Path, body: str, how: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UnreachableError, match=how) as caught:
        await run_plugin(_plugin(tmp_path, body), SERVER)
    assert "kf-canary" not in caught.value.diagnostics()
    assert "login, context a" in caught.value.subject
    assert capfd.readouterr() == ("", "")


async def test_what_cannot_be_started_is_told(tmp_path: Path) -> None:
    config = _plugin(tmp_path, "")
    Path(config.command).write_text("no program")
    with pytest.raises(UnreachableError, match="cannot be started, OSError"):
        await run_plugin(config, SERVER)
    with pytest.raises(UnreachableError, match="cannot be started, ValueError"):
        await run_plugin(replace(config, args=("nul \0",)), SERVER)


async def test_a_slow_plugin_ends_with_its_children(tmp_path: Path) -> None:
    config = _plugin(tmp_path, f"sleep 60 & echo $! > {tmp_path}/child; wait")
    with pytest.raises(UnreachableError, match=r"no end after 0\.3 s"):
        await run_plugin(config, SERVER, timeout_s=0.3)
    child = int((tmp_path / "child").read_text())
    for _ in range(100):
        if not _is_running(child):
            return
        await asyncio.sleep(0.02)
    pytest.fail("the plugin's child still runs")


async def test_a_cancelled_run_ends_the_plugin(tmp_path: Path) -> None:
    config = _plugin(tmp_path, f"echo $$ > {tmp_path}/pid; exec sleep 60")
    async with asyncio.TaskGroup() as group:
        run = group.create_task(run_plugin(config, SERVER))
        pid = tmp_path / "pid"
        while not (pid.exists() and pid.read_text()):  # noqa: ASYNC110 - a process writes
            await asyncio.sleep(0.01)
        run.cancel()
    assert not _is_running(int(pid.read_text()))


async def test_the_operators_plugin_speaks_on_standard_error(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config = _plugin(tmp_path, "echo open https://login.example >&2; echo ok")
    shown = replace(SERVER, show_stderr=True)
    assert await run_plugin(config, shown) == b"ok\n"
    assert capfd.readouterr().err == "open https://login.example\n"


async def test_an_interactive_plugin_reads_our_standard_input(tmp_path: Path) -> None:
    config = _plugin(tmp_path, 'echo "$KUBERNETES_EXEC_INFO"; read -r line', "IfAvailable")
    person = replace(SERVER, stdin_refused="")
    try:
        output = await run_plugin(config, person)
    except UnreachableError as error:
        # The test's own standard input may be empty: `read` then ends with 1.
        assert "exit code 1" in error.subject  # noqa: PT017 - one of two good ends
        return
    assert b'"interactive":true' in output


async def test_nothing_starts_when_a_person_is_needed_and_absent(tmp_path: Path) -> None:
    config = _plugin(tmp_path, f"touch {tmp_path}/ran", "Always")
    with pytest.raises(InvalidInputError, match="must ask a person"):
        await run_plugin(config, SERVER)
    assert not (tmp_path / "ran").exists()
