# SPDX-License-Identifier: Apache-2.0
"""What an answer of the server, or none, means; and what never leaves the client."""

import asyncio
import gzip
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.sources.vault.fakevault import (
    TOKEN,
    Counted,
    References,
    Said,
    means,
    opened,
    raw_server,
    serving,
    store,
)

from keyfleet.base.errors import (
    DeniedError,
    KeyfleetError,
    PermanentError,
    SecretNotFoundError,
    ThrottledError,
    UnreachableError,
)
from keyfleet.model.stores import How, Query
from keyfleet.sources.vault import PROVIDER
from keyfleet.sources.vault.refusals import refusal
from keyfleet.sources.vault.session import VaultSession
from keyfleet.sources.vault.values import decoded
from keyfleet.testing.canary import canary, find_canary

LEAK = canary("in-an-answer").decode()
DB = Query(How.VALUE, "db")


async def failure(session: VaultSession) -> KeyfleetError:
    with pytest.raises(KeyfleetError) as caught:
        await session.fetch(session.request(DB))
    assert_silent(caught.value)
    return caught.value


def assert_silent(error: BaseException | None) -> None:
    """Neither the error nor what it was made from shows a value."""
    while error is not None:
        shown = [repr(error), str(error), repr(getattr(error, "__dict__", ""))]
        if isinstance(error, KeyfleetError):
            shown.append(error.diagnostics())
        assert not find_canary(" ".join(shown))
        error = error.__cause__ or error.__context__


def errors(text: str) -> dict[str, Any]:
    return {"errors": [f"1 error occurred:\n\t* {text} {LEAK}\n\n"]}


@pytest.mark.parametrize(
    ("said", "kind", "code"),
    [
        (Said(errors("permission denied"), 403), DeniedError, "store.denied"),
        (Said(errors("slow down"), 429), ThrottledError, "store.throttled"),
        (Said(errors("Vault is sealed"), 503), UnreachableError, "store.sealed"),
        (Said(errors("maintenance"), 503), UnreachableError, "store.unavailable"),
        (Said(errors("broken"), 500), UnreachableError, "store.unavailable"),
        (Said(errors("upstream"), 502), UnreachableError, "store.unavailable"),
        (Said(errors("not there yet"), 412), UnreachableError, "store.standby"),
        (Said(errors("standby"), 472), UnreachableError, "store.standby"),
        (Said(errors("standby"), 473), UnreachableError, "store.standby"),
        (Said(errors("not initialised"), 501), UnreachableError, "store.standby"),
        (Said(errors("unsupported operation"), 405), PermanentError, "store.refused"),
        (Said(errors("lease count"), 400), PermanentError, "store.refused"),
        (
            Said(errors('no handler for route "x". route entry not found.'), 404),
            PermanentError,
            "store.engine_missing",
        ),
        (
            Said({"errors": [], "warnings": [f"Invalid path for a versioned K/V {LEAK}"]}, 404),
            PermanentError,
            "store.kv_version",
        ),
        (Said({"errors": []}, 404), SecretNotFoundError, "store.secret_not_found"),
        # What stands between: pages of balancers, captive portals, somebody else's API.
        (
            Said(status=404, body=f"<h1>{LEAK}</h1>".encode()),
            UnreachableError,
            "store.foreign_answer",
        ),
        (Said({"message": LEAK}, 404), UnreachableError, "store.foreign_answer"),
        (Said(errors("who are you"), 404), UnreachableError, "store.foreign_answer"),
        (Said(status=404, body=b""), UnreachableError, "store.foreign_answer"),
        (Said(status=403, body=LEAK.encode()), UnreachableError, "store.foreign_answer"),
        (Said(status=200, body=LEAK.encode()), UnreachableError, "store.foreign_answer"),
        (Said(status=200, body=b'["x"]'), UnreachableError, "store.foreign_answer"),
        (Said(status=200, body=b"[" * 9999), UnreachableError, "store.foreign_answer"),
        (Said(status=200, body=b'"\xff"'), UnreachableError, "store.foreign_answer"),
        (Said({"data": {"data": LEAK}}), PermanentError, "store.refused"),
        (Said(status=200, body=b"x" * (5 << 20)), PermanentError, "store.oversized"),
        (Said(status=200, body=b'{"data":[' + b"{}," * 60_000), PermanentError, "store.oversized"),
    ],
)
async def test_says_what_an_answer_means(said: Said, kind: type, code: str) -> None:
    counted = Counted()
    async with serving() as fake, opened(fake, counted=counted) as session:
        fake.say("GET secret/data/db", said)
        error = await failure(session)
        assert (type(error), error.code) == (kind, code)
        # Upstream counts "absent" as an answer; the call with a text for data succeeded too.
        is_success = kind is SecretNotFoundError or (code == "store.refused" and said.status == 200)
        assert counted.calls[1] == ("HashiCorp/Vault", "ReadSecretData", is_success)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("7", timedelta(seconds=7)),
        ("99999999", timedelta(hours=1)),
        ("soon", None),
        ("-1", None),
        ("\u00b2", None),
    ],
)
async def test_waits_as_long_as_it_is_told(header: str, expected: timedelta | None) -> None:
    async with serving() as fake, opened(fake) as session:
        fake.say("GET secret/data/db", Said({}, 429, {"Retry-After": header}))
        error = await failure(session)
        assert isinstance(error, ThrottledError)
        assert error.retry_after == expected


