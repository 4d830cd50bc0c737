# SPDX-License-Identifier: Apache-2.0
"""The keys waiting for one cluster.

A key is queued once, worked on by one task at a time, and comes again when it was added while its
task ran. Nothing idles: tasks exist only for keys in work, so a thousand quiet clusters cost
nothing. A paused lane keeps its keys.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random

from keyfleet.base.backoff import Backoff
from keyfleet.base.errors import KeyfleetError
from keyfleet.base.log import Hooks, get_logger
from keyfleet.base.tasks import spawn, stop
from keyfleet.model.places import ClusterName, IntentKey

log = get_logger("engine")

KEYS_AT_A_TIME = 128
"""Keys in work in one lane: several times the requests in flight, so that while some wait for
their source the others write. With as many keys as requests, both took turns."""
KEY_BACKOFF = Backoff(base_s=0.2, cap_s=60.0)
"""Delay after failures of one key."""


@dataclass(frozen=True, slots=True)
class Again:
    """A pass asks for another one."""

    after_s: float | None = None
    """When; None means by the key's back-off."""


Work = Callable[[IntentKey], Awaitable[Again | None]]


class Busy:
    """Which keys wait or are in work in which lanes; tells when the last lane is done with one."""

    def __init__(self, on_idle: Callable[[IntentKey], None]) -> None:
        self._lanes: dict[IntentKey, set[ClusterName]] = {}
        self._on_idle = on_idle

    def __contains__(self, key: IntentKey) -> bool:
        return key in self._lanes

    def enter(self, key: IntentKey, lane: ClusterName) -> None:
        """A lane has the key."""
        self._lanes.setdefault(key, set()).add(lane)

    def leave(self, key: IntentKey, lane: ClusterName) -> None:
        """A lane is done with the key."""
        lanes = self._lanes.get(key)
        if lanes is None:
            return
        lanes.discard(lane)
        if not lanes:
            del self._lanes[key]
            self._on_idle(key)


class Lane:
    """Queue and workers of one cluster."""

    def __init__(
        self,
        cluster: ClusterName,
        work: Work,
        *,
        busy: Busy,
        hooks: Hooks,
        random: Random,
        limit: int = KEYS_AT_A_TIME,
        backoff: Backoff = KEY_BACKOFF,
    ) -> None:
        """Make an empty lane.

        Args:
            cluster: Whose keys these are.
            work: One pass over one key.
            busy: Counts the lanes that have a key waiting or in work.
            hooks: Learns the depth.
            random: For jitter.
            limit: Keys in work at a time.
            backoff: Delay after failures of one key.
        """
        self.cluster = cluster
        self._work = work
        self._busy = busy
        self._hooks = hooks
        self._random = random
        self._limit = limit
        self._backoff = backoff
        self._ready: dict[IntentKey, None] = {}
        self._running: dict[IntentKey, asyncio.Task[None]] = {}
        self._dirty: set[IntentKey] = set()
        self._timers: dict[IntentKey, asyncio.TimerHandle] = {}
        self._failures: dict[IntentKey, int] = {}
        self._is_paused = True
        self._is_closed = False

    def add(self, key: IntentKey, *, delay_s: float = 0.0) -> None:
        """Queue a key; of several delays the earliest counts."""
        if self._is_closed:
            return
        if delay_s > 0:
            self._add_later(key, delay_s)
            return
        self._cancel_timer(key)
        if key in self._running:
            self._dirty.add(key)
        else:
            self._busy.enter(key, self.cluster)
            self._ready[key] = None
            self._pump()

    def add_now(self, key: IntentKey) -> None:
        """Queue a key past its back-off and forget its failures."""
        self._failures.pop(key, None)
        self.add(key)

    def is_pending(self, key: IntentKey) -> bool:
        """Tell whether the key waits for a worker or is in work; a back-off does not count."""
        return key in self._ready or key in self._running

    @property
    def is_idle(self) -> bool:
        """Tell whether no pass runs, nor one that could run waits; a back-off does not count."""
        return not self._running and (self._is_paused or not self._ready)

    def pause(self) -> None:
        """Start no more work; what runs goes on."""
        self._is_paused = True

    def resume(self, *, past_backoff: bool) -> None:
        """Work again; `past_backoff` also on what waits for its back-off."""
        self._is_paused = False
        if past_backoff:
            for key in list(self._timers):
                self.add_now(key)
        self._pump()

    async def close(self) -> None:
        """Drop the keys and wait for the tasks to end."""
        self._is_closed = True
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        waiting = list(self._ready)
        self._ready.clear()
        self._dirty.clear()
        await stop(*self._running.values())
        for key in waiting:
            self._busy.leave(key, self.cluster)

    def _add_later(self, key: IntentKey, delay_s: float) -> None:
        loop = asyncio.get_running_loop()
        known = self._timers.get(key)
        if key in self._ready or (known is not None and known.when() <= loop.time() + delay_s):
            return
        self._cancel_timer(key)
        self._timers[key] = loop.call_later(delay_s, self._fire, key)

    def _fire(self, key: IntentKey) -> None:
        self._timers.pop(key, None)
        self.add(key)

    def _cancel_timer(self, key: IntentKey) -> None:
        if timer := self._timers.pop(key, None):
            timer.cancel()

    def _pump(self) -> None:
        while self._ready and not self._is_paused and len(self._running) < self._limit:
            key = next(iter(self._ready))
            del self._ready[key]
            self._running[key] = spawn(self._run(key), name=f"pass {self.cluster} {key}")
        self._hooks.queue_depth(self.cluster, len(self._ready))

    async def _run(self, key: IntentKey) -> None:
        again: Again | None = Again()
        try:
            again = await self._work(key)
        except KeyfleetError as error:
            log.warning(
                "engine.pass_failed", cluster=self.cluster, intent=str(key), code=error.code
            )
        except Exception as error:  # noqa: BLE001 - the worker loop: one bad key stops nobody
            # The text of an unknown error may quote data: only its type is logged.
            log.error(  # noqa: TRY400 - a traceback is of no use without its texts
                "engine.pass_crashed",
                cluster=self.cluster,
                intent=str(key),
                error=type(error).__name__,
            )
        finally:
            self._finish(key, again)

    def _finish(self, key: IntentKey, again: Again | None) -> None:
        self._running.pop(key, None)
        if again is None:
            self._failures.pop(key, None)
        if not self._is_closed:
            if key in self._dirty:
                self._dirty.discard(key)
                self.add(key)
            elif again is not None:
                self._add_later(key, self._delay_s(key, again))
            self._pump()
        if not self.is_pending(key):
            self._busy.leave(key, self.cluster)

    def _delay_s(self, key: IntentKey, again: Again) -> float:
        if again.after_s is not None:
            return max(again.after_s, 0.001)
        self._failures[key] = self._failures.get(key, 0) + 1
        return self._backoff.delay_s(self._failures[key], self._random)
