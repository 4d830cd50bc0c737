# SPDX-License-Identifier: Apache-2.0
"""Fan-out from nothing, and what a delivery costs in CPU.

Every contestant has its sources, its logins and no connection yet. Keyfleet waits for a namespace
that the targets lack; the clock starts with the namespaces and stops at the last target.
"""

import time
from dataclasses import dataclass, field
from functools import partial
from statistics import median

from bench import objects
from bench.approach5 import ENABLED, TARGETS
from bench.changing import create_namespace
from bench.figures import Figure, at_least, at_most, ratio, span, told
from bench.looking import Items, last, looking
from bench.processes import contestant, running
from bench.sizes import Sizes
from bench.stage import Stage, each
from keyfleet.kube.resources import FLEETSECRETS, SECRETS

QUIET_S = 1.5
"""How long the controller is left alone, so that what it still has to say is counted."""


@dataclass
class Rounds:
    """What each contestant took, round by round, in seconds."""

    keyfleet: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    script: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    bare_cpu: list[float] = field(default_factory=list)
    delivered_cpu: list[float] = field(default_factory=list)


class Fanout:
    """Rounds of one stage."""

    def __init__(self, stage: Stage, sizes: Sizes) -> None:
        self._stage = stage
        self._count = sizes.secrets
        self._rounds = sizes.rounds
        self._targets = stage.members(sizes.members)
        self._names = [client.cluster for client in self._targets]
        self._found = Rounds()

    async def run(self) -> list[Figure]:
        """Let the contestants take turns, in another order each round."""
        turns = [self._keyfleet, self._bare, self._script]
        for number in range(self._rounds):
            for turn in turns[number % 3 :] + turns[: number % 3]:
                await turn(f"fan-{number}-{turn.__name__.strip('_')}")
        return self._figures()

    async def _keyfleet(self, namespace: str) -> None:
        await self._sources(namespace)
        await each(
            partial(self._declare, namespace), [objects.name_of(n) for n in range(self._count)]
        )
        stage = self._stage
        async with (
            stage.controller() as controller,
            looking(stage, [stage.hub], FLEETSECRETS, namespace) as hub,
            looking(stage, self._targets, SECRETS, namespace) as views,
        ):
            await controller.meets(self._names)
            await last(hub, partial(all_say, "False"))
            await stage.clock.sleep(QUIET_S)
            cpu, began = controller.running.cpu_s, time.perf_counter()
            await each(partial(create_namespace, namespace), self._targets)
            self._found.keyfleet.append(await last(views, self._are_there) - began)
            delivered = controller.running.cpu_s - cpu
            await last(hub, partial(all_say, "True"))
            await stage.clock.sleep(QUIET_S)
            self._found.cpu.append((controller.running.cpu_s - cpu) / self._writes)
            self._found.delivered_cpu.append(delivered / self._writes)
        await self._clear(namespace)

    async def _bare(self, namespace: str) -> None:
        await each(partial(create_namespace, namespace), self._targets)
        argv = contestant("bare", str(self._stage.kubeconfig), *self._names)
        request = {"do": "create", "clusters": self._names, "count": self._count}
        async with (
            running(argv) as bare,
            looking(self._stage, self._targets, SECRETS, namespace) as views,
        ):
            await bare.ask(do="wait")
            began = time.perf_counter()
            took = await bare.ask(**request, namespace=namespace)
            self._found.bare.append(await last(views, self._are_there) - began)
        self._found.bare_cpu.append(took["cpu_s"] / self._writes)
        await self._stage.clear(namespace, self._targets)

    async def _script(self, namespace: str) -> None:
        await self._sources(namespace)
        await each(partial(create_namespace, namespace), self._targets)
        hub = self._stage.hub.cluster
        argv = contestant("approach5", str(self._stage.kubeconfig), hub, *self._names)
        async with (
            running(argv) as script,
            looking(self._stage, self._targets, SECRETS, namespace) as views,
        ):
            await script.ask(do="wait")
            began = time.perf_counter()
            await script.ask(do="follow", namespace=namespace)
            self._found.script.append(await last(views, self._are_there) - began)
        await self._clear(namespace)

    @property
    def _writes(self) -> int:
        return self._count * len(self._targets)

    def _are_there(self, items: Items) -> bool:
        return len(items) >= self._count

    async def _sources(self, namespace: str) -> None:
        await create_namespace(namespace, self._stage.hub)
        annotations = {ENABLED: "true", TARGETS: ",".join(self._names)}

        async def create(number: int) -> None:
            body = objects.secret(namespace, objects.name_of(number), annotations=annotations)
            await self._stage.hub.create(SECRETS, body, namespace=namespace)

        await each(create, range(self._count))

    async def _declare(self, namespace: str, name: str) -> None:
        body = objects.fleet_secret(namespace, name, self._names)
        await self._stage.hub.create(FLEETSECRETS, body, namespace=namespace)

    async def _clear(self, namespace: str) -> None:
        await self._stage.clear(namespace, [self._stage.hub, *self._targets])

    def _figures(self) -> list[Figure]:
        found, size = self._found, f"{self._count} Secrets x {len(self._targets)} clusters"
        bare, script = ratio(found.bare, found.keyfleet), ratio(found.script, found.keyfleet)
        cpu, early = ratio(found.cpu, found.bare_cpu), median(found.delivered_cpu) * 1000
        same = "POST is both the verb used and the fastest"
        return [
            at_least("fan-out speed against a bare writer, same verb", bare, 0.8, "x", size),
            at_least("fan-out speed against a bare writer, fastest verb", bare, 0.65, "x", same),
            at_least("fan-out speed against the script", script, 2, "x", "one by one"),
            _took("fan-out, Keyfleet", found.keyfleet, "s"),
            _took("fan-out, bare writer", found.bare, "s"),
            _took("fan-out, script", found.script, "s"),
            at_most("CPU per delivery against a bare write", cpu, 2.5, "x", "the aim is 1.5"),
            _took("CPU per delivery", found.cpu, "ms"),
            told("CPU per delivery, until the last target", early, "ms", "the rest is statuses"),
            _took("CPU per bare write", found.bare_cpu, "ms"),
        ]


def _took(name: str, seconds: list[float], unit: str) -> Figure:
    scale = 1000 if unit == "ms" else 1
    return told(name, median(seconds) * scale, unit, span(seconds, scale))


def all_say(ready: str, items: Items) -> bool:
    """Tell whether every manifest says this of its condition Ready."""
    return all(_ready(item) == ready for item in items.values())


def _ready(manifest: dict[str, object]) -> str:
    status = manifest.get("status")
    conditions = status.get("conditions", ()) if isinstance(status, dict) else ()
    return next((one["status"] for one in conditions if one["type"] == "Ready"), "")
