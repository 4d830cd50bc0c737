# SPDX-License-Identifier: Apache-2.0
"""A provider that counts what it is asked, and stores of it in one cluster in memory."""

import asyncio
import threading
from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.unit.engine.fakecluster import FakeCluster

from keyfleet.base.clock import Clock
from keyfleet.base.errors import KeyfleetError
from keyfleet.base.secret import SecretValue
from keyfleet.engine.stores.declared import Declarations
from keyfleet.engine.stores.named import Watches
from keyfleet.engine.stores.objects import HeldObjects
from keyfleet.engine.stores.reading import Stores, Unread
from keyfleet.kube.client import Client
from keyfleet.model.intent import Read
from keyfleet.model.outcome import StoreOutcome
from keyfleet.model.places import ClusterName, IntentKey, NamespaceFacts
from keyfleet.model.stores import How, Query, Store, StoreRead, StoreRef
from keyfleet.plugin.storeerrors import secret_not_found
from keyfleet.plugin.stores import Answer, ProviderMeans, StoreReferences
from keyfleet.testing.canary import canary
from keyfleet.testing.clock import FakeClock

STORE = StoreRef("SecretStore", "vault", "payments")
WIDE = StoreRef("ClusterSecretStore", "vault")
PAYMENTS = NamespaceFacts("payments", {"team": "pay"})
VALUE = SecretValue(canary("stored"))


class CountingSession:
    """A login; it fails as its provider is told."""

    def __init__(self, provider: "CountingProvider", store: Store, principal: str) -> None:
        self.principal = principal
        self.endpoint = str(store.config.get("endpoint", "https://vault"))
        self.doubt = str(store.config.get("doubt", ""))
        self.is_closed = False
        self._provider = provider

    def request(self, query: Query) -> Hashable:
        """Properties of one secret are one request."""
        return query.key

    async def fetch(self, request: Hashable) -> Any:
        """Count, wait for the gate, fail as told or answer."""
        assert not self.is_closed, "a closed session was asked"
        provider = self._provider
        provider.fetched[self.endpoint, self.principal, request] += 1
        provider.at_work += 1
        provider.at_most = max(provider.at_most, provider.at_work)
        try:
            await provider.gate.wait()
        finally:
            provider.at_work -= 1
        if provider.failures:
            raise provider.failures.pop(0)
        if self.endpoint in provider.down:
            raise provider.down[self.endpoint]
        if request in provider.broken:
            raise provider.broken[request]
        return provider.values.get(request)

    def answer(self, query: Query, fetched: Any) -> Answer:
        """Return the value, or a map of it."""
        self._provider.threads.add(threading.current_thread().name)
        if fetched is None:
            raise secret_not_found(query)
        return fetched if query.how is How.VALUE else {"k": fetched}

    async def close(self) -> None:
        """Remember it."""
        self.is_closed = True
        self._provider.closed += 1


@dataclass
class CountingProvider:
    """Logs in whoever presents a password that it knows."""

    name: str = "counting"
    capabilities: str = "ReadOnly"
    values: dict[Hashable, SecretValue] = field(default_factory=lambda: {"db": VALUE})
    fetched: Counter[tuple[str, str, Hashable]] = field(default_factory=Counter)
    logins: list[Store] = field(default_factory=list)
    sessions: list[CountingSession] = field(default_factory=list)
    refusals: list[KeyfleetError] = field(default_factory=list)
    """How the next logins fail."""
    failures: list[KeyfleetError] = field(default_factory=list)
    """How the next fetches fail."""
    down: dict[str, KeyfleetError] = field(default_factory=dict)
    """How every fetch of an endpoint fails."""
    broken: dict[Hashable, KeyfleetError] = field(default_factory=dict)
    """How every fetch of a key fails."""
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    at_work: int = 0
    at_most: int = 0
    closed: int = 0
    threads: set[str] = field(default_factory=set)
    """Where answers were picked."""

    def __post_init__(self) -> None:
        self.gate.set()

    def check(self, store: Store) -> None:
        """Take everything."""

    async def open(
        self, store: Store, references: StoreReferences, means: ProviderMeans
    ) -> CountingSession:
        """Log in; the principal is what the credential says, unless the store says otherwise."""
        del means
        if selector := store.config.get("secretRef"):
            await references.secret(selector, path="secretRef", key="password")
        self.logins.append(store)
        if self.refusals:
            raise self.refusals.pop(0)
        session = CountingSession(self, store, str(store.config.get("principal", "me")))
        self.sessions.append(session)
        return session

    @property
    def reads(self) -> int:
        """Everything that was fetched."""
        return self.fetched.total()


def manifest_of(
    config: Mapping[str, Any] | None = None, *, generation: int = 1, **spec: Any
) -> dict[str, Any]:
    """Return a store of the counting provider."""
    return {
        "metadata": {"uid": "uid-1", "generation": generation},
        "spec": {"provider": {"counting": config or {}}, **spec},
    }


def read_of(
    key: str = "db", *, store: StoreRef = STORE, how: How = How.VALUE, part: str = ""
) -> Read:
    """Return one entry of a manifest."""
    return Read("store", StoreRead(store, Query(how, key, part)), path="spec.data[0]", key="k")


def key_of(name: str = "one", namespace: str = "payments") -> IntentKey:
    """Return an intent on the hub."""
    return IntentKey("ExternalSecret", namespace, name)


class Bench:
    """Stores over one cluster."""

    def __init__(self, clock: Clock | None = None, watches: Watches | None = None) -> None:
        self.clock = clock or FakeClock()
        self.cluster = FakeCluster("hub")
        self.provider = CountingProvider()
        self.objects = HeldObjects()
        self.woken: list[set[IntentKey]] = []
        self.told: list[StoreOutcome] = []
        self.looked: list[tuple[StoreRef, bool]] = []
        self.away: KeyfleetError | None = None
        means = ProviderMeans(self.clock, lambda count: b"x" * count, lambda *_: None)
        declarations = Declarations(self.objects, {"counting": self.provider}, {}, self._client)
        self.stores = Stores(
            declarations,
            means,
            random=Random(0),
            wake=self.woken.append,
            tell=self.told.append,
            watches=watches,
            looked=lambda ref, _took_s, is_ready: self.looked.append((ref, is_ready)),
        )

    def _client(self, name: ClusterName) -> Client:
        del name
        if self.away is not None:
            raise self.away
        return self.cluster

    def put(
        self, ref: StoreRef = STORE, config: Mapping[str, Any] | None = None, **more: Any
    ) -> None:
        """Declare a store; its keeper is not told."""
        self.objects.put(ref, manifest_of(config, **more))

    async def read(
        self,
        read: Read | None = None,
        intent: IntentKey | None = None,
        namespace: NamespaceFacts = PAYMENTS,
    ) -> Answer | Unread:
        """Read one entry as a whole reading."""
        reading = self.stores.begin(intent or key_of())
        answer = await self.stores.read(reading, read or read_of(), namespace)
        if not isinstance(answer, Unread):
            self.stores.succeeded(reading)
        return answer

    async def unread(self, *args: Any, **more: Any) -> Unread:
        """Read one entry, of which nothing comes."""
        found = await self.read(*args, **more)
        assert isinstance(found, Unread)
        return found
