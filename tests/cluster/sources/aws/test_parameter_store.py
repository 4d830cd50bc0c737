# SPDX-License-Identifier: Apache-2.0
"""Reading AWS Systems Manager Parameter Store."""

from typing import Any

import pytest
from tests.cluster.sources.aws.conftest import Admin
from tests.cluster.sources.aws.stores import Rig, ask, find, value
from tests.cluster.sources.aws.stub import Stub, refusal

from keyfleet.base.errors import DeniedError, PermanentError, SecretNotFoundError, UnreachableError
from keyfleet.localplane.moto import Moto
from keyfleet.model.stores import How, Query
from keyfleet.plugin.stores import StoreSession
from keyfleet.testing.canary import canary

PASSWORD = canary("password").decode()
DOCUMENT = f'{{"user": "app", "password": "{PASSWORD}"}}'
GET, BY_PATH, DESCRIBE = "GetParameter", "GetParametersByPath", "DescribeParameters"


async def opened(rig: Rig, **config: Any) -> StoreSession:
    return await rig.open("ParameterStore", **config)


async def fill(admin: Admin, *names: str, **tags: str) -> None:
    client = await admin("ssm")
    made = [{"Key": key, "Value": text} for key, text in tags.items()]
    for name in names:
        await client.put_parameter(Name=name, Value=name, Type="SecureString", Tags=made)


async def test_properties_share_a_decrypted_read(rig: Rig, moto: Moto, admin: Admin) -> None:
    await (await admin("ssm")).put_parameter(Name="/db", Value=DOCUMENT, Type="SecureString")
    session = await opened(rig)
    queries = [value("/db", "user"), value("/db", "password"), Query(How.MAP, "/db")]
    (request,) = {session.request(query) for query in queries}
    fetched = await session.fetch(request)
    user, password, members = (session.answer(query, fetched) for query in queries)
    assert not isinstance(user, dict)
    assert not isinstance(password, dict)
    assert isinstance(members, dict)
    assert (user, password) == (members["user"], members["password"])
    assert password.reveal() == PASSWORD.encode()  # type: ignore[union-attr]
    assert moto.count(GET) == 1
    assert rig.called == [("AWS/ParameterStore", GET, True)]
    assert session.endpoint == f"ParameterStore eu-west-1 {moto.url}"


async def test_versions_prefix_and_types(rig: Rig, admin: Admin) -> None:
    client = await admin("ssm")
    for text in ("old", "new"):
        await client.put_parameter(Name="/p/db", Value=text, Type="String", Overwrite=True)
    await client.put_parameter(Name="/p/list", Value="a,b", Type="StringList")
    session = await opened(rig, prefix="/p")
    assert await ask(session, value("/db")) == b"new"
    assert await ask(session, value("/db", version="1")) == b"old"
    assert await ask(session, value("/list")) == b"a,b"
    with pytest.raises(PermanentError) as missing:
        await ask(session, value("/db", version="9"))
    assert missing.value.code == "store.version_missing"
    with pytest.raises(SecretNotFoundError):
        await ask(session, value("/absent"))


async def test_metadata_is_the_tags(rig: Rig, moto: Moto, admin: Admin) -> None:
    await fill(admin, "/db", team="pay", env="prod")
    session = await opened(rig)
    assert await ask(session, value("/db", is_metadata=True)) == b'{"env":"prod","team":"pay"}'
    assert await ask(session, value("/db", "team", is_metadata=True)) == b"pay"
    assert moto.count(GET) == 0


async def test_search_by_name_takes_values_from_the_path(
    rig: Rig, moto: Moto, admin: Admin
) -> None:
    await fill(admin, *(f"/app/{number:02}" for number in range(12)), "/other/db", "flat")
    session = await opened(rig)
    assert sorted(await ask(session, find("1", path="/app"))) == ["/app/01", "/app/10", "/app/11"]
    assert sorted(await ask(session, find("(db|flat)$", team="x"))) == ["/other/db", "flat"]
    assert moto.count(BY_PATH) == 2 + 2
    assert [moto.count(name) for name in (GET, DESCRIBE)] == [0, 0]


async def test_search_by_tags_describes_and_reads(rig: Rig, moto: Moto, admin: Admin) -> None:
    await fill(admin, "/app/db", "/other/db", env="prod")
    await fill(admin, "/app/web", env="production")
    session = await opened(rig)
    assert await ask(session, find(env="prod")) == {
        "/app/db": b"/app/db",
        "/other/db": b"/other/db",
    }
    assert await ask(session, find(path="/app", env="prod")) == {"/app/db": b"/app/db"}
    assert [moto.count(name) for name in (DESCRIBE, GET, BY_PATH)] == [2, 3, 0]


async def test_search_without_the_right_to_paths_reads_one_by_one(stubbed: Rig, stub: Stub) -> None:
    gone = refusal("ParameterNotFound")
    stub.put(BY_PATH, refusal("AccessDeniedException"))
    stub.put(
        DESCRIBE,
        {"Parameters": [{"Name": "/app/a"}, {"Name": "/app/x"}], "NextToken": "2"},
        {"Parameters": [{"Name": "/app/gone"}, {"Name": "/app/b"}]},
    )
    stub.put(
        GET,
        {"Parameter": {"Name": "/app/a", "Value": "1"}},
        gone,
        {"Parameter": {"Name": "/app/b", "Value": PASSWORD}},
    )
    session = await opened(stubbed)
    assert await ask(session, find("(a|b|gone)$", path="/app")) == {
        "/app/a": b"1",
        "/app/b": PASSWORD.encode(),
    }
    asked = {name: fields for name, fields in stub.asked if name == DESCRIBE}
    assert asked[DESCRIBE]["ParameterFilters"] == [
        {"Key": "Path", "Option": "Recursive", "Values": ["/app"]}
    ]
    stub.put(DESCRIBE, refusal("AccessDeniedException"))
    with pytest.raises(DeniedError):
        await ask(session, find("a"))


async def test_answer_without_a_value_is_no_empty_value(stubbed: Rig, stub: Stub) -> None:
    stub.put(GET, {"Parameter": {"Name": "/db"}})
    session = await opened(stubbed)
    with pytest.raises(UnreachableError, match="what answers is not AWS"):
        await ask(session, value("/db"))
