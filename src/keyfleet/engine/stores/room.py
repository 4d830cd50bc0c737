# SPDX-License-Identifier: Apache-2.0
"""How many intents may wait for one thing at a time, so that the others keep their places."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from keyfleet.base.errors import ThrottledError
from keyfleet.model.places import IntentKey

BUSY = "store.busy"
_LATER = timedelta(minutes=10)

Wake = Callable[[set[IntentKey]], None]


class Room:
    """Places for those who wait; who finds none is sent away, and woken when one is free."""

    def __init__(self, name: str, places: int, *, wake: Wake) -> None:
        """Make an empty room.

        Args:
            name: What is waited for, for errors.
            places: How many intents may.
            wake: Told who may come again.
        """
        self._name = name
        self._places = places
        self._wake = wake
        self._inside: dict[IntentKey, int] = {}
        self._outside: dict[IntentKey, None] = {}

    @property
    def is_empty(self) -> bool:
        """Tell whether nobody is inside, nor wants to be."""
        return not (self._inside or self._outside)

    @contextmanager
    def admitted(self, asker: IntentKey) -> Iterator[None]:
        """Count an intent among those that wait.

        Raises:
            ThrottledError: `store.busy`: enough others do; it is woken when one is done.
        """
        if asker not in self._inside and len(self._inside) >= self._places:
            self._outside[asker] = None
            raise ThrottledError(BUSY, "others wait for it", self._name, retry_after=_LATER)
        self._outside.pop(asker, None)
        self._inside[asker] = self._inside.get(asker, 0) + 1
        try:
            yield
        finally:
            self._leave(asker)

    def _leave(self, asker: IntentKey) -> None:
        self._inside[asker] -= 1
        if not self._inside[asker]:
            del self._inside[asker]
            if self._outside:
                following = next(iter(self._outside))
                del self._outside[following]
                self._wake({following})
