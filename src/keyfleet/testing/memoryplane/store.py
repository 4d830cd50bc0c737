# SPDX-License-Identifier: Apache-2.0
"""Objects with versions: what etcd is to an API server.

One counter numbers the changes of all kinds. The past is kept until `compact`, so that watches can
resume and a paged list stays consistent.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec

Document = dict[str, Any]
Key = tuple[str, str]
"""Namespace (empty for cluster-scoped kinds) and name."""


class Stored:
    """A version of an object; nobody changes the document any more."""

    def __init__(self, document: Document) -> None:
        self.document = document

    @cached_property
    def full(self) -> bytes:
        """The object as JSON."""
        return msgspec.json.encode(self.document)

    @cached_property
    def partial(self) -> bytes:
        """Its metadata as a PartialObjectMetadata."""
        return msgspec.json.encode(
            {
                "kind": "PartialObjectMetadata",
                "apiVersion": "meta.k8s.io/v1",
                "metadata": self.document["metadata"],
            }
        )

    @property
    def metadata(self) -> Document:
        """The object's metadata."""
        found: Document = self.document["metadata"]
        return found


@dataclass(frozen=True, slots=True)
class Change:
    """One committed write."""

    revision: int
    label: str
    """Of the resource, as `secrets` or `fleetsecrets.keyfleet.io`."""
    key: Key
    before: Stored | None
    after: Stored | None
    by: str = ""
    """Who wrote."""


class Store:
    """The objects of one plane by resource label and key."""

    def __init__(self) -> None:
        self.revision = 1
        self.compacted = 0
        """Nothing can be read or resumed from before this revision."""
        self.listeners: list[Callable[[Change], None]] = []
        self._objects: dict[str, dict[Key, Stored]] = {}
        self._changes: list[Change] = []

    def get(self, label: str, key: Key) -> Stored | None:
        """Return the newest version of an object."""
        return self._objects.get(label, {}).get(key)

    def all(self, label: str) -> dict[Key, Stored]:
        """Return the objects of a kind by key, in the order of lists."""
        return dict(sorted(self._objects.get(label, {}).items()))

    def everything(self) -> Iterator[tuple[str, Key, Stored]]:
        """Give every object with the label of its kind."""
        for label, objects in self._objects.items():
            for key, stored in objects.items():
                yield label, key, stored

    def put(self, label: str, key: Key, document: Document, *, by: str) -> Stored:
        """Store a new version, under the next revision."""
        self.revision += 1
        document["metadata"]["resourceVersion"] = str(self.revision)
        stored = Stored(document)
        objects = self._objects.setdefault(label, {})
        before = objects.get(key)
        objects[key] = stored
        self._commit(Change(self.revision, label, key, before, stored, by))
        return stored

    def drop(self, label: str, key: Key, *, by: str) -> None:
        """Remove an object; watches see its last state under the revision of the removal."""
        before = self._objects[label].pop(key)
        self.revision += 1
        last = deepcopy(before.document)
        last["metadata"]["resourceVersion"] = str(self.revision)
        self._commit(Change(self.revision, label, key, Stored(last), None, by))

    def since(self, revision: int, label: str) -> list[Change]:
        """Return the later changes of a kind."""
        return [one for one in self._changes if one.revision > revision and one.label == label]

    def at(self, label: str, revision: int) -> dict[Key, Stored]:
        """Return the objects of a kind as they were at a revision that is not compacted."""
        objects = dict(self._objects.get(label, {}))
        for change in reversed(self.since(revision, label)):
            if change.before is None:
                objects.pop(change.key, None)
            else:
                objects[change.key] = change.before
        return dict(sorted(objects.items()))

    def compact(self) -> None:
        """Forget the past."""
        self.compacted = self.revision
        self._changes.clear()

    def _commit(self, change: Change) -> None:
        self._changes.append(change)
        for listener in list(self.listeners):
            listener(change)
