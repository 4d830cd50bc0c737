# SPDX-License-Identifier: Apache-2.0
"""The one thread that reads and makes sealing keys."""

from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from keyfleet.engine.beside import beside

T = TypeVar("T")

KEYS = ThreadPoolExecutor(1, thread_name_prefix="sealing-keys")
"""Reads and makes keys: a fleet that has none yet must not take every core for minutes."""


class Aside(Protocol):
    """What does work on keys beside the event loop."""

    def __call__(self, work: Callable[[], T], /) -> Awaitable[T]:
        """Return what the work makes; raises what it raises."""
        ...


async def in_thread(work: Callable[[], T]) -> T:
    """Do work on keys beside the event loop."""
    return await beside(KEYS, work)
