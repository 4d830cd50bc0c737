# SPDX-License-Identifier: Apache-2.0
"""Clusters go and come back; nothing is lost, nobody else waits, and nothing is asked for ever."""

import asyncio
from collections.abc import Callable

import pytest
from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.sides import eventually

from keyfleet.kube.informer import Informer
from keyfleet.localplane import faults
from keyfleet.localplane.exchange import Seen
from keyfleet.testing.canary import canary

ONE = {"password": canary("one")}
TWO = {"password": canary("two")}
THREE = {"password": canary("three")}

SERVED_AT_ONCE_S = 10.0
"""A probe is due within two seconds in these tests' outages; the rest is for a busy machine."""
UNDELAYED_S = 4.5
"""Less than a silent cluster is waited for, even to see whether it is back."""


async def start(fleet: Fleet) -> None:
    await fleet.declare(fleet.east, fleet.west)
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east, fleet.west)
    await fleet.delivered(ONE, fleet.east, fleet.west)


async def test_a_cluster_that_is_down_at_the_start_is_served_when_it_comes(fleet: Fleet) -> None:
    await fleet.west.proxy.cut()
    await fleet.declare(fleet.east, fleet.west)
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east, fleet.west)
    await fleet.delivered(ONE, fleet.east)
    await fleet.stands("Unreachable", "Unreachable", fleet.west)
    await fleet.in_sync(fleet.east)
    assert not (await fleet.cluster_status(fleet.west)).get("reachable")
    await fleet.west.proxy.heal()
    await fleet.delivered(ONE, fleet.west)
    await fleet.in_sync(fleet.west)

    async def is_reachable() -> bool:
        return (await fleet.cluster_status(fleet.west)).get("reachable") is True

    await eventually(is_reachable)


async def test_a_cluster_that_dies_in_the_middle_is_served_as_soon_as_it_is_back(
    fleet: Fleet,
) -> None:
    await start(fleet)
    await fleet.in_sync(fleet.west)
    await fleet.west.proxy.cut()
    await fleet.set_data(fleet.hub, "src", TWO)
    await fleet.delivered(TWO, fleet.east)
    await fleet.stands("Unreachable", "Unreachable", fleet.west)
    await fleet.set_data(fleet.hub, "src", THREE)
    await fleet.delivered(THREE, fleet.east)
    await fleet.west.proxy.heal()
    await fleet.delivered(THREE, fleet.west, timeout_s=SERVED_AT_ONCE_S)
    await fleet.in_sync(fleet.west)


async def test_changes_made_in_a_cluster_during_an_outage_are_found(fleet: Fleet) -> None:
    await start(fleet)
    await fleet.in_sync(fleet.west)
    await fleet.west.proxy.cut()
    await fleet.stands("Unreachable", "Unreachable", fleet.west)
    await fleet.delete_secret(fleet.west, "db")
    await fleet.west.proxy.heal()
    await fleet.delivered(ONE, fleet.west)


async def test_one_dead_cluster_delays_nobody_else(fleet: Fleet) -> None:
    await start(fleet)
    await fleet.in_sync(fleet.west)
    fleet.west.proxy.inject(faults.silence())
    for data in (TWO, THREE, ONE):
        await fleet.set_data(fleet.hub, "src", data)
        await fleet.delivered(data, fleet.east, timeout_s=UNDELAYED_S)


async def test_an_intent_deleted_during_an_outage_is_cleaned_up_afterwards(fleet: Fleet) -> None:
    await start(fleet)
    await fleet.west.proxy.cut()
    await fleet.withdraw()
    await fleet.gone(fleet.east)
    await fleet.west.proxy.heal()
    await fleet.gone(fleet.west)


@pytest.mark.parametrize(
    "fault", [faults.ended, faults.gone, faults.gone_event, faults.half_line, faults.reset]
)
async def test_watches_that_break_lose_nothing(
    fleet: Fleet, fault: Callable[..., faults.Fault]
) -> None:
    await start(fleet)
    for side in fleet.sides:
        side.proxy.inject(fault(when=faults.watches, times=4))
    await fleet.set_data(fleet.hub, "src", TWO)
    await fleet.delete_secret(fleet.west, "db")
    await fleet.delivered(TWO, fleet.east, fleet.west)


