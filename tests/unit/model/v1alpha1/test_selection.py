# SPDX-License-Identifier: Apache-2.0
"""Selectors and choices as matchers."""

import pytest

from keyfleet.base.errors import InvalidIntentError
from keyfleet.model.places import ClusterFacts, ClusterName, NamespaceFacts
from keyfleet.model.v1alpha1.common import (
    ClusterSelection,
    LabelSelector,
    LabelSelectorRequirement,
    NamespaceSelection,
)
from keyfleet.model.v1alpha1.selection import chosen_clusters, chosen_namespaces, selector


def requirement(key: str, operator: str, *values: str) -> LabelSelector:
    item = LabelSelectorRequirement(key=key, operator=operator, values=values)
    return LabelSelector(match_expressions=(item,))


def test_labels_and_expressions_must_all_hold() -> None:
    spec = LabelSelector(
        match_labels={"env": "prod"},
        match_expressions=(LabelSelectorRequirement(key="legacy", operator="DoesNotExist"),),
    )
    found = selector(spec, path="spec")
    assert found.matches({"env": "prod"})
    assert not found.matches({"env": "prod", "legacy": ""})
    assert not found.matches({})


def test_clusters_are_names_or_selector_minus_exclude() -> None:
    spec = ClusterSelection(
        names=("east",), selector=LabelSelector(match_labels={"env": "prod"}), exclude=("west",)
    )
    found = chosen_clusters(spec, path="spec")
    prod = {"env": "prod"}
    assert found.matches(ClusterFacts(ClusterName("east")))
    assert found.matches(ClusterFacts(ClusterName("north"), labels=prod))
    assert not found.matches(ClusterFacts(ClusterName("west"), labels=prod))
    assert not found.matches(ClusterFacts(ClusterName("south")))


def test_an_empty_selector_selects_nothing() -> None:
    found = chosen_namespaces(NamespaceSelection(), path="spec")
    assert not found.matches(NamespaceFacts("a", {"x": "y"}))


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        (LabelSelector(match_labels={"": "x"}), "spec.selector.matchLabels"),
        (LabelSelector(match_labels={"a": "x y"}), "spec.selector.matchLabels"),
        (requirement("a", "in", "x"), "spec.selector.matchExpressions[0]"),
        (requirement("a b", "Exists"), "spec.selector.matchExpressions[0]"),
        (requirement("a", "In"), "spec.selector.matchExpressions[0]"),
        (requirement("a", "Exists", "x"), "spec.selector.matchExpressions[0]"),
        (requirement("a", "NotIn", "-"), "spec.selector.matchExpressions[0]"),
    ],
)
def test_refuses_what_no_label_can_meet(spec: LabelSelector, path: str) -> None:
    with pytest.raises(InvalidIntentError) as caught:
        chosen_clusters(ClusterSelection(selector=spec), path="spec")
    assert caught.value.path == path
