# SPDX-License-Identifier: Apache-2.0
"""What an informer does with answers that a real server seldom gives."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from tests.unit.kube.informerbench import (
    Bench,
    Impatient,
    asked,
    forever,
    initial,
    line,
    until,
)

from keyfleet.base.codec import encode_json
from keyfleet.base.errors import KeyfleetError
from keyfleet.kube.decoding import full_object
from keyfleet.kube.informer import Informer
from keyfleet.kube.stream import LINE_LIMIT
from keyfleet.testing.canary import find_canary
from keyfleet.testing.clock import FakeClock


@pytest.fixture
async def bench(loopback: Any) -> AsyncIterator[Bench]:
    async with Bench.at(loopback.url) as found:
        yield found


async def test_one_connection_lists_and_watches(loopback: Any, bench: Bench) -> None:
    loopback.on("GET", loopback.stream(initial("5", "x", "y") + line("DELETED", "6"), then=forever))
    informer = bench.start()
    await informer.wait_synced()
    await until(lambda: bench.changes == ["+x", "+y", "-x"])
    assert (informer.live, informer.error, asked(loopback)) == (True, None, ["stream"])
    assert bench.hooks.states == ["listing", "live"]


@pytest.mark.parametrize(
    "broken",
    [
        b'{"type":"ADDED","object":{"metadata":{"x":"kf-canary-' + b"\n",
        line("RENAMED", "6"),
        line("ADDED", "", "y"),
        b"x" * (LINE_LIMIT + 1),
    ],
)
async def test_a_lost_event_lists_anew(loopback: Any, bench: Bench, broken: bytes) -> None:
    loopback.on(
        "GET",
        loopback.stream(initial("5", "x"), broken, then=forever),
        loopback.stream(initial("9", "y"), then=forever),
    )
    bench.start()
    await until(lambda: bench.changes == ["+x", "-x", "+y"])
    assert asked(loopback) == ["stream", "stream"]


async def test_a_watch_resumes_after_its_last_bookmark(loopback: Any, bench: Bench) -> None:
    first = initial("5", "x") + line("MODIFIED", "6") + line("BOOKMARK", "90", "")
    loopback.on("GET", loopback.stream(first), loopback.stream(then=forever))
    bench.start()
    await until(lambda: len(loopback.seen) == 2)
    assert asked(loopback) == ["stream", "watch90"]


async def test_an_expired_version_lists_from_it_and_then_without(
    loopback: Any, bench: Bench
) -> None:
    expired = encode_json({"type": "ERROR", "object": {"code": 410, "reason": "Expired"}}) + b"\n"
    loopback.on(
        "GET",
        loopback.stream(initial("5", "x") + expired),
        loopback.answer({}, 410),
        loopback.stream(initial("9", "y"), then=forever),
    )
    bench.start()
    await until(lambda: bench.changes == ["+x", "-x", "+y"])
    assert asked(loopback) == ["stream", "stream5", "stream"]


async def test_failures_show_and_end_with_the_next_success(loopback: Any, bench: Bench) -> None:
    gate = asyncio.Event()

    async def gated(request: web.BaseRequest) -> web.StreamResponse:
        await gate.wait()
        answer: web.StreamResponse = await loopback.stream(initial("5"), then=forever)(request)
        return answer

    loopback.on("GET", loopback.answer({"message": "kf-canary-"}, 503), gated)
    informer = bench.start()
    await until(lambda: len(loopback.seen) == 2)
    error = informer.error
    assert error is not None
    assert (error.code, informer.synced) == ("api.server_error", False)
    assert not find_canary(repr(error))
    gate.set()
    await until(lambda: informer.live)
    assert informer.error is None
    assert bench.hooks.states == ["listing", "failed", "listing", "live"]


async def test_waits_grow_and_never_vanish(loopback: Any, bench: Bench) -> None:
    loopback.on("GET", *[loopback.answer({}, 503)] * 6, loopback.stream(initial("5"), then=forever))
    informer = bench.start()
    await until(lambda: informer.live)
    assert isinstance(bench.clock, Impatient)
    least = [0.8 * 2**n for n in range(6)]
    assert [low <= took <= 2 * low for low, took in zip(least, bench.clock.slept, strict=True)] == [
        True
    ] * 6


async def test_a_nudge_ends_the_wait(loopback: Any, bench: Bench) -> None:
    bench.clock = FakeClock()  # on which nothing passes by itself
    loopback.on("GET", loopback.answer({}, 403), loopback.stream(initial("5", "x"), then=forever))
    informer = bench.start()
    await until(lambda: informer.error is not None)
    informer.nudge()
    await until(lambda: informer.live)
    assert bench.changes == ["+x"]


async def test_the_first_watch_that_is_answered_again_wakes_the_others(
    loopback: Any, bench: Bench
) -> None:
    """Else each of them would wait its own back-off, long after the cluster has come back."""
    bench.clock = FakeClock()
    lost, answered = initial("5") + b"{", initial("5")
    again = loopback.stream(then=forever)
    loopback.on("GET", loopback.stream(lost), loopback.stream(answered, then=forever), again)
    first = bench.start()
    await until(lambda: first.error is not None)
    second = bench.start()
    await until(lambda: first.live and second.live)
    assert asked(loopback) == ["stream", "stream", "watch5"]


async def test_watches_do_not_wake_each_other_in_a_loop(loopback: Any, bench: Bench) -> None:
    """Something on the way may take every connection and drop it."""
    bench.clock = FakeClock()
    loopback.on("GET", *[loopback.stream(initial("5") + b"{")] * 2, loopback.stream(b"{"))
    first, second = bench.start(), bench.start()
    await until(lambda: first.error is not None and second.error is not None)
    first.nudge()
    await until(lambda: len(loopback.seen) >= 4)
    await asyncio.sleep(0.1)
    assert len(loopback.seen) <= 5


async def test_silence_is_not_live(loopback: Any, bench: Bench) -> None:
    loopback.on("GET", loopback.stream(initial("5"), then=forever))
    informer = bench.start(silence_s=60.0)
    await until(lambda: informer.live)
    await bench.clock.advance(59)
    assert informer.live
    await bench.clock.advance(2)
    assert [informer.live] == [False]


async def test_whole_objects_are_dicts(loopback: Any, bench: Bench) -> None:
    loopback.on("GET", loopback.stream(initial("5", "x"), then=forever))
    informer: Informer[Any] = bench.start(decode=full_object)
    await informer.wait_synced()
    assert informer.items["a", "x"]["metadata"]["name"] == "x"


async def test_a_consumer_that_crashes_does_not_end_the_watch(loopback: Any, bench: Bench) -> None:
    """A bug over one object must not make the controller deaf to all others."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    loopback.on("GET", loopback.stream(initial("5", "x"), then=forever))
    informer = bench.start(on_change=fail)
    await until(lambda: informer.live)
    assert list(informer.items) == [("a", "x")]


async def test_errors_of_the_login_are_errors_of_the_watch(loopback: Any, bench: Bench) -> None:
    loopback.on("GET", loopback.answer({}, 401))
    informer = bench.start()
    await until(lambda: informer.error is not None)
    assert isinstance(informer.error, KeyfleetError)
    assert informer.error.code == "api.unauthorized"
