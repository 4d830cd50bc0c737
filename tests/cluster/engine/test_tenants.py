# SPDX-License-Identifier: Apache-2.0
"""What one hub namespace asks for does not get in the way of another."""

import asyncio

from tests.cluster.engine.harness import Fleet

from keyfleet.testing.canary import canary

OWN = {"password": canary("own")}
FOREIGN = {"password": canary("foreign")}
OLDER_S = 1.1
"""Creation times are whole seconds."""


async def squat(fleet: Fleet) -> str:
    """Let another namespace, without any grant, ask first for this namespace's target."""
    await fleet.declare(fleet.east)
    await fleet.run()
    stranger = await fleet.add_namespace("stranger")
    await fleet.write_secret(fleet.hub, "src", FOREIGN, namespace=stranger)
    placement = {"namespaces": {"names": [fleet.namespace]}}
    await fleet.ask(fleet.east, namespace=stranger, placement=placement)
    await asyncio.sleep(OLDER_S)
    return stranger


async def test_who_may_not_write_to_a_place_does_not_reserve_it(fleet: Fleet) -> None:
    await squat(fleet)
    await fleet.write_secret(fleet.hub, "src", OWN)
    await fleet.ask(fleet.east)
    await fleet.delivered(OWN, fleet.east)
    await fleet.in_sync(fleet.east)


async def test_who_may_not_write_to_a_place_does_not_keep_what_is_withdrawn(fleet: Fleet) -> None:
    await squat(fleet)
    await fleet.write_secret(fleet.hub, "src", OWN)
    await fleet.ask(fleet.east)
    await fleet.delivered(OWN, fleet.east)
    await fleet.withdraw()
    await fleet.gone(fleet.east)
