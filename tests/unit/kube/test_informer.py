# SPDX-License-Identifier: Apache-2.0
"""What an informer does with answers that a real server seldom gives."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from random import Random
from typing import Any

import pytest
from aiohttp import web

from keyfleet.base.codec import encode_json
from keyfleet.base.errors import KeyfleetError
from keyfleet.base.log import NoHooks
from keyfleet.base.secret import SecretValue
from keyfleet.base.tasks import spawn, stop
from keyfleet.kube import budget
from keyfleet.kube import informer as informers
from keyfleet.kube.access import Access, Endpoint
from keyfleet.kube.auth.static_token import StaticToken
from keyfleet.kube.client import Client
from keyfleet.kube.decoding import full_object
from keyfleet.kube.informer import Informer
from keyfleet.kube.objects import Metadata
from keyfleet.kube.resources import SECRETS
from keyfleet.kube.stream import LINE_LIMIT
from keyfleet.testing.canary import CANARY_PREFIX, find_canary
from keyfleet.testing.clock import FakeClock

END = {"annotations": {"k8s.io/initial-events-end": "true"}}


def line(kind: str, version: str, name: str = "x", **metadata: Any) -> bytes:
    whole = {"name": name, "namespace": "a", "resourceVersion": version, **metadata}
    return encode_json({"type": kind, "object": {"metadata": whole}}) + b"\n"


def initial(version: str, *names: str) -> bytes:
    """A streamed list."""
    items = b"".join(line("ADDED", version, name) for name in names)
    return items + line("BOOKMARK", version, "", **END)


def page(version: str, *names: str, continue_: str = "") -> dict[str, Any]:
    items = [
        {"metadata": {"name": name, "namespace": "a", "resourceVersion": version}} for name in names
    ]
    return {"metadata": {"resourceVersion": version, "continue": continue_}, "items": items}


async def forever(_request: web.BaseRequest) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError


class Impatient(FakeClock):
    """A clock on which waits take no time and are noted."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)


class States(NoHooks):
    """Notes the states of watches."""

    def __init__(self) -> None:
        self.states: list[str] = []

    def watch_changed(self, cluster: str, resource: str, state: str, watch: str = "") -> None:
        self.states.append(state)


class Bench:
    """Informers on a loopback server."""

    def __init__(self, url: str) -> None:
        self.clock: FakeClock = Impatient()
        self.hooks = States()
        token = StaticToken(SecretValue(f"{CANARY_PREFIX}token".encode()))
        self.client = Client("east", Access(Endpoint(url), token), clock=self.clock)
        self.changes: list[str] = []
        self.tasks: list[asyncio.Task[None]] = []

    def start(self, **options: Any) -> Informer[Metadata]:
        informer: Informer[Metadata] = Informer(
            self.client,
            SECRETS,
            on_change=options.pop("on_change", self._on_change),
            clock=self.clock,
            random=Random(1),
            hooks=self.hooks,
            **options,
        )
        self.tasks.append(spawn(informer.run(), name="informer"))
        return informer

    def _on_change(self, key: tuple[str, str], old: object, new: object) -> None:
        sign = "+" if old is None else "-" if new is None else "~"
        self.changes.append(sign + key[1])


@pytest.fixture
async def bench(loopback: Any) -> AsyncIterator[Bench]:
    async with AsyncExitStack() as stack:
        found = Bench(loopback.url)
        stack.push_async_callback(found.client.close)
        yield found
        await stop(*found.tasks)


async def until(claim: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not claim():  # noqa: ASYNC110 - the claim is about a socket
            await asyncio.sleep(0.002)


def asked(loopback: Any) -> list[str]:
    """What the requests were: streamed list, page, or watch from a version."""
    return [
        "stream" + request.query.get("resourceVersion", "")
        if "sendInitialEvents" in request.query
        else "watch" + request.query["resourceVersion"]
        if "watch" in request.query
        else "page" + request.query.get("resourceVersion", "")
        for request in loopback.seen
    ]


async def test_one_connection_lists_and_watches(loopback: Any, bench: Bench) -> None:
    loopback.on("GET", loopback.stream(initial("5", "x", "y") + line("DELETED", "6"), then=forever))
    informer = bench.start()
    await informer.wait_synced()
    await until(lambda: bench.changes == ["+x", "+y", "-x"])
    assert (informer.live, informer.error, asked(loopback)) == (True, None, ["stream"])
    assert bench.hooks.states == ["listing", "live"]


async def test_a_server_that_ignores_the_parameter_is_listed_in_pages(
    loopback: Any, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It never says that the initial events are complete."""
    monkeypatch.setattr(informers, "STREAMED_LIST_S", 0.05)
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


async def test_half_a_line_is_dropped_and_the_watch_resumes(loopback: Any, bench: Bench) -> None:
    half = line("ADDED", "6", "y")[:-20]
    rest = loopback.stream(line("ADDED", "6", "y"), then=forever)
    loopback.on("GET", loopback.stream(initial("5", "x") + half), rest)
    bench.start()
    await until(lambda: bench.changes == ["+x", "+y"])
    assert asked(loopback) == ["stream", "watch5"]


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


async def test_silence_is_not_live(loopback: Any, bench: Bench) -> None:
    loopback.on("GET", loopback.stream(initial("5"), then=forever))
    informer = bench.start(silence_s=60.0)
    await until(lambda: informer.live)
    await bench.clock.advance(59)
    assert informer.live
    await bench.clock.advance(2)
    assert [informer.live] == [False]


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
    monkeypatch.setattr(informers, "PAGED_LIST_S", 0.05)
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
    informer = bench.start(keep_annotation=lambda name: name == "keep")
    await informer.wait_synced()
    assert informer.items["a", "x"].annotations == {"keep": "1"}


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
