# SPDX-License-Identifier: Apache-2.0
"""Set the stage: planes, clients, an installed hub, and the controller as a process of its own."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from bench.processes import Running, running
from keyfleet.base.clock import Clock, SystemClock
from keyfleet.base.errors import NotReadyError
from keyfleet.cli.installing import install_hub, wait_until_ready
from keyfleet.kube.auth.surroundings import Surroundings
from keyfleet.kube.client import Client
from keyfleet.kube.kubeconfig import load
from keyfleet.localplane.fleet import LocalFleet
from keyfleet.manifests.everything import DEFAULT_DOMAIN

T = TypeVar("T")

HUB = "hub"
READY_WITHIN_S = 120.0
PARALLEL = 64
"""Requests of the benchmark's own at a time, for what is not measured."""


def member_names(count: int) -> list[str]:
    """Return the names of so many members."""
    return [f"member-{number}" for number in range(1, count + 1)]


@dataclass(frozen=True, slots=True)
class Stage:
    """Planes on which the contestants take turns."""

    fleet: LocalFleet
    kubeconfig: Path
    clients: dict[str, Client]
    clock: Clock
    profile: str = ""
    """Where the controller's profile is written; empty for none."""

    @property
    def hub(self) -> Client:
        """The hub."""
        return self.clients[HUB]

    @property
    def folder(self) -> Path:
        """Where logs may lie; it is removed at the end."""
        return self.kubeconfig.parent

    def members(self, count: int) -> list[Client]:
        """Return the first members."""
        return [self.clients[name] for name in member_names(count)]

    async def clear(self, namespace: str, clients: Iterable[Client]) -> None:
        """Remove a namespace with everything in it; no controller may run."""
        for client in clients:
            plane = self.fleet.planes[client.cluster]
            await asyncio.to_thread(plane.finalize_namespace, namespace)

    @asynccontextmanager
    async def controller(self, **environ: str) -> AsyncIterator["Controller"]:
        """Run `keyfleet run` until this is left; it knows every plane."""
        log = self.folder / "controller.log"
        async with running(self._argv(), environ=self._environ() | environ, log=log) as process:
            yield Controller(process, log, self.clock)

    def _argv(self) -> list[str]:
        program = Path(sys.executable).with_name("keyfleet")
        profiler = ["-m", "cProfile", "-o", self.profile] if self.profile else []
        words = ["--kubeconfig", str(self.kubeconfig), "run", "--listen", "127.0.0.1:0"]
        return [sys.executable, *profiler, str(program), *words]

    def _environ(self) -> dict[str, str]:
        own = {name: text for name, text in os.environ.items() if name != "KUBECONFIG"}
        return {**own, "XDG_STATE_HOME": str(self.folder / "state")}


@dataclass(frozen=True, slots=True)
class Controller:
    """`keyfleet run` as a process."""

    running: Running
    log: Path
    clock: Clock

    async def says(self, pattern: str, *, within_s: float = READY_WITHIN_S) -> "re.Match[str]":
        """Wait until it printed something."""
        deadline = self.clock.monotonic() + within_s
        while not (found := re.search(pattern, self.log.read_text())):
            if self.running.process.returncode is not None or self.clock.monotonic() > deadline:
                raise NotReadyError("bench.controller", f"the controller did not say {pattern}")
            await self.clock.sleep(0.02)
        return found

    async def meets(self, clusters: Iterable[str]) -> None:
        """Wait until it serves these clusters."""
        for name in clusters:
            await self.says(rf"cluster_ready +cluster={name}\b")


@asynccontextmanager
async def open_stage(members: int, tell: Callable[[str], None]) -> AsyncIterator[Stage]:
    """Give a hub with Keyfleet installed and so many members; all goes at the end."""
    clock = SystemClock()
    names = [HUB, *member_names(members)]
    async with AsyncExitStack() as stack:
        fleet = await stack.enter_async_context(await LocalFleet.start(names, tell))
        path = fleet.write_kubeconfig(fleet.planes[HUB].directory / "fleet.kubeconfig")
        clients = _clients(path, names, clock)
        for client in clients.values():
            stack.push_async_callback(client.close)
        hub = clients[HUB]
        await install_hub(hub, clock, DEFAULT_DOMAIN)
        within = timedelta(seconds=READY_WITHIN_S)
        await wait_until_ready(hub, clock, within=within, tell=lambda _: None)
        yield Stage(fleet, path, clients, clock)


def _clients(path: Path, names: list[str], clock: Clock) -> dict[str, Client]:
    config = load([path], os.environ)
    surroundings = Surroundings(os.environ, clock)
    return {name: Client(name, config.access(name, surroundings), clock=clock) for name in names}


async def each(work: Callable[[T], Awaitable[object]], things: Iterable[T]) -> None:
    """Do the same to many things, several at a time; the first error ends it."""
    waiting = list(things)

    async def worker() -> None:
        while waiting:
            await work(waiting.pop())

    async with asyncio.TaskGroup() as group:
        for _ in range(min(PARALLEL, len(waiting))):
            group.create_task(worker())
