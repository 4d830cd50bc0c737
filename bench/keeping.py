# SPDX-License-Identifier: Apache-2.0
"""Many deliveries in place: what doing nothing costs, and what a restart does.

The controller tells its requests itself (`/metrics`), the renewals of its Lease are counted by a
watch; what remains beside watches and renewals should be nothing.
"""

import asyncio
import re
import time
import urllib.request
from functools import partial
from statistics import median

from bench.changing import create_namespace, declare
from bench.fanout import all_say
from bench.figures import Figure, at_most, ratio, span, told
from bench.looking import View, last, looking
from bench.objects import name_of
from bench.processes import contestant, running
from bench.sizes import Sizes
from bench.stage import HUB, Controller, Stage, each
from keyfleet.kube.resources import FLEETSECRETS, LEASES
from keyfleet.model.ownership import SYSTEM_NAMESPACE

NAMESPACE = "keeping"
CALM_S = 10.0
"""Rest before the steady state is looked at and after a restart."""
_REQUESTS = re.compile(r'^keyfleet_kube_requests_total\{.*?verb="(\w+)".*\} (\S+)$', re.MULTILINE)
READS = {"get", "list", "watch"}


class Keeping:
    """Steady state and restarts of one stage."""

    def __init__(self, stage: Stage, sizes: Sizes) -> None:
        self._stage = stage
        self._sizes = sizes
        self._targets = stage.members(sizes.members)
        self._names = [client.cluster for client in self._targets]
        self._size = f"{sizes.kept * len(self._targets)} deliveries"

    async def run(self) -> list[Figure]:
        """Deliver, look, restart."""
        stage = self._stage
        await each(partial(create_namespace, NAMESPACE), [stage.hub, *self._targets])
        names = [name_of(number) for number in range(self._sizes.kept)]
        await each(lambda name: declare(stage, NAMESPACE, name, self._names), names)
        async with looking(stage, [stage.hub], LEASES, SYSTEM_NAMESPACE) as leases:
            figures = await self._steady(leases[0])
            figures += await self._restart(leases[0])
        await stage.clear(NAMESPACE, [stage.hub, *self._targets])
        return figures

    async def _steady(self, lease: View) -> list[Figure]:
        stage, quiet_s = self._stage, self._sizes.quiet_s
        async with stage.controller() as controller:
            await controller.meets(self._names)
            async with looking(stage, [stage.hub], FLEETSECRETS, NAMESPACE) as hub:
                await last(hub, partial(all_say, "True"))
            await stage.clock.sleep(min(CALM_S, quiet_s))
            before, renewals = await _requests(controller), _renewals(lease)
            cpu, began = controller.running.cpu_s, time.perf_counter()
            await stage.clock.sleep(quiet_s)
            share = (controller.running.cpu_s - cpu) / (time.perf_counter() - began) * 100
            after = await _requests(controller)
            made = sum(after.values()) - sum(before.values())
            watches = after.get("watch", 0) - before.get("watch", 0)
            rest = made - watches - (_renewals(lease) - renewals)
            rss = controller.running.rss_mb
        note = f"in {quiet_s:g} s; {watches:g} watches ended"
        return [
            at_most("steady state, requests but watches and the Lease", rest, 1, "", note),
            at_most("steady state, CPU", share, 1, "% of a core", self._size),
            at_most("steady state, memory", rss, 150, "MB", self._size),
        ]

    async def _restart(self, lease: View) -> list[Figure]:
        ours: list[float] = []
        bare: list[float] = []
        writes = 0.0
        for _ in range(self._sizes.rounds):
            bare.append(await self._listed_s())
            renewals, began = _renewals(lease), time.perf_counter()
            async with self._stage.controller() as controller:
                await controller.meets(self._names)
                ours.append(time.perf_counter() - began)
                await self._stage.clock.sleep(min(CALM_S, self._sizes.quiet_s))
                made = await _requests(controller)
                wrote = sum(count for verb, count in made.items() if verb not in READS)
                writes = max(writes, wrote - (_renewals(lease) - renewals))
        return [
            # Before it leads, it asks for its own rights: a POST that stores nothing.
            at_most("restart, writes but the Lease", writes, 1, "", self._size),
            at_most("restart until ready against a bare list", ratio(ours, bare), 2, "x"),
            told("restart until ready", median(ours), "s", span(ours)),
            told("bare list of the same objects", median(bare), "s", span(bare)),
        ]

    async def _listed_s(self) -> float:
        argv = contestant("bare", str(self._stage.kubeconfig), HUB, *self._names)
        began = time.perf_counter()
        async with running(argv) as bare:
            await bare.ask(do="list", hub=HUB, clusters=self._names)
            return time.perf_counter() - began


async def scraped(controller: Controller) -> str:
    """Return the controller's metrics."""
    address = (await controller.says(r"app.listening +address=(\S+)"))[1]
    return await asyncio.to_thread(_read, f"http://{address}/metrics")


async def _requests(controller: Controller) -> dict[str, float]:
    """Return how many requests the controller has made, by verb."""
    found: dict[str, float] = {}
    for verb, count in _REQUESTS.findall(await scraped(controller)):
        found[verb] = found.get(verb, 0) + float(count)
    return found


def _read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own address
        return str(answer.read().decode())


def _renewals(lease: View) -> int:
    # Every write of an object gives it a new version; the view counts what it was shown.
    return lease.changes
