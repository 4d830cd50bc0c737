# SPDX-License-Identifier: Apache-2.0
"""KV versions 1 and 2 of a real server: values, versions, metadata, searches, absences, costs."""

import asyncio

import hvac
import pytest
from tests.cluster.sources.vault.stores import Place, ask, find, json, of, refusal

from keyfleet.base.errors import (
    DeniedError,
    NotFoundError,
    PermanentError,
    SecretNotFoundError,
    ThrottledError,
    UnreachableError,
)
from keyfleet.base.secret import SecretValue
from keyfleet.localplane.vault import Vault
from keyfleet.model.stores import How, Query
from keyfleet.plugin.stores import StoreSession
from keyfleet.testing.canary import canary

SECRET = canary("vault-real").decode()
DATA = {"password": SECRET, "port": 5432, "ratio": 2.5, "html": "<&>", "nested": {"k": [1, None]}}


@pytest.fixture
def place(openbao: Vault) -> Place:
    return Place(openbao)


@pytest.fixture
def old(openbao: Vault) -> Place:
    return Place(openbao, version=1)


@pytest.mark.parametrize("version", [1, 2])
async def test_values_are_those_an_independent_client_reads(openbao: Vault, version: int) -> None:
    place = Place(openbao, version=version)
    place.put("app/db", **DATA)
    client = hvac.Client(openbao.url, token=place.credentials["token"].decode())
    if version == 2:
        read = client.secrets.kv.v2.read_secret_version
        expected = read("app/db", mount_point=place.name, raise_on_deleted_version=True)
        data = expected["data"]["data"]
    else:
        data = client.secrets.kv.v1.read_secret("app/db", mount_point=place.name)["data"]
    async with place.opened() as session:
        assert json(await ask(session, of("app/db"))) == data == DATA
        assert await ask(session, of(f"{place.name}/app/db", "port")) == b"5432"
        extracted = await ask(session, Query(How.MAP, "app/db"))
        assert extracted["ratio"] == b"2.5"
        assert extracted["nested"] == b'{"k":[1,null]}'
        assert extracted["password"] == SECRET.encode()


async def test_many_properties_cost_one_read_and_a_static_token_one_look_up(place: Place) -> None:
    place.put("wide", **{f"k{number}": SECRET for number in range(100)})
    mark = place.server.mark()
    async with place.opened() as session:
        queries = [of("wide", f"k{number}") for number in range(100)]
        (request,) = {session.request(query) for query in queries}
        fetched = await session.fetch(request)
        answers = [session.answer(query, fetched) for query in queries]
        assert answers == [SecretValue(SECRET.encode())] * 100
    asked = [(one.operation, one.path) for one in place.server.requests(mark)]
    assert asked == [("read", "auth/token/lookup-self"), ("read", f"{place.name}/data/wide")]


async def test_versions(place: Place) -> None:
    for number in (1, 2, 3):
        place.put("db", n=number)
    place.server.must("POST", f"{place.name}/destroy/db", {"versions": [2]})
    async with place.opened() as session:
        assert await ask(session, of("db", "n", version="1")) == b"1"
        assert await ask(session, of("db", "n", version="0")) == b"3"
        for gone in ("2", "9"):
            error = await refusal(session, of("db", version=gone))
            assert isinstance(error, SecretNotFoundError)


async def test_a_deleted_secret_is_absent_and_its_versions_are_not(place: Place) -> None:
    place.put("db", n=1)
    place.put("db", n=2)
    place.server.must("DELETE", f"{place.name}/data/db")
    async with place.opened() as session:
        assert isinstance(await refusal(session, of("db")), SecretNotFoundError)
        assert await ask(session, of("db", "n", version="1")) == b"1"


async def test_absence_is_told_from_denial_and_from_wrong_places(place: Place) -> None:
    place.put("db", n=1)
    async with place.opened() as session:
        assert isinstance(await refusal(session, of("nope")), SecretNotFoundError)
    async with place.opened(path="secret") as session:
        error = await refusal(session, of("db"))
        assert (type(error), error.code) == (DeniedError, "store.denied")
    place.credentials["token"] = b"root"
    async with place.opened(path="not-mounted") as session:
        error = await refusal(session, of("db"))
        assert (type(error), error.code) == (PermanentError, "store.engine_missing")


async def test_the_wrong_version_is_no_absence(place: Place, old: Place) -> None:
    """Else a slip in a store would delete what it delivered."""
    place.put("db", n=1)
    old.put("db", n=1)
    async with place.opened(version="v1") as session:
        for key in ("db", "nope"):
            assert (await refusal(session, of(key))).code == "store.kv_version"
    async with old.opened(version="v2") as session:
        for key in ("db", "nope"):
            assert (await refusal(session, of(key))).code == "store.kv_version"
    async with old.opened() as session:
        assert isinstance(await refusal(session, of("nope")), SecretNotFoundError)


