# SPDX-License-Identifier: Apache-2.0
"""What templates see of the place they are rendered for: `.Cluster` and `.Namespace`."""

from typing import Any

from keyfleet.base.codec import encode_canonical
from keyfleet.model.places import TargetFacts
from keyfleet.transform.gotemplate.values import string_map
from keyfleet.transform.looks import Looks

CLUSTER, NAMESPACE = "Cluster", "Namespace"
EVERYTHING: Looks = frozenset({(CLUSTER,), (NAMESPACE,)})


def facts_of(facts: TargetFacts) -> dict[str, Any]:
    """Return them as Go values, made anew for each render, since templates may change maps."""
    cluster, namespace = facts.cluster, facts.namespace
    return {
        CLUSTER: {"name": str(cluster.name), "labels": string_map(cluster.labels)},
        NAMESPACE: {
            "name": namespace.name,
            "labels": string_map(namespace.labels),
            "annotations": string_map(namespace.annotations),
        },
    }


def used_facts(facts: TargetFacts, looks: Looks | None) -> dict[str, bytes]:
    """Return the facts that templates look at, by path: while these stay, a place looks the same.

    Args:
        facts: The place.
        looks: What is looked at; None is everything.
    """
    known = facts_of(facts)
    wanted = EVERYTHING if looks is None else looks
    return {
        "\0".join(path): encode_canonical(_at(known, path))
        for path in sorted(wanted)
        if path[0] in known
    }


def looks_at_values(looks: Looks | None) -> bool:
    """Tell whether a template looks at more than its place."""
    return looks is None or any(path[0] not in (CLUSTER, NAMESPACE) for path in looks)


def _at(known: Any, path: tuple[str, ...]) -> Any:
    """Return what stands at a path; None where nothing does."""
    for name in path:
        if not isinstance(known, dict) or name not in known:
            return None
        known = known[name]
    return known
