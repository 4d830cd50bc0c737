# SPDX-License-Identifier: Apache-2.0
"""A bare FleetCluster for each context that has none, so that every cluster has a status."""

from collections.abc import Iterable, Mapping
from typing import Any

from keyfleet.base.errors import ConflictError
from keyfleet.base.log import get_logger
from keyfleet.kube.client import Client
from keyfleet.kube.resources import FLEETCLUSTERS
from keyfleet.model.v1alpha1.common import ORIGIN

log = get_logger("inventory")


def bare_clusters(
    contexts: Mapping[str, str], documents: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return the FleetClusters to create.

    Args:
        contexts: Context to cluster name.
        documents: The FleetClusters that exist.
    """
    known = list(documents)
    named = {document.get("metadata", {}).get("name") for document in known}
    used = {(document.get("spec") or {}).get("context") for document in known}
    return [
        _bare(name, context)
        for context, name in contexts.items()
        if context not in used and name not in named
    ]


async def enrol(client: Client, clusters: Iterable[dict[str, Any]]) -> None:
    """Create the FleetClusters; one that somebody else just made is left as it is."""
    for document in clusters:
        try:
            await client.create(FLEETCLUSTERS, document)
        except ConflictError:
            continue
        log.info("inventory.enrolled", cluster=document["metadata"]["name"])


def _bare(name: str, context: str) -> dict[str, Any]:
    return {
        "apiVersion": FLEETCLUSTERS.api_version,
        "kind": FLEETCLUSTERS.kind,
        "metadata": {"name": name, "annotations": {ORIGIN: "kubeconfig"}},
        "spec": {"context": context},
    }
