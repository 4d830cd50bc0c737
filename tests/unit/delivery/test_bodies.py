# SPDX-License-Identifier: Apache-2.0
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base.codec import decode_json
from keyfleet.base.secret import SecretValue
from keyfleet.delivery.bodies import create_body, update_operations
from keyfleet.kube.requests import encode_body
from keyfleet.model.plan import Write
from keyfleet.testing.canary import canary

VALUE = SecretValue(canary("one"))
AT = ("payments", "db")
PRECONDITION = {"op": "replace", "path": "/metadata/resourceVersion", "value": "7"}


def test_a_create_carries_place_type_values_and_marks() -> None:
    write = Write("example.com/db", {"k": VALUE}, {"l": "1"}, {"a": "2"})
    assert create_body(AT, write) == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": "db",
            "namespace": "payments",
            "labels": {"l": "1"},
            "annotations": {"a": "2"},
        },
        "type": "example.com/db",
        "data": {"k": VALUE},
    }


def test_a_create_without_values_has_empty_data() -> None:
    assert create_body(AT, Write("Opaque"))["data"] == {}


def test_the_whole_data_is_replaced_so_that_foreign_keys_go() -> None:
    operations = update_operations(Write("Opaque", {"k": VALUE}), "7")
    assert operations == [{"op": "add", "path": "/data", "value": {"k": VALUE}}, PRECONDITION]


def test_data_that_is_as_wanted_is_not_sent() -> None:
    operations = update_operations(Write("Opaque", None, {"l": "1"}), "7")
    assert operations == [
        {"op": "add", "path": "/metadata/labels/l", "value": "1"},
        PRECONDITION,
    ]


def test_emptying_the_data_is_not_leaving_it_alone() -> None:
    operations = update_operations(Write("Opaque", {}), "7")
    assert operations[0] == {"op": "add", "path": "/data", "value": {}}


def test_a_label_that_is_not_wanted_any_more_is_removed() -> None:
    operations = update_operations(Write("Opaque", None, {"l": None}), "7")
    assert operations[0] == {"op": "remove", "path": "/metadata/labels/l"}


def test_maps_that_are_missing_are_made_first() -> None:
    write = Write("Opaque", None, {"l": "1"}, {"a": "2"}, has_labels=False, has_annotations=False)
    assert update_operations(write, "7") == [
        {"op": "add", "path": "/metadata/labels", "value": {}},
        {"op": "add", "path": "/metadata/labels/l", "value": "1"},
        {"op": "add", "path": "/metadata/annotations", "value": {}},
        {"op": "add", "path": "/metadata/annotations/a", "value": "2"},
        PRECONDITION,
    ]


def test_maps_that_are_missing_and_not_needed_are_not_made() -> None:
    write = Write("Opaque", has_labels=False, has_annotations=False)
    assert update_operations(write, "7") == [PRECONDITION]


def test_names_are_escaped_as_json_pointers() -> None:
    operations = update_operations(Write("Opaque", None, {"a.b/c~d/e": "1"}), "7")
    assert operations[0]["path"] == "/metadata/labels/a.b~1c~0d~1e"


LABELS = st.dictionaries(
    st.text("ab/~0123.", min_size=1, max_size=8), st.none() | st.text("xy", max_size=3), max_size=5
)


@given(LABELS, LABELS, st.booleans(), st.booleans())
def test_the_precondition_comes_last_and_every_path_names_one_key(
    labels: dict[str, str | None],
    annotations: dict[str, str | None],
    has_labels: bool,
    has_annotations: bool,
) -> None:
    write = Write(
        "Opaque",
        None,
        labels,
        annotations,
        has_labels=has_labels,
        has_annotations=has_annotations,
    )
    *changes, last = update_operations(write, "7")
    assert last == PRECONDITION
    found: dict[str, dict[str, str | None]] = {"labels": {}, "annotations": {}}
    for change in changes:
        _, _, field, *rest = change["path"].split("/")
        if rest:
            (name,) = rest
            found[field][name.replace("~1", "/").replace("~0", "~")] = change.get("value")
    assert found == {"labels": labels, "annotations": annotations}


def test_values_stay_wrapped_until_the_request_is_encoded() -> None:
    body: dict[str, Any] = create_body(AT, Write("Opaque", {"k": VALUE}))
    assert isinstance(body["data"]["k"], SecretValue)
    sent = decode_json(encode_body(body), subject="")
    assert isinstance(sent["data"]["k"], str)
