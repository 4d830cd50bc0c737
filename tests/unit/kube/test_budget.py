# SPDX-License-Identifier: Apache-2.0
"""A collection is kept up to a weight and no further."""

from typing import Any

import pytest

from keyfleet.base.errors import PermanentError
from keyfleet.kube import budget
from keyfleet.kube.budget import OBJECT_BYTES, Budget, weight
from keyfleet.kube.decoding import METADATA, full_object, strangers_object
from keyfleet.kube.objects import Metadata, OwnerReference
from keyfleet.kube.store import Store

ITEM_BYTES = OBJECT_BYTES + 3


def item(name: str, version: str = "1", *, size: int = 0) -> Metadata:
    """An object whose name, namespace and version have a letter each."""
    annotations = {"a": "x" * (size - 1)} if size else None
    return Metadata(name=name, namespace="n", resource_version=version, annotations=annotations)


def test_labels_and_annotations_weigh_what_they_are_long() -> None:
    assert weight(item("a", size=500)) == ITEM_BYTES + 500


@pytest.mark.parametrize(
    "long",
    [
        Metadata(name="x" * 900),
        Metadata(uid="x" * 900),
        Metadata(resource_version="9" * 900),
        Metadata(creation_timestamp="x" * 900),
        Metadata(labels={"x" * 900: ""}),
        Metadata(owner_references=[OwnerReference(name="x" * 900)]),
    ],
)
def test_whatever_a_server_makes_long_weighs(long: Metadata) -> None:
    assert weight(long) >= OBJECT_BYTES + 900


def test_what_passes_the_limit_is_refused_and_not_counted() -> None:
    total = Budget(3 * ITEM_BYTES)
    for name in "abc":
        total.take(weight(item(name)), subject="east")
    with pytest.raises(PermanentError) as caught:
        total.take(weight(item("d")), subject="east")
    assert (caught.value.code, caught.value.subject) == ("watch.overfull", "east")
    assert total.used == 3 * ITEM_BYTES


def test_an_object_in_the_place_of_another_weighs_the_difference() -> None:
    total = Budget(2 * ITEM_BYTES)
    total.take(weight(item("a", size=200)), subject="east")
    before, after = (weight(item("a", size=size)) for size in (200, 300))
    total.take(after, subject="east", instead_of=before)
    assert total.used == ITEM_BYTES + 300
    total.give_back(after)
    assert total.used == 0


def test_a_store_takes_again_what_was_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "COLLECTION_BYTES", 2 * ITEM_BYTES)
    store: Store[Metadata] = Store(METADATA, lambda *_: None)
    for name in "ab":
        store.put(("n", name), item(name))
    with pytest.raises(PermanentError):
        store.put(("n", "c"), item("c"))
    assert set(store.items) == {("n", "a"), ("n", "b")}
    store.drop(("n", "a"))
    store.put(("n", "c"), item("c"))
    assert set(store.items) == {("n", "b"), ("n", "c")}


def test_a_list_that_fits_replaces_whatever_stood_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "COLLECTION_BYTES", 2 * ITEM_BYTES + 400)
    store: Store[Metadata] = Store(METADATA, lambda *_: None)
    store.replace({("n", "a"): item("a", size=400), ("n", "b"): item("b")})
    store.replace({("n", "b"): item("b", "2", size=400), ("n", "a"): item("a", "2")})
    assert [one.resource_version for one in store.items.values()] == ["2", "2"]
    with pytest.raises(PermanentError):
        store.put(("n", "c"), item("c"))


def test_whole_objects_of_strangers_weigh_what_is_in_them(monkeypatch: pytest.MonkeyPatch) -> None:
    document = {"metadata": {"name": "a", "namespace": "n"}, "spec": {"text": "x" * 10_000}}
    assert full_object.weight(document) < 2 * OBJECT_BYTES
    assert strangers_object.weight(document) > 4 * 10_000
    monkeypatch.setattr(budget, "COLLECTION_BYTES", 50_000)
    store: Store[dict[str, Any]] = Store(strangers_object, lambda *_: None)
    store.put(("n", "a"), document)
    with pytest.raises(PermanentError):
        store.put(("n", "b"), {**document, "metadata": {"name": "b", "namespace": "n"}})
    store.drop(("n", "a"))
    store.put(("n", "b"), document)
