# SPDX-License-Identifier: Apache-2.0
"""An opened store: one service of one region, with one login."""

import asyncio
from collections.abc import Callable, Hashable, Mapping
from contextlib import AsyncExitStack
from typing import Any, Final, Protocol

from keyfleet.model.stores import Query, Store
from keyfleet.plugin.stores import Answer, ProviderMeans, StoreReferences
from keyfleet.sources.aws.answers import answer_of
from keyfleet.sources.aws.client import Client, Patience
from keyfleet.sources.aws.config import PARAMETER_STORE, SECRETS_MANAGER, AwsConfig
from keyfleet.sources.aws.library import Clients, prepare
from keyfleet.sources.aws.login import LoginProcess
from keyfleet.sources.aws.parameterstore import ParameterStore
from keyfleet.sources.aws.secretsmanager import SecretsManager


class Service(Protocol):
    """One of AWS' services that keep values."""

    def request(self, query: Query) -> Hashable:
        """As `StoreSession.request`."""
        ...

    async def fetch(self, request: Any) -> Any:
        """As `StoreSession.fetch`."""
        ...


class AwsSession:
    """An opened store."""

    def __init__(
        self, service: Service, resources: AsyncExitStack, *, principal: str, endpoint: str
    ) -> None:
        self.principal = principal
        self.endpoint = endpoint
        self._service = service
        self._resources = resources

    def request(self, query: Query) -> Hashable:
        """Return what to ask AWS for.

        Raises:
            InvalidIntentError: `store.query`.
        """
        return self._service.request(query)

    async def fetch(self, request: Hashable) -> Any:
        """Ask AWS.

        Raises:
            KeyfleetError: As `StoreSession.fetch`.
        """
        return await self._service.fetch(request)

    def answer(self, query: Query, fetched: Any) -> Answer:
        """Return what a query wants of what was fetched.

        Raises:
            TransformError: `store.property_missing`, `store.not_an_object`.
        """
        return answer_of(query, fetched)

    async def close(self) -> None:
        """Close the connections; AWS knows no log-out."""
        await self._resources.aclose()


_SERVICES: Final[Mapping[str, tuple[str, Callable[[Client, str], Service]]]] = {
    SECRETS_MANAGER: ("secretsmanager", SecretsManager),
    PARAMETER_STORE: ("ssm", ParameterStore),
}


async def open_session(
    store: Store, config: AwsConfig, references: StoreReferences, means: ProviderMeans
) -> AwsSession:
    """Log in.

    Raises:
        KeyfleetError: As `Provider.open`.
    """
    name, service = _SERVICES[config.service]
    await asyncio.to_thread(prepare, name)
    patience = Patience.of(store.max_retries, store.retry_interval_s)
    clients = Clients(config.region, means, patience)
    login = await LoginProcess(store, config, references, clients, means.environ).run()
    async with AsyncExitStack() as stack:
        label = f"AWS/{config.service}"
        client = await stack.enter_async_context(clients.client(name, login.keys, label=label))
        return AwsSession(
            service(client, config.prefix),
            stack.pop_all(),
            principal=login.identity.principal,
            endpoint=f"{config.service} {config.region} {client.endpoint}",
        )
