# SPDX-License-Identifier: Apache-2.0
"""What has to happen when a store or a generator changes, or is found to work or to fail."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from keyfleet.engine.core import Core
from keyfleet.engine.due import Due
from keyfleet.engine.resolving import Resolving, hub_names
from keyfleet.engine.statuses import Say
from keyfleet.engine.stores.declared import Declarations
from keyfleet.engine.stores.reading import Stores
from keyfleet.engine.stores.watching import StoreWatches
from keyfleet.kube.objects import metadata_of
from keyfleet.model.intent import Intent, SecretRef
from keyfleet.model.outcome import StoreOutcome
from keyfleet.model.places import ClusterName, IntentKey
from keyfleet.model.stores import StoreRead, StoreRef
from keyfleet.plugin import StoreDialect
from keyfleet.plugin.stores import ProviderMeans


class StoreChanges:
    """Queues who reads a store, and remembers how each stands."""

    def __init__(self, core: Core, due: Due) -> None:
        self._core = core
        self._due = due
        self._judged: dict[IntentKey, StoreOutcome] = {}

    def stores(self, resolving: Resolving) -> Stores:
        """Return the stores of hub and fleet as they will be read, and as this hears of them."""
        core, parts = self._core, self._core.parts
        declarations = Declarations(
            core.declared,
            parts.providers,
            parts.generators,
            resolving.client,
            parts.claims.controller_class,
        )
        return Stores(
            declarations,
            ProviderMeans(
                parts.clock, parts.randomness, parts.hooks.provider_called, parts.environ
            ),
            random=parts.random,
            wake=self._due.all_afresh,
            tell=self.judged,
            watches=StoreWatches(core.hub, core.fleet, self._is_read),
            looked=lambda ref, took_s, is_ready: parts.hooks.manifest_worked(
                ref.kind, (ref.cluster, ref.namespace, ref.name), took_s, is_ready
            ),
        )

    def changed(self, ref: StoreRef) -> None:
        """Read again what is read from a store, or made by a generator, that changed."""
        core = self._core
        names = {ref.cluster} if ref.cluster else hub_names(core.fleet)
        core.stores.changed(ref)
        manifest = core.declared.find(ref)
        if manifest is None:
            key = _key(ref)
            self._judged.pop(key, None)
            core.statuses.gone(key)
        sight = core.sightings.see(ref, _version_of(manifest))
        self._due.source_changed((replace(ref, cluster=name) for name in names), sight)

    def judged(self, outcome: StoreOutcome) -> None:
        """Say on a store how it stands."""
        key = _key(outcome.store)
        self._judged[key] = outcome
        self._core.statuses.changed(key)

    def kind_changed(self, kind: str, cluster: ClusterName) -> None:
        """All stores of a kind are known now in a cluster, or none is any more."""
        core = self._core
        stores = {read.subject for intent in core.intents for read in intent.reads}
        for ref in stores:
            if isinstance(ref, StoreRef) and (ref.kind, ref.cluster) == (kind, cluster):
                self.changed(ref)
        for ref in core.stores.keeper.kept() - stores:
            if (ref.kind, ref.cluster) == (kind, cluster):
                core.stores.changed(ref)

    def say(self, dialect: StoreDialect, key: IntentKey) -> Say | None:
        """Return what to say on a store; None while it was not judged."""
        outcome = self._judged.get(key)
        return partial(dialect.report_store, outcome) if outcome is not None else None

    def _is_read(self, ref: SecretRef) -> bool:
        return bool(self._core.intents.reading([ref]))


def reads_stores(intent: Intent) -> bool:
    """Tell whether an intent reads anything of a store or a generator."""
    return any(isinstance(read.ref, StoreRead) for read in intent.reads)


def _key(ref: StoreRef) -> IntentKey:
    return IntentKey(ref.kind, ref.namespace, ref.name, ref.cluster)


def _version_of(manifest: Mapping[str, Any] | None) -> str:
    # What is written to its status or metadata changes no store.
    found = metadata_of(manifest) if manifest else None
    return f"{found.uid} {found.generation}" if found else ""
