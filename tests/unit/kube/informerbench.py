# SPDX-License-Identifier: Apache-2.0
"""Informers on a loopback server, and what it answers."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from random import Random
from typing import Any

from aiohttp import web

from keyfleet.base.codec import encode_json
from keyfleet.base.log import NoHooks
from keyfleet.base.secret import SecretValue
from keyfleet.base.tasks import spawn, stop
from keyfleet.kube.access import Access, Endpoint
from keyfleet.kube.auth.static_token import StaticToken
from keyfleet.kube.client import Client
from keyfleet.kube.collection import Collection
from keyfleet.kube.decoding import METADATA
from keyfleet.kube.informer import Informer
from keyfleet.kube.objects import Metadata
from keyfleet.kube.resources import SECRETS
from keyfleet.testing.canary import CANARY_PREFIX
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

    @classmethod
    @asynccontextmanager
    async def at(cls, url: str) -> AsyncIterator["Bench"]:
        bench = cls(url)
        try:
            yield bench
        finally:
            await stop(*bench.tasks)
            await bench.client.close()

    def start(self, **options: Any) -> Informer[Metadata]:
        informer: Informer[Metadata] = Informer(
            self.client,
            Collection(SECRETS, options.pop("decode", METADATA), keep=options.pop("keep", None)),
            options.pop("on_change", self._on_change),
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
