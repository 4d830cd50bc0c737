# SPDX-License-Identifier: Apache-2.0
"""Understand the lines of one watch and carry them into a store.

A streamed list is collected aside and replaces the store's items only when the server says that it
is complete; until then neither an item nor a version of it counts.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

import msgspec

from keyfleet.base.errors import KeyfleetError, UnreachableError
from keyfleet.kube.budget import Budget
from keyfleet.kube.decoding import UNDECODABLE, Decode, Heard
from keyfleet.kube.responses import Status, error_of_status
from keyfleet.kube.store import Key, Store

T = TypeVar("T")


class Hearing(Generic[T]):
    """One stream's lines."""

    def __init__(
        self,
        store: Store[T],
        decode: Decode[T],
        keep_annotation: Callable[[str], bool] | None,
        *,
        subject: str,
        on_listed: Callable[[], None] | None,
    ) -> None:
        """Prepare for a stream.

        Args:
            store: Where the items go.
            decode: How lines become items.
            keep_annotation: Which annotations are kept; None keeps all.
            subject: What is watched, for errors.
            on_listed: The stream begins with a list; called when that is complete.
        """
        self.events = 0
        """Events and bookmarks so far."""
        self._store = store
        self._decode = decode
        self._keep = keep_annotation
        self._initial: dict[Key, T] | None = {} if on_listed else None
        self._on_listed = on_listed
        self._subject = subject
        self._budget = Budget()

    @property
    def is_listing(self) -> bool:
        """Whether the streamed list is not complete yet."""
        return self._initial is not None

    def take(self, line: bytes | None) -> None:
        """Carry one line into the store.

        Raises:
            UnreachableError: `watch.unreadable`, `watch.too_long`, `watch.unversioned`.
            PermanentError: `watch.overfull`.
            KeyfleetError: What an ERROR event says.
        """
        if line is None:
            raise self._fault("watch.too_long", "an event is longer than the limit")
        heard = self._read(line)
        if heard.type == "ERROR":
            raise _error(line, self._subject)
        if not heard.metadata.resource_version:
            raise self._fault("watch.unversioned", "an event names no version")
        self.events += 1
        self._sort(heard)

    def _read(self, line: bytes) -> Heard[T]:
        with suppress(*UNDECODABLE):
            return self._decode.event(line)
        # Out here, since the original would keep the line as context.
        raise self._fault("watch.unreadable", "a line is not an event")

    def _sort(self, heard: Heard[T]) -> None:
        match heard.type:
            case "ADDED" | "MODIFIED":
                self._put(heard)
            case "DELETED":
                self._drop(heard.metadata.key)
            case "BOOKMARK":
                self._mark(heard)
            case _:
                raise self._fault("watch.unreadable", "an event of an unknown type")
        if self._initial is None:
            self._store.resource_version = heard.metadata.resource_version

    def _put(self, heard: Heard[T]) -> None:
        if self._keep is not None:
            self._decode.filter_annotations(heard.item, self._keep)
        if self._initial is None:
            self._store.put(heard.metadata.key, heard.item)
        else:
            before = self._initial.get(heard.metadata.key)
            known = self._decode.weight(before) if before is not None else 0
            weight = self._decode.weight(heard.item)
            self._budget.take(weight, subject=self._subject, instead_of=known)
            self._initial[heard.metadata.key] = heard.item

    def _drop(self, key: Key) -> None:
        if self._initial is None:
            self._store.drop(key)
        else:
            self._initial.pop(key, None)

    def _mark(self, heard: Heard[T]) -> None:
        if self._initial is not None and heard.ends_initial_list:
            complete, self._initial = self._initial, None
            self._store.replace(complete)
            if self._on_listed is not None:
                self._on_listed()

    def _fault(self, code: str, message: str) -> UnreachableError:
        return UnreachableError(code, message, self._subject)


def _error(line: bytes, subject: str) -> KeyfleetError:
    try:
        status = msgspec.json.decode(line, type=_ErrorEvent).object
    except UNDECODABLE:
        status = Status(code=500)
    return error_of_status(status, verb="watch", subject=subject)


class _ErrorEvent(msgspec.Struct):
    object: Status
