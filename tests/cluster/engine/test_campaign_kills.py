# SPDX-License-Identifier: Apache-2.0
"""A controller is killed at any moment of its work; the next one writes only what is missing."""

import asyncio
from collections.abc import Callable

import pytest
from aiohttp import web
from tests.cluster.engine.campaign import (
    ONE,
    TWO,
    Process,
    forget_lead,
    process,
)
from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.sides import Side, eventually

from keyfleet.localplane import faults
from keyfleet.localplane.exchange import Exchange, Seen

Choose = Callable[[Fleet], Side]

EAST: Choose = lambda fleet: fleet.east  # noqa: E731 - three words for the table below
WEST: Choose = lambda fleet: fleet.west  # noqa: E731
HUB: Choose = lambda fleet: fleet.hub  # noqa: E731


def killing(controller: Process, when: faults.When, *, is_carried_out: bool) -> faults.Fault:
    """Kill the controller at a request, which the API server still gets, or does not."""

    async def strike(exchange: Exchange) -> web.StreamResponse | None:
        controller.kill()
        if is_carried_out:
            # The answer goes nowhere: who asked is dead.
            status, _, _ = await exchange.upstream(exchange)
            exchange.seen.status = status
        exchange.reset()
        return None

    return faults.Fault("killed", strike, when, times=1)


def status_of(kind: str) -> faults.When:
    return lambda seen: seen.resource == kind and seen.path.endswith("/status")


def asks(method: str, resource: str, name: str = "") -> faults.When:
    def when(seen: Seen) -> bool:
        return (seen.method, seen.resource) == (method, resource) and name in ("", seen.name)

    return when


MOMENTS: dict[str, tuple[Choose, faults.When, bool]] = {
    "before its first write": (EAST, asks("POST", "secrets"), False),
    "after its first write": (EAST, asks("POST", "secrets"), True),
    "after a write elsewhere": (WEST, asks("POST", "secrets"), True),
    "as it reads the source": (HUB, asks("GET", "secrets", "src"), False),
    "as it asks who a cluster is": (WEST, asks("GET", "namespaces", "kube-system"), False),
    "as it begins to watch": (WEST, lambda seen: seen.is_watch, False),
    "before the first status": (HUB, status_of("fleetsecrets"), False),
    "after the first status": (HUB, status_of("fleetsecrets"), True),
    "as it tells of a cluster": (HUB, status_of("fleetclusters"), True),
}


@pytest.mark.parametrize("moment", sorted(MOMENTS))
async def test_after_a_kill_each_target_was_written_once(fleet: Fleet, moment: str) -> None:
    choose, when, is_carried_out = MOMENTS[moment]
    await fleet.declare(fleet.east, fleet.west)
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east, fleet.west)
    async with process(fleet) as first:
        choose(fleet).proxy.inject(killing(first, when, is_carried_out=is_carried_out))
        await eventually(lambda: _is_dead(first), timeout_s=60, what="it did not come so far")
    members = (fleet.east, fleet.west)
    await settled(fleet)
    missing = [side for side in members if await fleet.data(side) is None]
    uids = [(await fleet.meta(side)).uid for side in members if side not in missing]
    await fleet.run()
    await fleet.delivered(ONE, *members)
    await fleet.revised(1)
    await fleet.quiet()
    for side in members:
        assert [seen.method for seen in side.writes()] == (["POST"] if side in missing else [])
    assert uids == [(await fleet.meta(side)).uid for side in members if side not in missing]
    assert fleet.hub.writes() == []


async def settled(fleet: Fleet) -> None:
    """Let what the dead controller had on its way arrive, then count what the next one does."""
    for side in fleet.sides:
        await side.proxy.heal()
    await asyncio.sleep(0.5)
    await forget_lead(fleet)
    fleet.forget_requests()


async def _is_dead(controller: Process) -> bool:
    return not controller.is_running


CHANGES: dict[str, tuple[faults.When, bool]] = {
    "before an update": (asks("PATCH", "secrets", "db"), False),
    "after an update": (asks("PATCH", "secrets", "db"), True),
    "before a deletion": (asks("DELETE", "secrets", "old"), False),
    "after a deletion": (asks("DELETE", "secrets", "old"), True),
    "after the repair of a drift": (asks("POST", "secrets"), True),
}


@pytest.mark.parametrize("moment", sorted(CHANGES))
async def test_a_change_that_a_kill_cut_short_is_carried_out_once(
    fleet: Fleet, moment: str
) -> None:
    when, is_carried_out = CHANGES[moment]
    await fleet.declare(fleet.east, fleet.west)
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east, fleet.west)
    await fleet.ask(fleet.east, name="old")
    await fleet.ask(fleet.east, name="lost")
    async with process(fleet) as first:
        for name in ("db", "old", "lost"):
            await fleet.delivered(ONE, fleet.east, name=name, timeout_s=60)
            await fleet.in_sync(fleet.east, name=name)
        await fleet.in_sync(fleet.west)
        await fleet.quiet()
        fleet.forget_requests()
        fleet.east.proxy.inject(killing(first, when, is_carried_out=is_carried_out))
        await fleet.set_data(fleet.hub, "src", TWO)
        await fleet.withdraw("old")
        await fleet.delete_secret(fleet.east, "lost")
        await eventually(lambda: _is_dead(first), what="it did not come so far")
    await settled(fleet)
    wanted = [await missing(fleet, fleet.east, name) for name in ("db", "lost")]
    if await fleet.data(fleet.east, "old") is not None:
        wanted.append(["DELETE"])
    west = await missing(fleet, fleet.west, "db")
    await fleet.run()
    await fleet.delivered(TWO, fleet.east, fleet.west)
    await fleet.delivered(TWO, fleet.east, name="lost")
    await fleet.gone(fleet.east, name="old")
    await fleet.revised(2)
    await fleet.quiet()
    assert [seen.method for seen in fleet.west.writes()] == west
    done = sorted(seen.method for seen in fleet.east.writes())
    assert done == sorted(method for methods in wanted for method in methods)


async def missing(fleet: Fleet, side: Side, name: str) -> list[str]:
    """Return the methods of the writes that a target still lacks."""
    found = await fleet.data(side, name)
    if found is None:
        return ["POST"]
    return ["PATCH"] if found != TWO else []
