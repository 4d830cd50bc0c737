# SPDX-License-Identifier: Apache-2.0
"""Which clusters `-c` and `--cluster-selector` mean; pure."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from keyfleet.base.errors import InvalidInputError
from keyfleet.cli.options import Common
from keyfleet.model.places import ClusterFacts, ClusterName
from keyfleet.model.selectors import Selector, parse_selector


def chosen_clusters(
    clusters: Iterable[ClusterFacts], common: Common
) -> frozenset[ClusterName] | None:
    """Return the clusters the flags choose; None when they choose nothing in particular.

    Raises:
        InvalidInputError: A name that no cluster has, or no label selector.
    """
    if not common.cluster and not common.cluster_selector:
        return None
    known = list(clusters)
    selector = _selector(common.cluster_selector)
    for pattern in common.cluster:
        if not any(_answers(facts, pattern) for facts in known):
            raise _unknown(pattern, known)
    return frozenset(
        facts.name
        for facts in known
        if (not common.cluster or any(_answers(facts, pattern) for pattern in common.cluster))
        and selector.matches(facts.labels)
    )


def _selector(text: str) -> Selector:
    try:
        return parse_selector(text)
    except ValueError:
        raise InvalidInputError(
            "cli.usage", "not a label selector", "--cluster-selector", hint="env=production,tier!=a"
        ) from None


def _answers(facts: ClusterFacts, pattern: str) -> bool:
    return any(fnmatchcase(name, pattern) for name in (facts.name, *facts.aliases))


def _unknown(pattern: str, known: list[ClusterFacts]) -> InvalidInputError:
    names = ", ".join(sorted(facts.name for facts in known)) or "none"
    return InvalidInputError("cli.unknown_cluster", "no cluster", pattern, hint=f"known: {names}")
