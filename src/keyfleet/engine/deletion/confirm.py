# SPDX-License-Identifier: Apache-2.0
"""Ask the cluster itself whether an intent is really gone, before anything is deleted for it.

That is the hub, or the member where its manifest was found.

Watches of different kinds are not ordered: when a CRD or a namespace is deleted, its objects may be
seen to go before the reason is. So the absence that a deletion rests on is confirmed live, once for
the whole fleet, and every doubt holds the deletion.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from keyfleet.base.errors import DeniedError, KeyfleetError
from keyfleet.base.tasks import spawn
from keyfleet.engine.deletion.holds import Home, held, kind_gone, namespace_going
from keyfleet.engine.hubobjects import metadata_manifest, origin_of
from keyfleet.kube.client import Client
from keyfleet.kube.objects import Metadata
from keyfleet.kube.resources import CRDS, FLEETCLUSTERS, NAMESPACES, Resource
from keyfleet.model.places import ClusterFacts, ClusterName, IntentKey
from keyfleet.model.plan import Finding
from keyfleet.plugin import Dialect, Kind

SHARED_S = 5.0
"""How long one answer serves the passes of other clusters."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A cluster that can be asked about its manifests."""

    client: Client
    uid: str
    """Who it was when its manifests were seen."""
    home: Home = field(default_factory=Home)
    crd_uid: str = ""
    """Of the kind that is asked about, as its manifests were seen under; empty: not compared."""
    version: str = ""
    """Of that kind, as it is served there; empty: the kind's own."""


Grounds = Callable[[ClusterName, str], Ground | None]
"""Cluster and kind -> the cluster to ask; None while it cannot be, or is the hub as ever."""


class Confirmations:
    """Answers to "is it really gone?", one question per intent and moment."""

    def __init__(
        self, client: Client, hub_uid: str, grounds: Grounds = lambda _cluster, _kind: None
    ) -> None:
        """Prepare.

        Args:
            client: The hub.
            hub_uid: Who the hub is.
            grounds: The members, for manifests that were found there.
        """
        self._hub = Ground(client, hub_uid)
        self._grounds = grounds
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
        hub = self._hub
        try:
            objection = await _look_who(hub) or await _look_at_crd(hub, FLEETCLUSTERS)
            if objection is None and await hub.client.find_metadata(FLEETCLUSTERS, name):
                objection = held("ClusterExists", f"FleetCluster {name} exists after all")
        except KeyfleetError as error:
            return _unknown(hub.home, error.message)
        return objection

    async def _ask(self, key: IntentKey, dialect: Dialect, kind: Kind) -> Finding | None:
        ground = self._grounds(key.cluster, key.kind) or (None if key.cluster else self._hub)
        if ground is None:
            return _unknown(Home(key.cluster), "it is not connected")
        try:
            return await _look(ground, key, dialect, kind)
        except KeyfleetError as error:
            return _unknown(ground.home, error.message)


async def _look(ground: Ground, key: IntentKey, dialect: Dialect, kind: Kind) -> Finding | None:
    if objection := await _look_who(ground):
        return objection
    client, home = ground.client, ground.home
    namespace = await client.find_metadata(NAMESPACES, key.namespace) if key.namespace else None
    if namespace is not None and namespace.deletion_timestamp:
        return namespace_going(key, home)
    resource = kind.resource
    if not kind.metadata_only and (objection := await _look_at_crd(ground, resource)):
        return objection
    served = replace(resource, version=ground.version or resource.version)
    found = await client.find_metadata(served, key.name, namespace=key.namespace)
    if found is None or (kind.metadata_only and not _asks(dialect, kind, found)):
        return None
    return held("IntentExists", f"{key} exists on {home} after all")


async def _look_who(ground: Ground) -> Finding | None:
    system = await ground.client.find_metadata(NAMESPACES, "kube-system")
    is_known = system is not None and not ground.uid.startswith("ca-")
    if is_known and system is not None and system.uid != ground.uid:
        reason = ground.home.reason("Changed")
        return held(reason, f"another cluster answers for {ground.home}")
    return None


async def _look_at_crd(ground: Ground, resource: Resource) -> Finding | None:
    crd = await ground.client.find_metadata(CRDS, resource.label)
    if crd is None or crd.deletion_timestamp or ground.crd_uid not in ("", crd.uid):
        return kind_gone(resource.kind, ground.home)
    return None


def _unknown(home: Home, why: str) -> Finding:
    return held(home.reason("Unknown"), f"{home} cannot confirm it: {why}")


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
