# SPDX-License-Identifier: Apache-2.0
"""A policy governs every delivery that begins one second after it was written."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from bench.changing import change, create_namespace, declare, has
from bench.figures import Figure, at_most
from bench.looking import View, last, looking
from bench.sizes import Sizes
from bench.stage import Stage, each
from keyfleet.kube.resources import FLEETPOLICIES, SECRETS

NAMESPACE, NAME = "rules", "governed"
IN_FORCE_S = 1.0
WATCHED_S = 1.0
"""How long it is looked whether a forbidden value arrives after all."""
POLICY: dict[str, Any] = {
    "apiVersion": "keyfleet.io/v1alpha1",
    "kind": "FleetPolicy",
    "metadata": {"name": "bench-nothing-flows"},
    "spec": {"flows": [{"name": "nothing", "from": {}, "to": {}, "action": "Deny"}]},
}


class Rules:
    """Policies that come and go."""

    def __init__(self, stage: Stage, sizes: Sizes) -> None:
        self._stage = stage
        self._rounds = sizes.rounds * 2
        self._targets = stage.members(2)

    async def run(self) -> list[Figure]:
        """Forbid, change, look; allow, look."""
        async with self._views() as views:
            leaked = 0
            for _ in range(self._rounds):
                leaked += await self._leaks(views)
        await self._stage.clear(NAMESPACE, [self._stage.hub, *self._targets])
        note = f"{self._rounds} policies, a change {IN_FORCE_S:g} s after each"
        return [at_most("deliveries that a policy written before forbids", leaked, 0, "", note)]

    @asynccontextmanager
    async def _views(self) -> AsyncIterator[list[View]]:
        names = [client.cluster for client in self._targets]
        await each(partial(create_namespace, NAMESPACE), [self._stage.hub, *self._targets])
        await declare(self._stage, NAMESPACE, NAME, names)
        async with (
            self._stage.controller() as controller,
            looking(self._stage, self._targets, SECRETS, NAMESPACE) as views,
        ):
            await controller.meets(names)
            await last(views, lambda items: (NAMESPACE, NAME) in items)
            yield views

    async def _leaks(self, views: list[View]) -> int:
        hub, clock = self._stage.hub, self._stage.clock
        await hub.create(FLEETPOLICIES, POLICY)
        await clock.sleep(IN_FORCE_S)
        value = await change(self._stage, NAMESPACE, NAME)
        await clock.sleep(WATCHED_S)
        arrived = partial(has, (NAMESPACE, NAME), value)
        leaks = sum(arrived(view.items) for view in views)
        await hub.delete(FLEETPOLICIES, POLICY["metadata"]["name"])
        await last(views, arrived)
        return leaks
