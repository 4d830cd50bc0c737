# SPDX-License-Identifier: Apache-2.0
"""Where data comes from, as label sets that are never merged."""

from dataclasses import replace

import pytest

from keyfleet.model.flows import (
    UNKNOWN,
    ChosenStores,
    FlowAction,
    FlowRule,
    Flows,
    Lineage,
    Provenance,
    SourceLabels,
    unique_sets,
)
from keyfleet.model.matchers import ChosenClusters, ChosenNamespaces
from keyfleet.model.places import ClusterFacts, ClusterName
from keyfleet.model.selectors import Selector
from keyfleet.model.stores import StoreRef

EAST = ClusterFacts(ClusterName("east"), labels={"env": "production", "region": "eu"})
BARE = ClusterFacts(ClusterName("bare"))
HUB = ClusterFacts(ClusterName("central"), is_hub=True)
PAY = {"tenant": "pay"}


def assigned(*clusters: str, namespaces: tuple[str, ...] = ("pay",)) -> SourceLabels:
    return SourceLabels("p", ChosenClusters(clusters), ChosenNamespaces(namespaces), PAY)


@pytest.mark.parametrize(
    ("entry", "cluster", "namespace", "covered"),
    [
        (assigned("east"), EAST, "pay", True),
        (assigned("east"), EAST, "web", False),
        (assigned("west"), EAST, "pay", False),
        (assigned("*", namespaces=("*",)), EAST, "kube-system", True),
        (assigned("central"), HUB, "pay", True),
        (assigned("hub"), HUB, "pay", True),
        (assigned("hub"), EAST, "pay", False),
    ],
)
def test_labels_are_assigned_to_namespaces_of_clusters(
    entry: SourceLabels, cluster: ClusterFacts, namespace: str, *, covered: bool
) -> None:
    assert entry.covers(cluster, namespace) is covered


def test_the_sets_of_a_source_are_never_merged() -> None:
    found = Lineage(EAST, "pay").under([assigned("east")])
    assert found.sets == ({"env": "production", "region": "eu"}, PAY)
    assert found.is_classified


def test_a_source_that_nobody_labelled_says_so_by_an_empty_set() -> None:
    found = Lineage(BARE, "pay").under([])
    assert (found.sets, found.is_classified) == (UNKNOWN, False)


def test_assigned_labels_say_what_an_unlabelled_cluster_holds() -> None:
    found = Lineage(BARE, "pay").under([assigned("bare")])
    assert (found.sets, found.is_classified) == ((PAY,), True)


def test_what_a_delivered_secret_brings_along_is_added() -> None:
    carried = Provenance(({"env": "staging"},), ({"team": "a"},), is_classified=True)
    found = Lineage(BARE, "pay", carried, {"team": "b"}).under([])
    assert found == Provenance(
        ({"env": "staging"},), ({"team": "a"}, {"team": "b"}), is_classified=True
    )


def test_the_labels_of_a_declaration_never_say_what_a_source_is() -> None:
    found = Lineage(BARE, "pay", own={"env": "public"}).under([])
    assert found == Provenance(UNKNOWN, ({"env": "public"},), is_classified=False)


def test_what_came_from_an_unknown_place_stays_unknown_in_a_labelled_cluster() -> None:
    found = Lineage(EAST, "pay", Provenance(UNKNOWN)).under([])
    assert {} in found.sets
    assert found.is_classified


def test_of_several_sources_every_set_counts_and_all_must_say_what_they_are() -> None:
    both = Lineage(EAST, "pay", own={"x": "y"}, besides=(Lineage(BARE, "pay"),))
    found = both.under([])
    assert found.sets == ({}, {"env": "production", "region": "eu"})
    assert found.claimed == ({"x": "y"},)
    assert not found.is_classified
    assert both.under([assigned("bare")]).is_classified


def test_several_sources_are_looked_at_where_they_are_now() -> None:
    both = Lineage(EAST, "pay", own={"x": "y"}, besides=(Lineage(BARE, "shop"),))
    now = replace(BARE, labels={"env": "test"})
    moved = both.read_in([EAST, now])
    assert [part.cluster for part in moved.parts] == [EAST, now]
    assert [part.namespace for part in moved.parts] == ["pay", "shop"]
    assert moved.own == {"x": "y"}
    assert both.read_in([EAST, BARE]) == both


def test_sets_have_one_order_and_no_double() -> None:
    sets = [{"b": "1", "a": "2"}, {}, {"a": "2", "b": "1"}, {"a": "1"}]
    assert (
        unique_sets(sets) == unique_sets(reversed(sets)) == ({}, {"a": "1"}, {"a": "2", "b": "1"})
    )


def test_flows_of_several_policies_add_up() -> None:
    deny = FlowRule("a", "stay", Selector(), Selector())
    allow = FlowRule("b", "go", Selector(), Selector(), FlowAction.ALLOW)
    both = Flows((deny,), denying=("a",)) + Flows((allow,), (assigned("east"),), (), ("b",))
    assert both == Flows((deny, allow), (assigned("east"),), ("a",), ("b",))
    assert (deny.title, deny.is_deny, allow.is_deny) == ("a/stay", True, False)


@pytest.mark.parametrize(
    ("flows", "declared"),
    [
        (Flows(), False),
        (Flows(sources=(assigned("east"),)), False),
        (Flows(allowing=("p",)), False),
        (Flows(denying=("p",)), True),
        (Flows((FlowRule("p", "r", Selector(), Selector()),)), True),
    ],
)
def test_flows_are_declared_by_a_rule_or_by_a_default_of_deny(
    flows: Flows, *, declared: bool
) -> None:
    assert flows.is_declared is declared


NARROW = StoreRef("SecretStore", "vault", "pay")
WIDE = StoreRef("ClusterSecretStore", "vault")


def of_stores(*names: str, kinds: tuple[str, ...] = ()) -> SourceLabels:
    return replace(assigned("*", namespaces=("pay",)), stores=ChosenStores(names, kinds))


@pytest.mark.parametrize(
    ("entry", "store", "covered"),
    [
        (assigned("east"), NARROW, True),
        (assigned("east"), WIDE, False),
        (assigned("east", namespaces=("*",)), WIDE, True),
        (of_stores("vault"), NARROW, True),
        (of_stores("vault"), WIDE, True),
        (of_stores("*"), WIDE, True),
        (of_stores("other"), NARROW, False),
        (of_stores("vault", kinds=("ClusterSecretStore",)), NARROW, False),
        (of_stores("vault", kinds=("ClusterSecretStore",)), WIDE, True),
        (of_stores("vault"), replace(NARROW, namespace="web"), False),
        (of_stores("vault"), None, False),
    ],
)
def test_labels_are_assigned_to_stores(
    entry: SourceLabels, store: StoreRef | None, *, covered: bool
) -> None:
    namespace = store.namespace if store else "pay"
    assert entry.covers(EAST, namespace, store) is covered


def test_what_a_store_gives_is_of_its_cluster_and_of_its_store() -> None:
    lineage = Lineage(EAST, "pay", store=NARROW)
    found = lineage.under([of_stores("vault")])
    assert found.sets == unique_sets([EAST.labels, PAY])
    assert found.is_classified
