# SPDX-License-Identifier: Apache-2.0
"""Planes that outlive the command that started them, until they are stopped or time is over."""

import asyncio
import os
import signal
import stat
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from keyfleet.base.clock import SystemClock, parse_timestamp
from keyfleet.base.errors import KeyfleetError
from keyfleet.base.tasks import spawn, stop
from keyfleet.localplane import assets, supervise
from keyfleet.localplane.fleet import LocalFleet


@pytest.fixture(autouse=True)
async def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Path]:
    """A state folder of this test; whatever still runs at its end is stopped."""
    folder = assets.ensure()
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(folder))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    yield tmp_path
    await supervise.stop_supervised()


def contexts(config: dict[str, Any]) -> list[str]:
    return [context["name"] for context in config["contexts"]]


async def wait_until_nothing_is_kept() -> None:
    for _ in range(100):
        if supervise.read_state() is None:
            return
        await SystemClock().sleep(0.1)
    pytest.fail("planes are still kept")


async def test_fleet_starts_together_with_one_kubeconfig() -> None:
    lines: list[str] = []
    async with await LocalFleet.start(["one", "two"], lines.append) as fleet:
        config = fleet.kubeconfig()
        assert contexts(config) == ["one", "two"]
        assert config["current-context"] == "one"
        for plane in fleet.planes.values():
            assert plane.api.call("GET", "/readyz").status == 200
    assert len([line for line in lines if "is ready at https://" in line]) == 2


async def test_fleet_of_which_one_cannot_start_leaves_none(tmp_path: Path) -> None:
    for name in ("etcd", "kube-apiserver"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 9\n")
        (tmp_path / name).chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))
        fleet = LocalFleet(["one", "two"])
        with pytest.raises(KeyfleetError, match="did not start"):
            fleet.open()
    assert [plane.directory.exists() for plane in fleet.planes.values()] == [False, False]


async def test_kept_planes_answer_and_are_stopped() -> None:
    lines: list[str] = []
    state = await supervise.start_supervised(["hub", "east"], lines.append)
    assert supervise.read_state() == state
    assert any("east is ready" in line for line in lines)
    path = Path(state.kubeconfig)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert contexts(yaml.safe_load(path.read_text())) == ["hub", "east"]
    left = parse_timestamp(state.deadline) - SystemClock().now()
    assert timedelta(hours=1, minutes=55) < left <= timedelta(hours=2)
    with pytest.raises(KeyfleetError) as refused:
        await supervise.start_supervised(["other"])
    assert refused.value.code == "localplane.kept"
    assert await supervise.stop_supervised()
    assert not path.exists()
    assert supervise.read_state() is None
    assert not await supervise.stop_supervised()


async def test_kept_planes_stop_when_their_time_is_over() -> None:
    await supervise.start_supervised(["brief"], lifetime=timedelta(seconds=1))
    await wait_until_nothing_is_kept()


async def test_killed_supervisor_leaves_nothing() -> None:
    state = await supervise.start_supervised(["hub"])
    os.kill(state.pid, signal.SIGKILL)
    await wait_until_nothing_is_kept()
    assert not Path(state.kubeconfig).exists()


async def test_cancelled_start_leaves_nothing() -> None:
    async def start() -> None:
        await supervise.start_supervised(["hub"], lambda _line: begun.set())

    begun = asyncio.Event()
    starting = spawn(start(), name="start")
    await begun.wait()
    await stop(starting)
    assert starting.cancelled()
    await wait_until_nothing_is_kept()
    assert not (supervise.folder() / "kubeconfig").exists()


async def test_failure_inside_the_supervisor_reaches_the_starter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))
    with pytest.raises(KeyfleetError) as failure:
        await supervise.start_supervised(["hub"])
    assert failure.value.code == "localplane.assets"
    assert "KUBEBUILDER_ASSETS" in failure.value.hint
    assert supervise.read_state() is None
