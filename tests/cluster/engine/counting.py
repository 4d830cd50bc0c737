# SPDX-License-Identifier: Apache-2.0
"""A provider in this process that counts what it is asked: principals are passwords."""

import hashlib
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from keyfleet.base.errors import KeyfleetError
from keyfleet.base.secret import SecretValue
from keyfleet.model.stores import How, Query, Store
from keyfleet.plugin.storeerrors import login_refused, secret_not_found
from keyfleet.plugin.stores import Answer, ProviderMeans, StoreReferences


class CountingSession:
    """A login."""

    endpoint = "counting://here"

    def __init__(self, provider: "CountingProvider", principal: str) -> None:
        self.principal = principal
        self._provider = provider

    def request(self, query: Query) -> Hashable:
        """Properties of one secret are one request."""
        return query.key

    async def fetch(self, request: Hashable) -> Any:
        """Count and answer."""
        self._provider.reads += 1
        if self._provider.down is not None:
            raise self._provider.down
        return self._provider.values.get(str(request))

    def answer(self, query: Query, fetched: Any) -> Answer:
        """Return the value, or a map with it."""
        if fetched is None:
            raise secret_not_found(query)
        value = SecretValue(fetched)
        return value if query.how is How.VALUE else {"value": value}

    async def close(self) -> None:
        """Count."""
        self._provider.logouts += 1


@dataclass
class CountingProvider:
    """Lets in who has one of the passwords; without any, everybody."""

    name: str = "counting"
    capabilities: str = "ReadOnly"
    values: dict[str, bytes] = field(default_factory=dict)
    passwords: set[bytes] = field(default_factory=set)
    down: KeyfleetError | None = None
    reads: int = 0
    logins: int = 0
    logouts: int = 0

    def check(self, store: Store) -> None:
        """Take everything."""

    async def open(
        self, store: Store, references: StoreReferences, means: ProviderMeans
    ) -> CountingSession:
        """Log in with the password that the store names."""
        del means
        selector = store.config["secretRef"]
        password = (await references.secret(selector, path="secretRef")).reveal()
        self.logins += 1
        if self.passwords and password not in self.passwords:
            raise login_refused(store)
        return CountingSession(self, hashlib.sha256(password).hexdigest())
