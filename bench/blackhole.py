# SPDX-License-Identifier: Apache-2.0
"""A cluster that takes connections and never answers: do the others wait for it?

Blocks of changes with all clusters well and with one stopped take turns. Only the clusters that are
well all the time count; the block begins the moment the other one falls silent.
"""

import asyncio
from functools import partial

from bench.changing import create_namespace, declare, propagated_ms
from bench.figures import Figure, at_most, percentile, ratio, told
from bench.looking import last, looking
from bench.sizes import Sizes
from bench.stage import Stage, each
from keyfleet.kube.resources import SECRETS

NAMESPACE, NAME = "blackhole", "wide"


class Blackhole:
    """Blocks of changes on one stage."""

    def __init__(self, stage: Stage, sizes: Sizes) -> None:
        self._stage = stage
        self._changes = max(sizes.changes // 5, 2)
        self._rounds = sizes.rounds
        self._targets = stage.members(sizes.wide)
        self._well: list[float] = []
        self._holed: list[float] = []

    async def run(self) -> list[Figure]:
        """Let blocks take turns."""
        stage, names = self._stage, [client.cluster for client in self._targets]
        silent = stage.fleet.planes[names[-1]]
        await each(partial(create_namespace, NAMESPACE), [stage.hub, *self._targets])
        await declare(stage, NAMESPACE, NAME, names)
        async with (
            stage.controller() as controller,
            looking(stage, self._targets[:-1], SECRETS, NAMESPACE) as views,
        ):
            await controller.meets(names)
            await last(views, lambda items: (NAMESPACE, NAME) in items)
            measured = partial(propagated_ms, stage, NAMESPACE, NAME, views)
            for _ in range(self._rounds):
                self._well.append(percentile([await measured() for _ in range(self._changes)], 50))
                silent.pause_api()
                try:
                    took_ms = [await measured() for _ in range(self._changes)]
                finally:
                    silent.resume_api()
                self._holed.append(percentile(took_ms, 50))
                await asyncio.sleep(1)
        await stage.clear(NAMESPACE, [stage.hub, *self._targets])
        return self._figures()

    def _figures(self) -> list[Figure]:
        count = len(self._targets)
        size = f"1 of {count} clusters silent, {self._rounds} x {self._changes} changes, p50"
        return [
            at_most(
                "propagation beside a silent cluster against none",
                *(ratio(self._holed, self._well), 1.1, "x"),
                note=size,
            ),
            told("propagation, all clusters well, p50", percentile(self._well, 50), "ms"),
        ]
