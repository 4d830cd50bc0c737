# SPDX-License-Identifier: Apache-2.0
"""How much one provider's service is asked: so many at a time, so often, and not while it is down.

All of that is found out for each login by itself: accounts have limits of their own, and what one
tenant asks for in vain says nothing to others. Who comes while a service is down, or asked for a
pause, is sent away at once and woken when that is over: waiting would take the places of intents
that read elsewhere.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import timedelta
from random import Random
from typing import TypeVar

from keyfleet.base.backoff import Backoff
from keyfleet.base.clock import Clock
from keyfleet.base.errors import KeyfleetError, ThrottledError, UnreachableError
from keyfleet.base.tasks import spawn, stop
from keyfleet.engine.circuit import Circuit
from keyfleet.engine.stores.bounded import within
from keyfleet.engine.stores.pace import Pace
from keyfleet.engine.stores.room import Wake
from keyfleet.model.places import IntentKey

T = TypeVar("T")

AT_A_TIME = 16
"""Requests in flight to one service."""
READINGS_MAX = 64
"""Intents that wait for one service: half of what a lane works on, so that half stays free."""
NEIGHBOURS_MAX = 32
"""Intents of one namespace that wait for whatever service: its author may declare any number."""
FETCH_S = 20.0
"""How long one request may take."""
FAILURES_TO_OPEN = 5
"""Requests in a row without an answer after which nothing is sent but probes."""
PROBES = 8
"""Requests that were sent away and are tried in turn: one that can never work must not keep the
others waiting."""
PARKED_S = 600.0
"""When somebody who was sent away comes again, should nobody wake him."""
PROBE_BACKOFF = Backoff(base_s=1.0, cap_s=15.0)
PAUSE_BACKOFF = Backoff(base_s=1.0, cap_s=60.0)


class Gate:
    """The way to one service, as one login."""

    def __init__(self, name: str, *, clock: Clock, random: Random, wake: Wake) -> None:
        """Make an open gate.

        Args:
            name: Provider and service, for errors.
            clock: For pauses and pace.
            random: For jitter.
            wake: Told who may come again.
        """
        self.name = name
        self._clock = clock
        self._random = random
        self._wake = wake
        self._pace = Pace(clock)
        self._slots = asyncio.Semaphore(AT_A_TIME)
        self._parked: set[IntentKey] = set()
        self._failures = self._throttles = self._asking = 0
        self._pause_until = 0.0
        self._pause: asyncio.Task[None] | None = None
        self._refused: deque[Callable[[], Awaitable[object]]] = deque(maxlen=PROBES)
        self._circuit = Circuit(
            self._probe,
            on_doubt=lambda: None,
            on_open=lambda _: None,
            on_close=lambda _: self._release(),
            clock=clock,
            random=random,
            backoff=PROBE_BACKOFF,
        )

    @property
    def is_idle(self) -> bool:
        """Tell whether it knows nothing that it would not know when made anew."""
        is_shut = self._circuit.error is not None or bool(self._parked)
        is_at_work = self._asking > 0
        return not (is_at_work or is_shut or self._failures or self._pace.rate is not None)

    async def ask(self, asker: IntentKey, request: Callable[[], Awaitable[T]]) -> T:
        """Return the service's answer.

        Raises:
            ThrottledError: It wants a pause; the intent is woken after it.
            UnreachableError: No answer; once that is known to be so, the intent is woken when
                there is one.
            KeyfleetError: As the provider.
        """
        self._require_open(asker, request)
        self._asking += 1
        try:
            async with self._slots:
                return await self._ask(asker, request)
        finally:
            self._asking -= 1

    async def _ask(self, asker: IntentKey, request: Callable[[], Awaitable[T]]) -> T:
        self._require_open(asker, request)
        await self._pace.turn()
        try:
            answer = await within(FETCH_S, request, subject=self.name)
        except UnreachableError as error:
            self._failed(error, request)
            raise
        except ThrottledError as error:
            raise self._throttled(asker, error) from None
        except KeyfleetError:
            # Refusing is an answer.
            self._answered()
            raise
        self._answered()
        return answer

    def park(self, asker: IntentKey) -> bool:
        """Wake an intent that failed as soon as the service is back; False: it is not away."""
        is_shut = self._pause_until > self._clock.monotonic() or self._circuit.error is not None
        if is_shut:
            self._parked.add(asker)
        return is_shut

    async def close(self) -> None:
        """Stop probing."""
        await stop(self._pause)
        await self._circuit.close()

    def _require_open(self, asker: IntentKey, request: Callable[[], Awaitable[object]]) -> None:
        rest_s = self._pause_until - self._clock.monotonic()
        if rest_s > 0:
            self._parked.add(asker)
            raise _pausing(self.name, rest_s)
        error = self._circuit.error
        if error is not None:
            self._parked.add(asker)
            self._refused.append(request)
            raise UnreachableError(error.code, error.message, self.name, retry_after=_LATER)

    def _failed(self, error: UnreachableError, request: Callable[[], Awaitable[object]]) -> None:
        self._failures += 1
        if self._failures >= FAILURES_TO_OPEN:
            self._refused.append(request)
            self._circuit.failed(error)

    def _throttled(self, asker: IntentKey, error: ThrottledError) -> ThrottledError:
        self._pace.slower()
        self._throttles += 1
        wanted = error.retry_after
        pause_s = (
            wanted.total_seconds()
            if wanted is not None
            else PAUSE_BACKOFF.delay_s(self._throttles, self._random)
        )
        now = self._clock.monotonic()
        self._parked.add(asker)
        if now + pause_s > self._pause_until:
            self._pause_until = now + pause_s
            if self._pause is None or self._pause.done():
                self._pause = spawn(self._wait_out(), name=f"pause {self.name}")
        return _pausing(self.name, self._pause_until - now)

    async def _wait_out(self) -> None:
        while (rest_s := self._pause_until - self._clock.monotonic()) > 0:
            await self._clock.sleep(rest_s)
        self._release()

    def _answered(self) -> None:
        self._failures = self._throttles = 0
        self._pace.faster()

    async def _probe(self) -> object:
        if not self._refused:
            return None
        request = self._refused[0]
        self._refused.rotate(-1)
        return await request()

    def _release(self) -> None:
        self._failures = 0
        self._refused.clear()
        parked, self._parked = self._parked, set()
        if parked:
            self._wake(parked)


_LATER = timedelta(seconds=PARKED_S)


def _pausing(name: str, rest_s: float) -> ThrottledError:
    return ThrottledError(
        "store.throttled",
        "the store's provider asks for fewer requests",
        name,
        "raise its quota, or refresh less often",
        retry_after=timedelta(seconds=rest_s + PARKED_S),
    )
