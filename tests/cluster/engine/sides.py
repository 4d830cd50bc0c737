# SPDX-License-Identifier: Apache-2.0
"""One cluster of a test's fleet, and the ways to wait for something without sleeping blindly."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from keyfleet.base.clock import SystemClock
from keyfleet.base.secret import SecretValue
from keyfleet.kube.access import Access, Endpoint
from keyfleet.kube.auth.static_token import StaticToken
from keyfleet.kube.client import Client
from keyfleet.localplane import ControlPlane, FaultProxy, kubeconfigs
from keyfleet.localplane.exchange import Seen

STEP_S = 0.02
"""Between two looks of a poll."""
PATIENCE_S = 25.0
"""How long a busy machine may take; what only a recheck would find, after 30 s, comes too late."""
SETTLED_S = 1.5
"""Long enough to see that nothing happens: a reaction takes some 10 ms, a status 1 s."""
QUIET_ROUNDS = 8
"""After so many looks a controller that still writes never stops."""

Data = dict[str, bytes]


async def eventually(
    is_true: Callable[[], Awaitable[object]], *, timeout_s: float = PATIENCE_S, what: str = ""
) -> None:
    """Look until it is true; fail when it has not become so in time."""
    loop = asyncio.get_running_loop()
    end = loop.time() + timeout_s
    while not await is_true():
        if loop.time() > end:
            raise AssertionError(what or "it did not become true in time")
        await asyncio.sleep(STEP_S)


async def always(
    is_true: Callable[[], Awaitable[object]], *, during_s: float = SETTLED_S, what: str = ""
) -> None:
    """Look for some time; fail as soon as it is not true."""
    end = asyncio.get_running_loop().time() + during_s
    while asyncio.get_running_loop().time() < end:
        assert await is_true(), what or "it did not stay true"
        await asyncio.sleep(STEP_S)


@dataclass(eq=False)
class Side:
    """One cluster: the plane, the proxy that the controller goes through, the test's own client."""

    context: str
    plane: ControlPlane
    proxy: FaultProxy
    client: Client
    name: str
    """Of its FleetCluster; unique for the test."""
    token: str = field(repr=False)
    """Of the ServiceAccount that the controller is here, with the rights that Keyfleet ships."""

    def kubeconfig(self, *, context: str = "") -> dict[str, Any]:
        """Return how the controller gets here: through the proxy, with no more than its rights."""
        return kubeconfigs.single(
            context or self.context,
            self.proxy.url,
            self.plane.ca_pem,
            user="keyfleet",
            login=kubeconfigs.token_user(self.token),
        )

    def writes(self) -> list[Seen]:
        """Return what the controller asked to change in Secrets here."""
        return [seen for seen in self.proxy.writes() if seen.resource == "secrets"]


def wrapped(data: Mapping[str, bytes]) -> dict[str, SecretValue]:
    """Return values as a request body takes them."""
    return {key: SecretValue(value) for key, value in data.items()}


def client_of(plane: ControlPlane) -> Client:
    """Return a client of the plane's administrator, past every proxy."""
    token = StaticToken(SecretValue(plane.tokens["admin"].encode()))
    return Client("test", Access(Endpoint(plane.url, plane.ca_pem), token), clock=SystemClock())


def unique(word: str) -> str:
    """Return a name that no other test uses."""
    return f"{word}-{secrets.token_hex(4)}"


def places(seen: Iterable[Seen]) -> list[tuple[str, str, str]]:
    """Return method, namespace and name of requests, for assertions."""
    return [(one.method, one.namespace, one.name) for one in seen]
