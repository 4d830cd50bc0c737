# SPDX-License-Identifier: Apache-2.0
"""Background tasks that somebody owns."""

import asyncio
from collections.abc import Coroutine, Iterable
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


async def all_of(coroutines: Iterable[Coroutine[Any, Any, T]], *, name: str) -> list[T]:
    """Run side by side, wait for every one, then raise the first error or return the results.

    Unlike a `TaskGroup`, one that fails does not cancel its siblings: the failure of one object
    must not harm another. Cancelling the caller cancels all.
    """
    waiting = list(coroutines)
    if len(waiting) <= 1:
        # The usual case needs no task.
        return [await coroutine for coroutine in waiting]
    tasks = [spawn(coroutine, name=name) for coroutine in waiting]
    try:
        await asyncio.wait(tasks)
    except asyncio.CancelledError:
        await stop(*tasks)
        raise
    # Asking each for its error keeps asyncio from reporting the further ones as never retrieved.
    errors = [task.exception() for task in tasks if not task.cancelled()]
    for error in errors:
        if error is not None:
            raise error
    return [task.result() for task in tasks]
