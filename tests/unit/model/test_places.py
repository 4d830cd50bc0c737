# SPDX-License-Identifier: Apache-2.0
from keyfleet.model.places import ClusterFacts, ClusterName, IntentKey, Place

EAST = ClusterName("east")


def test_an_intent_on_the_hub_is_named_without_a_cluster() -> None:
    assert str(IntentKey("FleetSecret", "payments", "db")) == "FleetSecret/payments/db"


def test_an_intent_of_a_member_names_the_member() -> None:
    assert str(IntentKey("Secret", "payments", "db", EAST)) == "east:Secret/payments/db"


def test_keys_and_places_sort_and_serve_as_keys() -> None:
    places = [Place(EAST, "b", "a"), Place(EAST, "a", "b"), Place(ClusterName("a"), "z", "z")]
    assert [str(place) for place in sorted(places)] == ["a/z/z", "east/a/b", "east/b/a"]
    assert len({IntentKey("A", "b", "c"), IntentKey("A", "b", "c")}) == 1


def test_a_cluster_answers_to_its_name_and_its_aliases_alone() -> None:
    facts = ClusterFacts(EAST, aliases=frozenset({"arn:aws:eks:1"}))
    assert facts.answers_to("east")
    assert facts.answers_to("arn:aws:eks:1")
    assert not facts.answers_to("eas")
    assert not facts.answers_to("")
