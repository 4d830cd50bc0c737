# SPDX-License-Identifier: Apache-2.0
"""Real planes as the deeds of `tests/histories` and its reference know them.

`RealWorld` stands for the part of a `World` that people's deeds and the guarantees ask for; faults,
controllers and time are the test's own, since here they are real.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any, cast

from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.sides import Side
from tests.histories.deeds import DEEDS, Deed
from tests.histories.reference import LABELS, Document, Facts, Key, Place

from keyfleet.base.errors import KeyfleetError
from keyfleet.kube.resources import (
    FLEETCLUSTERS,
    FLEETPOLICIES,
    FLEETSECRETS,
    NAMESPACES,
    SEALEDSECRETS,
    SECRETS,
)
from keyfleet.localplane import faults
from keyfleet.localplane.faults import Fault
from keyfleet.testing.memoryplane.plane import Reply

KINDS = {
    kind.label: kind
    for kind in (SECRETS, NAMESPACES, FLEETSECRETS, FLEETCLUSTERS, FLEETPOLICIES, SEALEDSECRETS)
}
FAULTS: dict[str, Callable[[], Fault]] = {
    "hanging": faults.silence,
    "throttled": lambda: faults.throttled(times=6),
    "failing": lambda: faults.error(500, "InternalError", times=6),
    "expired": lambda: faults.unauthorized(times=6),
    "flaky": lambda: faults.reset(times=6),
    "portal": lambda: faults.error(502, "BadGateway", times=6),
}
"""By `Sky`; `refused` cuts the way, `slow` has nothing like it here."""
LONGEST_S = 0.5
"""Time is real here: waits are cut short."""


@dataclass
class RealPlane:
    """A plane, asked as `MemoryPlane` is."""

    side: Side
    uid: str = ""

    def ask(
        self, method: str, path: str, body: Any = None, *, content_type: str = "application/json"
    ) -> Reply:
        """Ask the plane as its administrator, past the proxy."""
        found = self.side.plane.api.call(method, path, body, content_type=content_type)
        return Reply(found.status, found.body)

    def end_namespace(self, name: str) -> None:
        """Delete a namespace with what histories make in it, as the namespace controller would."""
        path = NAMESPACES.path(name=name)
        for resource in (FLEETSECRETS, SECRETS):
            # A kind that is not served here answers 404.
            self.ask("DELETE", resource.path(namespace=name))
        self.ask("DELETE", path)
        body = self.ask("GET", path).document()
        self.ask("PUT", f"{path}/finalize", {**body, "spec": {"finalizers": []}})


@dataclass
class RealWorld:
    """As much of a `World` as the deeds of people and the guarantees ask for."""

    fleet: Fleet
    planes: dict[str, RealPlane]
    version: int = 0
    is_limited: bool = False
    departed: dict[str, str] = field(default_factory=dict)
    meddled: set[Place] = field(default_factory=set)
    forbidden: dict[Key, Fault] = field(default_factory=dict)
    """By cluster and namespace."""
    random: Random = field(default_factory=lambda: Random(1))
    has_homes: bool = False

    def facts(self) -> Facts:
        """Return the stored objects as they are now."""
        objects = {
            context: {label: _all(plane, label) for label in LABELS}
            for context, plane in self.planes.items()
        }
        found = Facts(objects, self.departed)
        self.departed |= {
            context: one["spec"]["onRemoved"] for context, one in found.members.items()
        }
        return found

    async def play(self, deed: Deed) -> None:
        """Do what a history says."""
        name, how = deed
        side: Side = getattr(self.fleet, how.get("context", "hub"))
        match name:
            case "pass_time":
                await asyncio.sleep(min(how["seconds"], LONGEST_S))
            case "weather":
                await _weather(side, how["sky"])
            case "heal":
                await self.heal()
            case "lose_answers":
                side.proxy.inject(faults.answer_lost(times=how["count"]))
            case "forbid":
                await self._forbid(side, how["namespace"], denied=how["denied"])
            case "cut_watches":
                fault = faults.gone_event if how["compacted"] else faults.ended
                await side.proxy.heal(side.proxy.inject(fault()))
            case "start" | "kill" | "stop":
                await self.restart()
            case _:
                await asyncio.to_thread(DEEDS[name], cast("Any", self), **how)
                await asyncio.to_thread(self.facts)

    async def heal(self) -> None:
        """End every fault; what hangs hears of it."""
        for side in self.fleet.sides:
            await side.proxy.heal()
            await side.proxy.renew()

    async def _forbid(self, side: Side, namespace: str, *, denied: bool) -> None:
        known = self.forbidden.pop((side.context, namespace), None)
        if known is not None:
            await side.proxy.heal(known)
        if denied:
            where = faults.both(faults.on("secrets"), faults.within(namespace))
            fault = side.proxy.inject(faults.forbidden(when=where))
            self.forbidden[side.context, namespace] = fault

    async def restart(self) -> None:
        """End the controller and start it again; see `watch_over`."""
        with suppress(KeyfleetError):
            # One that could not begin, since the hub did not answer, says so.
            await self.fleet.end()
        await self.fleet.run()

    async def watch_over(self) -> None:
        """Start the controller again if it could not begin."""
        if self.fleet.running is not None and self.fleet.running.done():
            await self.restart()


async def _weather(side: Side, sky: str) -> None:
    await side.proxy.heal()
    if sky == "refused":
        await side.proxy.cut()
    elif sky in FAULTS:
        side.proxy.inject(FAULTS[sky]())


def _all(plane: RealPlane, label: str) -> dict[Key, Document]:
    reply = plane.ask("GET", KINDS[label].path())
    items = reply.document()["items"] if reply.status == 200 else []
    return {(one["metadata"].get("namespace", ""), one["metadata"]["name"]): one for one in items}
