# SPDX-License-Identifier: Apache-2.0
"""The keys of one cluster in virtual time, above a plane in memory and its weather."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any, TypeVar

import msgspec

from keyfleet.base.clock import Clock
from keyfleet.base.errors import InvalidInputError
from keyfleet.base.log import NoHooks
from keyfleet.base.means import Means
from keyfleet.base.sealing import KeyPair
from keyfleet.base.secret import SecretValue
from keyfleet.engine.sealing.clusterkeys import ClusterKeys
from keyfleet.engine.sealing.keysecrets import DEFAULT_NAMESPACE, KEY_LABEL, KeySecrets
from keyfleet.engine.sealing.settings import SealingSettings
from keyfleet.kube.access import Access, Endpoint
from keyfleet.kube.auth.static_token import StaticToken
from keyfleet.kube.client import Client
from keyfleet.kube.objects import Metadata
from keyfleet.kube.requests import encode_body
from keyfleet.kube.resources import SECRETS
from keyfleet.model.places import ClusterName
from keyfleet.testing.canary import canary
from keyfleet.testing.memoryplane import (
    Internet,
    LoopClock,
    MemoryPlane,
    Process,
    VirtualLoop,
    Weather,
    running_as,
)
from keyfleet.testing.sealing import key_secret

T = TypeVar("T")
EAST = ClusterName("east")
HOUR_S = 3700.0
"""An hour and a little: how late a wall clock that jumped is noticed."""
BITS = 1024
"""The shortest that is taken: what is made here seals nothing."""
FIRST = SealingSettings(bits=BITS)


async def at_once(work: Callable[[], T], /) -> T:
    """Do work on keys on the virtual loop, which knows no threads."""
    return work()


class ShiftedClock:
    """A clock whose wall clock people set; the time that passes is the loop's."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.shift = timedelta()

    def now(self) -> Any:
        return self._clock.now() + self.shift

    def monotonic(self) -> float:
        return self._clock.monotonic()

    async def sleep(self, seconds: float) -> None:
        await self._clock.sleep(seconds)


@dataclass
class Told:
    """Implements `KeyEvents`."""

    changes: list[ClusterName] = field(default_factory=list)
    broken: list[tuple[str, str]] = field(default_factory=list)
    made: list[tuple[str, bool]] = field(default_factory=list)

    def keys_changed(self, cluster: ClusterName, before: KeySecrets | None) -> None:
        del before
        self.changes.append(cluster)

    def key_broken(self, cluster: ClusterName, broken: Metadata, error: InvalidInputError) -> None:
        del cluster
        self.broken.append((broken.name, error.code))

    def key_made(self, cluster: ClusterName, made: Metadata, *, is_first: bool) -> None:
        del cluster
        self.made.append((made.name, is_first))


class KeyBench:
    """One plane, and whoever holds its keys."""

    def __init__(self) -> None:
        self.loop = VirtualLoop()
        self.clock = ShiftedClock(LoopClock(self.loop))
        self.plane = MemoryPlane("east", now=self.clock.now)
        self.weather = Weather(Random(1))
        self._internet = Internet({"east": self.plane}, {"east": self.weather})
        self.told = Told()
        self.may_make = True
        self._tasks: list[ClusterKeys] = []

    # Time.

    def pass_time(self, seconds: float) -> None:
        """Let everything run for some virtual time."""
        self.run(asyncio.sleep(seconds))

    def jump(self, **by: float) -> None:
        """Set the wall clock forward or back."""
        self.clock.shift += timedelta(**by)

    def later(self, **by: float) -> None:
        """Let long pass, of which only the last hour is gone through."""
        self.jump(**by)
        self.pass_time(HOUR_S)

    # Who holds keys.

    def start(self, settings: SealingSettings = FIRST, *, makes: bool = True) -> ClusterKeys:
        """Hold the keys, and make them where asked."""
        keys = self.call(lambda: self._begun(settings, makes=makes))
        self._tasks.append(keys)
        return keys

    def _begun(self, settings: SealingSettings, *, makes: bool) -> ClusterKeys:
        keys = ClusterKeys(
            EAST,
            self.client(),
            settings,
            events=self.told,
            may_make=lambda: self.may_make,
            means=Means(clock=self.clock, random=Random(2), hooks=NoHooks()),
            aside=at_once,
        )
        keys.makes = makes
        keys.start()
        return keys

    def stop(self) -> None:
        """Let all go."""
        for keys in self._tasks:
            self.run(keys.stop())
        self._tasks.clear()

    def close(self) -> None:
        """End everything."""
        self.weather.becomes(self.weather.sky.CLEAR)
        self.stop()
        self.loop.close()

    # What is in the cluster.

    def secrets(self) -> dict[str, dict[str, Any]]:
        """Return the key Secrets that there are, by name."""
        stored = self.plane.store.all(SECRETS.label)
        return {
            name: one.document
            for (namespace, name), one in stored.items()
            if namespace == DEFAULT_NAMESPACE and KEY_LABEL in (one.metadata.get("labels") or {})
        }

    def put(self, pair: KeyPair, name: str, **how: Any) -> None:
        """Put a key Secret into the cluster, as people do."""
        self._post(key_secret(pair, name, **how))

    def put_broken(self, name: str) -> None:
        """Put something labelled as a key that is none into the cluster."""
        garbage = {"tls.key": SecretValue(canary("garbage")), "tls.crt": SecretValue(b"x")}
        metadata = {"name": name, "labels": {KEY_LABEL: "active"}}
        self._post({"metadata": metadata, "data": garbage})

    def label(self, name: str, state: str | None) -> None:
        """Change the label of a key Secret; None takes it away."""
        path = SECRETS.path(namespace=DEFAULT_NAMESPACE, name=name)
        change = {"metadata": {"labels": {KEY_LABEL: state}}}
        self.plane.must("PATCH", path, change, content_type="application/merge-patch+json")

    def delete(self, name: str) -> None:
        """Delete a key Secret."""
        self.plane.must("DELETE", SECRETS.path(namespace=DEFAULT_NAMESPACE, name=name))

    def _post(self, document: dict[str, Any]) -> None:
        body = msgspec.json.decode(encode_body(document))
        self.plane.must("POST", SECRETS.path(namespace=DEFAULT_NAMESPACE), body)

    def client(self) -> Client:
        """Return a new way to the cluster."""
        token = StaticToken(SecretValue(canary("token")))
        return Client("east", Access(Endpoint("http://east"), token), clock=self.clock)

    def call(self, work: Callable[[], T]) -> T:
        """Call something that needs a running loop."""
        found: list[T] = []

        async def called() -> None:
            found.append(work())

        self.run(called())
        return found[0]

    def run(self, work: Coroutine[Any, Any, object]) -> None:
        """Run something until it is done."""
        with self._internet.installed(), running_as(Process("keyfleet")):
            self.loop.run_until_complete(work)
