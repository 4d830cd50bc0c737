# SPDX-License-Identifier: Apache-2.0
"""How one list or watch is carried out, whole, in part or not at all."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.unit.kube.informerbench import (
    Bench,
    Impatient,
    asked,
    forever,
    initial,
    line,
    page,
    until,
)

from keyfleet.kube import attempts, budget


@pytest.fixture
async def bench(loopback: Any) -> AsyncIterator[Bench]:
    async with Bench.at(loopback.url) as found:
        yield found


async def test_a_server_that_ignores_the_parameter_is_listed_in_pages(
    loopback: Any, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It never says that the initial events are complete."""
    monkeypatch.setattr(attempts, "STREAMED_LIST_S", 0.05)
    endless = loopback.stream(line("ADDED", "5"), then=forever)
    pages = [loopback.answer(page("7", "x", continue_="c")), loopback.answer(page("7", "y"))]
    loopback.on("GET", endless, *pages, loopback.stream(then=forever))
    informer = bench.start()
    await until(lambda: informer.live)
    assert (bench.client.streams_lists, bench.changes) == (False, ["+x", "+y"])
    assert asked(loopback) == ["stream", "page", "page", "watch7"]
    assert isinstance(bench.clock, Impatient)
    assert bench.clock.slept == []


async def test_a_streamed_list_that_breaks_off_counts_for_nothing(
    loopback: Any, bench: Bench
) -> None:
    partial = loopback.stream(line("ADDED", "5", "gone"))
    loopback.on("GET", partial, loopback.stream(initial("7", "x"), then=forever))
    informer = bench.start()
    await until(lambda: informer.live)
    assert (bench.changes, asked(loopback)) == (["+x"], ["stream", "stream"])


async def test_half_a_line_is_dropped_and_the_watch_resumes(loopback: Any, bench: Bench) -> None:
    half = line("ADDED", "6", "y")[:-20]
    rest = loopback.stream(line("ADDED", "6", "y"), then=forever)
    loopback.on("GET", loopback.stream(initial("5", "x") + half), rest)
    bench.start()
    await until(lambda: bench.changes == ["+x", "+y"])
    assert asked(loopback) == ["stream", "watch5"]


async def test_a_silent_watch_is_replaced(loopback: Any, bench: Bench) -> None:
    silent = loopback.stream(initial("5"), then=forever)
    loopback.on("GET", silent, loopback.stream(line("ADDED", "6"), then=forever))
    bench.start(silence_s=0.1)
    await until(lambda: bench.changes == ["+x"])
    assert asked(loopback)[:2] == ["stream", "watch5"]


@pytest.mark.parametrize("streams", [True, False])
async def test_a_collection_that_is_too_large_is_left_for_minutes(
    loopback: Any, bench: Bench, monkeypatch: pytest.MonkeyPatch, *, streams: bool
) -> None:
    monkeypatch.setattr(budget, "COLLECTION_BYTES", 2 * budget.OBJECT_BYTES + 100)
    bench.client.streams_lists = streams
    too_many = ("x", "y", "z")
    if streams:
        first = loopback.stream(initial("5", *too_many), then=forever)
    else:
        first = loopback.answer(page("5", *too_many))
    loopback.on("GET", first, forever)
    found = bench.start()
    await until(lambda: len(loopback.seen) == 2)
    assert found.error is not None
    assert found.error.code == "watch.overfull"
    assert dict(found.items) == {}
    assert isinstance(bench.clock, Impatient)
    assert bench.clock.slept[0] >= 300


async def test_a_watch_takes_no_more_than_fits(
    loopback: Any, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget, "COLLECTION_BYTES", 2 * budget.OBJECT_BYTES + 100)
    more = b"".join(line("ADDED", str(number), f"n{number}") for number in range(6, 99))
    loopback.on("GET", loopback.stream(initial("5", "x"), more, then=forever), forever)
    found = bench.start()
    await until(lambda: len(loopback.seen) == 2)
    assert set(found.items) == {("a", "x"), ("a", "n6")}


async def test_a_list_that_trickles_gives_its_place_back(
    loopback: Any, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "PAGED_LIST_S", 0.05)
    bench.client.streams_lists = False
    lists = asyncio.Semaphore(1)
    loopback.on("GET", forever)
    found = bench.start(lists=lists)
    await until(lambda: found.error is not None)
    assert found.error is not None
    assert found.error.code == "list.slow"
    async with asyncio.timeout(1):
        await lists.acquire()


async def test_lists_wait_for_their_turn_in_the_fleet(loopback: Any, bench: Bench) -> None:
    lists = asyncio.Semaphore(1)
    await lists.acquire()
    loopback.on("GET", loopback.stream(initial("5", "x"), then=forever))
    informer = bench.start(lists=lists)
    await asyncio.sleep(0.02)
    assert loopback.seen == []
    lists.release()
    await until(lambda: informer.live)
    assert not lists.locked(), "a list that has become a watch holds nobody up"


@pytest.mark.parametrize("streams", [True, False])
async def test_annotations_are_filtered_in_lists_and_events(
    loopback: Any, bench: Bench, streams: bool
) -> None:
    bench.client.streams_lists = streams
    annotations = {"keep": "1", "drop": "2"}
    listed = page("5", "x")
    listed["items"][0]["metadata"]["annotations"] = annotations
    streamed = line("ADDED", "5", annotations=annotations) + initial("5")
    first = loopback.stream(streamed, then=forever) if streams else loopback.answer(listed)
    loopback.on("GET", first, loopback.stream(then=forever))
    informer = bench.start(keep=lambda name: name == "keep")
    await informer.wait_synced()
    assert informer.items["a", "x"].annotations == {"keep": "1"}
