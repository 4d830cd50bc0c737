# SPDX-License-Identifier: Apache-2.0
"""Whose marked targets are where in one cluster: an index that is fed one place at a time."""

from keyfleet.engine.members.memory import Spot
from keyfleet.model.places import IntentKey


class Owners:
    """Finds the owner of a place, the places of an owner, and who uses a name."""

    def __init__(self) -> None:
        self._owner_at: dict[Spot, IntentKey] = {}
        self._spots_called: dict[str, set[Spot]] = {}
        self._spots_of: dict[IntentKey, set[Spot]] = {}

    def __len__(self) -> int:
        """Return how many places are owned."""
        return len(self._owner_at)

    def __contains__(self, intent: IntentKey) -> bool:
        """Tell whether an intent owns any place."""
        return intent in self._spots_of

    def all(self) -> set[IntentKey]:
        """Return every owner."""
        return set(self._spots_of)

    def at(self, spot: Spot) -> IntentKey | None:
        """Return the owner of a place."""
        return self._owner_at.get(spot)

    def spots(self, intent: IntentKey) -> list[Spot]:
        """Return the places of an owner, in order."""
        return sorted(self._spots_of.get(intent, ()))

    def of_name(self, name: str) -> set[IntentKey]:
        """Return the owners of the places that are called so."""
        return {self._owner_at[spot] for spot in self._spots_called.get(name, ())}

    def move(self, spot: Spot, owner: IntentKey | None) -> None:
        """Give a place to an owner, or to nobody."""
        before = self._owner_at.get(spot)
        if before == owner:
            return
        if before is not None:
            self._take(spot, before)
        if owner is not None:
            self._owner_at[spot] = owner
            self._spots_called.setdefault(spot[1], set()).add(spot)
            self._spots_of.setdefault(owner, set()).add(spot)

    def _take(self, spot: Spot, before: IntentKey) -> None:
        del self._owner_at[spot]
        spots = self._spots_of[before]
        spots.discard(spot)
        if not spots:
            del self._spots_of[before]
        called = self._spots_called[spot[1]]
        called.discard(spot)
        if not called:
            del self._spots_called[spot[1]]
