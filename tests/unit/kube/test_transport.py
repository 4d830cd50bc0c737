# SPDX-License-Identifier: Apache-2.0
"""Requests on the wire: credentials, repeats, limits and failures, from a loopback server."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiohttp import web

from keyfleet.base.errors import KeyfleetError, PermanentError, UnreachableError
from keyfleet.base.log import NoHooks
from keyfleet.base.tasks import spawn
from keyfleet.kube import requests
from keyfleet.kube.access import Access, ClientCertificate, Endpoint
from keyfleet.kube.memfile import memory_file
from keyfleet.kube.requests import Request
from keyfleet.kube.resources import SECRETS
from keyfleet.kube.transport import Timeouts, Transport
from keyfleet.localplane.pki import Authority
from keyfleet.testing.canary import CANARY_PREFIX, find_canary
from keyfleet.testing.clock import FakeClock

GET = requests.get(SECRETS, "b", namespace="a")
WATCH = requests.watch(SECRETS, timeout_s=300)
AUTHORITY = Authority("east")


class Login:
    """A credential that counts refusals and may have something newer."""

    def __init__(self) -> None:
        self.tokens = [f"{CANARY_PREFIX}old"]
        self.refusals = 0
        self.pair: ClientCertificate | None = None

    async def headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.tokens[-1]}"}

    async def certificate(self) -> ClientCertificate | None:
        return self.pair

    async def rejected(self) -> bool:
        self.refusals += 1
        self.tokens.append(f"{CANARY_PREFIX}new")
        return True


class Seen(NoHooks):
    """Notes requests as (verb, status)."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, int]] = []

    def request_finished(self, cluster: str, verb: str, status: int, took_s: float) -> None:
        self.requests.append((verb, status))


Open = Callable[..., Transport]


@pytest.fixture
def login() -> Login:
    return Login()


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
async def transport(login: Login, seen: Seen) -> AsyncIterator[Open]:
    """A function that opens transports; they are closed afterwards."""
    async with AsyncExitStack() as stack:

        def make(server: str, timeouts: Timeouts | None = None, **endpoint: Any) -> Transport:
            found = Transport(
                "east",
                Access(
                    Endpoint(server, **endpoint),
                    login,
                    impersonation=(
                        ("Impersonate-User", "jane"),
                        ("Impersonate-Group", "a"),
                        ("Impersonate-Group", "b"),
                    ),
                ),
                clock=FakeClock(),
                hooks=seen,
                in_flight=4,
                timeouts=timeouts or Timeouts(),
            )
            stack.push_async_callback(found.close)
            return found

        yield make


async def failure(sending: Awaitable[object]) -> KeyfleetError:
    with pytest.raises(KeyfleetError) as caught:
        await sending
    assert caught.value.__cause__ is None
    assert not find_canary(repr(caught.value) + caught.value.diagnostics())
    return caught.value


async def test_sends_login_impersonation_and_body(loopback: Any, transport: Open) -> None:
    loopback.on("POST", loopback.answer({"ok": True}, 201))
    body = {"metadata": {"name": "b", "namespace": "a"}, "data": {}}
    sent = requests.create(SECRETS, body)
    assert await transport(f"{loopback.url}/prefix/").send(sent) == b'{"ok":true}'
    request = loopback.seen[0]
    assert request.path == "/prefix/api/v1/namespaces/a/secrets"
    assert request.headers["Authorization"] == f"Bearer {CANARY_PREFIX}old"
    assert request.headers.getall("Impersonate-Group") == ["a", "b"]
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["User-Agent"].startswith("keyfleet/")
    assert loopback.bodies == [sent.body]


async def test_a_large_body_arrives_whole(loopback: Any, transport: Open) -> None:
    loopback.on("POST", loopback.answer())
    large = Request("create", "POST", "/x", "x", content_type="a/b", body=b"x" * 900_000)
    await transport(loopback.url).send(large)
    assert loopback.bodies == [large.body]


async def test_a_refused_login_is_refreshed_and_repeated_once(
    loopback: Any, transport: Open, login: Login, seen: Seen
) -> None:
    loopback.on("GET", loopback.answer({}, 401), loopback.answer())
    await transport(loopback.url).send(GET)
    assert loopback.seen[1].headers["Authorization"] == f"Bearer {CANARY_PREFIX}new"
    assert (login.refusals, seen.requests) == (1, [("get", 401), ("get", 200)])


async def test_a_login_refused_twice_is_unauthorized(loopback: Any, transport: Open) -> None:
    loopback.on("GET", loopback.answer({}, 401))
    east = transport(loopback.url)
    for sending in (east.send(GET), east.open_watch(WATCH, silence_s=5)):
        assert (await failure(sending)).code == "api.unauthorized"
    assert len(loopback.seen) == 4


async def test_a_watch_is_opened_again_after_a_refused_login(
    loopback: Any, transport: Open, login: Login
) -> None:
    loopback.on("GET", loopback.answer({}, 401), loopback.stream(b"line\n"))
    stream = await transport(loopback.url).open_watch(WATCH, silence_s=5)
    assert (await stream.read(), await stream.read()) == (b"line\n", b"")
    assert login.refusals == 1
    stream.close()


async def test_a_refusal_keeps_nothing_of_the_answer(
    loopback: Any, transport: Open, seen: Seen
) -> None:
    status = {"message": f"{CANARY_PREFIX}quoted", "reason": "Invalid"}
    loopback.on("GET", loopback.answer(status, 422))
    east = transport(loopback.url)
    error = await failure(east.send(GET))
    assert isinstance(error, PermanentError)
    assert error.subject == "east/a/b (secrets)"
    assert (await failure(east.open_watch(WATCH, silence_s=5))).code == "api.invalid"
    assert seen.requests == [("get", 422), ("watch", 422)]


