# SPDX-License-Identifier: Apache-2.0
"""The one place that sets up AWS' library: its sessions, its clients, its silence.

Nothing of it is imported before a store of AWS is opened, since the extra `aws` may be missing.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from botocore import UNSIGNED
from botocore.loaders import Loader

from keyfleet.base.errors import KeyfleetError
from keyfleet.base.http import USER_AGENT
from keyfleet.base.secret import SecretValue
from keyfleet.plugin.stores import ProviderMeans
from keyfleet.sources.aws.client import CALL_S, Client, Patience
from keyfleet.sources.aws.endpoints import endpoint_of
from keyfleet.sources.aws.failures import LIBRARY_ERRORS, setup_error_of

CONNECT_S: Final = 5
READ_S: Final = 10
CONNECTIONS_MAX: Final = 10
"""Of one store at a time."""
_LIBRARIES: Final = ("aiobotocore", "botocore")


@dataclass(frozen=True, slots=True)
class Keys:
    """What signs requests."""

    key_id: str
    secret: SecretValue
    token: SecretValue | None = None


class Clients:
    """Makes clients for one region, and finds the credentials that surround the process."""

    def __init__(self, region: str, means: ProviderMeans, patience: Patience) -> None:
        self._region = region
        self._means = means
        self._patience = patience

    async def own_keys(self) -> Keys | None:
        """Return what the SDK finds in environment, files, container or machine; None: nothing.

        They are taken out once, so that a session never becomes somebody else.

        Raises:
            UnreachableError: Whoever should give them does not answer.
            PermanentError: They are declared, and cannot be used.
        """
        problem: KeyfleetError
        try:
            async with asyncio.timeout(CALL_S):
                session = _OwnSession(self._region, self._means.environ)
                found = await session.get_credentials()
                frozen = None if found is None else await found.get_frozen_credentials()
        except LIBRARY_ERRORS as error:
            problem = setup_error_of(error, "credentials of Keyfleet itself")
        else:
            return None if frozen is None else keys_of(*frozen[:3])
        raise problem

    @asynccontextmanager
    async def client(
        self, service: str, keys: Keys | None, *, label: str = ""
    ) -> AsyncIterator[Client]:
        """Give a client and close it afterwards.

        Args:
            service: As the SDK names it.
            keys: None: nothing is signed.
            label: What the metrics call the service; empty: its calls are not counted.
        Raises:
            PermanentError: `store.sdk_settings`: the endpoint or the SDK's files are of no use.
        """
        async with AsyncExitStack() as stack:
            problem: KeyfleetError
            try:
                library = await stack.enter_async_context(self._library(service, keys))
            except LIBRARY_ERRORS as error:
                problem = setup_error_of(error, f"endpoint of {service}")
            else:
                _silence()
                yield Client(library, self._means, self._patience, label)
                return
            raise problem

    def _library(self, service: str, keys: Keys | None) -> Any:
        place = {
            "region_name": self._region,
            "endpoint_url": endpoint_of(service, self._means.environ),
        }
        if keys is None:
            unsigned = AioConfig(signature_version=UNSIGNED)
            return _session().create_client(service, **place, config=unsigned)
        return _session().create_client(
            service,
            **place,
            aws_access_key_id=keys.key_id,
            aws_secret_access_key=keys.secret.reveal().decode(),
            aws_session_token=keys.token.reveal().decode() if keys.token else None,
        )


def keys_of(key_id: str, secret: str, token: str | None) -> Keys:
    """Return credentials as AWS hands them out, wrapped."""
    return Keys(
        key_id, SecretValue(secret.encode()), SecretValue(token.encode()) if token else None
    )


class _OwnSession(AioSession):  # type: ignore[misc]  # it has no types
    """A session that looks for credentials, with our endpoints and limits for whom it asks.

    It reads the environment of the process, as the SDK has it; `environ` is that same environment,
    or what a test puts in its place.
    """

    def __init__(self, region: str, environ: Mapping[str, str]) -> None:
        super().__init__()
        self._environ = environ
        self.set_config_variable("region", region)
        _set_up(self)

    def create_client(self, service_name: str, **settings: Any) -> Any:
        if settings.get("endpoint_url") is None:
            settings["endpoint_url"] = endpoint_of(service_name, self._environ)
        return super().create_client(service_name, **settings)


@cache
def _session() -> AioSession:
    """Return the session that makes clients: making one takes longer than making a client.

    It knows no credentials: every client is given its own, or signs nothing.
    """
    session = AioSession()
    _set_up(session)
    return session


def _set_up(session: AioSession) -> None:
    session.register_component("data_loader", _models())
    session.set_default_client_config(_limits())


def _limits() -> AioConfig:
    return AioConfig(
        connect_timeout=CONNECT_S,
        read_timeout=READ_S,
        max_pool_connections=CONNECTIONS_MAX,
        retries={"mode": "standard", "total_max_attempts": 1},
        user_agent_extra=USER_AGENT,
    )


@cache
def _models() -> Loader:
    """Return the descriptions of AWS' services: megabytes, hence one for the process."""
    return Loader(include_default_search_paths=True)


@cache
def prepare(service: str) -> None:
    """Read what is slow to read, in a thread: the descriptions of a service and of the regions."""
    _silence()
    for name in (service, "sts"):
        _session().warm_up_loader_caches(name)


def _silence() -> None:
    """Stop the libraries' own logging, which shows requests and answers, values and all.

    Whoever wants to see less or more sets levels; so the loggers are closed, not quieted. Modules
    that are loaded later inherit the level.
    """
    for library in _LIBRARIES:
        logging.getLogger(library).setLevel(logging.CRITICAL + 1)  # noqa: TID251 - to close it
    for name, logger in list(logging.root.manager.loggerDict.items()):
        if name.startswith(_LIBRARIES) and isinstance(logger, logging.Logger):
            logger.disabled = True
