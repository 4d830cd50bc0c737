# SPDX-License-Identifier: Apache-2.0
"""What the demo plays with: values, how they are shown, and the watched copies."""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from random import Random
from typing import Any

from keyfleet.base.clock import Clock
from keyfleet.base.errors import ConflictError, NotReadyError
from keyfleet.base.keyring import shown
from keyfleet.base.log import NoHooks
from keyfleet.base.secret import SecretValue
from keyfleet.base.tasks import spawn, stop
from keyfleet.cli.demo.documents import NAMESPACE, Data
from keyfleet.kube.client import Client
from keyfleet.kube.collection import Collection
from keyfleet.kube.decoding import METADATA
from keyfleet.kube.informer import Informer
from keyfleet.kube.objects import SecretObject
from keyfleet.kube.requests import Selection
from keyfleet.kube.resources import FLEETCLUSTERS, NAMESPACES, SECRETS
from keyfleet.model.data import key_fingerprint
from keyfleet.model.ownership import Installation
from keyfleet.model.places import IntentKey

SOURCE = "db-credentials"
NAME = "db"
PASSWORD = "password"  # noqa: S105 - the key's name

INTENT = IntentKey("FleetSecret", NAMESPACE, NAME)
PATIENCE_S = 60.0


def new_password() -> SecretValue:
    """Return a password that nobody has seen."""
    return SecretValue(secrets.token_urlsafe(18).encode())


def new_credentials() -> Data:
    """Return the data of the source Secret."""
    return {PASSWORD: new_password(), "username": SecretValue(b"payments-app")}


async def ensure_namespace(
    client: Client, name: str = NAMESPACE, labels: Mapping[str, str] | None = None
) -> None:
    """Create a namespace where it is absent."""
    body = {
        "apiVersion": NAMESPACES.api_version,
        "kind": NAMESPACES.kind,
        "metadata": {"name": name, "labels": dict(labels or {})},
    }
    with suppress(ConflictError):
        await client.create(NAMESPACES, body)


def digests(data: Data, installation: Installation) -> str:
    """Return key names with eight digits of their fingerprints."""
    return ", ".join(f"{key} {digest(key, data[key], installation)}" for key in sorted(data))


def digest(key: str, value: SecretValue, installation: Installation) -> str:
    """Return what people see of a value."""
    hub, ring = installation.hub, installation.ring
    return shown(key_fingerprint(ring, hub=hub, intent=INTENT, key=key, value=value))


async def wait_for_fleet(hub: Client, names: frozenset[str], clock: Clock) -> None:
    """Wait until the controller has reached every cluster."""
    while True:
        found = (await hub.list(FLEETCLUSTERS)).items
        reached = {
            item["metadata"]["name"]
            for item in found
            if (item.get("status") or {}).get("reachable")
        }
        if names <= reached:
            return
        await clock.sleep(0.05)


class Copies:
    """The copies in the members, watched so that times are true."""

    def __init__(self, members: Mapping[str, Client], clock: Clock) -> None:
        self._members = members
        self._clock = clock
        self._changed = {name: asyncio.Event() for name in members}
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Copies":
        informers = [self._informer(name, client) for name, client in self._members.items()]
        self._tasks = [spawn(informer.run(), name="demo watch") for informer in informers]
        for informer in informers:
            await informer.wait_synced()
        return self

    async def __aexit__(self, *_: object) -> None:
        await stop(*self._tasks)

    def _informer(self, name: str, client: Client) -> Informer[Any]:
        return Informer(
            client,
            Collection(SECRETS, METADATA, Selection(NAMESPACE)),
            lambda *_: self._changed[name].set(),
            clock=self._clock,
            random=Random(),  # noqa: S311 - jitter
            hooks=NoHooks(),
        )

    async def until(self, name: str, holds: Callable[[SecretObject | None], bool]) -> float:
        """Return when (monotonic) the copy in a cluster is as described.

        Raises:
            NotReadyError: It is not after a minute.
        """
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self._until(name, holds)
        except TimeoutError:
            place = f"{name}/{NAMESPACE}/{NAME}"
            raise NotReadyError("demo.stuck", "the copy is not as it should be", place) from None

    async def _until(self, name: str, holds: Callable[[SecretObject | None], bool]) -> float:
        while True:
            self._changed[name].clear()
            if holds(await self._members[name].find_secret(NAMESPACE, NAME)):
                return self._clock.monotonic()
            await self._changed[name].wait()
