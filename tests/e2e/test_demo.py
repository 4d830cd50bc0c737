# SPDX-License-Identifier: Apache-2.0
"""`demo`: the story is told, `--keep` leaves what it says, and nothing else is ever left behind."""

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.harness import Program, eventually, isolated

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are looked at by /proc")


@pytest.fixture
def keyfleet(tmp_path: Path) -> Program:
    """The program of a person without any cluster."""
    return Program(isolated(tmp_path), tmp_path)


def _processes(folder: Path) -> list[str]:
    """Return the command lines of what runs in a folder, or names it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            place = str((process / "cwd").readlink())
        except OSError:
            continue
        if str(folder) in command or place.startswith(str(folder)):
            found.append(command)
    return found


def _left_over(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith("keyfleet-")]


def test_the_demo_tells_the_main_job_and_leaves_nothing(keyfleet: Program) -> None:
    found = keyfleet("demo", "--clusters", "2")
    assert (found.code, found.err) == (0, "")
    for words in (
        "control planes start",
        "kind: FleetSecret",
        "Secret payments/db appears",
        "The password changes on the hub",
        "repaired  after",
        "Secret payments/db is back  after",
        "Secret payments/db is gone  after",
        "east   Refused, FlowDenied  after",
        "east   12 deletions are held  after",
        "12 of 12 copies are as they were",
        "demo --keep",
    ):
        assert words in found.out
    assert "\x1b" not in found.out
    assert _processes(keyfleet.folder) == []
    assert _left_over(keyfleet.folder) == []


def test_plain_settings_give_pure_ascii(keyfleet: Program) -> None:
    found = keyfleet("demo", "--clusters", "2", LANG="C")
    assert found.code == 0
    assert found.out.isascii()


@pytest.fixture
def kept(keyfleet: Program) -> Iterator[str]:
    """What `demo --keep` printed."""
    found = keyfleet("demo", "--clusters", "2", "--keep")
    yield found.out if found.code == 0 else f"{found.code} {found.err}"
    keyfleet("demo", "--stop")


def test_every_printed_command_works_as_it_stands(keyfleet: Program, kept: str) -> None:
    """In one shell, in the order printed; the last one stops everything."""
    commands = [line.strip() for line in kept.split("Next, try:")[1].splitlines() if line.strip()]
    assert commands[0].startswith("export KUBECONFIG=")
    assert commands[-1].endswith("demo --stop")
    shell = keyfleet.run(["bash", "-euo", "pipefail", "-c", "\n".join(commands)])
    assert shell.code == 0, shell.err
    assert "payments/db" in shell.out
    assert keyfleet("demo", "--stop").err == "No demo is running.\n"
    assert _processes(keyfleet.folder) == []
    assert _left_over(keyfleet.folder) == []


def test_a_kept_demo_refuses_a_second_one(keyfleet: Program, kept: str) -> None:
    assert "Next, try:" in kept
    found = keyfleet("demo", "--keep", "--clusters", "2")
    assert found.code == 3
    assert "demo --stop" in found.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_demo_leaves_no_process(keyfleet: Program, number: int) -> None:
    with keyfleet.running("demo", "--clusters", "2") as running:
        running.says("is ready at")
        code = running.stop(number)
    assert code == {signal.SIGINT: 130}.get(signal.Signals(number), -number)
    assert "Traceback" not in running.log.read_text()
    eventually(lambda: not _processes(keyfleet.folder), what=str(_processes(keyfleet.folder)))
    eventually(lambda: not _left_over(keyfleet.folder))
