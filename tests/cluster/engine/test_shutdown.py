# SPDX-License-Identifier: Apache-2.0
"""The controller ends in time and leaves nothing running, whatever the hub does."""

import asyncio

from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.sides import eventually

from keyfleet.localplane import faults
from keyfleet.testing.canary import canary

ONE = {"password": canary("one")}
TWO = {"password": canary("two")}
NAMES = [f"db-{number}" for number in range(20)]
"""More than statuses are written at a time."""
GRACE_S = 25.0
"""A kubelet kills after 30 s."""


async def test_a_hub_that_takes_no_status_does_not_hold_up_a_shutdown(fleet: Fleet) -> None:
    before = names_of_tasks()
    await fleet.declare(fleet.east)
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)
    for name in NAMES:
        await fleet.ask(fleet.east, name=name)
    for name in NAMES:
        await fleet.in_sync(fleet.east, name=name)
    await fleet.quiet()
    fleet.hub.proxy.inject(faults.silence(when=faults.on("fleetsecrets", "PATCH")))
    for data in (TWO, ONE):
        # The second time while the first status of each is on its way.
        await fleet.set_data(fleet.hub, "src", data)
        for name in NAMES:
            await fleet.delivered(data, fleet.east, name=name)
    loop = asyncio.get_running_loop()
    began = loop.time()
    await fleet.end()
    assert loop.time() - began < GRACE_S
    await eventually(lambda: nothing_runs(before), what="a task was left behind")


def names_of_tasks() -> set[str]:
    return {task.get_name() for task in asyncio.all_tasks()}


async def nothing_runs(before: set[str]) -> bool:
    left = {name for name in names_of_tasks() - before if name.startswith(("watch", "status"))}
    return not left
