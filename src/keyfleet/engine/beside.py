# SPDX-License-Identifier: Apache-2.0
"""Work that would keep the event loop busy, done beside it."""

import asyncio
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

T = TypeVar("T")

SWITCH_S = 0.0005
"""How long such work keeps the interpreter while the event loop waits for it: beside two of them a
hundred round trips took 155 ms with Python's own 5 ms, and 17 ms with this."""

RENDERS = ThreadPoolExecutor(
    max_workers=2,
    thread_name_prefix="render",
    initializer=partial(sys.setswitchinterval, SWITCH_S),
)
ANSWERS = ThreadPoolExecutor(
    max_workers=1,
    thread_name_prefix="answer",
    initializer=partial(sys.setswitchinterval, SWITCH_S),
)
"""For what stores give; a flood of that leaves room for templates."""


async def beside(pool: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    """Return what pure work makes; raises what it raises."""
    return await asyncio.get_running_loop().run_in_executor(pool, work)