async def test_a_target_deleted_behind_a_broken_watch_is_made_again(fleet: Fleet) -> None:
    await fleet.declare(fleet.east)
    await fleet.run()
    await fleet.leads()
    fleet.east.proxy.inject(faults.silence(when=faults.watches))
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east)
    await fleet.delivered(ONE, fleet.east)
    await fleet.delete_secret(fleet.east, "db")
    await fleet.east.proxy.cut()
    await fleet.east.proxy.heal()
    fleet.east.proxy.inject(faults.gone(times=2))
    await fleet.delivered(ONE, fleet.east)


async def test_a_silent_watch_is_noticed_within_its_bound(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(Informer.__init__.__kwdefaults__ or {}, "silence_s", 2.0)
    await start(fleet)
    await fleet.in_sync(fleet.east)
    fault = fleet.hub.proxy.inject(faults.silence(when=faults.watches))
    await fleet.set_data(fleet.hub, "src", TWO)
    await fleet.hub.proxy.heal(fault)
    await fleet.delivered(TWO, fleet.east)


async def test_a_failing_write_is_repeated_with_a_back_off(fleet: Fleet) -> None:
    await start(fleet)
    await fleet.in_sync(fleet.east)
    fault = fleet.east.proxy.inject(faults.error(503, when=faults.on("secrets", "PATCH")))
    fleet.forget_requests()
    await fleet.set_data(fleet.hub, "src", TWO)
    await fleet.delivered(TWO, fleet.west)
    await asyncio.sleep(3.0)
    assert len(fleet.east.writes()) < 10
    await fleet.east.proxy.heal(fault)
    await fleet.delivered(TWO, fleet.east)


async def test_a_write_that_was_carried_out_without_an_answer_is_settled(fleet: Fleet) -> None:
    await start(fleet)
    fleet.east.proxy.inject(faults.answer_lost(when=faults.on("secrets"), times=1))
    fleet.west.proxy.inject(faults.answer_lost(when=faults.on("secrets"), times=1))
    await fleet.set_data(fleet.hub, "src", TWO)
    await fleet.delivered(TWO, fleet.east, fleet.west)
    await fleet.in_sync(fleet.east, fleet.west)


async def test_a_throttled_cluster_is_waited_for_as_told(fleet: Fleet) -> None:
    await start(fleet)
    await fleet.in_sync(fleet.east)
    fleet.forget_requests()
    fleet.east.proxy.inject(faults.throttled(1, when=faults.on("secrets", "PATCH"), times=2))
    await fleet.set_data(fleet.hub, "src", TWO)
    await fleet.delivered(TWO, fleet.east)
    assert len(fleet.east.writes()) <= 4


async def test_namespaces_that_may_not_be_listed_are_asked_for_seldom(fleet: Fleet) -> None:
    forbidden = faults.error(403, "Forbidden", when=faults.on("namespaces", "GET"))
    real = forbidden.when
    forbidden.when = lambda seen: real(seen) and not seen.name
    fleet.east.proxy.inject(forbidden)
    await fleet.declare(fleet.east)
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east)
    await fleet.delivered(ONE, fleet.east)
    fleet.forget_requests()
    await asyncio.sleep(2.0)
    assert len(fleet.east.proxy.requests) < 5


async def test_an_outage_of_the_hub_deletes_nothing_and_is_made_up_for(fleet: Fleet) -> None:
    await start(fleet)
    await fleet.in_sync(fleet.east)
    await fleet.hub.proxy.cut()
    await fleet.set_data(fleet.hub, "src", TWO)
    await fleet.delete_secret(fleet.west, "db")
    await asyncio.sleep(1.0)
    assert await fleet.data(fleet.east) == ONE
    await fleet.hub.proxy.heal()
    await fleet.delivered(TWO, fleet.east, fleet.west)

    async def recovered() -> bool:
        return (await fleet.status()).get("revision") == 2

    await eventually(recovered)


async def test_a_source_that_cannot_be_read_is_served_soon_after_it_can(fleet: Fleet) -> None:
    await start(fleet)
    await fleet.in_sync(fleet.east)
    fault = fleet.hub.proxy.inject(faults.error(503, when=_reads_source))
    await fleet.set_data(fleet.hub, "src", TWO)

    async def told() -> bool:
        return await fleet.ready() == ("False", "SourceUnreachable")

    await eventually(told)
    assert await fleet.data(fleet.east) == ONE
    await fleet.hub.proxy.heal(fault)
    await fleet.delivered(TWO, fleet.east, fleet.west)


def _reads_source(seen: Seen) -> bool:
    return seen.method == "GET" and seen.resource == "secrets" and seen.name == "src"
