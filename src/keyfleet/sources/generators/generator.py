# SPDX-License-Identifier: Apache-2.0
"""What all generators have in common: nothing is logged in to, and no answer is given twice.

Source: docs/compat/eso-generators.md.
"""

from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from keyfleet.base.secret import SecretValue
from keyfleet.model.stores import How, Query, Store
from keyfleet.plugin.storeerrors import config_of, unaskable
from keyfleet.plugin.stores import Answer, ProviderMeans, StoreReferences
from keyfleet.sources.generators.chance import Chance

C = TypeVar("C")

Values = Mapping[str, SecretValue]
Make = Callable[[], Awaitable[Values]]


class GeneratorSession:
    """A generator that was understood."""

    principal = ""
    """Nobody confirms who asks: each manifest gets values of its own."""

    def __init__(self, store: Store, make: Make) -> None:
        self.endpoint = f"{store.provider} {store.ref}"
        self._make = make

    def request(self, query: Query) -> Hashable:
        """Return what equals no other request, so that no two queries share a value.

        Raises:
            InvalidIntentError: `store.query`: a generator is asked as if it were a store.
        """
        if query.how is not How.GENERATE:
            raise unaskable(query, "use a generator in dataFrom[].sourceRef.generatorRef")
        return object()

    async def fetch(self, request: Hashable) -> Values:
        """Make new values."""
        del request
        return await self._make()

    def answer(self, query: Query, fetched: Any) -> Answer:
        """Return all of them."""
        del query
        values: Values = fetched
        return values

    async def close(self) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class Generator(Generic[C]):
    """A kind of generator, as a provider."""

    name: str
    config: type[C]
    """What its spec is read as."""
    check_config: Callable[[C, Store], None]
    """Raises `store.invalid` for a spec that cannot work."""
    make: Callable[[C, Chance], Awaitable[Values]]
    capabilities: str = ""
    """Upstream's generators have none."""

    def check(self, store: Store) -> None:
        """Refuse a spec that cannot work.

        Raises:
            InvalidIntentError: `store.invalid`.
        """
        self._checked(store)

    async def open(
        self, store: Store, references: StoreReferences, means: ProviderMeans
    ) -> GeneratorSession:
        """Read the spec.

        Raises:
            InvalidIntentError: `store.invalid`.
        """
        del references
        config, chance = self._checked(store), Chance(means.randomness)
        return GeneratorSession(store, lambda: self.make(config, chance))

    def _checked(self, store: Store) -> C:
        config = config_of(self.config, store)
        self.check_config(config, store)
        return config
