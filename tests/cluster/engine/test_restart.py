# SPDX-License-Identifier: Apache-2.0
"""A controller that ends, in order or not, is continued by the next and writes nothing twice."""

import asyncio
import signal
import sys

from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.sides import places

from keyfleet.app import run_controller
from keyfleet.base.tasks import spawn, stop
from keyfleet.kube.resources import LEASES
from keyfleet.localplane import faults
from keyfleet.model.ownership import SYSTEM_NAMESPACE
from keyfleet.testing.canary import canary

ONE = {"password": canary("one")}
TWO = {"password": canary("two")}

PROGRAM = """
import asyncio, os, sys
from pathlib import Path
from keyfleet.app import Settings, run_controller
asyncio.run(run_controller(Settings(
    (Path(sys.argv[1]),), "hub", "127.0.0.1:0", members_declared=True, environ=os.environ)))
"""


async def start(fleet: Fleet) -> None:
    await fleet.declare(fleet.east, fleet.west)
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east, fleet.west)
    await fleet.ask(fleet.east, name="other", template={"metadata": {"labels": {"a": "b"}}})
    await fleet.delivered(ONE, fleet.east, fleet.west)
    await fleet.in_sync(fleet.east, fleet.west)
    await fleet.in_sync(fleet.east, name="other")
    await fleet.leads()


async def test_a_restart_writes_nothing_when_nothing_changed(fleet: Fleet) -> None:
    await start(fleet)
    await fleet.end()
    fleet.forget_requests()
    await fleet.run()
    await fleet.leads()
    await fleet.quiet()
    found = [places(side.proxy.writes()) for side in fleet.sides]
    assert found == [[], [], []]


async def test_a_restart_makes_up_for_what_happened_meanwhile(fleet: Fleet) -> None:
    await start(fleet)
    await fleet.end()
    await fleet.set_data(fleet.hub, "src", TWO)
    await fleet.delete_secret(fleet.east, "db")
    await fleet.withdraw("other")
    fleet.forget_requests()
    await fleet.run()
    await fleet.delivered(TWO, fleet.east, fleet.west)
    await fleet.gone(fleet.east, name="other")
    await fleet.revised(2)
    await fleet.quiet()
    assert len(fleet.west.writes()) == 1
    assert sorted(seen.method for seen in fleet.east.writes()) == ["DELETE", "POST"]


async def test_a_killed_controller_is_continued_without_a_superfluous_write(fleet: Fleet) -> None:
    await fleet.declare(fleet.east, fleet.west)
    fleet.configure()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PROGRAM,
        str(fleet.settings.kubeconfigs[0]),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await fleet.write_secret(fleet.hub, "src", ONE)
        await fleet.ask(fleet.east, fleet.west)
        fleet.west.proxy.inject(faults.silence(when=faults.on("secrets", "POST")))
        await fleet.delivered(ONE, fleet.east, timeout_s=30)
    finally:
        process.send_signal(signal.SIGKILL)
        await process.wait()
    await fleet.west.proxy.heal()
    await fleet.hub.client.delete(LEASES, "keyfleet", namespace=SYSTEM_NAMESPACE)
    fleet.forget_requests()
    await fleet.run()
    await fleet.delivered(ONE, fleet.west)
    await fleet.revised(1)
    assert places(fleet.east.writes()) == []
    assert [seen.method for seen in fleet.west.writes()] == ["POST"]


async def test_the_secrets_are_numbered_on_when_the_status_was_lost(fleet: Fleet) -> None:
    await start(fleet)
    await fleet.set_data(fleet.hub, "src", TWO)
    await fleet.delivered(TWO, fleet.east, fleet.west)
    await fleet.quiet()
    await fleet.end()
    await fleet.withdraw()
    await fleet.ask(fleet.east, fleet.west)
    await fleet.run()
    await fleet.revised(2)


async def test_of_two_controllers_one_writes_and_the_other_takes_over(fleet: Fleet) -> None:
    await start(fleet)
    await fleet.quiet()
    fleet.configure()
    second = spawn(run_controller(fleet.settings), name="second")
    try:
        fleet.forget_requests()
        await fleet.set_data(fleet.hub, "src", TWO)
        await fleet.delivered(TWO, fleet.east, fleet.west)
        await fleet.quiet()
        assert [len(side.writes()) for side in (fleet.east, fleet.west)] == [2, 1]
        await fleet.end()
        await fleet.set_data(fleet.hub, "src", ONE)
        await fleet.delivered(ONE, fleet.east, fleet.west)
    finally:
        await stop(second)
