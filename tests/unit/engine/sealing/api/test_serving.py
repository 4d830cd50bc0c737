# SPDX-License-Identifier: Apache-2.0
"""The API over HTTP: who may ask what how often, and that nobody keeps others waiting."""

import asyncio
import gzip
import io
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
from tests.unit.engine.sealing.api.fleetkeys import (
    FOREIGN,
    HUB,
    NEW,
    OLD,
    FleetKeys,
    sealed,
    sealed_secret,
)

from keyfleet.base.codec import encode_json
from keyfleet.base.errors import NotReadyError
from keyfleet.base.sealing import KeyPair, Keyset, Opened, load_key
from keyfleet.base.tasks import spawn
from keyfleet.engine.sealing.api.keys import SealingKeys, WhileLeading
from keyfleet.engine.sealing.api.places import TOGETHER, TOGETHER_OF_ONE
from keyfleet.engine.sealing.api.rate import Rate
from keyfleet.engine.sealing.api.serving import WAITING_FOR_ONE, SealingApi
from keyfleet.model.places import ClusterName
from keyfleet.observe.web import listening
from keyfleet.testing.clock import FakeClock

GOOD = encode_json(sealed_secret(sealed("a")))
BAD = encode_json(sealed_secret(sealed("a", name="other")))


class Held(Keyset):
    """Keys that wait to be let go before they open anything."""

    def __init__(self) -> None:
        super().__init__([load_key(OLD.key)])
        self.may_go = threading.Event()
        self.working: list[str] = []

    def open(self, text: str, label: bytes) -> Opened:
        self.working.append(text)
        assert self.may_go.wait(10)
        return super().open(text, label)


class HeldKeys(FleetKeys):
    """The hub's keys, held."""

    def __init__(self) -> None:
        super().__init__()
        self.held = Held()

    def keyset(self, cluster: ClusterName) -> Keyset:
        del cluster
        return self.held


class Late(FleetKeys):
    """Keys that are read when somebody asks for them."""

    asked = 0

    def _of(self, cluster: ClusterName) -> tuple[KeyPair, ...]:
        self.asked += 1
        if self.asked < 3:
            raise NotReadyError("sealing.keys_unknown", "the sealing keys are not known", cluster)
        return super()._of(cluster)


class Served:
    """An API that listens, and a way to ask it."""

    def __init__(self, keys: FleetKeys, rate: Rate) -> None:
        self.keys = keys
        self.clock = FakeClock()
        self.observed: list[tuple[Any, ...]] = []
        self.api = SealingApi(keys, clock=self.clock, rate=rate, observe=self.observe)
        self.url = ""
        self.session: aiohttp.ClientSession

    def observe(self, path: str, cluster: str, method: str, code: int, took_s: float) -> None:
        assert took_s >= 0
        self.observed.append((path, cluster, method, code))

    async def ask(
        self, path: str, body: bytes | None = None, method: str = "", **headers: str
    ) -> tuple[int, bytes]:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        verb = method or ("GET" if body is None else "POST")
        async with self.session.request(
            verb, self.url + path, data=None if body is None else io.BytesIO(body), headers=named
        ) as answer:
            self.headers = answer.headers
            return answer.status, await answer.read()


