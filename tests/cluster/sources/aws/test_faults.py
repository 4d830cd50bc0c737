# SPDX-License-Identifier: Apache-2.0
"""What goes wrong on the way to AWS and there, and what Keyfleet makes of it."""

import asyncio
import ssl
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from tests.cluster.sources.aws.stores import JWT, Rig, ask, find, value
from tests.cluster.sources.aws.stub import Stub, cut, page, refusal, reset, role

from keyfleet.base.errors import (
    DeniedError,
    KeyfleetError,
    PermanentError,
    SecretNotFoundError,
    TemporaryError,
    ThrottledError,
    UnreachableError,
)
from keyfleet.localplane.pki import Authority
from keyfleet.localplane.rig import free_port
from keyfleet.model.stores import Query
from keyfleet.sources.aws import client, library
from keyfleet.testing.canary import canary, find_canary

GET = "GetSecretValue"
DB = value("db")
LEAK = canary("leak").decode()
GOOD = {"SecretString": "1"}


async def failure(rig: Rig, query: Query = DB, **config: Any) -> KeyfleetError:
    """Return what asking ends with; nothing of the answer may hang on to it."""
    session = await rig.open(**config)
    with pytest.raises(KeyfleetError) as failed:
        await ask(session, query)
    return clean(failed.value)


def clean(error: KeyfleetError) -> KeyfleetError:
    assert error.__context__ is None
    assert error.__cause__ is None
    assert not find_canary(repr(vars(error)) + repr(error.args) + error.diagnostics())
    return error


