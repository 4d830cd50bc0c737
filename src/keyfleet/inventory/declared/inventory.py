# SPDX-License-Identifier: Apache-2.0
"""The FleetClusters of the hub, level-based: every item is the whole known set."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from random import Random
from typing import Any

from keyfleet.base.clock import Clock
from keyfleet.base.errors import KeyfleetError
from keyfleet.base.log import Hooks, get_logger
from keyfleet.base.means import Means
from keyfleet.base.tasks import spawn, stop
from keyfleet.inventory.declared.enrol import bare_clusters, enrol
from keyfleet.inventory.declared.resolve import Login, snapshot_of
from keyfleet.kube.collection import Collection
from keyfleet.kube.decoding import METADATA, full_object
from keyfleet.kube.informer import Informer
from keyfleet.kube.objects import Metadata
from keyfleet.kube.requests import one_object
from keyfleet.kube.resources import FLEETCLUSTERS, SECRETS
from keyfleet.kube.store import Key
from keyfleet.plugin import ClusterSnapshot

log = get_logger("inventory")

Document = dict[str, Any]
Reference = tuple[str, str]

SETTLE_S = 0.02
"""Changes that come together are yielded together."""


class DeclaredInventory:
    """Clusters as FleetClusters declare them."""

    def __init__(
        self,
        login: Login,
        *,
        contexts: Mapping[str, str],
        clock: Clock,
        random: Random,
        hooks: Hooks,
    ) -> None:
        """Prepare.

        Args:
            login: What logging in may use.
            contexts: Context to cluster name, for which bare FleetClusters are made; empty for
                `--members declared`.
            clock: For waits.
            random: For jitter.
            hooks: Told about the watches.
        """
        self._login = login
        self._contexts = contexts
        self._means = Means(clock=clock, random=random, hooks=hooks)
        self._clock = clock
        self._changed = asyncio.Event()
        self._told: frozenset[Key] = frozenset()
        self._leaving: dict[Key, Document] = {}
        self._secrets: dict[Reference, tuple[Informer[Metadata], asyncio.Task[None]]] = {}
        self._informer: Informer[Document] = Informer(
            login.hub, Collection(FLEETCLUSTERS, full_object), self._on_cluster, **self._means
        )

    async def clusters(self) -> AsyncIterator[tuple[ClusterSnapshot, ...]]:
        """Yield the whole set now and whenever it changes."""
        task = spawn(self._informer.run(), name="watch FleetClusters")
        try:
            await self._informer.wait_synced()
            await self._enrol()
            while True:
                self._changed.clear()
                self._watch_secrets()
                if leaving := self._last_words():
                    # What it last said counts, also when it was said and gone in one moment.
                    yield self._snapshots({**leaving, **self._informer.items})
                self._told = frozenset(self._informer.items)
                yield self._snapshots(self._informer.items)
                await self._changed.wait()
                await self._clock.sleep(SETTLE_S)
        finally:
            await stop(task, *(watch for _, watch in self._secrets.values()))

    def _snapshots(self, documents: Mapping[Key, Document]) -> tuple[ClusterSnapshot, ...]:
        return tuple(
            snapshot_of(document, self._login, secret_version=self._version(document))
            for _, document in sorted(documents.items())
        )

    def _on_cluster(self, key: Key, old: Document | None, new: Document | None) -> None:
        self._leaving.pop(key, None)
        if new is None and old is not None:
            self._leaving[key] = _retained(old) if self._informer.is_replacing else old
        self._changed.set()

    def _last_words(self) -> dict[Key, Document]:
        leaving, self._leaving = self._leaving, {}
        return {key: document for key, document in leaving.items() if key in self._told}

    async def _enrol(self) -> None:
        try:
            missing = bare_clusters(self._contexts, self._informer.items.values())
            await enrol(self._login.hub, missing)
        except KeyfleetError as error:
            log.warning("inventory.enrol_failed", code=error.code, subject=error.subject)

    def _watch_secrets(self) -> None:
        wanted = {
            reference
            for document in self._informer.items.values()
            if (reference := _reference(document)) is not None
        }
        for reference in set(self._secrets) - wanted:
            self._secrets.pop(reference)[1].cancel()
        for reference in wanted - set(self._secrets):
            self._secrets[reference] = self._watch_secret(reference)

    def _watch_secret(self, reference: Reference) -> tuple[Informer[Metadata], asyncio.Task[None]]:
        informer: Informer[Metadata] = Informer(
            self._login.hub,
            Collection(SECRETS, METADATA, one_object(*reference)),
            lambda *_: self._changed.set(),
            **self._means,
        )
        return informer, spawn(informer.run(), name="watch kubeconfig")

    def _version(self, document: Document) -> str:
        reference = _reference(document)
        found = self._secrets.get(reference) if reference else None
        if found is None or reference is None:
            return ""
        metadata = found[0].items.get(reference)
        return metadata.resource_version if metadata else ""


def _retained(document: Document) -> Document:
    """Return a FleetCluster that went unseen: it may have been told to keep its targets."""
    return {**document, "spec": {**(document.get("spec") or {}), "onRemoved": "Retain"}}


def _reference(document: Document) -> Reference | None:
    reference = (document.get("spec") or {}).get("kubeconfigRef")
    if not isinstance(reference, dict):
        return None
    namespace, name = reference.get("namespace"), reference.get("name")
    return (namespace, name) if isinstance(namespace, str) and isinstance(name, str) else None