async def test_metadata(place: Place) -> None:
    place.put("db", n=1)
    custom = {"custom_metadata": {"owner": "pay"}}
    place.server.must("POST", f"{place.name}/metadata/db", custom)
    async with place.opened() as session:
        assert await ask(session, of("db", "owner", is_metadata=True)) == b"pay"
        assert await ask(session, of("db", "current_version", is_metadata=True)) == b"1"
        whole = json(await ask(session, of("db", is_metadata=True)))
        assert set(whole) == {"created_time", "current_version", "delete_version_after", "owner"}
        error = await refusal(session, of("nope", is_metadata=True))
        assert isinstance(error, NotFoundError)
        assert not isinstance(error, SecretNotFoundError)


async def test_find(place: Place) -> None:
    for name in ("app/db", "app/sub/db", "app/web", "other/db"):
        place.put(name, v=name)
    place.put("app/gone", v=1)
    place.server.must("DELETE", f"{place.name}/data/app/gone")
    place.server.must(
        "POST", f"{place.name}/metadata/app/web", {"custom_metadata": {"env": "prod", "x": "y"}}
    )
    async with place.opened() as session:
        named = await ask(session, find(name_regexp="db$"))
        assert set(named) == {"app/db", "app/sub/db", "other/db"}
        assert named["app/sub/db"] == b'{"v":"app/sub/db"}'
        assert set(await ask(session, find(path="app"))) == {"app/db", "app/sub/db", "app/web"}
        assert set(await ask(session, find(tags=(("env", "prod"),)))) == {"app/web"}
        assert await ask(session, find(tags=(("env", "dev"),))) == {}
        assert isinstance(await refusal(session, find(path="nope")), SecretNotFoundError)


async def test_find_in_version_one(old: Place) -> None:
    old.put("app/db", v="1")
    old.put("app/sub/web", v="2")
    async with old.opened() as session:
        found = await ask(session, find(path="app", name_regexp="b"))
        assert found == {"app/db": b'{"v":"1"}', "app/sub/web": b'{"v":"2"}'}
    async with old.opened(path=None) as session:
        found = await ask(session, find(path=f"{old.name}/app", name_regexp="db"))
        assert found == {f"{old.name}/app/db": b'{"v":"1"}'}


async def test_keys_of_all_sorts(place: Place) -> None:
    keys = [
        "with space",
        "per%cent",
        "ques?tion",
        "ha#sh",
        "\u00fcml\u00e4ut",
        "a+b&c=d",
        "dot.dot",
    ]
    for key in keys:
        quoted = key.encode().hex("%")
        path = f"{place.name}/data/%{quoted}"
        place.server.must("POST", path, {"data": {"v": key}})
    async with place.opened() as session:
        for key in keys:
            assert await ask(session, of(key, "v")) == key.encode()


async def test_raw_reads_of_other_engines(openbao: Vault) -> None:
    """A store of version 1 without a mount reads any path."""
    place = Place(openbao, version=1)
    engine = f"{place.name}-totp"
    openbao.enable_engine(engine, "totp")
    key = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    openbao.write(f"{engine}/keys/app", url=f"otpauth://totp/x:y?secret={key}&issuer=x")
    openbao.policy(place.name, {f"{engine}/code/*": ["read"]})
    async with place.opened(path=None) as session:
        code = await ask(session, of(f"{engine}/code/app", "code"))
        assert code.isdigit()


async def test_a_real_quota_says_how_long_to_wait(place: Place) -> None:
    place.put("db", n=1)
    headers = {"enable_rate_limit_response_headers": True}
    place.server.must("POST", "sys/quotas/config", headers)
    limit = {"path": f"{place.name}/", "rate": 1}
    place.server.must("POST", f"sys/quotas/rate-limit/{place.name}", limit)
    async with place.opened() as session:
        errors = [await refusal_or_none(session) for _ in range(5)]
    throttled = [one for one in errors if one is not None]
    assert throttled
    assert throttled[0].retry_after is not None


async def refusal_or_none(session: StoreSession) -> ThrottledError | None:
    try:
        await ask(session, of("db"))
    except ThrottledError as error:
        return error
    return None


async def test_too_long_a_secret_is_refused(place: Place) -> None:
    place.put("huge", v=SECRET * 250_000)
    async with place.opened() as session:
        error = await refusal(session, of("huge"))
        assert (type(error), error.code) == (PermanentError, "store.oversized")


async def test_faults_of_the_server_are_no_absence(monkeypatch: pytest.MonkeyPatch) -> None:
    with Vault() as server:
        place = Place(server)
        place.put("db", n=1)
        async with place.opened() as session:
            assert await ask(session, of("db", "n")) == b"1"
            server.pause()
            with monkeypatch.context() as patched:
                patched.setattr("keyfleet.sources.vault.client.TIMEOUT_S", 0.2)
                assert (await refusal(session, of("db"))).code == "store.unreachable"
            server.resume()
            assert await ask(session, of("db", "n")) == b"1"
            await asyncio.to_thread(server.must, "PUT", "sys/seal")
            error = await refusal(session, of("db"))
            assert (type(error), error.code) == (UnreachableError, "store.sealed")
            server.kill()
            assert (await refusal(session, of("db"))).code == "store.unreachable"
