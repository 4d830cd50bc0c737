# SPDX-License-Identifier: Apache-2.0
"""A wide grant does not open the namespaces that hold the keys of the house."""

import pytest

from keyfleet.model.matchers import ChosenClusters, ChosenNamespaces
from keyfleet.model.places import ClusterFacts, ClusterName, NamespaceFacts
from keyfleet.model.policy import Grant, Policies, SourceScope

HUB = ClusterFacts(ClusterName("hub"), is_hub=True)
PAY = NamespaceFacts("pay")


def granted(*namespaces: str) -> Policies:
    scope = SourceScope(ChosenClusters(("*",)), ChosenNamespaces(namespaces))
    return Policies((Grant("wide", ChosenNamespaces(("pay",)), sources=scope),))


@pytest.mark.parametrize("namespace", ["keyfleet-system", "kube-system"])
def test_every_namespace_does_not_mean_the_system_ones(namespace: str) -> None:
    assert granted("*").may_read(PAY, HUB, "shop")
    assert not granted("*").may_read(PAY, HUB, namespace)


@pytest.mark.parametrize("namespace", ["keyfleet-system", "kube-system"])
def test_a_system_namespace_is_granted_by_name(namespace: str) -> None:
    assert granted("*", namespace).may_read(PAY, HUB, namespace)
