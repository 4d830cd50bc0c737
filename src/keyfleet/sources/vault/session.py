# SPDX-License-Identifier: Apache-2.0
"""A store that was logged in to.

Source: docs/compat/eso.md, "HashiCorp Vault"; docs/compat/vault.md 3.4, 3.5.
"""

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from keyfleet.base.clock import Clock
from keyfleet.base.errors import DeniedError, InvalidIntentError, KeyfleetError
from keyfleet.base.secret import SecretValue
from keyfleet.model.stores import How, Query, Search
from keyfleet.plugin.stores import Answer
from keyfleet.plugin.storesearch import name_matcher
from keyfleet.sources.vault.client import Call, Client, Reply
from keyfleet.sources.vault.identity import Identity
from keyfleet.sources.vault.paths import data_path, metadata_path
from keyfleet.sources.vault.reading import Content, Reader
from keyfleet.sources.vault.searching import Searcher
from keyfleet.sources.vault.spec import VaultSpec
from keyfleet.sources.vault.values import answer_of, whole_of

_VERSION = re.compile(r"[0-9]{1,18}")
_MARGIN_S = 5.0
"""A token is not used this shortly before its end."""
_RENEW_BELOW = 1 / 3
"""Share of its life that a token has left when it is renewed."""


@dataclass(frozen=True, slots=True)
class ReadSecret:
    """Ask for a secret, whole."""

    path: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class ReadMetadata:
    """Ask for what the engine knows of a secret."""

    path: str


Request = ReadSecret | ReadMetadata | Search


class Login:
    """A token in use: sends with it, renews it, ends it."""

    def __init__(
        self, client: Client, identity: Identity, spec: VaultSpec, clock: Clock, *, subject: str
    ) -> None:
        self.identity = identity
        self._client = client
        self._spec = spec
        self._clock = clock
        self._subject = subject
        self._ends = _end(clock, identity.lifetime_s)
        self._is_renewing = False
        self._is_bound = False
        """Something lives as long as the token does."""

    async def ask(
        self,
        name: str,
        method: str,
        path: str,
        *,
        query: tuple[tuple[str, str], ...] = (),
        body: SecretValue | None = None,
    ) -> Reply:
        """Return the answer to a request in the store's namespace.

        Raises:
            DeniedError: `store.denied`: also where the token's time is over.
            KeyfleetError: As `Client.send`.
        """
        await self._stay()
        subject = f"{self._subject} {path}"
        reply = await self._client.send(
            Call(
                name,
                method,
                path,
                subject,
                token=self.identity.token,
                namespace=self._spec.namespace,
                query=query,
                body=body,
            )
        )
        self._is_bound = self._is_bound or reply.binds_token
        return reply

    async def _stay(self) -> None:
        if not self._ends:
            return
        left_s = self._ends - self._clock.monotonic()
        if left_s < _MARGIN_S:
            raise DeniedError("store.denied", "the login has expired", self._subject)
        is_due = left_s < self.identity.lifetime_s * _RENEW_BELOW
        if is_due and self.identity.is_renewable and self.identity.is_ours:
            await self._renew()

    async def _renew(self) -> None:
        # The token is good for a while yet: whoever asks meanwhile goes on with it.
        if self._is_renewing:
            return
        self._is_renewing = True
        try:
            reply = await self._client.send(self._own("", "auth/token/renew-self"))
        except KeyfleetError:
            return
        finally:
            self._is_renewing = False
        auth = reply.document.get("auth")
        seconds = auth.get("lease_duration") if isinstance(auth, dict) else None
        if isinstance(seconds, int) and seconds > 0:
            self._ends = max(self._ends, _end(self._clock, float(seconds)))

    def _own(self, name: str, path: str) -> Call:
        return Call(
            name,
            "POST",
            path,
            f"{self._subject} {path}",
            token=self.identity.token,
            namespace=self._spec.login_namespace,
        )

    async def end(self) -> None:
        """Revoke a token that we got, unless credentials would end with it; then disconnect."""
        try:
            if self.identity.token and self.identity.is_ours and not self._is_bound:
                await self._client.send(self._own("RevokeSelf", "auth/token/revoke-self"))
        except KeyfleetError:
            pass  # It ends by itself.
        finally:
            await self._client.close()


def _end(clock: Clock, lifetime_s: float) -> float:
    return clock.monotonic() + lifetime_s if lifetime_s else 0.0


class VaultSession:
    """Reads of one store's KV engine, or of any path where the store has no mount (`v1`)."""

    def __init__(self, spec: VaultSpec, login: Login, *, endpoint: str, subject: str) -> None:
        self.endpoint = endpoint
        self._spec = spec
        self._login = login
        self._subject = subject
        self._reader = Reader(spec, login.ask, subject=subject)
        self._searcher = Searcher(spec, self._reader, subject=subject)

    @property
    def principal(self) -> str:
        """Entity (or accessor), policies and namespace of the token."""
        return self._login.identity.principal

    def request(self, query: Query) -> Hashable:
        """Return what to ask for.

        Raises:
            InvalidIntentError: `store.query`.
        """
        if query.how is How.SEARCH and query.search is not None:
            return self._search(query.search)
        if query.how not in {How.VALUE, How.MAP}:
            raise InvalidIntentError("store.query", "a store generates nothing", self._subject)
        if query.is_metadata:
            self._need_v2("metadataPolicy", query.key)
            return ReadMetadata(metadata_path(self._spec, query.key))
        version = query.version if self._spec.is_v2 else ""
        if version and not _VERSION.fullmatch(version):
            raise InvalidIntentError(
                "store.query",
                "not a version",
                f"{self._subject} {query.key}",
                "versions are whole numbers",
                path="version",
            )
        return ReadSecret(data_path(self._spec, query.key), version)

    def _search(self, search: Search) -> Search:
        if search.tags:
            self._need_v2("tags", search.path)
        if search.name_regexp:
            name_matcher(search.name_regexp)
        if self._spec.path is None and (self._spec.is_v2 or not search.path):
            raise InvalidIntentError(
                "store.query",
                "cannot search without a mount",
                self._subject,
                "set the store's path",
            )
        return search

    def _need_v2(self, path: str, key: str) -> None:
        if not self._spec.is_v2:
            raise InvalidIntentError(
                "store.query",
                "KV version 1 keeps no metadata",
                f"{self._subject} {key}",
                path=path,
            )

    async def fetch(self, request: Hashable) -> Any:
        """Ask the server; see `plugin.stores`."""
        match request:
            case ReadSecret(path=path, version=version):
                return await self._reader.read(path, version)
            case ReadMetadata(path=path):
                return await self._reader.metadata(path)
            case Search():
                return await self._searcher.find(request)
        message = "not a request of this session"
        raise TypeError(message)

    def answer(self, query: Query, fetched: Any) -> Answer:
        """Return what a query wants; see `plugin.stores`."""
        if isinstance(fetched, Content):
            return answer_of(query, fetched.members)
        found: Mapping[str, Content] = fetched
        return {name: SecretValue(whole_of(one.members)) for name, one in found.items()}

    async def close(self) -> None:
        """Log out."""
        await self._login.end()
