# SPDX-License-Identifier: Apache-2.0
"""References to stores read like paths, and equal questions are one."""

from keyfleet.model.places import ClusterName
from keyfleet.model.stores import How, Query, Search, StoreRead, StoreRef


def test_a_store_is_named_with_its_place() -> None:
    assert str(StoreRef("SecretStore", "aws", "shop", ClusterName("east"))) == "east/shop/aws"
    assert str(StoreRef("ClusterSecretStore", "aws")) == "hub/aws"


def test_a_read_is_named_with_what_it_asks_for() -> None:
    store = StoreRef("SecretStore", "aws", "shop")
    assert str(StoreRead(store, Query(How.VALUE, key="db"))) == "hub/shop/aws db"
    assert str(StoreRead(store, Query(How.SEARCH))) == "hub/shop/aws"


def test_only_what_is_no_store_makes_values() -> None:
    kinds = ("SecretStore", "ClusterSecretStore", "Password")
    assert [StoreRef(kind, "x").is_generator for kind in kinds] == [False, False, True]


def test_equal_questions_are_one() -> None:
    asked = {Query(How.SEARCH, search=Search(tags=(("a", "b"),))) for _ in range(2)}
    assert len(asked) == 1
