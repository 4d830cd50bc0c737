# SPDX-License-Identifier: Apache-2.0
"""Background tasks that somebody owns."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def spawn(coroutine: Coroutine[Any, Any, T], *, name: str) -> asyncio.Task[T]:
    """Start a task whose caller keeps it and ends it with `stop`.

    Prefer a `TaskGroup`. This is for work that starts and ends while its owner lives, such as one
    cluster's watches.
    """
    return asyncio.create_task(coroutine, name=name)  # noqa: TID251 - the one wrapper the rule names


async def stop(*tasks: asyncio.Task[Any] | None) -> None:
    """Cancel the tasks and wait until each has ended; their results and errors are dropped."""
    alive = [task for task in tasks if task is not None]
    for task in alive:
        task.cancel()
    if alive:
        await asyncio.wait(alive)
    for task in alive:
        if not task.cancelled():
            task.exception()
