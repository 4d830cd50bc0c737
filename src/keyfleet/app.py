# SPDX-License-Identifier: Apache-2.0
"""Settings in, a running controller out: the only module that knows everything."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from random import Random

from keyfleet import builtin
from keyfleet.base.clock import Clock, SystemClock
from keyfleet.base.errors import LostLeadershipError
from keyfleet.base.keyring import Keyring
from keyfleet.base.log import get_logger
from keyfleet.base.means import Means
from keyfleet.base.tasks import spawn, stop
from keyfleet.engine.declarations.claims import Claims
from keyfleet.engine.declarations.telling import record
from keyfleet.engine.engine import Engine
from keyfleet.engine.identity import read_identity
from keyfleet.engine.installation import ensure_keyring
from keyfleet.engine.parts import Parts
from keyfleet.engine.rotation import Rotation, ring_now
from keyfleet.engine.sealing.api.keys import SealingKeys, WhileLeading
from keyfleet.engine.sealing.api.rate import Rate
from keyfleet.engine.sealing.api.serving import SealingApi
from keyfleet.engine.sealing.settings import SealingSettings
from keyfleet.inventory.declared import DeclaredInventory, Login
from keyfleet.inventory.kubeconfig.names import cluster_name
from keyfleet.kube.access import Access
from keyfleet.kube.auth.surroundings import MOUNT, Surroundings
from keyfleet.kube.client import Client
from keyfleet.kube.events import EventRecorder
from keyfleet.kube.kubeconfig import Kubeconfig, load
from keyfleet.kube.lease import LeaderElection
from keyfleet.model.ownership import SYSTEM_NAMESPACE, Installation
from keyfleet.observe.crashes import log_loop_exception, log_uncaught
from keyfleet.observe.health import Health, Heartbeat
from keyfleet.observe.metrics import Metrics
from keyfleet.observe.web import listening, serve
from keyfleet.sources.sealed.whole import secret_of
from keyfleet.transform.gotemplate.functions import load_all

log = get_logger("app")

LEASE = "keyfleet"
BEAT_S = 5.0


@dataclass(frozen=True, slots=True)
class Settings:
    """What `keyfleet run` was told; read once, here."""

    kubeconfigs: tuple[Path, ...] = ()
    context: str = ""
    """The hub; empty means the current context, or the pod's own cluster."""
    listen: str = "127.0.0.1:8080"
    annotation_domain: str = "keyfleet.io"
    members_declared: bool = False
    """Make no bare FleetClusters for contexts."""
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    claims: Claims = field(default_factory=Claims)
    """Which manifests of other tools' kinds are ours."""
    sealing: SealingSettings = field(default_factory=SealingSettings)
    """How sealing keys are found, made and renewed."""
    writes_sealed_status: bool = True
    """Whether SealedSecrets get a status."""
    sealing_listen: str = ""
    """Where upstream's API of Sealed Secrets is served; empty: nowhere."""
    sealing_rate: Rate = field(default_factory=Rate)
    """How often one requester may verify, and how often rotate."""
    service_account: Path = MOUNT
    """Where a pod finds its token; used when no kubeconfig names a cluster."""


async def run_controller(settings: Settings) -> None:
    """Run until cancelled: serve metrics, wait for the lead, keep the fleet true.

    Raises:
        KeyfleetError: The kubeconfig, the address or the hub cannot be used.
    """
    log_uncaught()
    asyncio.get_running_loop().set_exception_handler(log_loop_exception)
    clock = SystemClock()
    metrics = Metrics(clock)
    heartbeat = Heartbeat(clock)
    controller = Controller(settings, clock, metrics, random=Random())  # noqa: S311 - jitter
    async with (
        serve(
            settings.listen, metrics=metrics, health=Health(heartbeat, controller.problems)
        ) as address,
        _serving_sealing(settings, controller, clock, metrics),
    ):
        log.info("app.listening", address=str(address))
        beat = spawn(_beat(heartbeat, clock), name="heartbeat")
        try:
            await controller.run()
        finally:
            await stop(beat)


@asynccontextmanager
async def _serving_sealing(
    settings: Settings, controller: "Controller", clock: Clock, metrics: Metrics
) -> AsyncIterator[None]:
    if not settings.sealing_listen:
        yield
        return
    keys = WhileLeading(controller.sealing_keys)
    convert = partial(secret_of, version="", subject="") if settings.sealing.takes_whole else None
    api = SealingApi(
        keys,
        clock=clock,
        rate=settings.sealing_rate,
        convert=convert,
        observe=metrics.sealing_answered,
    )
    option = "--sealed-secrets-listen"
    async with listening(api.app(), settings.sealing_listen, option=option) as address:
        log.info("app.serving_sealing", address=str(address))
        yield


async def _beat(heartbeat: Heartbeat, clock: Clock) -> None:
    while True:
        heartbeat.beat()
        await clock.sleep(BEAT_S)


