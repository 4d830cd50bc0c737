# SPDX-License-Identifier: Apache-2.0
"""What the tests of the fault campaign share: a fleet that works, logins of other kinds, processes.

Each test begins with a fleet that is in step, breaks something, and asks that everything else went
on and that all is true again once the cause is gone.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.sides import Data, Side

from keyfleet.app import run_controller
from keyfleet.base.tasks import spawn
from keyfleet.kube.resources import LEASES
from keyfleet.localplane import kubeconfigs
from keyfleet.model.ownership import SYSTEM_NAMESPACE
from keyfleet.testing.canary import canary

ONE: Data = {"password": canary("one")}
TWO: Data = {"password": canary("two")}
THREE: Data = {"password": canary("three")}

PROGRAM = """
import asyncio, os, sys
from pathlib import Path
from keyfleet.app import Settings, run_controller
asyncio.run(run_controller(Settings(
    (Path(sys.argv[1]),), "hub", "127.0.0.1:0", members_declared=True, environ=os.environ)))
"""


async def in_step(fleet: Fleet, **spec: Any) -> None:
    """Declare east and west, start the controller, and wait until `db` is in both."""
    await fleet.declare(fleet.east, fleet.west)
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east, fleet.west, **spec)
    await fleet.delivered(ONE, fleet.east, fleet.west)
    await fleet.in_sync(fleet.east, fleet.west)


async def goes_on(fleet: Fleet, *sides: Side, data: Data = TWO) -> None:
    """Require that a change reaches these clusters, whatever happens to the others."""
    await fleet.set_data(fleet.hub, "src", data)
    await fleet.delivered(data, *sides)


async def run_with(
    fleet: Fleet, logins: Mapping[str, dict[str, Any]], *, past_proxy: Collection[str] = ()
) -> None:
    """Start the controller with other logins.

    Args:
        fleet: Where.
        logins: `user` entries of a kubeconfig, by context.
        past_proxy: Contexts that go straight to the plane: the proxy ends client certificates.
    """
    fleet.configure()
    parts = []
    for side in fleet.sides:
        part = side.kubeconfig()
        if side.context in logins:
            part["users"][0]["user"] = logins[side.context]
        if side.context in past_proxy:
            part["clusters"][0]["cluster"]["server"] = side.plane.url
        parts.append(part)
    kubeconfigs.write(fleet.settings.kubeconfigs[0], kubeconfigs.merged(parts))
    fleet.running = spawn(run_controller(fleet.settings), name="controller")


class Process:
    """A controller as a process of its own, which can be killed and weighed."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    def kill(self) -> None:
        """End it as the kernel does: nothing is said or tidied up."""
        if self._process.returncode is None:
            self._process.kill()

    async def ended(self) -> None:
        """Wait until it is gone."""
        await self._process.wait()

    @property
    def is_running(self) -> bool:
        """Whether it lives."""
        return self._process.returncode is None

    @property
    def peak_mib(self) -> int:
        """The most memory it has had so far."""
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="utf-8")
        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) // 1024


@asynccontextmanager
async def process(fleet: Fleet, log: Path | None = None) -> AsyncIterator[Process]:
    """Run the controller as a process for the block; what it says goes to a file."""
    fleet.configure()
    said = log or fleet.directory / "said.log"
    with said.open("ab") as output:
        started = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            PROGRAM,
            str(fleet.settings.kubeconfigs[0]),
            stdout=output,
            stderr=output,
        )
    found = Process(started)
    try:
        yield found
    finally:
        found.kill()
        await found.ended()


async def forget_lead(fleet: Fleet) -> None:
    """Take the Lease of a controller that was killed away, instead of waiting until it is over."""
    await fleet.hub.client.delete(LEASES, "keyfleet", namespace=SYSTEM_NAMESPACE)
