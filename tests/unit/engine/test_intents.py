# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.engine.fakes import EAST, WEST, intent_of, key_of

from keyfleet.engine.intents import Intents
from keyfleet.model.intent import Intent, Rejection, SecretRef
from keyfleet.model.matchers import ChosenClusters, ChosenNamespaces
from keyfleet.model.places import IntentKey, NamespaceFacts
from keyfleet.model.selectors import Requirement, Selector

PAYMENTS = NamespaceFacts("payments")
REF = SecretRef("payments", "src")
OLD, NEW = "2026-01-01T00:00:00Z", "2026-02-02T00:00:00Z"


def rejection_of(key: IntentKey) -> Rejection:
    return Rejection(key, intent_of(key).origin, "UnknownField", "unknown field", "spec.exlude")


def wanting(intents: Intents, name: str = "db") -> set[IntentKey]:
    return {intent.key for intent in intents.wanting(EAST, PAYMENTS, name)}


@pytest.fixture
def intents() -> Intents:
    found = Intents()
    found.put(intent_of())
    return found


def test_finds_an_intent_by_key_by_source_and_by_place(intents: Intents) -> None:
    assert intent_of() == intents.get(key_of())
    assert {key_of()} == intents.reading([SecretRef("payments", "other"), REF])
    assert {key_of()} == wanting(intents)
    assert [key_of()] == intents.of_kind("FleetSecret")
    assert [intent_of()] == list(intents)


def test_a_replaced_intent_leaves_its_old_source_and_name(intents: Intents) -> None:
    other = SecretRef("payments", "other")
    intents.put(intent_of(ref=other, target="new"))
    assert set() == intents.reading([REF])
    assert set() == wanting(intents)
    assert {key_of()} == intents.reading([other])
    assert {key_of()} == wanting(intents, "new")
    assert len(intents) == 1


def test_an_intent_that_is_gone_is_found_nowhere(intents: Intents) -> None:
    intents.drop(key_of())
    intents.drop(key_of())
    assert not intents.is_known(key_of())
    assert set() == intents.reading([REF]) | wanting(intents)


def test_a_rejected_manifest_wants_nothing_and_is_still_known(intents: Intents) -> None:
    intents.reject(rejection_of(key_of()))
    assert intents.get(key_of()) is None
    assert rejection_of(key_of()) == intents.rejection(key_of())
    assert intents.is_known(key_of())
    assert [key_of()] == intents.of_kind("FleetSecret")
    assert set() == intents.reading([REF]) | wanting(intents)


def test_a_corrected_manifest_is_no_longer_rejected(intents: Intents) -> None:
    intents.reject(rejection_of(key_of()))
    intents.put(intent_of())
    assert intents.rejection(key_of()) is None
    assert intent_of() == intents.get(key_of())


@pytest.mark.parametrize(
    "wanted",
    [
        intent_of(clusters=ChosenClusters(("west",))),
        intent_of(namespaces=ChosenNamespaces(("other",))),
        intent_of(target="other"),
    ],
)
def test_only_the_very_place_is_wanted(wanted: Intent) -> None:
    intents = Intents()
    intents.put(wanted)
    assert set() == wanting(intents)


def test_the_older_of_two_is_the_rival_of_the_younger_and_has_none_itself(intents: Intents) -> None:
    young = key_of("a-young-one")
    intents.put(intent_of(young, created=NEW))
    assert key_of() == intents.rival(young, EAST, PAYMENTS, "db")
    assert intents.rival(key_of(), EAST, PAYMENTS, "db") is None


def test_of_two_of_the_same_age_the_name_decides(intents: Intents) -> None:
    intents.put(intent_of(key_of("aa")))
    assert key_of("aa") == intents.rival(key_of(), EAST, PAYMENTS, "db")


def test_a_file_without_a_creation_time_is_younger_than_any_stored_intent(intents: Intents) -> None:
    intents.put(intent_of(key_of("aa"), created=""))
    assert key_of() == intents.rival(key_of("aa"), EAST, PAYMENTS, "db")


def test_elsewhere_there_is_no_rival(intents: Intents) -> None:
    both = ChosenClusters(("east", "west"))
    intents.put(intent_of(key_of("young"), created=NEW, clusters=both))
    assert intents.rival(key_of("young"), WEST, PAYMENTS, "db") is None


def test_an_intent_that_is_gone_or_wants_another_place_is_weaker_than_any(
    intents: Intents,
) -> None:
    assert key_of() == intents.rival(key_of("gone"), EAST, PAYMENTS, "db")
    intents.put(intent_of(key_of("moved"), created="2020-01-01T00:00:00Z", target="other"))
    assert key_of() == intents.rival(key_of("moved"), EAST, PAYMENTS, "db")


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from([OLD, NEW, ""])), min_size=1, max_size=6
    )
)
def test_of_all_who_want_a_place_exactly_one_has_no_rival(wishes: list[tuple[str, str]]) -> None:
    intents = Intents()
    for name, created in wishes:
        intents.put(intent_of(key_of(name), created=created))
    keys = [intent.key for intent in intents]
    unrivalled = [key for key in keys if intents.rival(key, EAST, PAYMENTS, "db") is None]
    assert len(unrivalled) == 1


places = st.builds(
    ChosenClusters,
    st.lists(st.sampled_from(["east", "ctx-east", "west", "*"]), max_size=2).map(tuple),
    st.sampled_from([Selector(), Selector((Requirement("env", "In", ("prod",)),))]),
    st.lists(st.sampled_from(["east", "west", "*"]), max_size=1).map(tuple),
)
rooms = st.builds(
    ChosenNamespaces,
    st.lists(st.sampled_from(["payments", "other", "*"]), max_size=2).map(tuple),
    st.sampled_from([Selector(), Selector((Requirement("team", "Exists"),))]),
)


@given(st.lists(st.tuples(st.sampled_from("abcd"), places, rooms, st.booleans()), max_size=8))
def test_the_indexes_find_whom_a_look_at_every_intent_finds(
    changes: list[tuple[str, ChosenClusters, ChosenNamespaces, bool]],
) -> None:
    intents = Intents()
    for name, clusters, namespaces, stays in changes:
        intents.put(intent_of(key_of(name), clusters=clusters, namespaces=namespaces))
        if not stays:
            intents.drop(key_of(name))
    for facts in (replace(EAST, aliases=frozenset({"ctx-east"})), WEST):
        meaning = [one.key for one in intents if one.targets.clusters.matches(facts)]
        assert sorted(meaning) == sorted(one.key for one in intents.meaning(facts))
        asked = {one.key for one in intents.meaning_namespace(facts, "payments")}
        for labels in ({}, {"team": "pay"}):
            room = NamespaceFacts("payments", labels)
            wanted = {
                one.key
                for one in intents
                if one.key in meaning and one.targets.namespaces.matches(room)
            }
            assert wanted <= asked <= set(meaning)
