# SPDX-License-Identifier: Apache-2.0
"""A certificate that is fetched over TLS comes over TLS all the way."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from keyfleet.base.errors import DeniedError
from keyfleet.cli.sealing.certificates import download as module
from keyfleet.cli.sealing.certificates.download import download
from keyfleet.localplane.pki import Authority


@asynccontextmanager
async def serving(app: web.Application, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def leading_to(place: str) -> web.Application:
    """Return a server whose `/` leads to another place, and whose `/cert` is one."""

    async def lead(_: web.Request) -> web.Response:
        raise web.HTTPFound(place)

    async def cert(_: web.Request) -> web.Response:
        return web.Response(text="certificate")

    app = web.Application()
    app.router.add_get("/", lead)
    app.router.add_get("/cert", cert)
    return app


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """Return what a server takes that the downloads of this test trust."""
    authority = Authority("test")
    pair = authority.server(["127.0.0.1"])
    (tmp_path / "pem").write_bytes(pair.certificate_pem + pair.key_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "pem")
    trusting = ssl.create_default_context(cadata=authority.ca_pem.decode())
    monkeypatch.setattr(module, "system_tls", lambda: trusting)
    for name in (
        "http_proxy",
        "https_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "all_proxy",
        "ALL_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)
    return context


async def test_a_url_of_tls_leads_to_no_place_without(tls: ssl.SSLContext) -> None:
    async with (
        serving(leading_to("")) as plain,
        serving(leading_to(f"{plain}/cert"), tls) as url,
    ):
        assert await download(f"{plain}/cert", "shown") == b"certificate"
        with pytest.raises(DeniedError) as caught:
            await download(url, "shown")
    assert caught.value.code == "sealing.url_insecure"


async def test_a_url_may_lead_elsewhere_over_tls(tls: ssl.SSLContext) -> None:
    async with serving(leading_to("/cert"), tls) as url:
        assert await download(url, "shown") == b"certificate"
