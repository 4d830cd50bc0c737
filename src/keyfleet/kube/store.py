# SPDX-License-Identifier: Apache-2.0
"""The items of an informer, and the one place that reports how they changed."""

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from keyfleet.base.log import get_logger
from keyfleet.kube.budget import Budget
from keyfleet.kube.decoding import Decode

T = TypeVar("T")

_log = get_logger("kube")

Key = tuple[str, str]
"""Namespace (empty for cluster-scoped kinds) and name."""


class Store(Generic[T]):
    """Items by key; every real change is reported once, after it is in place."""

    def __init__(
        self,
        decode: Decode[T],
        on_change: Callable[[Key, T | None, T | None], None],
        *,
        subject: str = "",
    ) -> None:
        self.items: dict[Key, T] = {}
        self.resource_version = ""
        """Where a watch resumes: version of the last event, bookmark or complete list."""
        self.is_replacing = False
        """What is reported comes from a complete list: how an item was last is not known then."""
        self._decode = decode
        self._on_change = on_change
        self._subject = subject
        self._budget = Budget()

    def put(self, key: Key, item: T) -> None:
        """Take an item; one with the version that is held already changes nothing.

        Raises:
            PermanentError: `watch.overfull`; the item was not taken.
        """
        old = self.items.get(key)
        if old is not None and self._version(old) == self._version(item):
            return
        weight = self._decode.weight(item)
        self._budget.take(weight, subject=self._subject, instead_of=self._weight(old))
        self._set(key, old, item)

    def drop(self, key: Key) -> None:
        """Forget an item."""
        old = self.items.pop(key, None)
        if old is not None:
            self._budget.give_back(self._decode.weight(old))
            self._report(key, old, None)

    def replace(self, complete: Mapping[Key, T]) -> None:
        """Take a complete list that was found to fit: what it does not name is gone."""
        self.is_replacing = True
        try:
            self._replace(complete)
        finally:
            self.is_replacing = False

    def _replace(self, complete: Mapping[Key, T]) -> None:
        for key in [key for key in self.items if key not in complete]:
            self.drop(key)
        for key, item in complete.items():
            old = self.items.get(key)
            if old is None or self._version(old) != self._version(item):
                self._budget.count(self._decode.weight(item), instead_of=self._weight(old))
                self._set(key, old, item)

    def _set(self, key: Key, old: T | None, item: T) -> None:
        self.items[key] = item
        self._report(key, old, item)

    def _weight(self, item: T | None) -> int:
        return 0 if item is None else self._decode.weight(item)

    def _report(self, key: Key, old: T | None, new: T | None) -> None:
        try:
            self._on_change(key, old, new)
        except Exception as error:  # noqa: BLE001 - a bug over one object must not end the watch
            # Only the type: the text of an unknown error may quote the object.
            _log.error("kube.change_crashed", key="/".join(key), error=type(error).__name__)

    def _version(self, item: T) -> str:
        return self._decode.metadata(item).resource_version
