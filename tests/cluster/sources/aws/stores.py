# SPDX-License-Identifier: Apache-2.0
"""Stores of AWS as tests declare, open and ask them."""

import os
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from keyfleet.base.secret import SecretValue
from keyfleet.model.stores import How, Query, Search, Store, StoreRef
from keyfleet.plugin.stores import Answer, ProviderMeans, StoreSession
from keyfleet.sources.aws import PROVIDER
from keyfleet.testing.canary import canary

REGION = "eu-west-1"
KEY_ID = "AKIAIOSFODNN7EXAMPLE"
STATIC = {
    "secretRef": {
        "accessKeyIDSecretRef": {"name": "aws", "key": "id"},
        "secretAccessKeySecretRef": {"name": "aws", "key": "secret"},
    }
}
SESSION = {"secretRef": {**STATIC["secretRef"], "sessionTokenSecretRef": {"key": "session"}}}
JWT = {"jwt": {"serviceAccountRef": {"name": "reader", "audiences": ["more"]}}}
IRSA = "arn:aws:iam::123456789012:role/irsa"


@dataclass
class References:
    """What a store's selectors name; remembers the tokens that were asked for."""

    secrets: dict[str, bytes] = field(
        default_factory=lambda: {
            "id": KEY_ID.encode(),
            "secret": canary("access-key") + b"\n",
            "session": canary("session-token"),
        }
    )
    annotations: dict[str, str] = field(
        default_factory=lambda: {"eks.amazonaws.com/role-arn": IRSA}
    )
    tokens: list[tuple[str, tuple[str, ...], int]] = field(default_factory=list)

    async def secret(self, selector: Mapping[str, Any], *, path: str, key: str = "") -> SecretValue:
        del path, key
        return SecretValue(self.secrets[selector["key"]])

    async def authority(self, config: Mapping[str, Any], *, path: str) -> str:
        raise AssertionError(config, path)

    async def service_account(self, selector: Mapping[str, Any], *, path: str) -> dict[str, str]:
        assert (selector["name"], path) == ("reader", "auth.jwt.serviceAccountRef")
        return self.annotations

    async def token(
        self, selector: Mapping[str, Any], *, audiences: Sequence[str], seconds: int, path: str
    ) -> SecretValue:
        del path
        self.tokens.append((selector["name"], tuple(audiences), seconds))
        return SecretValue(canary("web-identity"))

    def own_server(self) -> None:
        raise AssertionError


class Instant:
    """A clock on which waiting takes no time; remembers how long it would have taken."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> Any:
        raise AssertionError

    def monotonic(self) -> float:
        return sum(self.slept)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@dataclass
class Rig:
    """Opens stores at one endpoint."""

    url: str
    environ: dict[str, str]
    references: References = field(default_factory=References)
    clock: Instant = field(default_factory=Instant)
    called: list[tuple[str, str, bool]] = field(default_factory=list)
    resources: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def open(
        self,
        service: str = "SecretsManager",
        *,
        auth: Mapping[str, Any] | None = None,
        ref: StoreRef | None = None,
        namespace: str = "team",
        retries: tuple[int, float | None] | None = None,
        **config: Any,
    ) -> StoreSession:
        declared = {"service": service, "region": REGION, "auth": STATIC, **config}
        if auth is not None:
            declared["auth"] = auth
        store = Store(
            ref or StoreRef("SecretStore", "aws", "team"),
            "aws",
            declared,
            namespace,
            *(retries or (None, None)),
        )
        means = ProviderMeans(
            self.clock, os.urandom, lambda *call: self.called.append(call), self.environ
        )
        session = await PROVIDER.open(store, self.references, means)
        self.resources.push_async_callback(session.close)
        return session


async def ask(session: StoreSession, query: Query) -> Any:
    """Return what a query gets, with the values laid open."""
    answer: Answer = session.answer(query, await session.fetch(session.request(query)))
    if isinstance(answer, SecretValue):
        return answer.reveal()
    return {name: value.reveal() for name, value in answer.items()}


def value(key: str, prop: str = "", **more: Any) -> Query:
    return Query(How.VALUE, key, prop, **more)


def find(name: str = "", *, path: str = "", **tags: str) -> Query:
    return Query(How.SEARCH, search=Search(name, tuple(sorted(tags.items())), path))
