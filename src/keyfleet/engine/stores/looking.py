# SPDX-License-Identifier: Apache-2.0
"""Stores for one look at the fleet: found in files or asked for, opened, and closed again."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random

from keyfleet.base.errors import KeyfleetError, NotFoundError, TemporaryError
from keyfleet.engine.stores.declared import Declarations
from keyfleet.engine.stores.objects import Document, HeldObjects
from keyfleet.engine.stores.reading import Stores, refs_of
from keyfleet.engine.views import namespace_facts
from keyfleet.kube.client import Client
from keyfleet.kube.resources import (
    CLUSTERGENERATORS,
    CLUSTERSECRETSTORES,
    ESO_GROUP,
    ESO_VERSIONS,
    GENERATORS,
    NAMESPACES,
    SECRETSTORES,
    Resource,
)
from keyfleet.kube.responses import NOT_SERVED
from keyfleet.model.intent import Intent
from keyfleet.model.places import ClusterFacts, ClusterName, IntentKey, NamespaceFacts
from keyfleet.model.stores import StoreRef
from keyfleet.plugin.stores import Provider, ProviderMeans

_KINDS: Mapping[str, Resource] = {
    resource.kind: resource
    for resource in (SECRETSTORES, CLUSTERSECRETSTORES, CLUSTERGENERATORS, *GENERATORS)
}

Resolved = Callable[[ClusterName], tuple[ClusterFacts, Client] | None]


class StoreLook:
    """What `plan`, `apply` and `diff` read of stores; every read is made anew."""

    def __init__(
        self,
        providers: Mapping[str, Provider],
        generators: Mapping[str, Provider],
        means: ProviderMeans,
        *,
        manifests: Mapping[StoreRef, Document] | None = None,
    ) -> None:
        """Prepare; nothing is asked.

        Args:
            providers: Of stores.
            generators: By kind.
            means: What they may use.
            manifests: Stores of files, which come before those of clusters.
        """
        self._objects = HeldObjects(dict(manifests or {}))
        self._asked: set[StoreRef] = set(self._objects.manifests)
        self._clients: dict[ClusterName, Client] = {}
        self._namespaces: dict[tuple[ClusterName, str], NamespaceFacts] = {}
        declarations = Declarations(self._objects, providers, generators, self._client)
        self.stores = Stores(declarations, means, random=Random())  # noqa: S311 - jitter

    async def find(self, intent: Intent, resolved: Resolved) -> None:
        """Ask for the stores that an intent reads, and for its namespace.

        Raises:
            KeyfleetError: A cluster does not answer, or may not be asked.
        """
        for ref in refs_of(intent.reads):
            found = resolved(ref.cluster)
            if found is None:
                continue
            self._clients[ref.cluster] = found[1]
            if ref not in self._asked:
                self._asked.add(ref)
                await self._ask(ref, found[1])
            await self._look_at(intent.key, found[1])

    def namespace_of(self, key: IntentKey) -> NamespaceFacts:
        """Return the namespace of a manifest, as far as it could be looked at."""
        known = self._namespaces.get((key.cluster, key.namespace))
        return known or NamespaceFacts(key.namespace, is_seen=False)

    async def close(self) -> None:
        """Log out everywhere."""
        await self.stores.close()

    async def _ask(self, ref: StoreRef, client: Client) -> None:
        for resource in _served_as(ref.kind):
            try:
                found = await client.find(resource, ref.name, namespace=ref.namespace)
            except NotFoundError as error:
                if error.code == NOT_SERVED:
                    continue
                raise
            if found is not None:
                self._objects.put(ref, found)
            return
        self._objects.unknown.add((ref.cluster, ref.kind))

    async def _look_at(self, key: IntentKey, client: Client) -> None:
        at = (key.cluster, key.namespace)
        if at in self._namespaces:
            return
        try:
            found = await client.find_metadata(NAMESPACES, key.namespace)
        except KeyfleetError:
            # Without its labels, conditions by label leave it out.
            return
        if found is not None:
            self._namespaces[at] = namespace_facts(found)

    def _client(self, cluster: ClusterName) -> Client:
        found = self._clients.get(cluster)
        if found is None:
            raise TemporaryError("source.cluster_away", "not connected", cluster)
        return found


def _served_as(kind: str) -> list[Resource]:
    """Return a kind in every version in which a cluster may serve it, best first."""
    resource = _KINDS.get(kind)
    if resource is None:
        return []
    versions = ESO_VERSIONS if resource.group == ESO_GROUP else ()
    return [resource, *(replace(resource, version=version) for version in versions)]
