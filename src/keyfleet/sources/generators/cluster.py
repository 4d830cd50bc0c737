# SPDX-License-Identifier: Apache-2.0
"""`ClusterGenerator`: a generator of another kind, for the manifests of a whole cluster."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec

from keyfleet.model.stores import Store
from keyfleet.plugin.storeerrors import config_of, invalid
from keyfleet.plugin.stores import Provider, ProviderMeans, StoreReferences, StoreSession


class ClusterGeneratorSpec(msgspec.Struct, frozen=True):
    """Spec of a ClusterGenerator: which kind, and that kind's spec under its own field."""

    kind: str
    generator: dict[str, Any]


class ClusterGenerator:
    """Opens the generator that it holds."""

    name = "ClusterGenerator"
    capabilities = ""

    def __init__(self, kinds: Mapping[str, Provider]) -> None:
        """Remember the kinds by the field that holds their spec, such as `passwordSpec`."""
        self._kinds = kinds

    def check(self, store: Store) -> None:
        """Refuse a kind that is not supported, and what that kind refuses.

        Raises:
            InvalidIntentError: `store.invalid`.
        """
        provider, inner = self._inner(store)
        provider.check(inner)

    async def open(
        self, store: Store, references: StoreReferences, means: ProviderMeans
    ) -> StoreSession:
        """Open the inner generator.

        Raises:
            InvalidIntentError: `store.invalid`.
        """
        provider, inner = self._inner(store)
        return await provider.open(inner, references, means)

    def _inner(self, store: Store) -> tuple[Provider, Store]:
        config = config_of(ClusterGeneratorSpec, store)
        kinds = {provider.name: field for field, provider in self._kinds.items()}
        if config.kind not in kinds:
            raise invalid(store, "kind", f"supported are {', '.join(sorted(kinds))}")
        field = kinds[config.kind]
        spec = config.generator.get(field)
        if set(config.generator) != {field} or not isinstance(spec, dict):
            raise invalid(store, "generator", f"kind {config.kind} takes exactly {field}")
        provider = self._kinds[field]
        return provider, replace(store, provider=provider.name, config=spec)
