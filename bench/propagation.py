# SPDX-License-Identifier: Apache-2.0
"""One change on the hub, until the last cluster has it; beside a bare watch-then-write.

Keyfleet and the bare follower run at the same time and take turns: while one is measured, the other
has nothing to do. The clock starts before the change is sent and stops when a watch shows the new
value in the last cluster.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from bench import objects
from bench.changing import create_namespace, declare, propagated_ms
from bench.figures import Figure, at_most, percentile, told
from bench.looking import View, last, looking
from bench.processes import contestant, running
from bench.sizes import Sizes
from bench.stage import HUB, Stage, each
from keyfleet.kube.resources import SECRETS

NAMESPACE = "propagation"
OURS, FEW, BARE = "ours", "ours-to-two", "bare"


class Propagation:
    """Changes of one stage."""

    def __init__(self, stage: Stage, sizes: Sizes) -> None:
        self._stage = stage
        self._changes = sizes.changes
        self._targets = stage.members(sizes.wide)
        self._took_ms: dict[str, list[float]] = {OURS: [], FEW: [], BARE: []}

    async def run(self) -> list[Figure]:
        """Change the sources in turn."""
        await self._prepare()
        async with self._contestants() as views:
            for _ in range(self._changes):
                for name, took_ms in self._took_ms.items():
                    reached = views[:2] if name == FEW else views
                    took_ms.append(await propagated_ms(self._stage, NAMESPACE, name, reached))
        await self._stage.clear(NAMESPACE, [self._stage.hub, *self._targets])
        return self._figures()

    async def _prepare(self) -> None:
        names = [client.cluster for client in self._targets]
        hub = self._stage.hub
        await each(partial(create_namespace, NAMESPACE), [hub, *self._targets])
        await declare(self._stage, NAMESPACE, OURS, names)
        await declare(self._stage, NAMESPACE, FEW, names[:2])
        for client in (hub, *self._targets):
            await client.create(SECRETS, objects.secret(NAMESPACE, BARE), namespace=NAMESPACE)

    @asynccontextmanager
    async def _contestants(self) -> AsyncIterator[list[View]]:
        names = [client.cluster for client in self._targets]
        argv = contestant("bare", str(self._stage.kubeconfig), HUB, *names)
        async with AsyncExitStack() as stack:
            controller = await stack.enter_async_context(self._stage.controller())
            bare = await stack.enter_async_context(running(argv))
            views = await stack.enter_async_context(
                looking(self._stage, self._targets, SECRETS, NAMESPACE)
            )
            await controller.meets(names)
            follow = {"hub": HUB, "clusters": names, "namespace": NAMESPACE, "source": BARE}
            await bare.ask(do="follow", **follow)
            await last(views, lambda items: (NAMESPACE, OURS) in items)
            await last(views[:2], lambda items: (NAMESPACE, FEW) in items)
            yield views

    def _figures(self) -> list[Figure]:
        ours, few, bare = (self._took_ms[name] for name in (OURS, FEW, BARE))
        size = f"{self._changes} changes, {len(self._targets)} clusters"
        typical, slow = _quotient(ours, bare, 50), _quotient(ours, bare, 99)
        against = "propagation against bare watch-then-write"
        return [
            at_most(f"{against}, p50", typical, 1.5, "x", size),
            at_most(f"{against}, p99", slow, 3, "x", size),
            at_most("propagation to two clusters, p50", percentile(few, 50), 100, "ms"),
            *(
                told(f"propagation, {who}, p{percent}", percentile(took, percent), "ms")
                for who, took in (("Keyfleet", ours), ("bare", bare))
                for percent in (50, 99)
            ),
        ]


def _quotient(ours: list[float], theirs: list[float], percent: int) -> float:
    return percentile(ours, percent) / percentile(theirs, percent)
