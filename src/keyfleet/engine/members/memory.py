# SPDX-License-Identifier: Apache-2.0
"""What is remembered of each target: a fingerprint and the version it was taken of, no value.

As long as the watch shows the remembered resourceVersion, the data behind it is known without
reading it. Any other version means one read.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from typing import TypeVar

from keyfleet.delivery.deliver import Delivered
from keyfleet.model.desired import Actual
from keyfleet.model.ownership import read_marker
from keyfleet.model.places import IntentKey
from keyfleet.model.plan import Step

T = TypeVar("T")

Spot = tuple[str, str]
"""Namespace and name."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """One target as it was last read or written."""

    uid: str
    resource_version: str
    type: str
    fingerprint: str
    intent: IntentKey
    """Whose fingerprint it is; another intent has to read."""
    is_immutable: bool = False
    is_as_marked: bool = False
    ahead: Actual | None = None
    """The whole object as we wrote it, until the watch shows that version or a newer one."""


class Memory:
    """The remembered targets of one cluster."""

    def __init__(self) -> None:
        self._known: dict[Spot, Remembered] = {}
        self._ahead: dict[IntentKey, set[Spot]] = {}
        self._deleted: dict[Spot, str] = {}
        self._doubted: set[Spot] = set()

    def get(self, spot: Spot) -> Remembered | None:
        """Return what is remembered of a place."""
        return self._known.get(spot)

    def read(self, spot: Spot, actual: Actual, intent: IntentKey) -> None:
        """Remember a live object that was just read."""
        self._doubted.discard(spot)
        self._put(spot, _remembered(actual, intent))

    def wrote(self, spot: Spot, actual: Actual, intent: IntentKey) -> None:
        """Remember what a write left, ahead of the watch."""
        self._doubted.discard(spot)
        self._deleted.pop(spot, None)
        ahead = actual if actual.data is None else replace(actual, data=None)
        self._put(spot, _remembered(actual, intent, ahead))

    def deleted(self, spot: Spot, uid: str) -> None:
        """Remember that we deleted the object of this UID."""
        self._put(spot, None)
        self._deleted[spot] = uid

    def is_own_deletion(self, spot: Spot, uid: str) -> bool:
        """Tell whether the object that is gone was deleted by us; asks once."""
        return self._deleted.pop(spot, None) == uid

    def doubt(self, spot: Spot) -> None:
        """Read this place next time, whatever the watch says: a write met something unexpected."""
        self._put(spot, None)
        self._doubted.add(spot)

    def is_doubted(self, spot: Spot) -> bool:
        """Tell whether the place has to be read."""
        return spot in self._doubted

    def ahead(self) -> set[Spot]:
        """Return the places whose last write the watch has not shown yet."""
        return {spot for spots in self._ahead.values() for spot in spots}

    def ahead_of(self, intent: IntentKey) -> Set[Spot]:
        """Return those of them that were written for this intent."""
        return self._ahead.get(intent, frozenset())

    def settle(self, spot: Spot) -> None:
        """The watch has caught up: what it shows counts again."""
        known = self._known.get(spot)
        if known is not None and known.ahead is not None:
            self._put(spot, replace(known, ahead=None))

    def forget(self, spot: Spot) -> None:
        """Drop a place that is gone."""
        self._put(spot, None)
        self._doubted.discard(spot)

    def _put(self, spot: Spot, known: Remembered | None) -> None:
        before = self._known.pop(spot, None)
        if before is not None and before.ahead is not None:
            spots = self._ahead[before.intent]
            spots.discard(spot)
            if not spots:
                del self._ahead[before.intent]
        if known is None:
            return
        self._known[spot] = known
        if known.ahead is not None:
            self._ahead.setdefault(known.intent, set()).add(spot)


def _remembered(actual: Actual, intent: IntentKey, ahead: Actual | None = None) -> Remembered:
    return Remembered(
        actual.uid,
        actual.resource_version,
        actual.type,
        actual.fingerprint,
        intent,
        actual.is_immutable,
        actual.is_as_marked,
        ahead,
    )


def is_newer(version: str, than: str) -> bool:
    """Tell whether a resourceVersion is newer than another.

    They are comparable decimal integers on conforming servers from 1.35 on; elsewhere only equality
    is certain, and a version that differs counts as newer.
    """
    if _is_number(version) and _is_number(than):
        return int(version) > int(than)
    return version != than


def _is_number(version: str) -> bool:
    # A real one has at most 20 digits; Python refuses to read very long ones.
    return version.isdecimal() and len(version) <= 100


def after_write(before: Actual | None, step: Step, delivered: Delivered) -> Actual:
    """Return the live object as a delivered step left it."""
    write = step.write
    labels = dict(before.labels) if before else {}
    annotations = dict(before.annotations) if before else {}
    if write is not None:
        _merge(labels, write.labels)
        _merge(annotations, write.annotations)
    return Actual(
        uid=delivered.uid,
        resource_version=delivered.resource_version,
        type=write.type if write else "",
        labels=labels,
        annotations=annotations,
        fingerprint=step.fingerprint,
        is_immutable=bool(before and before.is_immutable) or bool(write and write.is_immutable),
        is_as_marked=_is_marked_as(annotations, step.fingerprint),
        owners=_now(write.owners if write else None, before.owners if before else ()),
        finalizers=_now(write.finalizers if write else None, before.finalizers if before else ()),
    )


def _now(written: tuple[T, ...] | None, before: tuple[T, ...]) -> tuple[T, ...]:
    return before if written is None else written


def _is_marked_as(annotations: Mapping[str, str], fingerprint: str) -> bool:
    marker = read_marker(annotations)
    return marker is not None and bool(fingerprint) and marker.fingerprint == fingerprint


def _merge(into: dict[str, str], change: Mapping[str, str | None]) -> None:
    for name, value in change.items():
        if value is None:
            into.pop(name, None)
        else:
            into[name] = value