async def until(is_true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not is_true():  # noqa: ASYNC110 - what is waited for is set by a thread
            await asyncio.sleep(0.01)


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with _served(FleetKeys(), Rate()) as found:
        yield found


def _served(keys: FleetKeys, rate: Rate) -> "_Serving":
    return _Serving(Served(keys, rate))


class _Serving:
    def __init__(self, served: Served) -> None:
        self._served = served
        self._listening = listening(served.api.app(), "127.0.0.1:0")

    async def __aenter__(self) -> Served:
        self._served.url = f"http://{await self._listening.__aenter__()}"
        self._served.session = aiohttp.ClientSession()
        return self._served

    async def __aexit__(self, *error: Any) -> None:
        await self._served.session.close()
        await self._listening.__aexit__(*error)


async def test_hub_and_members_have_the_same_routes(served: Served) -> None:
    assert await served.ask("/v1/cert.pem") == (200, NEW.certificate)
    assert served.headers["Content-Type"] == "application/x-pem-file"
    assert await served.ask("/clusters/east/v1/cert.pem") == (200, FOREIGN.certificate)
    assert await served.ask("/v1/verify", GOOD) == (200, b"")
    assert await served.ask("/v1/verify", BAD) == (409, b"")
    assert await served.ask("/clusters/east/v1/verify", GOOD) == (409, b"")
    status, body = await served.ask("/v1/rotate", GOOD)
    assert (status, b"encryptedData" in body) == (200, True)
    assert await served.ask("/v1/rotate", BAD) == (500, b"")
    assert (await served.ask("/clusters/none/v1/rotate", GOOD))[0] == 404
    assert await served.ask("/healthz") == (200, b"ok\n")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_other_methods_are_refused(served: Served, method: str) -> None:
    for path in ("/v1/cert.pem", "/v1/verify", "/v1/rotate"):
        assert (await served.ask(path, GOOD, method))[0] == 405
    assert (await served.ask("/v1/verify"))[0] == 405
    assert (await served.ask("/v1/cert.pem", b""))[0] == 405


async def test_a_standby_says_so_and_that_another_try_may_help() -> None:
    async with _served(FleetKeys(is_ready=False), Rate()) as served:
        for path, body in (("/v1/cert.pem", None), ("/v1/verify", GOOD), ("/v1/rotate", GOOD)):
            assert await served.ask(path, body) == (
                503,
                b"this replica stands by and knows no keys\n",
            )
            assert served.headers["Retry-After"] == "1"
        assert {told[1] for told in served.observed} == {""}


async def test_the_first_who_asks_waits_for_the_keys_to_be_read() -> None:
    async with _served(Late(), Rate()) as served:
        asking = spawn(served.ask("/v1/cert.pem"), name="asking")
        while not asking.done():
            await served.clock.advance(0.05)
        assert await asking == (200, NEW.certificate)


def test_while_nobody_leads_nobody_knows_keys() -> None:
    leading: list[SealingKeys] = []
    keys = WhileLeading(lambda: leading[0] if leading else None)
    for ask in (keys.keyset, keys.certificate):
        with pytest.raises(NotReadyError):
            ask(HUB)
    leading.append(FleetKeys())
    assert keys.certificate(HUB) is not None
    assert keys.keyset(HUB).fingerprints


@pytest.mark.parametrize("path", ["/v1/verify", "/v1/rotate"])
async def test_who_asks_often_is_told_to_wait_and_others_are_not(served: Served, path: str) -> None:
    async def ask(who: str) -> int:
        return (await served.ask(path, GOOD, X_Forwarded_For=who))[0]

    # What stands before the last comma is made up by whoever asks.
    found = [await ask(f"{number}, 192.0.2.7") for number in range(4)]
    assert found == [200, 200, 200, 429]
    assert (served.headers["Retry-After"], served.headers["X-RateLimit-Limit"]) == ("1", "3")
    assert await ask("192.0.2.8") == 200
    await served.clock.advance(0.5)
    assert await ask("192.0.2.7") == 200


async def test_made_up_requesters_share_the_rate_of_their_address(served: Served) -> None:
    found = [
        (await served.ask("/v1/verify", BAD, X_Forwarded_For=f"192.0.2.{number}"))[0]
        for number in range(40)
    ]
    assert (found.count(409), found.count(429)) == (30, 10)


async def test_bodies_are_bounded_packed_or_not(served: Served) -> None:
    assert await served.ask("/v1/verify", b"#" * (2 * 1024 * 1024 + 1)) == (
        413,
        b"request is too large\n",
    )
    packed = gzip.compress(GOOD)
    assert (await served.ask("/v1/verify", packed, Content_Encoding="gzip"))[0] == 500


async def test_nobody_waits_where_too_much_is_under_way() -> None:
    keys = HeldKeys()
    async with _served(keys, Rate(1000, 1000)) as served:
        found: list[int] = []

        async def ask(number: int) -> None:
            status, _ = await served.ask("/v1/verify", GOOD, X_Forwarded_For=f"192.0.2.{number}")
            found.append(status)

        async with asyncio.TaskGroup() as group:
            for number in range(TOGETHER + 1):
                group.create_task(ask(number))
            await until(lambda: len(keys.held.working) == 2 and len(found) == 1)
            assert found == [429]
            assert await served.ask("/v1/cert.pem") == (200, NEW.certificate)
            keys.held.may_go.set()
        assert found[1:] == [200] * TOGETHER


async def test_one_requester_takes_few_places() -> None:
    keys = HeldKeys()
    async with _served(keys, Rate(1000, 1000)) as served:
        found: list[int] = []

        async def ask() -> None:
            found.append((await served.ask("/v1/verify", GOOD))[0])

        async with asyncio.TaskGroup() as group:
            for _ in range(5):
                group.create_task(ask())
            await until(lambda: len(found) == 5 - TOGETHER_OF_ONE)
            assert set(found) == {429}
            keys.held.may_go.set()
        assert found.count(200) == TOGETHER_OF_ONE


async def test_each_answer_is_counted_under_names_that_there_are(served: Served) -> None:
    await served.ask("/v1/cert.pem")
    await served.ask("/clusters/east/v1/verify", GOOD)
    await served.ask("/clusters/made-up/v1/verify", GOOD)
    assert served.observed == [
        ("/v1/cert.pem", HUB, "GET", 200),
        ("/v1/verify", "east", "POST", 409),
        ("/v1/verify", "", "POST", 404),
    ]


class Never(FleetKeys):
    """The keys of a cluster that does not answer."""

    def _of(self, cluster: ClusterName) -> tuple[KeyPair, ...]:
        raise NotReadyError("sealing.keys_unknown", "the sealing keys are not known", cluster)


@pytest.mark.parametrize("path", ["/v1/cert.pem", "/v1/verify"])
async def test_few_wait_for_keys_that_are_not_there(path: str) -> None:
    """Else a cluster that is away, or is said to be, lets anybody keep the loop busy at no rate."""
    keys = Never()
    async with _served(keys, Rate()) as served:
        body = GOOD if path.endswith("verify") else None
        found: list[int] = []

        async def ask() -> None:
            found.append((await served.ask(f"/clusters/east{path}", body))[0])

        async with asyncio.TaskGroup() as group:
            for _ in range(30):
                group.create_task(ask())
            await until(lambda: len(found) >= 30 - WAITING_FOR_ONE)
            assert served.clock.sleepers <= WAITING_FOR_ONE
            while len(found) < 30:
                await served.clock.advance(0.5)
        assert found == [503] * 30
