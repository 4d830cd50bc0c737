# SPDX-License-Identifier: Apache-2.0
"""The generator `VaultDynamicSecret`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from tests.unit.sources.vault.fakevault import (
    STATIC,
    Counted,
    FakeVault,
    References,
    Said,
    means,
    serving,
)

from keyfleet.base.errors import InvalidIntentError, KeyfleetError, PermanentError
from keyfleet.model.places import ClusterName
from keyfleet.model.stores import How, Query, Store, StoreRef
from keyfleet.sources.vault import GENERATOR
from keyfleet.sources.vault.dynamic import DynamicSession
from keyfleet.testing.canary import canary

LOGIN = {"auth": {"client_token": canary("t").decode(), "entity_id": "e", "policies": []}}
CREDENTIALS = {"lease_id": "l", "lease_duration": 60, "data": {"user": "u", "ttl": 60, "x": None}}
WANTED = Query(How.GENERATE)


def generator(fake: FakeVault, **spec: Any) -> Store:
    ref = StoreRef("VaultDynamicSecret", "db", "pay", ClusterName(""))
    provider = {"server": fake.url, "auth": spec.pop("auth", STATIC)}
    whole = {"path": "db/creds/app", "provider": provider, **spec}
    return Store(ref, ref.kind, whole, namespace="pay")


@asynccontextmanager
async def opened(
    fake: FakeVault, counted: Counted | None = None, **spec: Any
) -> AsyncIterator[DynamicSession]:
    store = generator(fake, **spec)
    session = await GENERATOR.open(store, References(), means(counted=counted))
    try:
        yield session
    finally:
        await session.close()


async def made(session: DynamicSession) -> dict[str, bytes]:
    answer = session.answer(WANTED, await session.fetch(session.request(WANTED)))
    assert isinstance(answer, dict)
    return {name: one.reveal() for name, one in answer.items()}


async def test_reads_with_its_parameters_and_makes_text() -> None:
    async with serving() as fake:
        fake.say("GET db/creds/app?a=1&a=2&b=x", CREDENTIALS)
        async with opened(fake, getParameters={"a": ["1", "2"], "b": ["x"]}) as session:
            assert await made(session) == {"user": b"u", "ttl": b"60", "x": b""}
            assert session.principal == "", "no answer is shared"


@pytest.mark.parametrize(
    ("method", "request_line", "call"),
    [
        ("GET", "GET db/creds/app", "ReadSecretData"),
        ("LIST", "GET db/creds/app?list=true", "ListSecrets"),
        ("DELETE", "DELETE db/creds/app", "DeleteSecret"),
        ("POST", "PUT db/creds/app", "WriteSecretData"),
        ("anything", "PUT db/creds/app", "WriteSecretData"),
    ],
)
async def test_methods(method: str, request_line: str, call: str) -> None:
    counted = Counted()
    async with serving() as fake:
        fake.say(request_line, CREDENTIALS)
        spec = {"method": method, "parameters": {"common_name": "x", "n": 1}}
        async with opened(fake, counted, **spec) as session:
            assert (await made(session))["user"] == b"u"
        if call == "WriteSecretData":
            assert msgspec.json.decode(fake.heard[-1].body) == spec["parameters"]
        else:
            assert fake.heard[-1].body == b""
    assert counted.names == ["LookupSelf", call]


async def test_result_types() -> None:
    answer = {"auth": {"client_token": "child", "renewable": True}, **CREDENTIALS}
    async with serving() as fake:
        fake.say("GET db/creds/app", answer)
        async with opened(fake, resultType="Auth") as session:
            assert await made(session) == {"client_token": b"child", "renewable": b"true"}
        async with opened(fake, resultType="Raw") as session:
            raw = await made(session)
        assert raw["data"] == b'{"ttl":60,"user":"u","x":null}'
        assert raw["lease_id"] == b"l"


@pytest.mark.parametrize("said", [Said(status=204, body=b""), Said({"errors": []}, 404)])
async def test_nothing_is_an_error_but_no_absence(said: Said) -> None:
    """A generator keeps nothing, so nothing of it can be gone."""
    async with serving() as fake:
        fake.say("GET db/creds/app", said)
        async with opened(fake) as session:
            with pytest.raises(KeyfleetError) as caught:
                await made(session)
            assert (type(caught.value), caught.value.code) == (PermanentError, "store.empty_answer")
        async with opened(fake, allowEmptyResponse=True) as session:
            assert await made(session) == {}


async def test_the_token_lives_on_with_the_lease() -> None:
    auth = {"appRole": {"roleId": "r", "secretRef": {"name": "token"}}}
    async with serving() as fake:
        fake.say("POST auth/approle/login", LOGIN)
        fake.say("POST auth/token/revoke-self", Said(status=204, body=b""))
        fake.say("GET db/creds/app", CREDENTIALS)
        async with opened(fake, auth=auth) as session:
            await made(session)
        assert "POST auth/token/revoke-self" not in fake.requests
        fake.say("GET db/creds/app", {"data": {"code": "123"}})
        async with opened(fake, auth=auth) as session:
            await made(session)
        assert fake.requests[-1] == "POST auth/token/revoke-self"


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({"path": 7}, "path"),
        ({"resultType": "Other"}, "resultType"),
        ({"parameters": ["x"]}, "parameters"),
        ({"provider": {"server": "x"}}, "provider.server"),
        ({"provider": {"server": "https://v", "auth": {}}}, "provider.auth"),
    ],
)
async def test_refuses_what_cannot_work(spec: dict[str, Any], path: str) -> None:
    async with serving() as fake:
        store = generator(fake)
        GENERATOR.check(store)
        broken = Store(store.ref, store.provider, {**store.config, **spec})
        with pytest.raises(InvalidIntentError) as caught:
            GENERATOR.check(broken)
        assert (caught.value.code, caught.value.path) == ("store.invalid", path)


async def test_is_no_store() -> None:
    async with serving() as fake, opened(fake) as session:
        with pytest.raises(InvalidIntentError):
            session.request(Query(How.VALUE, "x"))
        assert session.request(WANTED) != session.request(WANTED)