async def test_redirects_are_not_followed(loopback: Any, transport: Open) -> None:
    loopback.on("GET", loopback.answer({}, 302, Location="http://elsewhere.invalid/"))
    error = await failure(transport(loopback.url).send(GET))
    assert (error.code, len(loopback.seen)) == ("api.unexpected_answer", 1)


async def test_a_server_that_does_not_answer_in_time(
    loopback: Any, transport: Open, seen: Seen
) -> None:
    loopback.on("GET", loopback.stream(b"{", then=_forever))
    east = transport(loopback.url, Timeouts(short_s=0.05, list_s=0.05))
    for request in (GET, requests.list_page(SECRETS)):
        assert (await failure(east.send(request))).code == "api.timeout"
    assert seen.requests == [("get", 0), ("list", 0)]


async def _forever(_request: web.BaseRequest) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError


async def test_a_watch_that_falls_silent(loopback: Any, transport: Open) -> None:
    loopback.on("GET", loopback.stream(b"line\n", then=_forever))
    stream = await transport(loopback.url).open_watch(WATCH, silence_s=0.05)
    assert await stream.read() == b"line\n"
    assert (await failure(stream.read())).code == "api.silent"
    stream.close()


async def test_a_watch_that_gets_no_answer(loopback: Any, transport: Open) -> None:
    loopback.on("GET", _forever)
    east = transport(loopback.url, Timeouts(list_s=0.05))
    assert (await failure(east.open_watch(WATCH, silence_s=5))).code == "api.timeout"


async def test_nobody_listens(transport: Open) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    error = await failure(transport(f"http://127.0.0.1:{port}").send(GET))
    assert isinstance(error, UnreachableError)
    assert (error.code, error.message) == ("api.unreachable", "cannot connect")


async def test_throttling_halves_what_may_be_in_flight(loopback: Any, transport: Open) -> None:
    loopback.on("GET", loopback.answer({}, 429))
    east = transport(loopback.url)
    await failure(east.send(GET))
    assert east.limiter.limit == 2


async def test_requests_beyond_the_limit_wait(loopback: Any, transport: Open) -> None:
    inside, most, gate = 0, 0, asyncio.Event()

    async def hold(_request: web.BaseRequest) -> web.StreamResponse:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        if inside == 4:
            gate.set()
        await gate.wait()
        inside -= 1
        return web.Response(body=b"{}")

    loopback.on("GET", hold)
    east = transport(loopback.url)
    async with asyncio.TaskGroup() as group:
        for _ in range(12):
            group.create_task(east.send(GET))
    assert (most, len(loopback.seen)) == (4, 12)


async def test_plain_requests_go_through_the_proxy(loopback: Any, transport: Open) -> None:
    loopback.on("GET", loopback.answer())
    await transport("http://api.invalid:8080", proxy_url=loopback.url).send(GET)
    assert loopback.seen[0].headers["Host"] == "api.invalid:8080"


def server_context(*names: str, clients: bool = False) -> ssl.SSLContext:
    pair = AUTHORITY.server(names)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with memory_file(pair.certificate_pem) as chain, memory_file(pair.key_pem) as key:
        context.load_cert_chain(chain, key)
    if clients:
        context.verify_mode = ssl.CERT_OPTIONAL
        context.load_verify_locations(cadata=AUTHORITY.ca_pem.decode())
    return context


async def test_verifies_the_server_by_the_given_name(transport: Open, tls_loopback: Any) -> None:
    api = await tls_loopback(server_context("api.internal"))
    api.on("GET", api.answer())
    named = transport(api.url, ca_pem=AUTHORITY.ca_pem, tls_server_name="api.internal")
    assert await named.send(GET) == b"{}"
    by_address = transport(api.url, ca_pem=AUTHORITY.ca_pem)
    assert (await failure(by_address.send(GET))).code == "api.tls"


async def test_another_ca_is_not_trusted_unless_insecure(
    transport: Open, tls_loopback: Any
) -> None:
    api = await tls_loopback(server_context("127.0.0.1"))
    api.on("GET", api.answer())
    stranger = transport(api.url, ca_pem=Authority("other").ca_pem)
    assert (await failure(stranger.send(GET))).code == "api.tls"
    assert (await failure(transport(api.url).send(GET))).code == "api.tls"
    assert await transport(api.url, insecure=True).send(GET) == b"{}"


async def test_a_new_client_certificate_is_presented_and_cuts_watches(
    transport: Open, tls_loopback: Any, login: Login
) -> None:
    api = await tls_loopback(server_context("127.0.0.1", clients=True))
    users: list[str] = []

    async def note(request: web.BaseRequest) -> web.StreamResponse:
        certificate = request.transport.get_extra_info("peercert") if request.transport else {}
        users.append(certificate["subject"][-1][0][1])
        return web.Response(body=b"{}")

    api.on("GET", api.stream(b"line\n", then=_forever), note)
    east = transport(api.url, ca_pem=AUTHORITY.ca_pem)
    login.pair = _pair("first")
    stream = await east.open_watch(WATCH, silence_s=5)
    assert await stream.read() == b"line\n"
    await east.send(GET)
    waiting = spawn(stream.read(), name="a read that waits")
    login.pair = _pair("second")
    await east.send(GET)
    assert users == ["first", "second"]
    for reading in (waiting, stream.read()):
        assert (await failure(reading)).code == "api.interrupted"
    stream.close()


def _pair(user: str) -> ClientCertificate:
    found = AUTHORITY.client(user)
    return ClientCertificate(found.certificate_pem, found.key_pem)
