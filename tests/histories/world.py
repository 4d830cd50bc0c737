# SPDX-License-Identifier: Apache-2.0
"""A fleet in memory with the real controller in front of it, in virtual time."""

import asyncio
import atexit
import base64
import logging
import os
import tempfile
from collections.abc import Coroutine, MutableMapping
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import count
from pathlib import Path
from random import Random as Chance
from typing import Any

import structlog
from tests.histories.reference import HUB, LABELS, SEALEDSECRETS, Document, Facts, Place
from tests.histories.seals import KEYS_NAMESPACE as KEYS
from tests.histories.seals import cheap_keys, keys_in_use

from keyfleet.app import Controller, Settings
from keyfleet.base.codec import encode_json
from keyfleet.base.errors import KeyfleetError
from keyfleet.base.tasks import spawn, stop
from keyfleet.kube.resources import CONFIGMAPS, CRDS, FLEETCLUSTERS, NAMESPACES, SECRETS
from keyfleet.manifests import crds
from keyfleet.observe.metrics import Metrics
from keyfleet.testing.canary import canary
from keyfleet.testing.memoryplane import (
    Change,
    Internet,
    LoopClock,
    MemoryPlane,
    Process,
    Sky,
    VirtualLoop,
    Weather,
    running_as,
)

CONTEXTS = (HUB, "east", "west")
TENANTS = ("pay", "ops", "web")
"""Namespaces that are there in every cluster."""
PEOPLE = "admin"
COLLECTOR = "collector"


@dataclass
class Running:
    """A controller and the process it runs in."""

    process: Process
    task: asyncio.Task[None]
    since_s: float


@dataclass(frozen=True)
class Write:
    """One change by a controller, and when."""

    at_s: float
    cluster: str
    change: Change


@dataclass
class Moment:
    """What people had asked for, from a time on."""

    at_s: float
    facts: Facts


