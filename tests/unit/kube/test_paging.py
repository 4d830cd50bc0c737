# SPDX-License-Identifier: Apache-2.0
"""Pages of a list, from a loopback server."""

from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web

from keyfleet.base.errors import (
    ExpiredError,
    PermanentError,
    ThrottledError,
    UnreachableError,
)
from keyfleet.base.log import NoHooks
from keyfleet.base.secret import SecretValue
from keyfleet.kube import bounds, paging, requests
from keyfleet.kube.access import Access, Endpoint
from keyfleet.kube.auth.static_token import StaticToken
from keyfleet.kube.decoding import METADATA
from keyfleet.kube.paging import THROTTLED_TRIES, pages
from keyfleet.kube.requests import Wait
from keyfleet.kube.resources import SECRETS
from keyfleet.kube.transport import Timeouts, Transport
from keyfleet.testing.clock import FakeClock

FIRST = requests.list_page(SECRETS, limit=1)


class Impatient(FakeClock):
    """A clock on which waits pass at once and are noted."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


class Reader:
    """Reads the list of a loopback server."""

    def __init__(self, url: str) -> None:
        self.clock = Impatient()
        self.transport = Transport(
            "east",
            Access(Endpoint(url), StaticToken(SecretValue(b"kf-canary-token"))),
            clock=self.clock,
            hooks=NoHooks(),
            in_flight=4,
            timeouts=Timeouts(),
        )

    async def names(self) -> list[str]:
        found = pages(self.transport, self.clock, FIRST, METADATA.page)
        return [item.name async for page in found for item in page.items]


@pytest.fixture
async def reader(loopback: Any) -> AsyncIterator[Reader]:
    found = Reader(loopback.url)
    yield found
    await found.transport.close()


def page(name: str, continue_: str = "") -> dict[str, Any]:
    metadata = {"resourceVersion": "9", "continue": continue_}
    return {"metadata": metadata, "items": [{"metadata": {"name": name}}]}


Respond = Callable[..., Any]


async def test_follows_continue_to_the_last_page(loopback: Any, reader: Reader) -> None:
    loopback.on("GET", loopback.answer(page("a", "x=")), loopback.answer(page("b")))
    assert await reader.names() == ["a", "b"]
    assert [request.query.get("continue") for request in loopback.seen] == [None, "x="]
    assert [request.query["limit"] for request in loopback.seen] == ["1", "1"]


async def test_a_throttled_page_is_asked_for_again_after_the_wait(
    loopback: Any, reader: Reader
) -> None:
    throttled = loopback.answer({}, 429, Retry_After="7")
    loopback.on("GET", loopback.answer(page("a", "x")), throttled, loopback.answer(page("b")))
    assert await reader.names() == ["a", "b"]
    assert reader.clock.slept == [7.0]


async def test_a_list_that_stays_throttled_fails(loopback: Any, reader: Reader) -> None:
    loopback.on("GET", loopback.answer({}, 429))
    with pytest.raises(ThrottledError):
        await reader.names()
    assert len(loopback.seen) == THROTTLED_TRIES + 1


async def test_an_expired_page_fails_the_list(loopback: Any, reader: Reader) -> None:
    loopback.on("GET", loopback.answer(page("a", "x")), loopback.answer({}, 410))
    with pytest.raises(ExpiredError):
        await reader.names()


@pytest.mark.parametrize("body", [b"<html>kf</html>", b"{}", b'{"metadata":{},"items":[]}'])
async def test_an_answer_that_is_no_list_is_our_error(
    loopback: Any, reader: Reader, body: bytes
) -> None:
    """An empty list deletes, so it must be a list."""
    loopback.on("GET", loopback.answer(body))
    with pytest.raises(UnreachableError) as caught:
        await reader.names()
    assert (caught.value.code, caught.value.subject) == ("api.unexpected_answer", "east/secrets")


def _oversized() -> Any:
    async def respond(_request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=b" " * 2000)

    return respond


async def test_a_page_that_is_too_long_is_asked_for_with_fewer_objects(
    loopback: Any, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "BODY_BYTES", {Wait.LIST: 1000})
    first = requests.list_page(SECRETS, limit=100, resource_version="7")
    loopback.on("GET", _oversized(), _oversized(), loopback.answer(page("a", "x")))
    loopback.on("GET", loopback.answer(page("b")))
    found = pages(reader.transport, reader.clock, first, METADATA.page)
    assert [item.name async for one in found for item in one.items] == ["a", "b"]
    asked = [request.query_string for request in loopback.seen]
    assert [parse_qs(text)["limit"] for text in asked] == [["100"], ["12"], ["1"], ["1"]]
    assert ["resourceVersion" in text for text in asked] == [True, False, False, False]
    assert "continue=x" in asked[3]


async def test_an_object_that_is_too_long_by_itself_is_an_error(
    loopback: Any, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "BODY_BYTES", {Wait.LIST: 1000})
    loopback.on("GET", _oversized())
    with pytest.raises(UnreachableError) as caught:
        await reader.names()
    assert caught.value.code == bounds.OVERSIZED
    assert len(loopback.seen) == 1


async def test_a_list_that_turns_in_a_circle_ends(loopback: Any, reader: Reader) -> None:
    loopback.on("GET", loopback.answer(page("a", "x")))
    with pytest.raises(PermanentError) as caught:
        await reader.names()
    assert caught.value.code == "list.endless"
    assert len(loopback.seen) == 2


async def test_a_list_with_ever_new_pages_ends(
    loopback: Any, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "PAGES_MAX", 5)
    loopback.on("GET", *(loopback.answer(page("a", str(number))) for number in range(9)))
    with pytest.raises(PermanentError) as caught:
        await reader.names()
    assert caught.value.code == "list.endless"
    assert len(loopback.seen) == 5
