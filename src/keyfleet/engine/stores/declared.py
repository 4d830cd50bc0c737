# SPDX-License-Identifier: Apache-2.0
"""A store as its manifest declares it now, and who provides it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from keyfleet.base.errors import InvalidIntentError, UnsupportedError
from keyfleet.engine.stores.objects import Document, StoreObjects
from keyfleet.engine.stores.sessions import Login
from keyfleet.kube.client import Client
from keyfleet.model.eso.stores import is_for, store_of
from keyfleet.model.eso.usage import conditions_of, may_use
from keyfleet.model.places import ClusterName, NamespaceFacts
from keyfleet.model.stores import CLUSTER_SECRET_STORE, StoreRef
from keyfleet.plugin.stores import Provider


@dataclass(frozen=True, slots=True)
class Declarations:
    """The stores and generators that there are."""

    objects: StoreObjects
    providers: Mapping[str, Provider]
    """By the key under `spec.provider`."""
    generators: Mapping[str, Provider]
    """By kind."""
    client_of: Callable[[ClusterName], Client]
    """Raises TemporaryError while that cluster is away."""
    controller_class: str = "default"

    def find(self, ref: StoreRef) -> Document | None:
        """Return the manifest; None when absent or not known."""
        return self.objects.find(ref)

    def is_foreign(self, ref: StoreRef) -> bool:
        """Tell whether another controller serves a store, so that nothing is ours to say."""
        manifest = self.find(ref)
        return manifest is not None and not is_for(self.controller_class, manifest, ref)

    def objection(self, ref: StoreRef, namespace: NamespaceFacts) -> str | None:
        """Return why manifests of a namespace may not use a store; None when they may.

        Raises:
            InvalidIntentError: What it says of that cannot be understood.
        """
        manifest = self.find(ref)
        if ref.kind != CLUSTER_SECRET_STORE or manifest is None:
            return None
        return may_use(conditions_of(manifest), namespace)

    def login(self, ref: StoreRef, manifest: Document, *, namespace: str = "") -> Login:
        """Return what the store is opened with.

        Args:
            ref: The store or generator.
            manifest: What it says.
            namespace: Of the manifest that asks, for generators.
        Raises:
            InvalidIntentError: It cannot work as it is declared.
            UnsupportedError: `store.provider_unknown`: no such provider is shipped.
        """
        store = store_of(manifest, ref, namespace)
        known = self.generators if ref.is_generator else self.providers
        provider = known.get(store.provider)
        if provider is None:
            raise UnsupportedError(
                "store.provider_unknown",
                "the store's provider is not supported",
                f"{ref.kind} {ref}, {store.provider}",
                f"supported are {', '.join(sorted(known))}",
            )
        provider.check(store)
        return Login(store, provider, lambda: self.client_of(ref.cluster))

    def problem(self, ref: StoreRef) -> InvalidIntentError | UnsupportedError | None:
        """Return what is wrong with a declaration; None where nothing is, or it is absent."""
        manifest = self.find(ref)
        try:
            if manifest is not None:
                self.login(ref, manifest)
        except (InvalidIntentError, UnsupportedError) as error:
            return error
        return None
