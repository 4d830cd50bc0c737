# SPDX-License-Identifier: Apache-2.0
"""The manifests of one cluster: which there are, and what is told of them."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from keyfleet.base.means import Means
from keyfleet.engine.declarations.claims import OWN_CRDS, Claims, Declared
from keyfleet.engine.declarations.events import DeclarationEvents
from keyfleet.engine.declarations.served import ServedKinds, Watchable
from keyfleet.engine.hubobjects import HUB, Document, is_status_only, origin_of
from keyfleet.kube.client import Client
from keyfleet.kube.collection import Collection
from keyfleet.kube.decoding import full_object, strangers_object
from keyfleet.kube.informer import Informer
from keyfleet.kube.objects import Metadata, metadata_of
from keyfleet.kube.resources import Resource
from keyfleet.model.intent import Origin
from keyfleet.model.places import ClusterName
from keyfleet.model.stores import StoreRef
from keyfleet.plugin import Role, labels_of

ObjectKey = tuple[str, str]
Ending = Callable[[Client, Resource, tuple[str, ...], Document], None]
"""Told about a manifest that is being deleted, and which of its finalizers are ours to remove."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How manifests are watched; the same in every cluster."""

    claims: Claims = field(default_factory=Claims)
    """Which of other tools' manifests are ours."""
    ending: Ending = lambda *_: None
    lists: asyncio.Semaphore | None = None
    """Bounds the lists in progress in the whole fleet."""


class Declarations:
    """Watches the dialects' kinds in one cluster, while it serves them."""

    def __init__(
        self,
        client: Client,
        declared: Iterable[Declared],
        *,
        events: DeclarationEvents,
        manner: Manner,
        means: Means,
        cluster: ClusterName = HUB,
        further: Iterable[Watchable] = (),
    ) -> None:
        """Prepare.

        Args:
            client: The cluster.
            declared: The kinds whose manifests count here.
            events: Told about manifests.
            manner: How.
            means: Of the watches.
            cluster: The member's name; empty is the hub.
            further: Kinds that are watched beside.
        """
        self.client = client
        self.cluster = cluster
        self._declared = {kind.resource.kind: (dialect, kind) for dialect, kind in declared}
        self._events = events
        self._manner = manner
        self._claims = manner.claims
        self._means = means
        more = list(further)
        is_all_own = self._claims.are_all_own(self._declared.values()) and not more
        self.kinds = ServedKinds(
            client,
            [*map(self._watchable, self._declared), *more],
            means,
            labels=OWN_CRDS if is_all_own else "",
            lists=manner.lists,
        )

    def manifests(self, kind: str) -> Mapping[ObjectKey, Document]:
        """Return the manifests of a kind as last seen, by namespace and name."""
        resource = self._resource(kind)
        informer = self.kinds.informer(resource.label) if resource else None
        return informer.items if informer else {}

    def manifest(self, kind: str, namespace: str, name: str) -> Document | None:
        """Return a manifest as last seen."""
        return self.manifests(kind).get((namespace, name))

    def is_left(self, kind: str, namespace: str, name: str) -> bool:
        """Tell whether a manifest is there, and is none of ours."""
        found = self.manifest(kind, namespace, name)
        return found is not None and not self._is_ours(kind, namespace, found)

    def crd(self, kind: str) -> Metadata | None:
        """Return the CRD of a kind as last seen."""
        resource = self._resource(kind)
        return self.kinds.crd(resource.label) if resource else None

    def is_listed(self, kind: str) -> bool:
        """Tell whether all manifests of a kind are known."""
        resource = self._resource(kind)
        return resource is not None and self.kinds.is_listed(resource.label)

    def served(self, kind: str) -> Resource | None:
        """Return a kind in the version that is watched here; None while it is not."""
        resource = self._resource(kind)
        return self.kinds.resource(resource.label) if resource else None

    def _resource(self, kind: str) -> Resource | None:
        found = self._declared.get(kind)
        return found[1].resource if found else None

    def _watchable(self, name: str) -> Watchable:
        dialect, kind = self._declared[name]
        return Watchable(
            kind.resource,
            watch=partial(self._watch, name),
            gone=lambda: self._gone(name),
            listed=lambda: self._events.kind_listed(name, self.cluster),
            is_ours=lambda crd: self._claims.serves(dialect, kind, crd),
            is_ours_unseen=not kind.is_foreign,
            versions=kind.versions,
        )

    def _watch(self, name: str, resource: Resource) -> Informer[Any]:
        return Informer(
            self.client,
            Collection(resource, strangers_object if self.cluster else full_object),
            partial(self._on_manifest, name, resource),
            lists=self._manner.lists,
            **self._means,
        )

    def _gone(self, name: str) -> None:
        self._events.kind_gone(name, self.cluster)

    def _on_manifest(
        self,
        name: str,
        resource: Resource,
        key: ObjectKey,
        old: Document | None,
        new: Document | None,
    ) -> None:
        dialect, kind = self._declared[name]
        was_ours = old is not None and self._is_ours(name, key[0], old)
        if new is not None and not self._is_ours(name, key[0], new):
            if was_ours:
                self._events.manifest_left(self._origin(name, new))
            return
        if new is None and not was_ours:
            return
        if new is not None and new["metadata"].get("deletionTimestamp") and kind.finalizers:
            self._manner.ending(self.client, resource, kind.finalizers, new)
        if old is not None and new is not None and is_status_only(old, new):
            return
        if kind.role in (Role.STORE, Role.GENERATOR):
            self._events.store_changed(StoreRef(name, key[1], key[0], self.cluster))
            return
        origin = self._origin(name, new or old or {})
        tell = self._events.manifest_changed
        if kind.role is Role.PARENT:
            tell = self._events.parent_changed
        tell(dialect, origin, new)

    def _is_ours(self, name: str, namespace: str, manifest: Document) -> bool:
        dialect, kind = self._declared[name]
        claims = self._claims
        return claims.covers(dialect, kind, namespace) and claims.selects(
            dialect, kind, labels_of(manifest)
        )

    def _origin(self, name: str, manifest: Document) -> Origin:
        return origin_of(self._declared[name][0], name, metadata_of(manifest), self.cluster)