ANSWERS: dict[str, tuple[Any, type[KeyfleetError], str]] = {
    "throttling": (refusal("ThrottlingException", LEAK), ThrottledError, "store.throttled"),
    "429": (refusal("Whatever", LEAK, status=429), ThrottledError, "store.throttled"),
    "429-empty": (429, ThrottledError, "store.throttled"),
    "internal": (
        refusal("InternalServiceError", LEAK, status=500),
        UnreachableError,
        "store.unavailable",
    ),
    "502": (page(LEAK, status=502), UnreachableError, "store.unavailable"),
    "503": (503, UnreachableError, "store.unavailable"),
    "html": (page(LEAK), UnreachableError, "store.foreign_answer"),
    "list": (
        page("[]", kind="application/json"),
        UnreachableError,
        "store.foreign_answer",
    ),
    "binary": (page('{"SecretBinary": "abc"}'), UnreachableError, "store.foreign_answer"),
    "reset": (reset, UnreachableError, "store.unreachable"),
    "cut": (cut, UnreachableError, "store.unreachable"),
    "access-denied": (refusal("AccessDeniedException", LEAK), DeniedError, "store.denied"),
    "expired": (refusal("ExpiredTokenException", LEAK), DeniedError, "store.denied"),
    "unknown-key": (refusal("UnrecognizedClientException", LEAK), DeniedError, "store.denied"),
    "signature": (refusal("InvalidSignatureException", LEAK), DeniedError, "store.denied"),
    "403": (page(LEAK, status=403), DeniedError, "store.denied"),
    "decryption": (refusal("DecryptionFailure", LEAK), PermanentError, "store.refused"),
    "odd-code": (refusal(LEAK, LEAK), PermanentError, "store.refused"),
    "odd-type": (
        page(f'{{"__type": ["{LEAK}"]}}', status=400),
        UnreachableError,
        "store.foreign_answer",
    ),
    "absent": (
        refusal("ResourceNotFoundException", LEAK),
        SecretNotFoundError,
        "store.secret_not_found",
    ),
    "leaving": (
        refusal("InvalidRequestException", "it was marked for deletion"),
        SecretNotFoundError,
        "store.secret_not_found",
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_each_answer_asks_for_one_reaction(stubbed: Rig, stub: Stub, name: str) -> None:
    answer, kind, code = ANSWERS[name]
    stub.put(GET, answer)
    error = await failure(stubbed)
    assert type(error) is kind
    assert error.code == code
    assert stub.count(GET) == 1, "trying again is the engine's"
    assert [(label, call) for label, call, _ in stubbed.called] == [("AWS/SecretsManager", GET)]


@pytest.mark.parametrize(
    ("service", "operation", "query"),
    [
        ("SecretsManager", "ListSecrets", find("a")),
        ("SecretsManager", "BatchGetSecretValue", find("a", path="b")),
        ("SecretsManager", "DescribeSecret", value("db", is_metadata=True)),
        ("ParameterStore", "GetParametersByPath", find("a")),
        ("ParameterStore", "DescribeParameters", find(a="b")),
        ("ParameterStore", "ListTagsForResource", value("db", is_metadata=True)),
    ],
    ids=str,
)
async def test_page_of_a_proxy_is_no_empty_answer(
    stubbed: Rig, stub: Stub, service: str, operation: str, query: Query
) -> None:
    """Whoever took it for one would remove what was delivered."""
    stub.put(operation, page(LEAK))
    session = await stubbed.open(service)
    with pytest.raises(UnreachableError) as failed:
        await ask(session, query)
    assert clean(failed.value).code == "store.foreign_answer"


async def test_throttling_says_how_long_where_aws_does(stubbed: Rig, stub: Stub) -> None:
    stub.put(GET, refusal("ThrottlingException", Retry_After="7"))
    error = await failure(stubbed)
    assert isinstance(error, ThrottledError)
    assert error.retry_after == timedelta(seconds=7)
    stub.put(GET, refusal("ThrottlingException", Retry_After="soon"))
    error = await failure(stubbed)
    assert isinstance(error, ThrottledError)
    assert error.retry_after is None


async def test_codes_of_aws_are_shown(stubbed: Rig, stub: Stub) -> None:
    stub.put(GET, refusal("DecryptionFailure"))
    assert (await failure(stubbed)).subject == "GetSecretValue db (DecryptionFailure)"


async def test_setting_that_breaks_aws_rules_of_form_is_not_sent(stubbed: Rig, stub: Stub) -> None:
    with pytest.raises(DeniedError) as refused:
        await stubbed.open(role="arn:aws:iam::123456789012:role/last", externalID="e")
    assert "rules of form" in clean(refused.value).hint
    assert stub.asked == []


async def test_silence_ends(stubbed: Rig, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    released = asyncio.Event()

    async def wait(_request: web.Request) -> web.Response:
        await released.wait()
        return web.Response()

    stub.put(GET, wait)
    session = await stubbed.open()
    monkeypatch.setattr(client, "CALL_S", 0.2)
    with pytest.raises(UnreachableError, match="in time") as silent:
        await ask(session, DB)
    released.set()
    assert clean(silent.value).code == "store.timeout"


async def test_nobody_listens(stubbed: Rig) -> None:
    stubbed.environ["AWS_SECRETSMANAGER_ENDPOINT"] = f"http://127.0.0.1:{free_port()}"
    error = await failure(stubbed)
    assert isinstance(error, UnreachableError)
    assert stubbed.environ["AWS_SECRETSMANAGER_ENDPOINT"] in error.subject
    assert "endpoint" in error.hint


async def test_endpoint_that_is_no_url_is_named(stubbed: Rig) -> None:
    stubbed.environ["AWS_SECRETSMANAGER_ENDPOINT"] = "not a url"
    with pytest.raises(PermanentError) as refused:
        await stubbed.open()
    assert clean(refused.value).code == "store.sdk_settings"
    assert "secretsmanager" in refused.value.subject


async def test_sts_that_does_not_answer_refuses_nobody_for_good(stubbed: Rig, stub: Stub) -> None:
    for answer in (reset, 503, page(LEAK), page(f"<a>{LEAK}"), refusal("Throttling", LEAK)):
        stub.put("GetCallerIdentity", answer)
        with pytest.raises(TemporaryError) as failed:
            await stubbed.open()
        clean(failed.value)


async def test_sts_that_refuses_is_quoted_by_its_code_alone(stubbed: Rig, stub: Stub) -> None:
    body = f"<ErrorResponse><Error><Code>AccessDenied</Code><Message>{LEAK}</Message></Error>"
    stub.put("AssumeRoleWithWebIdentity", page(f"{body}</ErrorResponse>", status=403))
    with pytest.raises(DeniedError) as refused:
        await stubbed.open(auth=JWT)
    assert clean(refused.value).code == "store.login_refused"
    assert "(AccessDenied)" in refused.value.hint


async def test_answer_of_sts_without_credentials_is_refused(stubbed: Rig, stub: Stub) -> None:
    operation = "AssumeRoleWithWebIdentity"
    whole = role(operation, "arn", key_id="ASIA", secret=LEAK)
    stub.put(operation, whole.replace("SecretAccessKey>", "Nothing>"))
    with pytest.raises(DeniedError) as refused:
        await stubbed.open(auth=JWT)
    clean(refused.value)


async def test_retry_settings_of_the_store_are_kept(stubbed: Rig, stub: Stub) -> None:
    stub.put(GET, 503, refusal("ThrottlingException", Retry_After="2"), GOOD)
    session = await stubbed.open(retries=(3, 0.5))
    assert await ask(session, DB) == b"1"
    assert stub.count(GET) == 3
    first, told = stubbed.clock.slept
    assert 0 < first <= 0.5
    assert told == 2
    assert [ok for _, _, ok in stubbed.called] == [False, False, True]


async def test_retry_settings_end(stubbed: Rig, stub: Stub) -> None:
    stub.put(GET, 503)
    assert isinstance(await failure(stubbed, retries=(4, None)), UnreachableError)
    assert stub.count(GET) == 4
    stub.put(GET, refusal("AccessDeniedException"))
    await failure(stubbed, retries=(4, None))
    assert stub.count(GET) == 5, "what will not change is not tried again"
    stub.put(GET, refusal("ThrottlingException", Retry_After="600"))
    error = await failure(stubbed, retries=(4, None))
    assert isinstance(error, ThrottledError)
    assert stub.count(GET) == 6, "a long pause is the engine's"


async def test_certificate_that_nobody_vouches_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority("aws")
    pair = authority.server(["127.0.0.1"])
    (tmp_path / "pair.pem").write_bytes(pair.key_pem + pair.certificate_pem)
    (tmp_path / "ca.pem").write_bytes(authority.ca_pem)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "pair.pem")
    async with Stub(tls) as stub:
        stub.put(GET, GOOD)
        rig = Rig(stub.url, {"AWS_ENDPOINT_URL": stub.url})
        with pytest.raises(UnreachableError) as refused:
            await rig.open()
        assert "AWS_CA_BUNDLE" in clean(refused.value).hint
        assert stub.asked == []
        monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "ca.pem"))
        async with rig.resources:
            assert await ask(await rig.open(), DB) == b"1"


async def test_closing_leaves_no_connection_and_no_thread(stubbed: Rig, stub: Stub) -> None:
    stub.put(GET, GOOD)
    before = {thread.name for thread in threading.enumerate()}
    session = await stubbed.open()
    async with asyncio.TaskGroup() as group:
        for _ in range(50):
            group.create_task(ask(session, DB))
    assert stub.count(GET) == 50
    assert 0 < stub.connections <= library.CONNECTIONS_MAX
    await session.close()
    await session.close()
    await stub.forsaken()
    # The loop's own pool of threads stays as long as the loop.
    new = {thread.name for thread in threading.enumerate()} - before
    assert [name for name in new if not name.startswith("asyncio_")] == []


async def test_cancelled_call_stays_cancelled(stubbed: Rig, stub: Stub) -> None:
    asked, released = asyncio.Event(), asyncio.Event()

    async def wait(_request: web.Request) -> web.Response:
        asked.set()
        await released.wait()
        return web.Response()

    stub.put(GET, wait)
    session = await stubbed.open()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(ask(session, DB))
        await asked.wait()
        task.cancel()
    released.set()
    assert task.cancelled()
