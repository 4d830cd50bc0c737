# SPDX-License-Identifier: Apache-2.0
"""One fetch serves the fleet: within one round, and only for who the provider confirmed to be one.

A round is the time in which everything that is due anyway gets the same answer (design.md 2.3): it
ends for an intent once that was served, so that a later reading of it asks anew; and for all when
nobody is at work any more, or after 30 s. Then the values are dropped.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

from keyfleet.base.errors import KeyfleetError, PermanentError
from keyfleet.base.tasks import spawn, stop
from keyfleet.engine.stores.weights import weight
from keyfleet.model.places import IntentKey

HOLD_S = 30.0
"""How long values are held at most for others who are due too (design.md 2.3)."""
HELD_MAX = 64 << 20
"""Bytes that all answers in use may take together; beyond, the oldest are dropped."""


@dataclass(frozen=True, slots=True)
class Source:
    """Whose answers are the same: one provider's service, asked as one confirmed principal."""

    provider: str
    endpoint: str
    principal: str

    @property
    def is_shared(self) -> bool:
        """Tell whether others may get what was fetched: not without a confirmed principal."""
        return bool(self.principal)


@dataclass(eq=False, slots=True)
class Reading:
    """One reading of one intent."""

    intent: IntentKey
    used: set["_Fetch"] = field(default_factory=set)
    is_of_stores: bool = False
    """Some of it came from stores."""
    is_parked: bool = False
    """It failed, and its intent is woken when it may work again."""
    picked: int = 0
    """Bytes of answers that were looked through."""
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """One entry after another works beside the loop, so that intents take turns."""


@dataclass(eq=False, slots=True)
class _Fetch:
    task: asyncio.Task[Any]
    expiry: asyncio.TimerHandle
    served: set[IntentKey] = field(default_factory=set)
    weight: int = 0


Key = tuple[Source, Hashable]


class Fetches:
    """The answers of providers in use right now."""

    def __init__(self) -> None:
        self._held: dict[Key, _Fetch] = {}
        self._abandoned: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        return len(self._held)

    def served(self, reading: Reading) -> None:
        """Remember that a reading got everything: what it used has served its intent.

        One that fails half-way comes again, and need not ask anew for what it got.
        """
        for fetch in reading.used:
            fetch.served.add(reading.intent)

    async def get(
        self,
        reading: Reading,
        source: Source,
        request: Hashable,
        fetch: Callable[[], Awaitable[Any]],
    ) -> Any:
        """Return what was fetched, by this intent or by another in this round.

        Args:
            reading: Who asks.
            source: Where and as whom.
            request: What; equal requests of one source share.
            fetch: Asks the provider.
        Raises:
            KeyfleetError: As `fetch`; everyone who waits gets it.
        """
        if not source.is_shared:
            return await fetch()
        key = (source, request)
        known = self._held.get(key)
        if known is None or reading.intent in known.served:
            known = self._begin(key, fetch)
        reading.used.add(known)
        try:
            # A waiter that is cancelled must not take the shared fetch with it.
            return await asyncio.shield(known.task)
        except KeyfleetError as error:
            # Every waiter raises the same error: its traceback would grow with each.
            raise error.with_traceback(None) from None

    def drop_all(self) -> None:
        """End every round: drop the values."""
        for key in list(self._held):
            self._drop(key)

    async def close(self) -> None:
        """Drop everything and stop what is being fetched."""
        self.drop_all()
        await stop(*self._abandoned)

    def _begin(self, key: Key, fetch: Callable[[], Awaitable[Any]]) -> _Fetch:
        self._drop(key)
        task = spawn(_awaited(fetch), name="fetch")
        expiry = asyncio.get_running_loop().call_later(HOLD_S, self._drop, key)
        known = self._held[key] = _Fetch(task, expiry)
        task.add_done_callback(lambda _: self._done(key, known))
        return known

    def _done(self, key: Key, fetch: _Fetch) -> None:
        self._abandoned.discard(fetch.task)
        if self._held.get(key) is not fetch:
            return
        error = None if fetch.task.cancelled() else fetch.task.exception()
        if fetch.task.cancelled() or (error is not None and not _is_an_answer(error)):
            # Whoever comes next asks again; the error was seen by those who waited.
            self._drop(key)
        elif error is None:
            fetch.weight = weight(fetch.task.result())
            self._make_room()

    def _make_room(self) -> None:
        while len(self._held) > 1 and sum(each.weight for each in self._held.values()) > HELD_MAX:
            self._drop(next(iter(self._held)))

    def _drop(self, key: Key) -> None:
        known = self._held.pop(key, None)
        if known is None:
            return
        known.expiry.cancel()
        if not known.task.done():
            # Those who wait for it still get it.
            self._abandoned.add(known.task)


async def _awaited(fetch: Callable[[], Awaitable[Any]]) -> Any:
    return await fetch()


def _is_an_answer(error: BaseException) -> bool:
    # One about this very secret, which the next asker would get too.
    return isinstance(error, PermanentError) and error.code == "store.secret_not_found"