class Controller:
    """One candidate for the lead of one hub."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        metrics: Metrics,
        *,
        random: Random,
        replica: str = "",
    ) -> None:
        """Prepare.

        Args:
            settings: What `keyfleet run` was told.
            clock: For everything that waits.
            metrics: Told about everything.
            random: For jitter.
            replica: What it is called on the Lease; empty means host and process.

        Raises:
            KeyfleetError: The kubeconfig cannot be used.
        """
        self._settings = settings
        self._clock = clock
        self._metrics = metrics
        self._random = random
        self._replica = replica or f"{socket.gethostname()}-{os.getpid()}"
        self._engine: Engine | None = None
        self._kubeconfig = load(settings.kubeconfigs, settings.environ)
        self._surroundings = Surroundings(
            settings.environ, clock, service_account=settings.service_account
        )
        self._access = hub_access(self._kubeconfig, settings.context, self._surroundings)

    def problems(self) -> list[str]:
        """Return why this replica is not ready; a standby is."""
        return self._engine.problems() if self._engine else []

    def sealing_keys(self) -> SealingKeys | None:
        """Return the sealing keys that are known; None on a standby."""
        return self._engine.sealing_keys if self._engine else None

    async def run(self) -> None:
        """Lead whenever elected, until cancelled."""
        load_all()
        client = Client("hub", self._access, clock=self._clock, hooks=self._metrics)
        for warning in (*self._kubeconfig.warnings, *self._access.warnings):
            log.warning("app.kubeconfig_warning", warning=warning)
        try:
            installation = await self._installation(client)
            log.info("app.started", hub=installation.hub, version=await client.version())
            while True:
                election = self._election(client)
                with suppress(LostLeadershipError):
                    await election.lead(partial(self._lead, client, installation, election))
        finally:
            await client.close()

    async def _installation(self, client: Client) -> Installation:
        identity = await read_identity(client, self._access.endpoint)
        return Installation(identity.uid, await ensure_keyring(client, self._clock.now()))

    def _election(self, client: Client) -> LeaderElection:
        return LeaderElection(
            client,
            namespace=SYSTEM_NAMESPACE,
            name=LEASE,
            identity=self._replica,
            clock=self._clock,
            random=self._random,
        )

    async def _lead(
        self, client: Client, installation: Installation, election: LeaderElection
    ) -> None:
        self._metrics.leading(True)
        recorder = self._recorder(client)
        recording = spawn(recorder.run(), name="events")
        try:
            # A standby may have waited through a rotation.
            ring: Keyring | None = await ring_now(client, installation.ring)
            while ring is not None:
                us = replace(installation, ring=ring)
                ring = await self._serve(client, us, election, recorder)
        finally:
            self._metrics.leading(False)
            await stop(recording)

    async def _serve(
        self,
        client: Client,
        installation: Installation,
        election: LeaderElection,
        recorder: EventRecorder,
    ) -> Keyring | None:
        """Keep the fleet true; return the keys once they are others, to begin anew with them."""
        means = Means(clock=self._clock, random=self._random, hooks=self._metrics)
        rotation = Rotation(client, installation.ring, self._clock)
        self._engine = Engine(
            Parts(
                hub=client,
                installation=installation,
                dialects=builtin.dialects(
                    self._settings.annotation_domain,
                    writes_sealed_status=self._settings.writes_sealed_status,
                ),
                sources=builtin.sources(takes_whole=self._settings.sealing.takes_whole),
                sealing=self._settings.sealing,
                providers=builtin.providers(),
                generators=builtin.generators(),
                environ=self._settings.environ,
                inventory=self._inventory(client, means),
                tell=partial(record, recorder),
                new_recorder=self._recorder,
                claims=self._settings.claims,
                secret_changed=rotation.source_changed,
                hub_rewound=rotation.begin_anew,
                domain=self._settings.annotation_domain,
                may_write=lambda: election.is_leader,
                **means,
            )
        )
        working = spawn(self._engine.run(), name="engine")
        rotating = spawn(rotation.changed(), name="keys")
        try:
            await asyncio.wait({working, rotating}, return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                working.result()
                return None
            return rotating.result()
        finally:
            await stop(rotating, working)
            self._engine = None

    def _recorder(self, client: Client) -> EventRecorder:
        return EventRecorder(client, instance=self._replica, clock=self._clock, random=self._random)

    def _inventory(self, client: Client, means: Means) -> DeclaredInventory:
        contexts = {} if self._settings.members_declared else self._kubeconfig.contexts
        return DeclaredInventory(
            Login(self._kubeconfig, self._surroundings, client),
            contexts={context: cluster_name(context) for context in contexts},
            **means,
        )


def hub_access(kubeconfig: Kubeconfig, context: str, surroundings: Surroundings) -> Access:
    """Return the login of the hub: a named context, the current one, or the pod's own cluster."""
    if context:
        return kubeconfig.access(context, surroundings)
    return kubeconfig.current_access(surroundings)


async def run_until_stopped(settings: Settings) -> None:
    """Run the controller as a process does: SIGTERM and Ctrl-C end it in order."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    if task is not None:
        import signal  # noqa: PLC0415 - only a process handles signals

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, task.cancel)
    with suppress(asyncio.CancelledError):
        await run_controller(settings)
