# SPDX-License-Identifier: Apache-2.0
"""A server on the loopback that answers what a test says, and a store's references in memory."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiohttp import web
from multidict import CIMultiDict

from keyfleet.base.secret import SecretValue
from keyfleet.kube.access import Endpoint
from keyfleet.model.places import ClusterName
from keyfleet.model.stores import Store, StoreRef
from keyfleet.plugin.stores import ProviderMeans
from keyfleet.sources.vault import PROVIDER
from keyfleet.sources.vault.session import VaultSession
from keyfleet.testing.canary import canary
from keyfleet.testing.clock import FakeClock

TOKEN = canary("token")
ENTITY = "0a1b"
LOOKUP = {"data": {"entity_id": ENTITY, "accessor": "acc", "policies": ["b", "a"], "ttl": 0}}
NOTHING: dict[str, Any] = {"errors": []}


@dataclass(frozen=True)
class Said:
    """One answer."""

    document: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    drip: bool = False
    """Send a byte now and then, without an end."""

    def response(self) -> web.Response:
        body = msgspec.json.encode(self.document) if self.body is None else self.body
        return web.Response(status=self.status, headers=self.headers, body=body)


@dataclass(frozen=True)
class Heard:
    """One request."""

    method: str
    path: str
    """With the query."""
    headers: CIMultiDict[str]
    body: bytes


async def _dripping(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    with suppress(ConnectionError):
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.02)
    return response


@dataclass
class FakeVault:
    """Answers by method and path below `/v1/`; several answers are given one after another."""

    url: str
    answers: dict[str, list[Said]] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)

    def say(self, request: str, *said: Any, status: int = 200, **headers: str) -> None:
        """Answer `GET secret/data/x`; a plain document becomes an answer with that status."""
        answers = [one if isinstance(one, Said) else Said(one, status, headers) for one in said]
        self.answers[request] = answers

    async def handle(self, request: web.Request) -> web.StreamResponse:
        path = request.path_qs.removeprefix("/v1/")
        headers = CIMultiDict(request.headers)
        self.heard.append(Heard(request.method, path, headers, await request.read()))
        answers = self.answers.get(f"{request.method} {path}")
        if answers is None:
            return Said(NOTHING, 404).response()
        said = answers.pop(0) if len(answers) > 1 else answers[0]
        return await _dripping(request) if said.drip else said.response()

    @property
    def requests(self) -> list[str]:
        """What was asked, in order."""
        return [f"{one.method} {one.path}" for one in self.heard]


@asynccontextmanager
async def serving(tls: ssl.SSLContext | None = None) -> AsyncIterator[FakeVault]:
    """Run a server in which the token of the tests can be looked up."""
    fake = FakeVault("")
    fake.say("GET auth/token/lookup-self", LOOKUP)
    server = web.Server(fake.handle)  # type: ignore[arg-type]
    runner = web.ServerRunner(server)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        host, port = runner.addresses[0][:2]
        fake.url = f"{'https' if tls else 'http'}://{host}:{port}"
        yield fake
    finally:
        await runner.cleanup()


@asynccontextmanager
async def raw_server(answer: bytes | None) -> AsyncIterator[str]:
    """Run a server that reads a request's head, writes these bytes and breaks the connection.

    None: it stays silent until the client hangs up.
    """

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if answer is None:
            await reader.read()
        else:
            writer.write(answer)
        if answer:
            writer.close()
        else:
            writer.transport.abort()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()[:2]
        yield f"http://{host}:{port}"


@dataclass
class References:
    """Secrets in memory; every selector that was resolved is remembered."""

    secrets: Mapping[str, bytes] = field(default_factory=lambda: {"token": TOKEN})
    ca: str = ""
    asked: list[tuple[str, Any]] = field(default_factory=list)

    async def secret(self, selector: Mapping[str, Any], *, path: str, key: str = "") -> SecretValue:
        self.asked.append((path, {"key": key, **selector}))
        return SecretValue(self.secrets[selector["name"]])

    async def authority(self, config: Mapping[str, Any], *, path: str) -> str:
        del config, path
        return self.ca

    async def token(
        self, selector: Mapping[str, Any], *, audiences: Sequence[str], seconds: int, path: str
    ) -> SecretValue:
        self.asked.append((path, {"audiences": tuple(audiences), "seconds": seconds, **selector}))
        return SecretValue(self.secrets[selector["name"]])

    async def service_account(self, selector: Mapping[str, Any], *, path: str) -> Mapping[str, str]:
        raise NotImplementedError

    def own_server(self) -> Endpoint | None:
        return None


@dataclass
class Counted:
    """Calls as the metrics see them."""

    calls: list[tuple[str, str, bool]] = field(default_factory=list)

    def __call__(self, provider: str, call: str, is_success: bool) -> None:
        self.calls.append((provider, call, is_success))

    @property
    def names(self) -> list[str]:
        return [call for _, call, _ in self.calls]


STATIC = {"tokenSecretRef": {"name": "token", "key": "token"}}


def store(config: Mapping[str, Any], *, provider: str = "vault", name: str = "main") -> Store:
    """Return a SecretStore of the hub."""
    ref = StoreRef("SecretStore", name, "pay", ClusterName(""))
    return Store(ref, provider, config, namespace="pay")


def means(clock: FakeClock | None = None, counted: Counted | None = None) -> ProviderMeans:
    """Return what a provider may use."""
    return ProviderMeans(clock=clock or FakeClock(), randomness=bytes, called=counted or Counted())


@asynccontextmanager
async def opened(
    fake: FakeVault,
    *,
    auth: Mapping[str, Any] | None = STATIC,
    references: References | None = None,
    clock: FakeClock | None = None,
    counted: Counted | None = None,
    **config: Any,
) -> AsyncIterator[VaultSession]:
    """Open a store at the server; with the static token unless told otherwise, None: no `auth`."""
    declared = {"server": fake.url, "path": "secret", "auth": auth, **config}
    session = await PROVIDER.open(
        store(declared), references or References(), means(clock, counted)
    )
    try:
        yield session
    finally:
        await session.close()
