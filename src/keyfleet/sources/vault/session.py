# SPDX-License-Identifier: Apache-2.0
"""A store that was logged in to.

Source: docs/compat/eso.md, "HashiCorp Vault"; docs/compat/vault.md 3.4, 3.5.
"""

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from keyfleet.base.secret import SecretValue
from keyfleet.model.stores import How, Query, Search
from keyfleet.plugin.storeerrors import unaskable
from keyfleet.plugin.stores import Answer
from keyfleet.plugin.storesearch import name_matcher
from keyfleet.sources.vault.login import Login
from keyfleet.sources.vault.paths import data_path, metadata_path
from keyfleet.sources.vault.reading import Content, Reader
from keyfleet.sources.vault.searching import Searcher
from keyfleet.sources.vault.spec import VaultSpec
from keyfleet.sources.vault.values import answer_of, whole_of

_VERSION = re.compile(r"[0-9]{1,18}")


# Requests of stores under one login are shared: each holds all that its answer depends on.


@dataclass(frozen=True, slots=True)
class ReadSecret:
    """Ask for a secret, whole."""

    path: str
    version: str
    is_v2: bool
    """The same path holds something else to a store of the other version."""


@dataclass(frozen=True, slots=True)
class ReadMetadata:
    """Ask for what the engine knows of a secret."""

    path: str


@dataclass(frozen=True, slots=True)
class FindSecrets:
    """Ask for all that match in a mount."""

    mount: str
    is_v2: bool
    search: Search


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
            return self._find(query, query.search)
        if query.how not in {How.VALUE, How.MAP}:
            raise unaskable(query, "a store generates nothing")
        if query.is_metadata:
            self._need_v2(query, "metadataPolicy")
            return ReadMetadata(metadata_path(self._spec, query.key))
        version = query.version if self._spec.is_v2 else ""
        if version and not _VERSION.fullmatch(version):
            raise unaskable(query, "versions are whole numbers")
        return ReadSecret(data_path(self._spec, query.key), version, self._spec.is_v2)

    def _find(self, query: Query, search: Search) -> FindSecrets:
        if search.tags:
            self._need_v2(query, "find.tags")
        if search.name_regexp:
            name_matcher(search.name_regexp)
        if self._spec.path is None and (self._spec.is_v2 or not search.path):
            raise unaskable(query, "find needs the store's path")
        return FindSecrets(self._spec.path or "", self._spec.is_v2, search)

    def _need_v2(self, query: Query, field: str) -> None:
        if not self._spec.is_v2:
            raise unaskable(query, f"{field} needs a store of version v2: v1 keeps no metadata")

    async def fetch(self, request: Hashable) -> Any:
        """Ask the server; see `plugin.stores`."""
        match request:
            case ReadSecret(path=path, version=version):
                return await self._reader.read(path, version)
            case ReadMetadata(path=path):
                return await self._reader.metadata(path)
            case FindSecrets(search=search):
                return await self._searcher.find(search)
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
