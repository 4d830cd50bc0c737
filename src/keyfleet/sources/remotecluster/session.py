# SPDX-License-Identifier: Apache-2.0
"""Read the Secrets of one namespace of a cluster, with a store's own login."""

from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from keyfleet.base.errors import KeyfleetError, NotFoundError
from keyfleet.base.secret import SecretValue
from keyfleet.kube.client import Client
from keyfleet.model.stores import How, Query
from keyfleet.plugin.storeerrors import search_too_large, secret_not_found
from keyfleet.plugin.stores import Answer
from keyfleet.plugin.storesearch import name_matcher
from keyfleet.sources.remotecluster.answers import as_json, members, value
from keyfleet.sources.remotecluster.asking import RemoteSecret, list_secrets, read_secret
from keyfleet.sources.remotecluster.failures import store_error
from keyfleet.sources.remotecluster.questions import Matching, One, question

T = TypeVar("T")

PROVIDER = "Kubernetes"
"""As upstream's metrics name it."""
FOUND_MAX = 10_000
"""Most Secrets that a search may find."""
FOUND_BYTES = 8 * 1024 * 1024
"""Most that these may hold together; one that is written holds 1 MiB."""
_FEWER = f"find fewer: at most {FOUND_MAX} secrets and {FOUND_BYTES >> 20} MiB"

Found = Mapping[str, SecretValue]
"""JSON of the data of each Secret that a search found."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a session is, and where."""

    principal: str
    endpoint: str
    doubt: str = ""


class KubernetesSession:
    """A store that was logged in to."""

    def __init__(
        self,
        client: Client,
        namespace: str,
        identity: Identity,
        called: Callable[[str, str, bool], None],
    ) -> None:
        self.principal = identity.principal
        self.endpoint = identity.endpoint
        self.doubt = identity.doubt
        """Why the store could not be validated."""
        self._client = client
        self._namespace = namespace
        self._called = called

    def request(self, query: Query) -> Hashable:
        """Return the Secret that is asked for, or which ones.

        Raises:
            InvalidIntentError: `store.query`.
        """
        return question(query)

    async def fetch(self, request: Hashable) -> RemoteSecret | Found | None:
        """Read a Secret, None where it is absent, or search.

        Raises:
            DeniedError: `store.denied`: forbidden, or the login has expired.
            ThrottledError: As the server says.
            UnreachableError: No answer, TLS, 5xx.
            PermanentError: `store.search_too_large`, `store.refused`.
        """
        match request:
            case One(name):
                return await self._call("GetSecret", self._one(name))
            case Matching():
                return await self._call("ListSecrets", self._matching(request))
        message = f"{type(request).__name__} is no question"
        raise TypeError(message)

    def answer(self, query: Query, fetched: Any) -> Answer:
        """Return what a query wants of what was fetched.

        Raises:
            SecretNotFoundError: `store.secret_not_found`: a whole Secret that is absent.
            NotFoundError: `store.secret_absent`: upstream does not take this for absence where
                one value is asked for, so it must not delete anything here.
            TransformError: `store.property_missing`, `store.not_an_object`.
        """
        if query.how is How.SEARCH:
            found: Found = fetched
            return found
        secret: RemoteSecret | None = fetched
        if query.how is How.MAP:
            if secret is None:
                raise secret_not_found(query)
            return members(query, secret)
        if secret is None:
            raise NotFoundError(
                "store.secret_absent",
                "the secret does not exist in the store's cluster",
                f"{self._namespace}/{query.key}",
                "create it there, or correct the key or remoteNamespace",
            )
        return value(query, secret)

    async def close(self) -> None:
        """End all connections."""
        await self._client.close()

    async def _one(self, name: str) -> RemoteSecret | None:
        return await read_secret(self._client, self._namespace, name)

    async def _matching(self, wanted: Matching) -> Found:
        matches = name_matcher(wanted.expression)
        found: dict[str, SecretValue] = {}
        size = 0
        async for name, secret in list_secrets(self._client, self._namespace, wanted.labels):
            if matches(name):
                found[name] = as_json(secret.data)
                size += found[name].size
            if size > FOUND_BYTES or len(found) > FOUND_MAX:
                where = f"{self._namespace} ({wanted})"
                raise search_too_large(where, _FEWER)
        return found

    async def _call(self, name: str, asking: Awaitable[T]) -> T:
        try:
            answer = await asking
        except KeyfleetError as error:
            self._called(PROVIDER, name, False)
            problem = store_error(error)
        else:
            # Upstream counts a Secret that is absent as a call that failed.
            self._called(PROVIDER, name, answer is not None)
            return answer
        raise problem
