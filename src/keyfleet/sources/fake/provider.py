# SPDX-License-Identifier: Apache-2.0
"""A store that declares its own values.

Nobody confirms who asks, so nothing is shared; there is nothing to save either, since no request
leaves the process.
Source: docs/compat/eso-generators.md, "Provider fake".
"""

from collections.abc import Callable, Hashable, Mapping
from typing import Any

import msgspec

from keyfleet.base import gjson, gojson
from keyfleet.base.secret import SecretValue
from keyfleet.model.stores import How, Query, Store
from keyfleet.plugin.storeanswers import members_of
from keyfleet.plugin.storeerrors import (
    config_of,
    invalid,
    login_refused,
    secret_not_found,
    unaskable,
)
from keyfleet.plugin.stores import Answer, ProviderMeans, StoreReferences
from keyfleet.plugin.storesearch import name_matcher

READY, UNKNOWN, FAILED = range(3)
"""What `validationResult` forces validation to say."""


class _Entry(msgspec.Struct, frozen=True, rename="camel"):
    key: str
    value: str = ""
    value_map: dict[str, str] | None = None
    """Of manifests from before 0.16: the members themselves."""
    version: str = ""

    def secret(self) -> SecretValue:
        """Return the value; of a map its JSON, whose members are the map again."""
        if self.value or self.value_map is None:
            return SecretValue(self.value.encode("utf-8", "surrogatepass"))
        return SecretValue(gojson.encode(self.value_map, escape_html=False))


class _Config(msgspec.Struct, frozen=True, rename="camel"):
    data: list[_Entry]
    validation_result: int = READY


Entries = Mapping[tuple[str, str], SecretValue]
"""Values by key and version; an empty version is one of its own."""


class FakeSession:
    """An opened store."""

    principal = ""

    def __init__(self, store: Store, entries: Entries, doubt: str = "") -> None:
        self.endpoint = f"fake {store.ref.kind} {store.ref}"
        self.doubt = doubt
        """Why the store could not be validated, as `validationResult` wants it."""
        self._entries = entries

    def request(self, query: Query) -> Hashable:
        """Return the query itself.

        Raises:
            InvalidIntentError: `store.query`: a search by anything but a name.
        """
        if query.how is How.GENERATE:
            raise unaskable(query, "a store keeps values, only a generator makes them")
        if query.how is How.SEARCH:
            _matcher(query)
        return query

    async def fetch(self, request: Hashable) -> Entries:
        """Return all entries."""
        del request
        return self._entries

    def answer(self, query: Query, fetched: Any) -> Answer:
        """Return what a query wants of the entries.

        Raises:
            SecretNotFoundError: `store.secret_not_found`: no such key in that version, or no such
                property, which this provider does not tell apart.
            TransformError: `store.not_an_object`.
        """
        entries: Entries = fetched
        if query.how is How.SEARCH:
            return _found(query, entries)
        value = _value(query, entries)
        return members_of(query, value) if query.how is How.MAP else SecretValue(value)

    async def close(self) -> None:
        """Do nothing."""


def _value(query: Query, entries: Entries) -> bytes:
    entry = entries.get((query.key, query.version))
    if entry is None:
        raise secret_not_found(query)
    if not query.property:
        return entry.reveal()
    part = gjson.find(entry.reveal(), query.property)
    if part is None:
        raise secret_not_found(query)
    return part.text()


def _found(query: Query, entries: Entries) -> Answer:
    """Return the matching keys, each in its greatest version by the order of texts."""
    matches = _matcher(query)
    # By key and version: of one key the greatest version comes last, and stays.
    return {key: entries[key, version] for key, version in sorted(entries) if matches(key)}


def _matcher(query: Query) -> Callable[[str], bool]:
    if query.search is None or not query.search.name_regexp:
        raise unaskable(query, "the provider fake finds by name only")
    return name_matcher(query.search.name_regexp)


class FakeProvider:
    """Stores whose values stand in the manifest."""

    name = "fake"
    capabilities = "ReadWrite"

    def check(self, store: Store) -> None:
        """Refuse entries without key or value.

        Raises:
            InvalidIntentError: `store.invalid`.
        """
        config = config_of(_Config, store)
        for index, entry in enumerate(config.data):
            if not entry.key:
                raise invalid(store, f"data[{index}].key", "it must not be empty")
            if not entry.value and not entry.value_map:
                raise invalid(store, f"data[{index}].value", "it must not be empty")
        if config.validation_result not in (READY, UNKNOWN, FAILED):
            raise invalid(store, "validationResult", "0 is ready, 1 unknown, 2 an error")

    async def open(
        self, store: Store, references: StoreReferences, means: ProviderMeans
    ) -> FakeSession:
        """Return the declared values.

        Raises:
            InvalidIntentError: `store.invalid`.
            DeniedError: `store.login_refused`, where `validationResult` asks for an error.
        """
        del references, means
        self.check(store)
        config = config_of(_Config, store)
        if config.validation_result == FAILED:
            raise login_refused(store, "validationResult 2 asks for this error")
        doubt = "validationResult 1 asks for this" if config.validation_result == UNKNOWN else ""
        entries = {(entry.key, entry.version): entry.secret() for entry in config.data}
        return FakeSession(store, entries, doubt)
