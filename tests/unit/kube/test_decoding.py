# SPDX-License-Identifier: Apache-2.0
"""What is kept of objects, pages and events."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from keyfleet.base.codec import encode_json
from keyfleet.base.secret import SecretValue
from keyfleet.kube.decoding import (
    INITIAL_END,
    LAST_APPLIED,
    METADATA,
    Decode,
    decode_metadata,
    decode_secret,
    decode_secret_page,
    full_object,
    keep_all,
    selecting,
    without_copies,
)
from keyfleet.kube.objects import Metadata
from keyfleet.testing.canary import find_canary

SECRET: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Secret",
    "type": "Opaque",
    "metadata": {
        "name": "b",
        "namespace": "a",
        "resourceVersion": "7",
        "annotations": {LAST_APPLIED: "kf-canary-copy", "keyfleet.io/owner": "x", "other": "y"},
        "managedFields": [{"manager": "kubectl"}],
    },
    "data": {"k": "a2YtY2FuYXJ5LXY="},
}
LIST = {"metadata": {"resourceVersion": "9", "continue": "more"}, "items": [SECRET]}
KEPT = {"keyfleet.io/owner": "x", "other": "y"}


def test_metadata_drops_the_copy_of_the_object() -> None:
    metadata = decode_metadata(encode_json(SECRET))
    assert metadata.key == ("a", "b")
    assert metadata.annotations == KEPT


def test_a_secret_keeps_wrapped_values_and_no_copy() -> None:
    secret = decode_secret(encode_json(SECRET))
    assert {"k": SecretValue(b"kf-canary-v")} == secret.data
    assert secret.metadata.annotations == KEPT
    assert not find_canary(repr(secret))


def test_a_page_of_secrets_keeps_wrapped_values() -> None:
    page = decode_secret_page(encode_json(LIST))
    assert (page.resource_version, page.continue_) == ("9", "more")
    assert page.items[0].metadata.annotations == KEPT


@pytest.mark.parametrize("decode", [METADATA, full_object])
def test_pages_and_events_drop_the_copy(decode: Decode[Any]) -> None:
    page = decode.page(encode_json(LIST))
    event = decode.event(encode_json({"type": "ADDED", "object": SECRET}))
    assert not find_canary(repr((decode.metadata(page.items[0]), event.metadata)))
    assert (page.resource_version, page.continue_) == ("9", "more")
    assert (
        event.type,
        event.metadata.key,
        event.metadata.resource_version,
    ) == ("ADDED", ("a", "b"), "7")


def test_metadata_holds_no_value_even_when_the_server_sends_the_whole_object() -> None:
    """Servers without metadata-only answers fall back to plain JSON."""
    event = METADATA.event(encode_json({"type": "ADDED", "object": SECRET}))
    assert not find_canary(repr(event))


@pytest.mark.parametrize("decode", [METADATA, full_object])
def test_annotations_are_filtered_in_place(decode: Decode[Any]) -> None:
    item = decode.page(encode_json(LIST)).items[0]
    decode.filter_annotations(item, lambda name: name.startswith("keyfleet.io/"))
    assert decode.metadata(item).annotations == {"keyfleet.io/owner": "x"}


@pytest.mark.parametrize("decode", [METADATA, full_object])
def test_objects_without_annotations_pass_the_filter(decode: Decode[Any]) -> None:
    bare = {"metadata": {"name": "b"}}
    item = decode.event(encode_json({"type": "ADDED", "object": bare})).item
    decode.filter_annotations(item, keep_all)
    assert decode.metadata(item).name == "b"


def test_only_the_final_bookmark_ends_a_streamed_list() -> None:
    def mark(annotations: dict[str, str]) -> bool:
        metadata = {"resourceVersion": "9", "annotations": annotations}
        event = {"type": "BOOKMARK", "object": {"metadata": metadata}}
        return METADATA.event(encode_json(event)).ends_initial_list

    assert mark({"k8s.io/initial-events-end": "true"})
    assert not mark({"k8s.io/initial-events-end": "false"})
    assert not mark({})


@pytest.mark.parametrize("read", [METADATA.event, full_object.event, METADATA.page, decode_secret])
@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'{"metadata":7,"object":7,"type":7}'])
def test_what_is_not_of_that_shape_is_a_decode_error(
    read: Callable[[bytes], object], raw: bytes
) -> None:
    with pytest.raises(msgspec.DecodeError):
        read(raw)


def test_objects_without_metadata_stay_as_they_are() -> None:
    assert without_copies({"metadata": None}) == {"metadata": None}


FEW = selecting(METADATA, lambda metadata: metadata.name == "b")


def event(kind: str, name: str, **annotations: str) -> bytes:
    metadata = {"name": name, "resourceVersion": "8", "annotations": annotations}
    return encode_json({"type": kind, "object": {"metadata": metadata}})


def test_of_a_page_only_what_is_wanted_is_kept() -> None:
    other = {"metadata": {**SECRET["metadata"], "name": "other"}}
    page = FEW.page(encode_json({**LIST, "items": [SECRET, other]}))
    assert [item.name for item in page.items] == ["b"]
    assert (page.resource_version, page.continue_) == ("9", "more")


@pytest.mark.parametrize("kind", ["ADDED", "MODIFIED", "DELETED"])
def test_an_event_about_what_is_not_wanted_only_moves_the_version(kind: str) -> None:
    heard = FEW.event(event(kind, "other"))
    assert (heard.type, heard.metadata) == ("BOOKMARK", Metadata(resource_version="8"))
    heard = FEW.event(event(kind, "b"))
    assert (heard.type, heard.metadata.name) == (kind, "b")


def test_an_object_that_is_not_wanted_cannot_end_a_list() -> None:
    ends = {INITIAL_END: "true"}
    assert not FEW.event(event("ADDED", "other", **ends)).ends_initial_list
    assert FEW.event(event("BOOKMARK", "", **ends)).ends_initial_list
    assert FEW.event(event("ERROR", "other")).type == "ERROR"