async def test_follows_a_redirect_to_the_same_host_once() -> None:
    async with serving() as fake, opened(fake) as session:
        there = {"Location": "/v1/secret/data/there"}
        fake.say("GET secret/data/db", Said(status=307, headers=there, body=b""))
        fake.say("GET secret/data/there", {"data": {"data": {"a": "b"}}})
        await session.fetch(session.request(DB))
        assert fake.heard[-1].headers["X-Vault-Token"] == TOKEN.decode()
        fake.say("GET secret/data/there", Said(status=307, headers=there, body=b""))
        before = len(fake.heard)
        await failure(session)
        assert len(fake.heard) == before + 2


@pytest.mark.parametrize(
    "location",
    ["http://localhost:{port}/v1/x", "https://127.0.0.1:{port}/", "//other/", "", "http://["],
)
async def test_takes_token_and_login_to_no_other_host(location: str) -> None:
    async with serving() as other, serving() as fake, opened(fake) as session:
        port = other.url.rpartition(":")[2]
        headers = {"Location": location.format(port=port)}
        fake.say("GET secret/data/db", Said(status=307, headers=headers, body=b""))
        error = await failure(session)
        assert (type(error), error.code) == (UnreachableError, "store.redirected")
        assert other.heard == []


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x16\x03\x01garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 100_000 + b"\r\n\r\n",
        f"HTTP/1.1 2x0 {LEAK}\r\n\r\n".encode(),
    ],
)
async def test_a_broken_answer_is_no_answer(answer: bytes) -> None:
    async with raw_server(answer) as url:
        with pytest.raises(UnreachableError) as caught:
            await PROVIDER.open(
                store({"server": url, "auth": {"tokenSecretRef": {"name": "token"}}}),
                References(),
                means(),
            )
        assert caught.value.code == "store.unreachable"
        assert_silent(caught.value)


async def test_silence_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keyfleet.sources.vault.client.TIMEOUT_S", 0.05)
    async with raw_server(None) as url:
        config = {"server": url, "auth": {"tokenSecretRef": {"name": "token"}}}
        with pytest.raises(UnreachableError) as caught:
            await PROVIDER.open(store(config), References(), means())
        assert caught.value.hint == "it took too long"


async def test_no_listener_is_no_answer() -> None:
    config = {"server": "http://127.0.0.1:9", "auth": {"tokenSecretRef": {"name": "token"}}}
    with pytest.raises(UnreachableError) as caught:
        await PROVIDER.open(store(config), References(), means())
    assert caught.value.hint


async def test_tls_that_is_none() -> None:
    async with serving() as fake:
        config = {
            "server": fake.url.replace("http:", "https:"),
            "auth": {"tokenSecretRef": {"name": "token"}},
        }
        with pytest.raises(UnreachableError) as caught:
            await PROVIDER.open(store(config), References(), means())
        assert caught.value.code == "store.tls"


async def test_keys_are_quoted_and_headers_sent() -> None:
    async with serving() as fake, opened(fake, headers={"X-Team": "pay"}) as session:
        fake.say("GET secret/data/a%20b%3Fc%23d%25/%C3%BC", {"data": {"data": {}}})
        await session.fetch(session.request(Query(How.VALUE, "a b?c#d%/\u00fc")))
        last = fake.heard[-1].headers
        assert last["X-Team"] == "pay"
        assert last["X-Vault-Request"] == "true"


async def test_cancellation_passes() -> None:
    async with serving() as fake, opened(fake) as session:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await session.fetch(session.request(DB))


async def test_nothing_that_is_kept_shows_a_value() -> None:
    async with serving() as fake, opened(fake) as session:
        fake.say("GET secret/data/db", {"data": {"data": {"password": LEAK}}})
        fetched = await session.fetch(session.request(DB))
        answer = session.answer(DB, fetched)
        shown = [fetched, answer, session, vars(session), vars(vars(session)["_login"])]
        assert not find_canary(" ".join(map(repr, shown)))


async def test_an_answer_that_never_ends_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is on the whole: a byte now and then buys no more time."""
    monkeypatch.setattr("keyfleet.sources.vault.client.TIMEOUT_S", 0.2)
    async with serving() as fake, opened(fake) as session:
        fake.say("GET secret/data/db", Said(drip=True))
        assert (await failure(session)).code == "store.unreachable"


async def test_what_is_unpacked_counts() -> None:
    packed = gzip.compress(b"x" * (8 << 20))
    assert len(packed) < 10_000
    async with serving() as fake, opened(fake) as session:
        fake.say("GET secret/data/db", Said(body=packed, headers={"Content-Encoding": "gzip"}))
        assert (await failure(session)).code == "store.oversized"


async def test_a_login_that_is_cancelled_leaves_nothing_open() -> None:
    """An open connection would be a ResourceWarning, and so an error."""
    async with raw_server(None) as url:
        config = {"server": url, "auth": {"tokenSecretRef": {"name": "token"}}}
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await PROVIDER.open(store(config), References(), means())


@given(st.binary(max_size=200), st.sampled_from([200, 404]))
def test_any_bytes_are_an_answer_or_a_refusal(body: bytes, status: int) -> None:
    document = decoded(body)
    if not isinstance(document, dict):
        document = None
    error = refusal(status, document, {}, subject="db")
    assert isinstance(error, KeyfleetError)
    is_empty = document is not None and document.get("errors") == []
    assert isinstance(error, SecretNotFoundError) <= is_empty
