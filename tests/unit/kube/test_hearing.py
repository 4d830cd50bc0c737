# SPDX-License-Identifier: Apache-2.0
"""Lines of a watch, carried into a store."""

from collections.abc import Callable
from typing import Any

import pytest

from keyfleet.base.codec import encode_json
from keyfleet.base.errors import ExpiredError, KeyfleetError, ThrottledError, UnreachableError
from keyfleet.kube.decoding import METADATA
from keyfleet.kube.hearing import Hearing
from keyfleet.kube.objects import Metadata
from keyfleet.kube.store import Store
from keyfleet.testing.canary import find_canary

END = {"annotations": {"k8s.io/initial-events-end": "true"}}


def line(kind: str, version: str, name: str = "x", **metadata: Any) -> bytes:
    whole = {"name": name, "namespace": "a", "resourceVersion": version, **metadata}
    return encode_json({"type": kind, "object": {"metadata": whole}})


def hearing(
    *, initial: bool = False, keep: Callable[[str], bool] | None = None
) -> tuple[Hearing[Metadata], Store[Metadata]]:
    store = Store(METADATA, lambda *_: None)
    on_listed = (lambda: None) if initial else None
    return Hearing(store, METADATA, keep, subject="east/secrets", on_listed=on_listed), store


def names(store: Store[Metadata]) -> set[str]:
    return {name for _, name in store.items}


def test_follows_added_changed_and_deleted_items() -> None:
    watch, store = hearing()
    for each in (line("ADDED", "1"), line("MODIFIED", "2"), line("ADDED", "3", "y")):
        watch.take(each)
    assert {"x", "y"} == names(store)
    assert store.items["a", "x"].resource_version == "2"
    watch.take(line("DELETED", "4"))
    assert {"y"} == names(store)
    assert (store.resource_version, watch.events) == ("4", 4)


def test_a_bookmark_moves_only_the_position() -> None:
    watch, store = hearing()
    watch.take(line("BOOKMARK", "90", name=""))
    assert (store.resource_version, store.items) == ("90", {})


def test_a_streamed_list_counts_only_when_complete() -> None:
    watch, store = hearing(initial=True)
    store.items["a", "old"] = Metadata(name="old", namespace="a", resource_version="1")
    watch.take(line("ADDED", "9", "x"))
    watch.take(line("ADDED", "3", "y"))
    watch.take(line("DELETED", "10", "y"))
    watch.take(line("BOOKMARK", "4", name=""))
    was_listing = watch.is_listing
    assert ({"old"}, "") == (names(store), store.resource_version)
    watch.take(line("BOOKMARK", "12", name="", **END))
    assert (was_listing, watch.is_listing) == (True, False)
    assert ({"x"}, "12") == (names(store), store.resource_version)


def test_annotations_are_filtered_before_they_are_kept() -> None:
    watch, store = hearing(keep=lambda name: name == "keep")
    watch.take(line("ADDED", "1", annotations={"keep": "1", "drop": "2"}))
    assert store.items["a", "x"].annotations == {"keep": "1"}


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (None, "watch.too_long"),
        (b'{"type":"ADDED","object":{"metadata":{"name":"kf-canary-', "watch.unreadable"),
        (b'{"type":"ADDED","object":{"metadata":{"name":7,"x":"kf-canary-"}}}', "watch.unreadable"),
        (b"\xff\xfe", "watch.unreadable"),
        (line("RENAMED", "5"), "watch.unreadable"),
        (line("ADDED", ""), "watch.unversioned"),
    ],
)
def test_a_line_that_cannot_be_understood_ends_the_watch(raw: bytes | None, code: str) -> None:
    watch, store = hearing()
    watch.take(line("ADDED", "1"))
    with pytest.raises(UnreachableError) as caught:
        watch.take(raw)
    assert code == caught.value.code
    assert not find_canary(repr(caught.value))
    assert store.resource_version == "1"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ({"code": 410, "reason": "Expired"}, ExpiredError),
        ({"code": 410, "reason": "Gone"}, ExpiredError),
        ({"code": 429, "details": {"retryAfterSeconds": 3}}, ThrottledError),
        ({"code": 500, "reason": "InternalError", "message": "kf-canary-"}, UnreachableError),
    ],
)
def test_an_error_event_is_the_error_it_describes(
    status: dict[str, Any], kind: type[KeyfleetError]
) -> None:
    watch, _ = hearing()
    event = {"type": "ERROR", "object": {"kind": "Status", "metadata": {}, **status}}
    with pytest.raises(kind) as caught:
        watch.take(encode_json(event))
    assert not find_canary(repr(caught.value))


def test_an_error_event_without_a_status_is_a_server_error() -> None:
    watch, _ = hearing()
    with pytest.raises(UnreachableError) as caught:
        watch.take(b'{"type":"ERROR","object":{"code":"x"}}')
    assert caught.value.code == "api.server_error"
