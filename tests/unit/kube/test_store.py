# SPDX-License-Identifier: Apache-2.0
"""Every real change is reported once."""

from keyfleet.kube.decoding import METADATA
from keyfleet.kube.objects import Metadata
from keyfleet.kube.store import Key, Store

Change = tuple[Key, str | None, str | None]


class Recorded:
    """A store whose changes are written down as (key, old version, new version)."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.store = Store(METADATA, self._on_change)

    def _on_change(self, key: Key, old: Metadata | None, new: Metadata | None) -> None:
        assert self.store.items.get(key) is new, "a change is reported once it is in place"
        self.changes.append((key, version(old), version(new)))


def version(item: Metadata | None) -> str | None:
    return item.resource_version if item else None


def item(name: str, version: str) -> Metadata:
    return Metadata(name=name, namespace="a", resource_version=version)


def test_reports_added_changed_and_deleted_items() -> None:
    recorded = Recorded()
    key = ("a", "x")
    recorded.store.put(key, item("x", "1"))
    recorded.store.put(key, item("x", "2"))
    recorded.store.drop(key)
    assert [(key, None, "1"), (key, "1", "2"), (key, "2", None)] == recorded.changes


def test_an_item_that_is_held_already_changes_nothing() -> None:
    recorded = Recorded()
    recorded.store.put(("a", "x"), item("x", "1"))
    recorded.store.put(("a", "x"), item("x", "1"))
    recorded.store.drop(("a", "unknown"))
    assert len(recorded.changes) == 1


def test_a_complete_list_finds_what_is_gone() -> None:
    recorded = Recorded()
    recorded.store.replace({("a", name): item(name, "1") for name in ("x", "y")})
    recorded.changes.clear()
    recorded.store.replace({("a", "y"): item("y", "2"), ("a", "z"): item("z", "3")})
    expected = [(("a", "x"), "1", None), (("a", "y"), "1", "2"), (("a", "z"), None, "3")]
    assert expected == recorded.changes


def test_a_consumer_that_crashes_over_one_object_still_hears_of_the_others() -> None:
    heard: list[Key] = []

    def fragile(key: Key, old: Metadata | None, new: Metadata | None) -> None:
        if key[1] == "bad":
            raise ZeroDivisionError
        heard.append(key)

    store = Store(METADATA, fragile)
    store.replace({("a", name): item(name, "1") for name in ("bad", "good")})
    assert heard == [("a", "good")]
    assert {"bad", "good"} == {key[1] for key in store.items}
