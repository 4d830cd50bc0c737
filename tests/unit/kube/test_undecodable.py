# SPDX-License-Identifier: Apache-2.0
"""Answers that no decoder can read end nothing and show nothing."""

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from keyfleet.base.errors import UnreachableError
from keyfleet.base.secret import SecretValue
from keyfleet.base.tasks import spawn, stop
from keyfleet.kube import requests
from keyfleet.kube.access import Access, Endpoint
from keyfleet.kube.attempts import Attempts
from keyfleet.kube.auth.static_token import StaticToken
from keyfleet.kube.client import Client
from keyfleet.kube.collection import Collection
from keyfleet.kube.decoding import METADATA, full_object
from keyfleet.kube.hearing import Hearing
from keyfleet.kube.informer import Informer
from keyfleet.kube.objects import Metadata
from keyfleet.kube.resources import FLEETSECRETS, SECRETS
from keyfleet.kube.store import Store
from keyfleet.testing.canary import canary
from keyfleet.testing.clock import FakeClock

DEEP = 20_000
NESTED = b'{"a":' * DEEP + b"1" + b"}" * DEEP


class Hurried(FakeClock):
    """A clock on which waits take no time."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


async def until(claim: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not claim():  # noqa: ASYNC110 - the claim is about a socket
            await asyncio.sleep(0.002)


def client_of(url: str) -> Client:
    token = StaticToken(SecretValue(canary("token")))
    return Client("east", Access(Endpoint(url), token), clock=Hurried())


def test_a_line_that_is_nested_past_every_limit_is_unreadable_like_any_other() -> None:
    hearing = Hearing(
        Store(full_object, lambda *_: None), full_object, None, subject="x", on_listed=None
    )
    line = b'{"type":"ADDED","object":{"metadata":{"name":"x"},"spec":' + NESTED + b"}}"
    with pytest.raises(UnreachableError) as caught:
        hearing.take(line)
    assert caught.value.code == "watch.unreadable"
    assert caught.value.__context__ is None


async def test_an_answer_that_cannot_be_decoded_is_not_kept_by_its_error(loopback: Any) -> None:
    body = b'{"metadata":{"name":"x"},"data":{"k":"' + canary("v") + b'\xff"}}'
    loopback.on("GET", loopback.answer(body))
    client = client_of(loopback.url)
    try:
        with pytest.raises(UnreachableError) as caught:
            await client.find_secret("a", "x")
    finally:
        await client.close()
    assert caught.value.__context__ is None


async def test_a_page_that_is_nested_past_every_limit_is_no_answer(loopback: Any) -> None:
    page = b'{"metadata":{"resourceVersion":"1"},"items":[' + NESTED + b"]}"
    loopback.on("GET", loopback.answer(page))
    client = client_of(loopback.url)
    try:
        with pytest.raises(UnreachableError):
            await client.list(FLEETSECRETS)
    finally:
        await client.close()


async def test_a_bug_in_decoding_is_logged_and_the_watch_goes_on(
    loopback: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An informer that ended would leave its kind unserved, and nobody would know."""
    client = client_of(loopback.url)
    client.streams_lists = False
    tries: list[str] = []

    async def crash(_attempts: Attempts[Metadata], version: str) -> None:
        tries.append(version)
        raise LookupError

    monkeypatch.setattr(Attempts, "_list", crash)
    informer: Informer[Metadata] = Informer(
        client,
        Collection(SECRETS, METADATA),
        lambda *_: None,
        clock=client.clock,
        random=Random(1),
    )
    task = spawn(informer.run(), name="informer")
    try:
        await until(lambda: len(tries) > 2)
        assert not task.done()
        assert informer.error is not None
        assert informer.error.code == "watch.crashed"
    finally:
        await stop(task)
        await client.close()


def test_a_request_shows_nothing_of_its_body() -> None:
    body = {"metadata": {"name": "x"}, "data": {"k": SecretValue(canary("v"))}}
    request = requests.create(SECRETS, body, namespace="a")
    assert "body" not in repr(request)
    assert "secrets" in repr(request)
