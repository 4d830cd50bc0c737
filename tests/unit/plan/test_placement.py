# SPDX-License-Identifier: Apache-2.0
"""Where an intent is wanted."""

from dataclasses import replace

import pytest
from tests.unit.plan.questions import EAST, intent

from keyfleet.base.sealing import Scope
from keyfleet.model.matchers import ChosenClusters, ChosenNamespaces
from keyfleet.model.places import (
    CARRIER,
    FORMER_CARRIER,
    SEALED_SECRET,
    SECRET,
    ClusterName,
    NamespaceFacts,
    Place,
)
from keyfleet.model.plan import State
from keyfleet.model.selectors import parse_selector
from keyfleet.plan.placement import (
    cluster_missing,
    is_succeeded,
    is_wanted_at,
    unknown_clusters,
    wanted_namespaces,
)

PAY = NamespaceFacts("pay", {"team": "pay"})
SHOP = NamespaceFacts("shop", {"team": "shop"})
THERE = {"shop": SHOP, "pay": PAY}
WEST = replace(EAST, name=ClusterName("west"))


def test_named_and_labelled_namespaces_are_wanted_in_order_of_name() -> None:
    chosen = ChosenNamespaces(("shop",), parse_selector("team=pay"))
    found = wanted_namespaces(intent(namespaces=chosen), EAST, THERE)
    assert list(found.items()) == [("pay", PAY), ("shop", SHOP)]


def test_an_absent_named_namespace_is_wanted_all_the_same() -> None:
    chosen = ChosenNamespaces(("later",))
    assert wanted_namespaces(intent(namespaces=chosen), EAST, THERE) == {"later": None}


def test_an_excluded_namespace_is_not_wanted() -> None:
    chosen = ChosenNamespaces(("pay", "shop"), exclude=("shop",))
    assert wanted_namespaces(intent(namespaces=chosen), EAST, THERE) == {"pay": PAY}


def test_a_cluster_that_is_not_meant_wants_nothing() -> None:
    assert wanted_namespaces(intent(), WEST, THERE) == {}


def test_nothing_chosen_wants_nothing() -> None:
    assert wanted_namespaces(intent(clusters=ChosenClusters()), EAST, THERE) == {}
    assert wanted_namespaces(intent(namespaces=ChosenNamespaces()), EAST, THERE) == {}


def test_a_place_is_wanted_by_cluster_namespace_and_name() -> None:
    assert is_wanted_at(intent(), EAST, PAY, "db")
    assert not is_wanted_at(intent(), EAST, PAY, "other")
    assert not is_wanted_at(intent(), WEST, PAY, "db")
    assert not is_wanted_at(intent(), EAST, SHOP, "db")


def test_names_that_nobody_answers_to_are_reported() -> None:
    asking = intent(
        clusters=ChosenClusters(("east", "alias", "nowhere", "gone"), exclude=("gone",))
    )
    known = [replace(EAST, aliases=frozenset({"alias"}))]
    assert unknown_clusters(asking, known) == ("nowhere",)
    finding = cluster_missing("nowhere")
    assert (finding.state, finding.reason) == (State.PENDING, "ClusterMissing")
    assert finding.message == "no cluster is called nowhere"


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (SECRET, SEALED_SECRET, True),
        (SECRET, CARRIER, True),
        (SEALED_SECRET, CARRIER, True),
        (SEALED_SECRET, SECRET, False),
        (CARRIER, SEALED_SECRET, False),
        (FORMER_CARRIER, CARRIER, False),
        (SECRET, SECRET, False),
    ],
)
def test_only_what_is_made_once_more_of_what_is_sealed_is_succeeded(
    before: str, now: str, *, expected: bool
) -> None:
    sealed_as = None if now == SECRET else Scope.STRICT
    targets = replace(intent().targets, sealed_as=sealed_as, is_carried=now == CARRIER)
    asked = replace(intent(), targets=targets)
    assert is_succeeded(asked, EAST, PAY, Place(EAST.name, "pay", "db", before)) is expected
    assert not is_succeeded(asked, EAST, SHOP, Place(EAST.name, "shop", "db", before))
