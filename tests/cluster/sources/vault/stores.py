# SPDX-License-Identifier: Apache-2.0
"""Stores at a real server, on mounts and policies of one test alone."""

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from tests.unit.sources.vault.fakevault import Counted, References, store

from keyfleet.base.clock import SystemClock
from keyfleet.base.errors import KeyfleetError
from keyfleet.base.secret import SecretValue
from keyfleet.localplane.vault import Vault
from keyfleet.model.stores import How, Query, Search
from keyfleet.plugin.stores import Answer, ProviderMeans, StoreSession
from keyfleet.sources.vault import PROVIDER
from keyfleet.testing.canary import find_canary

TOKEN = {"tokenSecretRef": {"name": "token", "key": "token"}}


@dataclass
class Place:
    """A KV mount, a policy that reads all of it, and whoever logs in under it."""

    server: Vault
    version: int = 2
    name: str = field(default_factory=lambda: f"kf-{secrets.token_hex(4)}")
    credentials: dict[str, bytes] = field(default_factory=dict, repr=False)
    ca: str = ""
    counted: Counted = field(default_factory=Counted)

    def __post_init__(self) -> None:
        self.server.enable_engine(self.name, "kv", options={"version": str(self.version)})
        self.server.policy(self.name, {f"{self.name}/*": ["read", "list"]})
        self.credentials["token"] = self.server.token(self.name).encode()

    def put(self, path: str, **data: Any) -> None:
        if self.version == 2:
            self.server.put(path, data, mount=self.name)
        else:
            self.server.write(f"{self.name}/{path}", **data)

    def means(self) -> ProviderMeans:
        return ProviderMeans(SystemClock(), secrets.token_bytes, self.counted)

    @asynccontextmanager
    async def opened(
        self, auth: Mapping[str, Any] = TOKEN, **config: Any
    ) -> AsyncIterator[StoreSession]:
        """Open a store on this mount; the token of the policy logs in unless told otherwise."""
        declared = {
            "server": self.server.url,
            "path": self.name,
            "version": f"v{self.version}",
            "auth": auth,
            **config,
        }
        references = References(self.credentials, self.ca)
        session = await PROVIDER.open(store(declared), references, self.means())
        try:
            yield session
        finally:
            await session.close()


def of(key: str, prop: str = "", **more: Any) -> Query:
    """Ask for one value."""
    return Query(How.VALUE, key, property=prop, **more)


def find(**fields: Any) -> Query:
    """Ask for all that match."""
    return Query(How.SEARCH, search=Search(**fields))


async def ask(session: StoreSession, query: Query) -> Any:
    """Return revealed bytes, of one value or of each."""
    answer: Answer = session.answer(query, await session.fetch(session.request(query)))
    if isinstance(answer, SecretValue):
        return answer.reveal()
    return {name: one.reveal() for name, one in answer.items()}


async def refusal(session: StoreSession, query: Query) -> KeyfleetError:
    """Return the error, which shows no value."""
    with pytest.raises(KeyfleetError) as caught:
        await ask(session, query)
    error = caught.value
    assert not find_canary(error.diagnostics() + repr(error) + repr(error.__context__))
    return error


def json(value: bytes) -> Any:
    """Decode a whole secret."""
    return msgspec.json.decode(value)
