# SPDX-License-Identifier: Apache-2.0
"""One read serves the fleet.

When a source changes, every cluster's lane gets the intent's key; the first pass reads and shapes,
the others share the result. It is dropped when no lane waits for the intent any more, and after
30 s at the latest, so that no value is at rest in the process.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from keyfleet.base.clock import Clock
from keyfleet.base.errors import KeyfleetError
from keyfleet.base.tasks import spawn
from keyfleet.engine.shaping import Shaped
from keyfleet.engine.stores.fetches import HOLD_S
from keyfleet.model.intent import Intent
from keyfleet.model.places import IntentKey


@dataclass(slots=True)
class _Round:
    intent: Intent
    began: float
    task: asyncio.Task[Shaped]
    expiry: asyncio.TimerHandle = field(repr=False)


class Rounds:
    """The reads and shapes in use right now."""

    def __init__(self, shape: Callable[[Intent], Awaitable[Shaped]], clock: Clock) -> None:
        self._shape = shape
        self._clock = clock
        self._rounds: dict[IntentKey, _Round] = {}

    async def get(self, intent: Intent) -> Shaped:
        """Return the intent's shape, reading at most once for all who ask in this round.

        Raises:
            TemporaryError: The source could not be asked; everyone who waits gets it.
        """
        known = self._rounds.get(intent.key)
        if known is None or known.intent is not intent:
            self.drop(intent.key)
            known = self._begin(intent)
        try:
            if known.task.done():
                return known.task.result()
            # A waiter that is cancelled must not take the shared read with it.
            return await asyncio.shield(known.task)
        except KeyfleetError as error:
            # Every waiter raises the same error: its traceback would grow with each.
            raise error.with_traceback(None) from None

    def drop(self, key: IntentKey) -> None:
        """Forget the intent's values: they changed, or nobody waits for them."""
        known = self._rounds.pop(key, None)
        if known is not None:
            known.expiry.cancel()

    def drop_all(self) -> None:
        """Forget everything, as when a policy changes."""
        for key in list(self._rounds):
            self.drop(key)

    def _begin(self, intent: Intent) -> _Round:
        task = spawn(self._read(intent), name=f"read {intent.key}")
        expiry = asyncio.get_running_loop().call_later(HOLD_S, self.drop, intent.key)
        known = _Round(intent, self._clock.monotonic(), task, expiry)
        self._rounds[intent.key] = known
        task.add_done_callback(lambda done: self._forget_failure(intent.key, done))
        return known

    async def _read(self, intent: Intent) -> Shaped:
        return await self._shape(intent)

    def _forget_failure(self, key: IntentKey, task: asyncio.Task[Shaped]) -> None:
        # The next pass asks again; the error was seen by those who waited.
        if task.cancelled() or task.exception() is not None:
            known = self._rounds.get(key)
            if known is not None and known.task is task:
                self.drop(key)
