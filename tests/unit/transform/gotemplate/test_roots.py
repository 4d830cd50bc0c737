# SPDX-License-Identifier: Apache-2.0
"""The data of a render as Go values."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.transform.gotemplate.errors import BudgetError
from keyfleet.transform.gotemplate.roots import go_string, root_value
from keyfleet.transform.gotemplate.values import INVALID, GoMap, GoObject, encoded, strings, type_of


class Thing(GoObject):
    go_type = "things.Thing"


def test_takes_json_as_it_is() -> None:
    data: dict[str, Any] = {"a": [1, 1.5, "x", None, True, {"b": {}}]}
    assert root_value(data) == data


def test_copies_what_templates_may_change() -> None:
    data: dict[str, Any] = {"a": {"b": [{}]}}
    root = root_value(data)
    root["a"]["b"][0]["new"] = 1
    root["a"]["c"] = 2
    assert data == {"a": {"b": [{}]}}


def test_no_data_is_no_value() -> None:
    assert root_value(None) is INVALID


def test_bytes_are_strings() -> None:
    root = root_value({"k": b"\xff\xc3\xa9", b"b": 1})
    assert root == {"k": "\udcffé", "b": 1}
    assert encoded(root["k"]) == b"\xff\xc3\xa9"


def test_makes_a_map_of_strings() -> None:
    root = root_value({"k": b"v", "l": "w"}, strings=True)
    assert (type_of(root), dict(root)) == ("map[string]string", {"k": "v", "l": "w"})


def test_keeps_go_values_and_copies_their_containers() -> None:
    thing, listed = Thing(), strings(["a"])
    root = root_value({"t": thing, "l": listed, "m": GoMap({1: 2}, "int", key="int")})
    assert root["t"] is thing
    assert root["l"] == listed
    assert root["l"] is not listed
    assert [type_of(root[key]) for key in "lm"] == ["[]string", "map[int]int"]


def test_integers_that_go_has_no_room_for_become_floats() -> None:
    kept = [2**63 - 1, -(2**63)]
    large = [2**63, -(2**63) - 1, 10**400, -(10**400)]
    assert root_value(kept) == kept
    assert root_value(large) == [2.0**63, -(2.0**63), math.inf, -math.inf]
    assert {type(number) for number in root_value(large)} == {float}


def test_refuses_data_without_end() -> None:
    data: dict[str, Any] = {}
    data["a"] = data
    with pytest.raises(BudgetError):
        root_value(data)


@given(st.text(st.characters(codec=None, categories=("L", "N", "Cs")), max_size=12))
def test_every_string_has_bytes(text: str) -> None:
    """JSON may name halves of surrogate pairs; they must not break a function later on."""
    assert encoded(go_string(text)).decode("utf-8", "surrogateescape") == go_string(text)


def test_keeps_every_good_character() -> None:
    assert go_string("é\ud800😀") == "é\ufffd😀"
