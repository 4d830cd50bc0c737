# SPDX-License-Identifier: Apache-2.0
"""An event loop in virtual time: when nothing is ready, time jumps to the next timer.

Everything on it keeps its own timing (`call_later`, `asyncio.timeout`, `Clock.sleep`), an hour of
waiting costs nothing, and the order of events is the same in every run.
"""

import asyncio
import selectors
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any, TypeVar, TypeVarTuple, cast

START = datetime(2026, 1, 1, tzinfo=UTC)

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class StandstillError(Exception):
    """Nothing is ready and no timer runs: everything waits for ever."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop without sockets whose time jumps.

    With a `random`, tasks that are ready at the same moment run in a random order.
    """

    def __init__(self, random: Random | None = None) -> None:
        self._virtual_s = 0.0
        self._random = random
        super().__init__(_Jump(self))

    def time(self) -> float:
        """Return the virtual seconds since the loop was made."""
        return self._virtual_s

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> "asyncio.Future[T]":
        """Do the work in the next turn of the loop: a thread would live in another time."""
        del executor
        future: asyncio.Future[T] = self.create_future()
        self.call_soon(_carry_out, future, partial(func, *args))
        return future

    def jump(self, seconds: float | None) -> None:
        """Let time pass; called where a loop would wait for the outside world."""
        ready = cast("Any", self)._ready
        if self._random is not None and len(ready) > 1:
            self._shuffle(ready)
        if seconds is None:
            raise StandstillError
        self._virtual_s += max(seconds, 0.0)

    def _shuffle(self, ready: Any) -> None:
        # Only whole tasks change places: callbacks rely on their order.
        assert self._random is not None  # noqa: S101 - who calls has looked
        places = [
            place
            for place, handle in enumerate(ready)
            if isinstance(getattr(handle._callback, "__self__", None), asyncio.Task)
        ]
        handles = [ready[place] for place in places]
        self._random.shuffle(handles)
        for place, handle in zip(places, handles, strict=True):
            ready[place] = handle


def _carry_out(future: "asyncio.Future[T]", work: Callable[[], T]) -> None:
    if future.cancelled():
        return
    try:
        future.set_result(work())
    except Exception as error:  # noqa: BLE001 - who waits for the work gets what it raises
        future.set_exception(error)


class _Jump(selectors.SelectSelector):
    """A selector on which nothing ever happens but time."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[Any]:
        self._loop.jump(timeout)
        return []

    def get_map(self) -> Mapping[Any, Any]:
        return super().get_map()


class LoopClock:
    """The clock of a loop; implements `base.clock.Clock`."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def now(self) -> datetime:
        """Return the virtual wall clock, in UTC."""
        return START + timedelta(seconds=self._loop.time())

    def monotonic(self) -> float:
        """Return the loop's seconds."""
        return self._loop.time()

    async def sleep(self, seconds: float) -> None:
        """Wait on the loop."""
        await asyncio.sleep(seconds)