@dataclass
class World:
    """Planes, controllers, weather, and all that was ever seen of them."""

    seed: int
    writes: list[Write] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    """What was logged since the last look."""
    metrics: list[Metrics] = field(default_factory=list)
    """Of every controller that ever ran."""
    disturbed_s: dict[str, float] = field(default_factory=dict)
    """When the way to a cluster was last not clear."""
    version: int = 0
    """Of the last value that people wrote; grows only."""

    is_limited: bool = False
    """Mass deletions wait for a person."""
    approved: set[str] = field(default_factory=set)
    """UIDs of targets that a person let go."""
    ended_s: float = 0.0
    """When a controller was last ended."""
    meddled: set[Place] = field(default_factory=set)
    """Where hands that are not Keyfleet's have been."""
    key_writes: list[Write] = field(default_factory=list)
    """Those of sealing keys."""
    has_homes: bool = False
    """Every cluster may take its own from the hub, in namespace `for-` and its name."""

    def __post_init__(self) -> None:
        """Build the fleet; nothing runs yet."""
        self.random = Chance(self.seed)
        self.loop = VirtualLoop(Chance(self.seed + 1))
        self.clock = LoopClock(self.loop)
        self.planes = {
            name: MemoryPlane(name, now=self.clock.now, seed=self.seed) for name in CONTEXTS
        }
        self.weathers = {name: Weather(Chance(f"{name} {self.seed}")) for name in CONTEXTS}
        self.internet = Internet(self.planes, self.weathers)
        self.controllers: dict[str, Running] = {}
        self._key_names = (f"made-{number}" for number in count())
        for name, plane in self.planes.items():
            plane.store.listeners.append(partial(self._noted, name))
        self._listen()
        self._furnish()
        self.remember()

    # Time.

    def pass_time(self, seconds: float) -> None:
        """Let everything run for some virtual time."""
        self._run(asyncio.sleep(seconds))

    def steps(self, count: int) -> None:
        """Let the loop turn a few times."""
        self._run(_turns(count))

    @property
    def now_s(self) -> float:
        """Virtual seconds since the beginning."""
        return self.loop.time()

    # Controllers.

    def start(self, name: str) -> None:
        """Start a controller where it does not run."""
        if name not in self.controllers:
            self._run(self._start(name))

    async def _start(self, name: str) -> None:
        process, metrics = Process(f"keyfleet-{name}"), Metrics(self.clock)
        with running_as(process):
            controller = Controller(
                _settings(),
                self.clock,
                metrics,
                random=Chance(f"{name} {self.random.random()}"),
                replica=name,
            )
            task = spawn(controller.run(), name=f"controller {name}")
        self.controllers[name] = Running(process, task, self.now_s)
        self.metrics.append(metrics)

    def kill(self, name: str) -> None:
        """End a controller as SIGKILL does: nothing of it reaches a cluster any more."""
        running = self.controllers.pop(name, None)
        self.ended_s = self.now_s
        if running is not None:
            running.process.die()
            self._run(stop(running.task))

    def stop(self, name: str) -> None:
        """End a controller in order."""
        running = self.controllers.pop(name, None)
        self.ended_s = self.now_s
        if running is not None:
            self._run(stop(running.task))

    def crashed(self) -> list[str]:
        """Return how controllers ended that nobody ended.

        One that cannot begin, since the hub does not answer, ends with an error of ours; whoever
        runs it starts it again.
        """
        found = []
        for name, running in list(self.controllers.items()):
            error = running.task.exception() if running.task.done() else None
            if isinstance(error, KeyfleetError):
                self.kill(name)
                self.start(name)
            elif running.task.done():
                found.append(f"controller {name} ended: {error!r}")
        return found

    def is_led_since(self, seconds: float) -> bool:
        """Tell whether one controller has been alone for some time."""
        alone = len(self.controllers) == 1
        return alone and self.now_s - max(self.ended_s, *self._started()) >= seconds

    def _started(self) -> list[float]:
        return [running.since_s for running in self.controllers.values()]

    # Weather.

    def sky(self, context: str, sky: Sky) -> None:
        """Change the weather on the way to a cluster."""
        self.weathers[context].becomes(sky)
        self.disturbed(context)

    def disturbed(self, context: str) -> None:
        """Note that the way to a cluster was troubled just now."""
        self.disturbed_s[context] = self.now_s

    def is_clear(self, context: str, *, for_s: float) -> bool:
        """Tell whether the way to a cluster has been clear for some time."""
        weather = self.weathers[context]
        if weather.sky is not Sky.CLEAR or weather.forbidden or weather.lost_answers:
            self.disturbed(context)
        return self.now_s - self.disturbed_s.get(context, -1e9) >= for_s

    # What people see.

    def facts(self) -> Facts:
        """Return the stored objects as they are now."""
        before = self.moments[-1].facts if self.moments else None
        return Facts(
            {
                name: {
                    label: {key: one.document for key, one in plane.store.all(label).items()}
                    for label in (*LABELS, CONFIGMAPS.label, CRDS.label)
                }
                for name, plane in self.planes.items()
            },
            _departed(before) if before else {},
        )

    def made_keys(self, cluster: str) -> list[str]:
        """Return the private keys that controllers made for a cluster."""
        made = [one.change.after for one in self.key_writes if one.cluster == cluster]
        return [pem for one in made if one for pem in keys_in_use({(KEYS, ""): one.document})]

    def remember(self) -> Facts:
        """Note what people have asked for by now."""
        facts = self.facts()
        self.moments.append(Moment(self.now_s, facts))
        return facts

    def close(self) -> None:
        """End everything."""
        for name in list(self.controllers):
            self.kill(name)
        self._run(_end_all())
        self.loop.close()
        logging.getLogger("asyncio").removeHandler(self._handler)

    # Inside.

    def _run(self, work: Coroutine[Any, Any, object]) -> None:
        with self.internet.installed(), cheap_keys(self._key_names):
            self.loop.run_until_complete(work)

    def _noted(self, cluster: str, change: Change) -> None:
        if change.by.startswith("keyfleet"):
            write = Write(self.now_s, cluster, change)
            self.writes.append(write)
            if change.label == SECRETS.label and change.key[0] == KEYS:
                self.key_writes.append(write)
        elif change.label == SECRETS.label:
            self.meddled.add((cluster, *change.key))
        if change.label == SEALEDSECRETS and change.after is None:
            self.loop.call_later(self.random.uniform(0.01, 2.0), self._collect, cluster)

    def _collect(self, cluster: str) -> None:
        """Delete what belonged to objects that are gone, as Kubernetes' collector does."""
        plane = self.planes[cluster]
        manifests = plane.store.all(SEALEDSECRETS).values()
        there = {one.metadata["uid"] for one in manifests}
        for (namespace, name), secret in plane.store.all(SECRETS.label).items():
            owners = secret.metadata.get("ownerReferences") or ()
            if owners and not any(owner["uid"] in there for owner in owners):
                plane.ask("DELETE", SECRETS.path(namespace=namespace, name=name), user=COLLECTOR)

    def _listen(self) -> None:
        said = self.said

        def hear(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
            said.append(str(dict(event)))
            raise structlog.DropEvent

        structlog.configure(
            processors=[hear], wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG)
        )
        self._handler = _Hearing(said)
        logging.getLogger("asyncio").addHandler(self._handler)

    def _furnish(self) -> None:
        for crd in _bare_crds():
            self.planes[HUB].must("POST", CRDS.path(), crd)
        for name, plane in self.planes.items():
            for tenant in (*TENANTS, *(["keyfleet-system"] if name == HUB else [])):
                plane.must("POST", NAMESPACES.path(), {"metadata": {"name": tenant}})
        key = base64.b64encode(canary("installation-key").ljust(32, b"-")).decode()
        body = {"metadata": {"name": "keyfleet-fingerprint"}, "data": {"20260101": key}}
        path = SECRETS.path(namespace="keyfleet-system")
        self.planes[HUB].must("POST", path, body)
        for context in CONTEXTS:
            self.planes[HUB].must("POST", FLEETCLUSTERS.path(), fleetcluster(context))


