# SPDX-License-Identifier: Apache-2.0
"""What the client makes of answers; the rules of a real server are in tests/cluster."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from keyfleet.base.errors import NotFoundError, UnreachableError
from keyfleet.base.secret import SecretValue
from keyfleet.kube.access import Access, Endpoint
from keyfleet.kube.auth.static_token import StaticToken
from keyfleet.kube.client import Client
from keyfleet.kube.resources import FLEETSECRETS, SECRETS
from keyfleet.testing.canary import CANARY_PREFIX, find_canary
from keyfleet.testing.clock import FakeClock

SECRET = {
    "metadata": {"name": "b", "namespace": "a", "resourceVersion": "7"},
    "data": {"k": "a2YtY2FuYXJ5LXY="},
}


@pytest.fixture
async def client(loopback: Any) -> AsyncIterator[Client]:
    token = StaticToken(SecretValue(f"{CANARY_PREFIX}token".encode()))
    found = Client("east", Access(Endpoint(loopback.url), token), clock=FakeClock(), page=7)
    yield found
    await found.close()


ABSENT = {"kind": "Status", "reason": "NotFound"}


async def test_a_page_that_is_not_found_is_no_absence(loopback: Any, client: Client) -> None:
    """Only an API server can say that an object is absent: a proxy's 404 must delete nothing."""
    loopback.on("GET", loopback.answer({"error": "no such page"}, 404))
    for asked in (
        client.find(SECRETS, "b", namespace="a"),
        client.find_metadata(SECRETS, "b", namespace="a"),
        client.find_secret("a", "b"),
    ):
        with pytest.raises(NotFoundError) as caught:
            await asked
        assert caught.value.code == "api.not_served"


async def test_an_empty_list_may_be_null(loopback: Any, client: Client) -> None:
    """kube-apiserver 1.36 gives `items: null` for an empty PartialObjectMetadataList."""
    loopback.on("GET", loopback.answer({"metadata": {"resourceVersion": "9"}, "items": None}))
    assert await client.list_metadata(SECRETS) == []
    assert (await client.list(SECRETS)).items == []
    assert [page async for page in client.secret_pages()] == [[]]


async def test_absent_is_none_where_it_was_looked_for(loopback: Any, client: Client) -> None:
    loopback.on("GET", loopback.answer(ABSENT, 404))
    assert await client.find(SECRETS, "b", namespace="a") is None
    assert await client.find_metadata(SECRETS, "b", namespace="a") is None
    assert await client.find_secret("a", "b") is None
    with pytest.raises(NotFoundError):
        await client.get(SECRETS, "b", namespace="a")


async def test_metadata_is_asked_for_alone(loopback: Any, client: Client) -> None:
    metadata = {"name": "b", "namespace": "a", "resourceVersion": "7"}
    loopback.on("GET", loopback.answer({"metadata": metadata}))
    await client.find_metadata(SECRETS, "b", namespace="a")
    assert "as=PartialObjectMetadata;" in loopback.seen[0].headers["Accept"]
    await client.list_metadata(SECRETS, labels="x=1")
    assert "as=PartialObjectMetadataList;" in loopback.seen[1].headers["Accept"]
    assert dict(loopback.seen[1].query) == {"limit": "7", "labelSelector": "x=1"}


@pytest.mark.parametrize("key", [{"name": "c", "namespace": "a"}, {"name": "b"}])
async def test_another_object_than_asked_for_is_no_answer(
    loopback: Any, client: Client, key: dict[str, str]
) -> None:
    loopback.on("GET", loopback.answer({"metadata": {**key, "resourceVersion": "7"}}))
    for ask in (client.get, client.find, client.find_metadata):
        with pytest.raises(UnreachableError) as caught:
            await ask(SECRETS, "b", namespace="a")
        assert caught.value.code == "api.unexpected_answer"
    with pytest.raises(UnreachableError):
        await client.find_secret("a", "b")


async def test_a_secret_has_wrapped_values(loopback: Any, client: Client) -> None:
    loopback.on("GET", loopback.answer(SECRET))
    secret = await client.find_secret("a", "b")
    assert secret is not None
    assert secret.data == {"k": SecretValue(b"kf-canary-v")}
    assert not find_canary(repr(secret))


async def test_a_page_of_secrets_is_given_before_the_next_is_asked_for(
    loopback: Any, client: Client
) -> None:
    more = {"metadata": {"resourceVersion": "9", "continue": "x"}, "items": [SECRET, SECRET]}
    last = {"metadata": {"resourceVersion": "9"}, "items": [SECRET]}
    loopback.on("GET", loopback.answer(more), loopback.answer(last))
    asked = [(len(page), len(loopback.seen)) async for page in client.secret_pages()]
    assert asked == [(2, 1), (1, 2)]


async def test_deleting_what_is_absent_is_no_error(loopback: Any, client: Client) -> None:
    loopback.on("DELETE", loopback.answer({}), loopback.answer(ABSENT, 404))
    assert await client.delete(SECRETS, "b", namespace="a")
    assert not await client.delete(SECRETS, "b", namespace="a")


async def test_a_kind_is_served_when_discovery_names_it(loopback: Any, client: Client) -> None:
    group = {"groupVersion": "keyfleet.io/v1alpha1"}
    named = {**group, "resources": [{"name": "fleetsecrets"}, {"name": "fleetsecrets/status"}]}
    other = {**group, "resources": [{"name": "fleetpolicies"}]}
    loopback.on(
        "GET", *(loopback.answer(body) for body in (named, other)), loopback.answer(ABSENT, 404)
    )
    assert [await client.serves(FLEETSECRETS) for _ in range(3)] == [True, False, False]


async def test_asks_for_version_and_rights(loopback: Any, client: Client) -> None:
    loopback.on("GET", loopback.answer({"gitVersion": "v1.36.3"}))
    verdicts = [loopback.answer({"status": {"allowed": allowed}}) for allowed in (True, False)]
    loopback.on("POST", *verdicts)
    assert await client.version() == "v1.36.3"
    assert [await client.can("get", SECRETS) for _ in range(2)] == [True, False]


@pytest.mark.parametrize("body", [b"<html>kf-canary-x</html>", b"\xff", b'{"metadata":7,"data":7}'])
async def test_an_answer_that_is_no_object_is_our_error(
    loopback: Any, client: Client, body: bytes
) -> None:
    loopback.on("GET", loopback.answer(body))
    with pytest.raises(UnreachableError) as caught:
        await client.find_secret("a", "b")
    assert (caught.value.code, caught.value.subject) == (
        "api.unexpected_answer",
        "east/a/b (secrets)",
    )
    assert not find_canary(repr(caught.value))


async def test_an_empty_answer_is_neither_an_object_nor_an_absence(
    loopback: Any, client: Client
) -> None:
    for method in ("GET", "POST"):
        loopback.on(method, loopback.answer({}))
    for asked in (
        client.get(SECRETS, "b", namespace="a"),
        client.find_metadata(SECRETS, "b", namespace="a"),
        client.find_secret("a", "b"),
        client.list(SECRETS),
        client.create(SECRETS, SECRET),
        client.serves(SECRETS),
        client.version(),
        client.can("get", SECRETS),
    ):
        with pytest.raises(UnreachableError) as caught:
            await asked
        assert caught.value.code == "api.unexpected_answer"
