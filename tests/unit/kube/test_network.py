# SPDX-License-Identifier: Apache-2.0
"""Links under one certificate, and failures of the network as our errors."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from keyfleet.base.errors import UnreachableError, UnsupportedError
from keyfleet.kube.access import ClientCertificate, Endpoint
from keyfleet.kube.network import Network, network_error
from keyfleet.localplane.pki import Authority
from keyfleet.testing.canary import CANARY_PREFIX, find_canary

AUTHORITY = Authority("east")
ENDPOINT = Endpoint("https://127.0.0.1", AUTHORITY.ca_pem)


def pair(user: str) -> ClientCertificate:
    found = AUTHORITY.client(user)
    return ClientCertificate(found.certificate_pem, found.key_pem)


@pytest.fixture
async def network() -> AsyncIterator[Network]:
    found = Network(ENDPOINT, subject="east")
    yield found
    await found.close()


async def test_the_same_certificate_keeps_its_link(network: Network) -> None:
    certificate = pair("a")
    again = ClientCertificate(certificate.certificate_pem, certificate.key_pem)
    assert network.link(certificate) is network.link(again)


async def test_another_certificate_cuts_watches_and_lets_requests_finish(network: Network) -> None:
    old = network.link(pair("a"))
    with old:
        new = network.link(pair("b"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert new is not old
        assert (old.watches.closed, old.short.closed) == (True, False)
    async with asyncio.timeout(1):
        while not old.short.closed:  # noqa: ASYNC110 - closing is a matter of the loop's turns
            await asyncio.sleep(0)
    assert not new.watches.closed


async def test_a_closed_network_opens_nothing() -> None:
    network = Network(ENDPOINT, subject="east")
    link = network.link(None)
    await network.close()
    assert (link.watches.closed, link.short.closed) == (True, True)
    with pytest.raises(UnreachableError) as caught:
        network.link(None)
    assert caught.value.code == "api.closed"


async def test_closing_waits_for_links_that_are_being_retired() -> None:
    network = Network(ENDPOINT, subject="east")
    old = network.link(pair("a"))
    network.link(pair("b"))
    await network.close()
    assert old.short.closed


async def test_a_plain_server_gets_no_tls() -> None:
    network = Network(Endpoint("http://127.0.0.1"), subject="east")
    assert "ssl" not in network.link(None).options
    await network.close()


async def test_the_server_name_and_proxy_reach_every_request() -> None:
    endpoint = Endpoint(
        "https://127.0.0.1",
        AUTHORITY.ca_pem,
        tls_server_name="api.internal",
        proxy_url=f"http://user:{CANARY_PREFIX}1@proxy:3128",
    )
    network = Network(endpoint, subject="east")
    options = network.link(None).options
    assert options["server_hostname"] == "api.internal"
    assert str(options["proxy"]) == "http://proxy:3128"
    assert options["proxy_headers"]["Proxy-Authorization"].startswith("Basic ")
    await network.close()


async def test_a_socks_proxy_is_not_supported() -> None:
    network = Network(Endpoint("https://127.0.0.1", proxy_url="socks5://p:1"), subject="east")
    with pytest.raises(UnsupportedError):
        network.link(None)


KEY: Any = SimpleNamespace(host="h", port=1, ssl=True, is_ssl=True)


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (
            aiohttp.ClientConnectorCertificateError(KEY, ssl.CertificateError("x")),
            "api.tls",
            "the API server's certificate is not trusted",
        ),
        (
            aiohttp.ClientConnectorSSLError(KEY, OSError(1, "x")),
            "api.tls",
            "the TLS handshake failed",
        ),
        (TimeoutError(), "api.timeout", "no answer in time"),
        (aiohttp.ServerTimeoutError(), "api.timeout", "no answer in time"),
        (
            aiohttp.ClientConnectorDNSError(KEY, OSError(1, "x")),
            "api.unreachable",
            "the host name cannot be resolved",
        ),
        (
            aiohttp.ClientProxyConnectionError(KEY, OSError(1, "x")),
            "api.unreachable",
            "the proxy does not let through",
        ),
        (
            aiohttp.ClientConnectorError(KEY, OSError(1, "x")),
            "api.unreachable",
            "cannot connect",
        ),
        (aiohttp.ServerDisconnectedError(), "api.interrupted", "the connection broke"),
        (aiohttp.ClientPayloadError(CANARY_PREFIX), "api.interrupted", "the connection broke"),
        (ConnectionResetError(CANARY_PREFIX), "api.interrupted", "the connection broke"),
    ],
)
def test_every_failure_has_a_code_and_quotes_nothing(
    error: Exception, code: str, message: str
) -> None:
    found = network_error(error, "east/a/b (secrets)")
    assert (found.code, found.message) == (code, message)
    assert not find_canary(repr(found))


def test_sockets_fail_as_os_errors() -> None:
    assert network_error(socket.gaierror(1, "x"), "east").code == "api.interrupted"