def fleetcluster(
    context: str, *, env: str = "prod", on_removed: str = "Retain", has_home: bool = False
) -> Document:
    """Return a FleetCluster called like its context."""
    home = {"sealing": {"hubNamespace": f"for-{context}"}} if has_home else {}
    return {
        "metadata": {"name": context, "labels": {"env": env}},
        "spec": {"context": context, "onRemoved": on_removed, **home},
    }


def _departed(before: Facts) -> dict[str, str]:
    # Who was there a moment ago, or went before that; who is there now is not asked about.
    went = {context: one["spec"]["onRemoved"] for context, one in before.members.items()}
    return {**before.departed, **went}


async def _turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def _end_all() -> None:
    await stop(*(task for task in asyncio.all_tasks() if task is not asyncio.current_task()))


class _Hearing(logging.Handler):
    """Takes down what asyncio complains about."""

    def __init__(self, said: list[str]) -> None:
        super().__init__()
        self._said = said

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.WARNING:
            self._said.append(f"asyncio_crashed {record.getMessage()} {record.exc_info}")


@cache
def _bare_crds() -> list[Document]:
    # Schemas are not looked at in memory, and large.
    found = []
    for crd in crds():
        versions = [{"name": one["name"], "served": True} for one in crd["spec"]["versions"]]
        found.append({**crd, "spec": {**crd["spec"], "versions": versions}})
    return found


@cache
def _settings() -> Settings:
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": HUB,
        "clusters": [{"name": one, "cluster": {"server": f"http://{one}"}} for one in CONTEXTS],
        "users": [{"name": "keyfleet", "user": {"token": canary("token").decode()}}],
        "contexts": [
            {"name": one, "context": {"cluster": one, "user": "keyfleet"}} for one in CONTEXTS
        ],
    }
    number, path = tempfile.mkstemp(prefix="keyfleet-histories-", suffix=".json")
    os.close(number)
    atexit.register(Path(path).unlink, missing_ok=True)
    Path(path).write_bytes(encode_json(config))
    return Settings((Path(path),), HUB, members_declared=True)
