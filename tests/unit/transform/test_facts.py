# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

from keyfleet.model.places import ClusterFacts, ClusterName, NamespaceFacts, TargetFacts
from keyfleet.transform.facts import facts_of, looks_at_values, used_facts

CLUSTER = ClusterFacts(ClusterName("east"), labels={"env": "prod", "a/b": "c"})
FACTS = TargetFacts(CLUSTER, NamespaceFacts("shop", {"team": "pay"}, annotations={"x": "y"}))


def test_tells_name_labels_and_annotations() -> None:
    assert facts_of(FACTS) == {
        "Cluster": {"name": "east", "labels": {"env": "prod", "a/b": "c"}},
        "Namespace": {"name": "shop", "labels": {"team": "pay"}, "annotations": {"x": "y"}},
    }


def test_each_render_gets_maps_of_its_own() -> None:
    """Templates may change them."""
    facts_of(FACTS)["Cluster"]["labels"]["env"] = "changed"
    assert facts_of(FACTS)["Cluster"]["labels"]["env"] == "prod"
    assert CLUSTER.labels["env"] == "prod"


def test_only_what_is_looked_at_counts() -> None:
    looks = frozenset({("Cluster", "labels", "env"), ("password",), ("Namespace", "name")})
    found = used_facts(FACTS, looks)
    assert found == {"Cluster\0labels\0env": b'"prod"', "Namespace\0name": b'"shop"'}
    elsewhere = replace(FACTS, cluster=replace(CLUSTER, name=ClusterName("west")))
    assert used_facts(elsewhere, looks) == found


def test_absent_and_empty_are_two_things() -> None:
    looks = frozenset({("Cluster", "labels", "tier")})
    empty = replace(FACTS, cluster=replace(CLUSTER, labels={"tier": ""}))
    assert used_facts(FACTS, looks) == {"Cluster\0labels\0tier": b"null"}
    assert used_facts(empty, looks) == {"Cluster\0labels\0tier": b'""'}


def test_who_may_look_at_everything_looks_at_every_fact() -> None:
    found = used_facts(FACTS, None)
    assert set(found) == {"Cluster", "Namespace"}
    assert b'"x":"y"' in found["Namespace"]


def test_no_fact_is_a_value() -> None:
    assert not looks_at_values(frozenset({("Cluster",), ("Namespace", "name")}))
    assert looks_at_values(frozenset({("Cluster",), ("password",)}))
    assert looks_at_values(None)
