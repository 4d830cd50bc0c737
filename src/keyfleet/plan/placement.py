# SPDX-License-Identifier: Apache-2.0
"""Where an intent is wanted."""

from collections.abc import Iterable, Mapping

from keyfleet.model.intent import Intent
from keyfleet.model.places import (
    CARRIER,
    SEALED_SECRET,
    SECRET,
    ClusterFacts,
    NamespaceFacts,
    Place,
)
from keyfleet.model.plan import Finding, State


def wanted_namespaces(
    intent: Intent, cluster: ClusterFacts, namespaces: Mapping[str, NamespaceFacts]
) -> dict[str, NamespaceFacts | None]:
    """Return the namespaces of a cluster where the intent wants a target.

    Returns:
        Name to facts, by name; None for a namespace that is asked for by name and absent. Empty
        when the intent does not mean this cluster.
    """
    if not intent.targets.clusters.matches(cluster):
        return {}
    matcher = intent.targets.namespaces
    found: dict[str, NamespaceFacts | None] = {
        name: facts for name, facts in namespaces.items() if matcher.matches(facts)
    }
    for name in matcher.names:
        found.setdefault(name, None)
    return dict(sorted(found.items()))


def is_wanted_at(
    intent: Intent, cluster: ClusterFacts, namespace: NamespaceFacts, name: str, kind: str = ""
) -> bool:
    """Tell whether the intent wants a target at this place, of any kind unless one is said."""
    return (
        intent.targets.name == name
        and kind in ("", intent.targets.kind)
        and intent.targets.clusters.matches(cluster)
        and intent.targets.namespaces.matches(namespace)
    )


def is_succeeded(
    intent: Intent, cluster: ClusterFacts, namespace: NamespaceFacts, place: Place
) -> bool:
    """Tell whether what an intent delivers now becomes once more what is at a place.

    Whoever opens SealedSecrets makes Secrets, and whoever takes carriers SealedSecrets.
    """
    following = {SECRET: (SEALED_SECRET, CARRIER), SEALED_SECRET: (CARRIER,)}
    is_made_again = intent.targets.kind in following.get(place.kind, ())
    return is_made_again and is_wanted_at(intent, cluster, namespace, place.name)


def unknown_clusters(intent: Intent, clusters: Iterable[ClusterFacts]) -> tuple[str, ...]:
    """Return the cluster names the intent asks for and nobody answers to."""
    # As a set: an intent may name very many, and everybody waits while they are looked up.
    known = {name for cluster in clusters for name in (cluster.name, *cluster.aliases)}
    return tuple(name for name in intent.targets.clusters.names if name not in known)


def cluster_missing(name: str) -> Finding:
    """Return the finding for an unknown cluster name."""
    return Finding(
        State.PENDING,
        "ClusterMissing",
        f"no cluster is called {name}",
        hint="`keyfleet clusters` lists the known names",
    )
