# SPDX-License-Identifier: Apache-2.0
"""Selectors and choices of the native kinds as the matchers that the engine asks."""

from collections.abc import Iterator

from keyfleet.base.errors import InvalidIntentError
from keyfleet.model.matchers import ChosenClusters, ChosenNamespaces
from keyfleet.model.selectors import Requirement, Selector, requirement_problem
from keyfleet.model.v1alpha1.common import ClusterSelection, LabelSelector, NamespaceSelection


def selector(spec: LabelSelector, *, path: str) -> Selector:
    """Return the selector.

    Raises:
        InvalidIntentError: A key, operator or value is none; `path` says which.
    """
    checked = []
    for requirement, place in _requirements(spec, path):
        if problem := requirement_problem(requirement):
            raise InvalidIntentError("intent.invalid", problem, path=place)
        checked.append(requirement)
    return Selector(tuple(checked))


def chosen_clusters(spec: ClusterSelection, *, path: str) -> ChosenClusters:
    """Return the matcher of a choice of clusters; errors as `selector`."""
    found = selector(spec.selector, path=f"{path}.selector")
    return ChosenClusters(spec.names, found, spec.exclude)


def chosen_namespaces(spec: NamespaceSelection, *, path: str) -> ChosenNamespaces:
    """Return the matcher of a choice of namespaces; errors as `selector`."""
    found = selector(spec.selector, path=f"{path}.selector")
    return ChosenNamespaces(spec.names, found, spec.exclude)


def _requirements(spec: LabelSelector, path: str) -> Iterator[tuple[Requirement, str]]:
    for key, value in spec.match_labels.items():
        yield Requirement(key, "In", (value,)), f"{path}.matchLabels"
    for index, item in enumerate(spec.match_expressions):
        place = f"{path}.matchExpressions[{index}]"
        yield Requirement(item.key, item.operator, item.values), place
