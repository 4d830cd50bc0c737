# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.model.matchers import (
    ChosenClusters,
    ChosenNamespaces,
    ClusterMatcher,
    NamespaceMatcher,
    OneCluster,
    TheHub,
)
from keyfleet.model.places import ClusterFacts, ClusterName, NamespaceFacts
from keyfleet.model.selectors import Requirement, Selector, parse_selector

PROD = parse_selector("env=prod")
names = st.sampled_from(["east", "west", "alias", "*"])
choices = st.builds(
    ChosenClusters,
    st.lists(names, max_size=3).map(tuple),
    st.sampled_from([Selector(), PROD, Selector((Requirement("env", "DoesNotExist"),))]),
    st.lists(names, max_size=2).map(tuple),
)
clusters = st.builds(
    ClusterFacts,
    st.sampled_from(["east", "west", "north"]).map(ClusterName),
    labels=st.sampled_from([{}, {"env": "prod"}, {"env": "dev"}]),
    aliases=st.sampled_from([frozenset(), frozenset({"alias"})]),
)


def _cluster(name: str, *aliases: str, **labels: str) -> ClusterFacts:
    return ClusterFacts(ClusterName(name), labels=labels, aliases=frozenset(aliases))


@given(choices, clusters)
def test_is_names_or_selector_minus_exclude(choice: ChosenClusters, facts: ClusterFacts) -> None:
    own = {facts.name, *facts.aliases, "*"}
    by_label = bool(choice.selector.requirements) and choice.selector.matches(facts.labels)
    wanted = bool(own.intersection(choice.wanted)) or by_label
    assert choice.matches(facts) is (wanted and own.isdisjoint(choice.exclude))


@given(choices)
def test_names_only_is_only_names(choice: ChosenClusters) -> None:
    stranger = ClusterFacts(ClusterName("stranger"), labels={"env": "prod"})
    if choice.is_by_name:
        assert not choice.matches(stranger)


def test_an_empty_choice_and_an_empty_selector_choose_nothing() -> None:
    assert not ChosenClusters().matches(_cluster("east", env="prod"))
    assert not ChosenNamespaces(selector=Selector()).matches(NamespaceFacts("a"))


def test_a_star_is_everything() -> None:
    assert ChosenNamespaces(("*",)).matches(NamespaceFacts("anything"))


def test_excluding_everything_leaves_nothing() -> None:
    assert not ChosenClusters(("east",), exclude=("*",)).matches(_cluster("east"))
    assert not ChosenNamespaces(("a",), exclude=("*",)).matches(NamespaceFacts("a"))
    assert ChosenClusters(("east",), exclude=("*",)).names == ()


def test_a_cluster_is_chosen_and_excluded_by_its_alias_too() -> None:
    east = _cluster("east", "arn:1", env="prod")
    assert ChosenClusters(("arn:1",)).matches(east)
    assert not ChosenClusters(("east",), exclude=("arn:1",)).matches(east)


def test_namespaces_are_chosen_by_label() -> None:
    choice = ChosenNamespaces(selector=parse_selector("team in (pay,shop)"), exclude=("legacy",))
    assert choice.matches(NamespaceFacts("a", {"team": "pay"}))
    assert not choice.matches(NamespaceFacts("a", {"team": "ops"}))
    assert not choice.matches(NamespaceFacts("legacy", {"team": "pay"}))


def test_names_are_those_that_can_be_absent() -> None:
    assert ChosenClusters(("a", "*", "b"), exclude=("b",)).names == ("a",)


@pytest.mark.parametrize(
    ("choice", "text"),
    [
        (ChosenClusters(), "none"),
        (ChosenClusters(("*",)), "all"),
        (ChosenClusters(("a",), PROD), "names a or labels env=prod"),
        (ChosenClusters(("*", "a"), exclude=("b", "c")), "all except b, c"),
        (ChosenClusters((), PROD, ("b",)), "labels env=prod except b"),
    ],
)
def test_tells_its_rule(choice: ChosenClusters, text: str) -> None:
    assert choice.describe() == text


def test_both_are_matchers() -> None:
    of_clusters: ClusterMatcher = ChosenClusters()
    of_namespaces: NamespaceMatcher = ChosenNamespaces()
    assert of_clusters.describe() == of_namespaces.describe()


def test_one_cluster_is_that_of_its_name_and_none_with_such_an_alias() -> None:
    east = OneCluster(ClusterName("east"))
    assert east.matches(ClusterFacts(ClusterName("east")))
    assert not east.matches(ClusterFacts(ClusterName("x"), aliases=frozenset({"east"})))
    assert (east.names, east.is_by_name, east.describe()) == (("east",), True, "cluster east")


def test_the_hub_is_found_whatever_it_is_called() -> None:
    hub = TheHub()
    assert hub.matches(ClusterFacts(ClusterName("any"), is_hub=True))
    assert not hub.matches(ClusterFacts(ClusterName("hub")))
    assert (hub.names, hub.is_by_name, hub.describe()) == ((), False, "the hub")
