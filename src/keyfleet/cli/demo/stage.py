# SPDX-License-Identifier: Apache-2.0
"""Set the stage: control planes, an installed hub, a running controller; and clear it away."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from keyfleet.app import Settings, run_controller
from keyfleet.base.clock import Clock
from keyfleet.base.errors import NotReadyError
from keyfleet.cli.demo import kept, props
from keyfleet.cli.demo.narrator import Narrator
from keyfleet.cli.installing import install_hub, wait_until_ready
from keyfleet.engine.installation import laptop_installation
from keyfleet.inventory.kubeconfig.trust import FILE, TrustStore, state_folder
from keyfleet.kube.auth.surroundings import Surroundings
from keyfleet.kube.client import Client
from keyfleet.kube.kubeconfig import load
from keyfleet.kube.resources import NAMESPACES
from keyfleet.localplane.fleet import LocalFleet
from keyfleet.localplane.supervise import start_supervised
from keyfleet.manifests.everything import DEFAULT_DOMAIN
from keyfleet.model.ownership import Installation

NAMES = ("hub", "east", "west", "north", "south", "alpha", "beta", "gamma", "delta", "epsilon")
CLUSTERS_MAX = len(NAMES)

_READY_WITHIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Stage:
    """A fleet whose controller runs."""

    kubeconfig: Path
    clients: dict[str, Client]
    """The first is the hub's."""
    installation: Installation
    names: tuple[str, ...]

    @property
    def hub(self) -> Client:
        """The hub."""
        return next(iter(self.clients.values()))

    @property
    def members(self) -> dict[str, Client]:
        """Clusters that get copies."""
        return dict(list(self.clients.items())[1:])


@asynccontextmanager
async def open_stage(clusters: int, narrator: Narrator, *, keep: bool) -> AsyncIterator[Stage]:
    """Give a fleet with a running controller.

    Everything goes at the end; with `keep` only when the story broke off.
    """
    names = NAMES[:clusters]
    async with AsyncExitStack() as stack:
        kubeconfig = await _open_planes(stack, names, narrator, keep=keep)
        clients = _clients(kubeconfig, names, narrator.clock)
        for client in clients.values():
            stack.push_async_callback(client.close)
        installation = await _install(clients, narrator)
        async with _controller(kubeconfig, names[0], keep=keep):
            await _meet(clients, narrator)
            yield Stage(kubeconfig, clients, installation, names)


async def _open_planes(
    stack: AsyncExitStack, names: tuple[str, ...], narrator: Narrator, *, keep: bool
) -> Path:
    if keep:
        state = await start_supervised(names, narrator.say)
        # The path is always the same, the clusters behind it are new.
        TrustStore(state_folder(os.environ) / FILE).forget(state.kubeconfig)
        await stack.enter_async_context(_stopped_on_failure(narrator.clock))
        return Path(state.kubeconfig)
    fleet = await stack.enter_async_context(await LocalFleet.start(names, narrator.say))
    # In the hub's own folder: its guardian removes that even when this process is killed.
    return fleet.write_kubeconfig(fleet.planes[names[0]].directory / "fleet.kubeconfig")


@asynccontextmanager
async def _stopped_on_failure(clock: Clock) -> AsyncIterator[None]:
    try:
        yield
    except BaseException:
        await kept.stop_all(clock)
        raise


def _clients(kubeconfig: Path, names: tuple[str, ...], clock: Clock) -> dict[str, Client]:
    config = load([kubeconfig], os.environ)
    surroundings = Surroundings(os.environ, clock)
    return {name: Client(name, config.access(name, surroundings), clock=clock) for name in names}


async def _install(clients: dict[str, Client], narrator: Narrator) -> Installation:
    await narrator.scene("One cluster becomes the hub")
    hub = next(iter(clients.values()))
    await install_hub(hub, narrator.clock, DEFAULT_DOMAIN)
    await wait_until_ready(hub, narrator.clock, within=_READY_WITHIN, tell=lambda _: None)
    narrator.happened(hub.cluster, "has the CRDs and the admission policies (keyfleet install)")
    for client in clients.values():
        await props.ensure_namespace(client)
    identity = await hub.find_metadata(NAMESPACES, "kube-system")
    return await laptop_installation(hub, identity.uid if identity else "")


@asynccontextmanager
async def _controller(kubeconfig: Path, hub: str, *, keep: bool) -> AsyncIterator[None]:
    if keep:
        kept.start_controller(kubeconfig, hub)
        yield
        return
    settings = Settings((kubeconfig,), hub, "127.0.0.1:0", environ=os.environ)
    # A controller that fails ends the story with its error instead of leaving it to wait.
    async with asyncio.TaskGroup() as group:
        task = group.create_task(run_controller(settings))
        yield
        task.cancel()


async def _meet(clients: dict[str, Client], narrator: Narrator) -> None:
    hub = next(iter(clients.values()))
    try:
        async with asyncio.timeout(_READY_WITHIN.total_seconds()):
            await props.wait_for_fleet(hub, frozenset(clients), narrator.clock)
    except TimeoutError:
        raise NotReadyError(
            "demo.stuck", "the controller does not reach the fleet", hub.cluster
        ) from None
    everyone = ", ".join(clients)
    narrator.happened(hub.cluster, f"has a controller, which found {everyone} in the kubeconfig")
