# SPDX-License-Identifier: Apache-2.0
"""FleetPolicies as grants."""

from typing import Any

import pytest

from keyfleet.base.errors import InvalidIntentError
from keyfleet.model.places import ClusterFacts, ClusterName, NamespaceFacts
from keyfleet.model.policy import Policies
from keyfleet.model.v1alpha1 import FleetPolicySpec, parse_spec, policy_grants

SPEC: dict[str, Any] = {
    "namespaces": [
        {
            "hub": ["platform"],
            "sources": {"clusters": {"names": ["east"]}, "namespaces": {"names": ["shared"]}},
            "targets": {
                "clusters": {"names": ["*"]},
                "namespaces": {"names": ["*"], "exclude": ["finance"]},
                "kinds": ["Secret"],
                "types": ["Opaque"],
            },
        }
    ]
}
EAST = ClusterFacts(ClusterName("east"))
WEST = ClusterFacts(ClusterName("west"))
PLATFORM = NamespaceFacts("platform")


def policies(spec: dict[str, Any]) -> Policies:
    return Policies(policy_grants("p", parse_spec(FleetPolicySpec, {"spec": spec})))


def test_grants_reading_from_the_named_places_only() -> None:
    found = policies(SPEC)
    assert found.may_read(PLATFORM, EAST, "shared")
    assert not found.may_read(PLATFORM, WEST, "shared")
    assert not found.may_read(PLATFORM, EAST, "other")
    assert not found.may_read(NamespaceFacts("tenant"), EAST, "shared")


def test_grants_writing_of_the_named_types_to_the_named_places() -> None:
    found = policies(SPEC)
    assert found.may_write(PLATFORM, WEST, NamespaceFacts("web"), "Opaque")
    assert not found.may_write(PLATFORM, WEST, NamespaceFacts("web"), "kubernetes.io/tls")
    assert not found.may_write(PLATFORM, WEST, NamespaceFacts("finance"), "Opaque")


def test_a_paused_policy_grants_nothing() -> None:
    assert policies(SPEC | {"paused": True}).grants == ()


def test_a_bad_selector_names_its_path() -> None:
    targets = {
        "clusters": {"selector": {"matchLabels": {"a b": "c"}}},
        "namespaces": {"names": ["*"]},
    }
    with pytest.raises(InvalidIntentError) as caught:
        policies({"namespaces": [{"hub": ["a"], "targets": targets}]})
    assert caught.value.path == "spec.namespaces[0].targets.clusters.selector.matchLabels"
