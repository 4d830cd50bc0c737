# SPDX-License-Identifier: Apache-2.0
"""Ask the hub itself whether an intent is really gone, before anything is deleted for it.

Watches of different kinds are not ordered: when a CRD or a namespace is deleted, its objects may be
seen to go before the reason is. So the absence that a deletion rests on is confirmed live, once for
the whole fleet, and every doubt holds the deletion.
"""

import asyncio

from keyfleet.base.errors import DeniedError, KeyfleetError
from keyfleet.base.tasks import spawn
from keyfleet.engine.deletion.holds import held
from keyfleet.engine.hubobjects import metadata_manifest, origin_of
from keyfleet.kube.client import Client
from keyfleet.kube.objects import Metadata
from keyfleet.kube.resources import CRDS, FLEETCLUSTERS, NAMESPACES, Resource
from keyfleet.model.places import ClusterFacts, ClusterName, IntentKey
from keyfleet.model.plan import Finding
from keyfleet.plugin import Dialect, Kind

SHARED_S = 5.0
"""How long one answer serves the passes of other clusters."""


class Confirmations:
    """Answers to "is it really gone?", one question per intent and moment."""

    def __init__(self, client: Client, hub_uid: str) -> None:
        self._client = client
        self._hub_uid = hub_uid
        self._asked: dict[IntentKey, asyncio.Task[Finding | None]] = {}

    async def objection(self, key: IntentKey, dialect: Dialect, kind: Kind) -> Finding | None:
        """Return why the intent may not count as gone; None when it is positively gone."""
        task = self._asked.get(key)
        if task is None:
            task = spawn(self._ask(key, dialect, kind), name=f"confirm {key}")
            self._asked[key] = task
            loop = asyncio.get_running_loop()
            loop.call_later(SHARED_S, self._asked.pop, key, None)
        objection = await asyncio.shield(task)
        if objection is not None:
            # What stands in the way may be gone the next moment, and that is a reason to ask again.
            self._asked.pop(key, None)
        return objection

    async def cluster_objection(self, name: ClusterName) -> Finding | None:
        """Return why a FleetCluster may not count as removed; None when it positively is."""
        try:
            objection = await self._look_at_hub() or await self._look_at_crd(FLEETCLUSTERS)
            if objection is None and await self._client.find_metadata(FLEETCLUSTERS, name):
                objection = held("ClusterExists", f"FleetCluster {name} exists after all")
        except KeyfleetError as error:
            return held("HubUnknown", f"the hub cannot confirm it: {error.message}")
        return objection

    async def _ask(self, key: IntentKey, dialect: Dialect, kind: Kind) -> Finding | None:
        try:
            return await self._look(key, dialect, kind)
        except KeyfleetError as error:
            return held("HubUnknown", f"the hub cannot confirm it: {error.message}")

    async def _look(self, key: IntentKey, dialect: Dialect, kind: Kind) -> Finding | None:
        if objection := await self._look_at_hub():
            return objection
        namespace = await self._client.find_metadata(NAMESPACES, key.namespace)
        if namespace is not None and namespace.deletion_timestamp:
            return held(
                "HubNamespaceTerminating", f"namespace {key.namespace} of the hub is being deleted"
            )
        if not kind.metadata_only and (objection := await self._look_at_crd(kind.resource)):
            return objection
        found = await self._client.find_metadata(kind.resource, key.name, namespace=key.namespace)
        if found is None or (kind.metadata_only and not _asks(dialect, kind, found)):
            return None
        return held("IntentExists", f"{key} exists on the hub after all")

    async def _look_at_hub(self) -> Finding | None:
        system = await self._client.find_metadata(NAMESPACES, "kube-system")
        is_known = system is not None and not self._hub_uid.startswith("ca-")
        if is_known and system is not None and system.uid != self._hub_uid:
            return held("HubChanged", "another cluster answers for the hub")
        return None

    async def _look_at_crd(self, resource: Resource) -> Finding | None:
        crd = await self._client.find_metadata(CRDS, resource.label)
        if crd is None or crd.deletion_timestamp:
            return held("KindGone", f"{resource.kind} is not served on the hub any more")
        return None


async def identity_doubt(cluster: ClusterFacts, client: Client) -> Finding | None:
    """Return why what a cluster calls absent may not count as gone: it is another cluster by now.

    Raises:
        TemporaryError: It does not say who it is (engine: back-off; targets stay).
    """
    if cluster.uid.startswith("ca-"):
        return None
    try:
        system = await client.find_metadata(NAMESPACES, "kube-system")
    except DeniedError:
        system = None
    if system is not None and system.uid == cluster.uid:
        return None
    return held("SourceClusterChanged", f"another cluster answers for {cluster.name}")


def _asks(dialect: Dialect, kind: Kind, found: Metadata) -> bool:
    # An object outlives the request it carries: a Secret whose annotations were switched off.
    origin = origin_of(dialect, kind.resource.kind, found)
    translation = dialect.translate(metadata_manifest(kind, found), origin)
    return bool(translation.intents or translation.rejections)
