# SPDX-License-Identifier: Apache-2.0
import asyncio
import gc
from typing import Any

import pytest

from keyfleet.base.tasks import all_of, spawn, stop


@pytest.fixture
def complaints(event_loop_complaints: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return event_loop_complaints


@pytest.fixture
async def event_loop_complaints() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: found.append(context))
    return found


async def _give(value: int) -> int:
    await asyncio.sleep(0)
    return value


async def _fail(text: str) -> int:
    await asyncio.sleep(0)
    raise ValueError(text)


async def test_stop_waits_for_the_clean_up() -> None:
    cleaned = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned.append(1)

    task = spawn(work(), name="work")
    await asyncio.sleep(0)
    await stop(task, None)
    assert cleaned == [1]
    assert task.cancelled()


async def test_stop_drops_results_and_errors(complaints: list[dict[str, Any]]) -> None:
    done, failed = spawn(_give(1), name="a"), spawn(_fail("x"), name="b")
    await asyncio.wait([done, failed])
    await stop(done, failed)
    del done, failed
    gc.collect()
    assert complaints == []


async def test_stop_without_tasks_is_nothing() -> None:
    await stop()
    await stop(None)


async def test_spawned_tasks_have_names() -> None:
    task = spawn(_give(1), name="watch east")
    assert task.get_name() == "watch east"
    await task


async def test_all_of_gives_results_in_order() -> None:
    assert await all_of([_give(1), _give(2)], name="x") == [1, 2]
    assert await all_of([], name="x") == []
    assert await all_of([_give(1)], name="x") == [1]


async def test_one_failure_lets_the_others_finish(complaints: list[dict[str, Any]]) -> None:
    finished = []

    async def slow() -> int:
        await asyncio.sleep(0.01)
        finished.append(1)
        return 1

    with pytest.raises(ValueError, match="first"):
        await all_of([_fail("first"), slow(), _fail("second")], name="x")
    gc.collect()
    assert finished == [1]
    assert complaints == [], "further failures are not reported as never retrieved"


async def test_cancelling_the_caller_cancels_all() -> None:
    stopped = []

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.append(1)

    caller = spawn(all_of([wait(), wait()], name="x"), name="caller")
    await asyncio.sleep(0.01)
    await stop(caller)
    assert stopped == [1, 1]
    assert caller.cancelled()
