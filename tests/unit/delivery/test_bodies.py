# SPDX-License-Identifier: Apache-2.0
"""Every shape of a request body."""

from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base.secret import SecretValue
from keyfleet.delivery.bodies import create_body, update_operations
from keyfleet.model.places import ClusterName, Place
from keyfleet.model.plan import Write
from keyfleet.testing.canary import canary, find_canary

PLACE = Place(ClusterName("east"), "pay", "db")
DATA = {"password": SecretValue(canary("password"))}
VERSION = {"op": "replace", "path": "/metadata/resourceVersion", "value": "7"}


def test_a_new_secret_is_whole_and_keeps_its_values_wrapped() -> None:
    body = create_body(PLACE, Write("Opaque", DATA, {"a": "1"}, {"b": "2"}))
    assert body == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": "db",
            "namespace": "pay",
            "labels": {"a": "1"},
            "annotations": {"b": "2"},
        },
        "type": "Opaque",
        "data": DATA,
    }
    assert not find_canary(repr(body))


def test_a_new_secret_without_values_has_empty_data() -> None:
    assert create_body(PLACE, Write("Opaque"))["data"] == {}


def test_data_are_replaced_whole_so_that_foreign_keys_go() -> None:
    assert update_operations(Write("Opaque", DATA), "7") == [
        {"op": "add", "path": "/data", "value": DATA},
        VERSION,
    ]


def test_data_that_are_to_be_empty_are_emptied() -> None:
    assert update_operations(Write("Opaque", {}), "7")[0]["value"] == {}


def test_data_that_stay_are_not_sent() -> None:
    assert update_operations(Write("Opaque"), "7") == [VERSION]


def test_names_are_escaped_as_in_a_json_pointer() -> None:
    write = Write("Opaque", labels={"keyfleet.io/hub": "x", "a~b": "y"})
    assert [operation["path"] for operation in update_operations(write, "7")[:-1]] == [
        "/metadata/labels/keyfleet.io~1hub",
        "/metadata/labels/a~0b",
    ]


def test_a_missing_map_is_made_before_it_is_filled() -> None:
    write = Write(
        "Opaque",
        labels={"a": "1"},
        annotations={"b": "2"},
        has_labels=False,
        has_annotations=False,
    )
    assert update_operations(write, "7") == [
        {"op": "add", "path": "/metadata/labels", "value": {}},
        {"op": "add", "path": "/metadata/labels/a", "value": "1"},
        {"op": "add", "path": "/metadata/annotations", "value": {}},
        {"op": "add", "path": "/metadata/annotations/b", "value": "2"},
        VERSION,
    ]


def test_a_map_that_needs_no_change_is_not_made() -> None:
    assert update_operations(Write("Opaque", has_labels=False), "7") == [VERSION]


def test_what_is_not_wanted_any_more_is_removed() -> None:
    write = Write("Opaque", annotations={"old/a": None})
    assert update_operations(write, "7") == [
        {"op": "remove", "path": "/metadata/annotations/old~1a"},
        VERSION,
    ]


@given(st.dictionaries(st.text("ab/~", min_size=1), st.text("xy"), max_size=4))
def test_every_escaped_name_means_itself(labels: dict[str, str]) -> None:
    paths = [one["path"] for one in update_operations(Write("Opaque", labels=labels), "7")[:-1]]
    tokens = [path.removeprefix("/metadata/labels/") for path in paths]
    assert [token.replace("~1", "/").replace("~0", "~") for token in tokens] == list(labels)
