# SPDX-License-Identifier: Apache-2.0
"""What the client makes of what it reads; the rules of a real server are in tests/cluster."""

from typing import Any

import pytest

from keyfleet.base.errors import NotFoundError, UnreachableError
from keyfleet.base.secret import SecretValue
from keyfleet.kube.client import Client
from keyfleet.kube.resources import SECRETS
from keyfleet.testing.canary import find_canary

ABSENT = {"kind": "Status", "reason": "NotFound"}
SECRET = {
    "metadata": {"name": "b", "namespace": "a", "resourceVersion": "7"},
    "data": {"k": "a2YtY2FuYXJ5LXY="},
}


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
