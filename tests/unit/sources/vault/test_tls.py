# SPDX-License-Identifier: Apache-2.0
"""What a connection presents and trusts, and the way through a proxy."""

import ssl
from pathlib import Path
from typing import Any

import pytest
from tests.unit.sources.vault.fakevault import (
    STATIC,
    TOKEN,
    References,
    opened,
    serving,
    store,
)

from keyfleet.base.errors import UnreachableError
from keyfleet.localplane import pki
from keyfleet.plugin.stores import ProviderMeans
from keyfleet.sources.vault import PROVIDER
from keyfleet.testing.clock import FakeClock

AUTHORITY = pki.Authority("vault-test")
PART = {"certSecretRef": {"name": "cert"}, "keySecretRef": {"name": "key"}}


@pytest.fixture
def context(tmp_path: Path) -> ssl.SSLContext:
    """A server that talks to holders of our certificates only."""
    pair = AUTHORITY.server(["127.0.0.1"])
    (tmp_path / "server.pem").write_bytes(pair.certificate_pem + pair.key_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    context.load_verify_locations(cadata=AUTHORITY.ca_pem.decode())
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def references(authority: pki.Authority = AUTHORITY, *, ca: str = "") -> References:
    pair = authority.client("store")
    secrets = {"token": TOKEN, "cert": pair.certificate_pem, "key": pair.key_pem}
    return References(secrets, ca=ca or AUTHORITY.ca_pem.decode())


async def test_presents_the_certificate_of_the_connection(context: ssl.SSLContext) -> None:
    known = references()
    async with serving(context) as fake, opened(fake, references=known, tls=PART) as session:
        assert session.principal
    keys = {path: selector["key"] for path, selector in known.asked}
    assert keys["tls.certSecretRef"] == "tls.crt"
    assert keys["tls.keySecretRef"] == "tls.key"


async def test_the_certificate_of_the_login_comes_first(context: ssl.SSLContext) -> None:
    """Both go over one connection, which presents one."""
    auth = {"cert": {"clientCert": {"name": "cert"}, "secretRef": {"name": "key"}}}
    known, other = references(), {"certSecretRef": {"name": "no"}, "keySecretRef": {"name": "no"}}
    async with serving(context) as fake:
        fake.say("POST auth/cert/login", {"auth": {"client_token": "t", "entity_id": "e"}})
        async with opened(fake, auth=auth, references=known, tls=other):
            assert fake.heard[0].body == b"{}"


async def test_who_trusts_another_authority_shares_nothing(context: ssl.SSLContext) -> None:
    """Else whoever stands in the way of a name is the server that others asked."""
    wider = AUTHORITY.ca_pem + pki.Authority("stranger").ca_pem
    endpoints = []
    async with serving(context) as fake:
        for trusted in (AUTHORITY.ca_pem, AUTHORITY.ca_pem, wider):
            known = references(ca=trusted.decode())
            async with opened(fake, references=known, tls=PART) as session:
                endpoints.append(session.endpoint)
    assert endpoints[0] == endpoints[1] != endpoints[2]


@pytest.mark.parametrize("case", ["none", "another's", "untrusting"])
async def test_a_handshake_that_fails_is_no_answer(context: ssl.SSLContext, case: str) -> None:
    stranger = pki.Authority("stranger")
    known = {
        "none": references(),
        "another's": references(stranger),
        "untrusting": references(ca=stranger.ca_pem.decode()),
    }[case]
    config: dict[str, Any] = {} if case == "none" else {"tls": PART}
    async with serving(context) as fake:
        with pytest.raises(UnreachableError) as caught:
            async with opened(fake, references=known, **config):
                pass
        assert caught.value.code in {"store.tls", "store.unreachable"}
        assert fake.heard == []


async def through(environ: dict[str, str]) -> None:
    given = ProviderMeans(FakeClock(), bytes, lambda *_: None, environ)
    config = {"server": "http://vault.invalid:8200", "auth": STATIC}
    session = await PROVIDER.open(store(config), References(), given)
    await session.close()


async def test_goes_through_the_proxy_of_the_environment() -> None:
    async with serving() as proxy:
        await through({"HTTP_PROXY": proxy.url})
        assert proxy.heard[0].headers["Host"] == "vault.invalid:8200"
        with pytest.raises(UnreachableError):
            await through({"HTTP_PROXY": proxy.url, "NO_PROXY": "vault.invalid"})
        assert len(proxy.heard) == 1


async def test_no_proxy_is_read_from_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        with pytest.raises(UnreachableError):
            await through({})
        assert proxy.heard == []
