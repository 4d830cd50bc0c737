# SPDX-License-Identifier: Apache-2.0
"""The generator `VaultDynamicSecret`: one call to any path of the API, and its answer as a map.

Leases are neither renewed nor revoked, as upstream. The token that asked stays alive, because
what it leased ends with it.
Source: docs/compat/eso.md, "Generators", VaultDynamicSecret.
"""

from collections.abc import Hashable, Mapping
from typing import Any, Literal

import msgspec

from keyfleet.base.codec import encode_json
from keyfleet.base.errors import InvalidIntentError, NotFoundError, PermanentError
from keyfleet.base.secret import SecretValue
from keyfleet.model.stores import How, Query, Store
from keyfleet.plugin.storeerrors import config_of, invalid, unaskable
from keyfleet.plugin.stores import Answer, ProviderMeans, StoreReferences
from keyfleet.sources.vault.checks import check_spec
from keyfleet.sources.vault.client import Reply
from keyfleet.sources.vault.login import Login
from keyfleet.sources.vault.paths import clean
from keyfleet.sources.vault.provider import VaultProvider
from keyfleet.sources.vault.reading import AS_LIST
from keyfleet.sources.vault.spec import VaultSpec
from keyfleet.sources.vault.values import texts_of

KIND = "VaultDynamicSecret"


class DynamicSpec(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """The generator's spec."""

    path: str
    method: str = ""
    parameters: Any = None
    """Body of a write."""
    get_parameters: dict[str, list[str]] = msgspec.field(default_factory=dict)
    """Query of a read."""
    result_type: Literal["Data", "Auth", "Raw"] = "Data"
    allow_empty_response: bool = False
    provider: VaultSpec


class DynamicSession:
    """One generator that was logged in for."""

    def __init__(self, spec: DynamicSpec, login: Login, *, endpoint: str, subject: str) -> None:
        self.endpoint = endpoint
        self._spec = spec
        self._login = login
        self._subject = subject

    @property
    def principal(self) -> str:
        """Nobody: every answer is new, so none is shared."""
        return ""

    def request(self, query: Query) -> Hashable:
        """Return a request that is equal to no other, so that nobody gets another's answer.

        Raises:
            InvalidIntentError: `store.query`.
        """
        if query.how is not How.GENERATE:
            raise unaskable(
                query, "a generator keeps nothing: write sourceRef.generatorRef under dataFrom"
            )
        return object()

    async def fetch(self, request: Hashable) -> Any:
        """Make the call; see `plugin.stores`. Nothing that it answers means "absent"."""
        del request
        path = clean(self._spec.path)
        try:
            reply = await self._call(path)
        except NotFoundError:
            # No absence of a secret: the path makes one, or does not exist.
            reply = Reply(404, {})
        if not reply.document and not self._spec.allow_empty_response:
            raise PermanentError(
                "store.empty_answer",
                "the store answers with nothing",
                f"{self._subject} {path}",
                "correct path, or set allowEmptyResponse",
            )
        return reply

    async def _call(self, path: str) -> Reply:
        spec = self._spec
        match spec.method:
            case "" | "GET":
                pairs = ((name, one) for name, many in spec.get_parameters.items() for one in many)
                return await self._login.ask("ReadSecretData", "GET", path, query=tuple(pairs))
            case "LIST":
                return await self._login.ask("ListSecrets", "GET", path, query=AS_LIST)
            case "DELETE":
                return await self._login.ask("DeleteSecret", "DELETE", path)
            case _:
                body = SecretValue(encode_json(spec.parameters or {}))
                return await self._login.ask("WriteSecretData", "PUT", path, body=body)

    def answer(self, query: Query, fetched: Any) -> Answer:
        """Return the fields of the answer; see `plugin.stores`."""
        del query
        document: Mapping[str, Any] = fetched.document
        if self._spec.result_type != "Raw":
            document = document.get(self._spec.result_type.lower()) or {}
        return texts_of(document)

    async def close(self) -> None:
        """Log out, where nothing was leased."""
        await self._login.end()


class DynamicProvider:
    """The generator's kind."""

    name = KIND
    capabilities = "ReadOnly"

    def __init__(self, vault: VaultProvider) -> None:
        self._vault = vault

    def check(self, store: Store) -> None:
        """Refuse a declaration that cannot work; see `plugin.stores`."""
        self._spec(store)

    def _spec(self, store: Store) -> DynamicSpec:
        spec = config_of(DynamicSpec, store)
        try:
            check_spec(spec.provider, store)
        except InvalidIntentError as error:
            error.path = f"provider.{error.path}"
            raise
        if spec.parameters is not None and not isinstance(spec.parameters, dict):
            raise invalid(store, "parameters", "write an object")
        return spec

    async def open(
        self, store: Store, references: StoreReferences, means: ProviderMeans
    ) -> DynamicSession:
        """Log in; see `plugin.stores`."""
        spec = self._spec(store)
        inner = Store(
            store.ref, "vault", store.config["provider"], namespace=store.namespace, uid=store.uid
        )
        login = await self._vault.log_in(inner, spec.provider, references, means)
        endpoint = self._vault.endpoint(spec.provider, login, means)
        return DynamicSession(spec, login, endpoint=endpoint, subject=str(store.ref))
