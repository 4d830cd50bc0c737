# SPDX-License-Identifier: Apache-2.0
"""Reading AWS Secrets Manager."""

from typing import Any

import pytest
from tests.cluster.sources.aws.conftest import Admin
from tests.cluster.sources.aws.stores import Rig, ask, find, value
from tests.cluster.sources.aws.stub import Stub, refusal

from keyfleet.base.errors import DeniedError, PermanentError, SecretNotFoundError, TransformError
from keyfleet.localplane.moto import Moto
from keyfleet.model.stores import How, Query
from keyfleet.sources.aws import pages
from keyfleet.testing.canary import canary

PASSWORD = canary("password").decode()
DOCUMENT = (
    f'{{"user": "app", "a.b": "dotted", "db": {{ "password":  "{PASSWORD}" }}, "none": null}}'
)
GET = "GetSecretValue"


def extract(key: str, **more: Any) -> Query:
    return Query(How.MAP, key, **more)


def tagged(**tags: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": text} for key, text in tags.items()]


async def test_properties_versions_and_members_of_one_secret_share_a_fetch(
    rig: Rig, moto: Moto, admin: Admin
) -> None:
    await (await admin("secretsmanager")).create_secret(Name="db", SecretString=DOCUMENT)
    session = await rig.open()
    queries = [
        value("db"),
        value("db", "user"),
        value("db", "a.b"),
        value("db", "db.password"),
        value("db", "db", version="AWSCURRENT"),
        value("db", "none"),
        extract("db"),
        extract("db", property="db"),
    ]
    (request,) = {session.request(query) for query in queries}
    fetched = await session.fetch(request)
    answers = [session.answer(query, fetched) for query in queries]
    shown: list[Any] = [
        {name: text.reveal() for name, text in one.items()} if isinstance(one, dict) else one
        for one in answers
    ]
    assert [one if isinstance(one, dict) else one.reveal() for one in shown] == [
        DOCUMENT.encode(),
        b"app",
        b"dotted",
        PASSWORD.encode(),
        f'{{ "password":  "{PASSWORD}" }}'.encode(),
        b"",
        {
            "user": b"app",
            "a.b": b"dotted",
            "db": f'{{ "password":  "{PASSWORD}" }}'.encode(),
            "none": b"",
        },
        {"password": PASSWORD.encode()},
    ]
    assert moto.count(GET) == 1
    assert rig.called == [("AWS/SecretsManager", GET, True)]


async def test_missing_property_and_missing_object_are_not_absence(rig: Rig, admin: Admin) -> None:
    client = await admin("secretsmanager")
    await client.create_secret(Name="db", SecretString=DOCUMENT)
    await client.create_secret(Name="plain", SecretString=PASSWORD)
    session = await rig.open()
    for query, code in [
        (value("db", "nope"), "store.property_missing"),
        (value("plain", "any"), "store.property_missing"),
        (extract("plain"), "store.not_an_object"),
        (extract("db", property="user"), "store.not_an_object"),
    ]:
        with pytest.raises(TransformError) as failed:
            await ask(session, query)
        assert failed.value.code == code


async def test_prefix_and_arn_name_secrets(rig: Rig, admin: Admin) -> None:
    made = await (await admin("secretsmanager")).create_secret(Name="prod/db", SecretString="1")
    assert await ask(await rig.open(prefix="prod/"), value("db")) == b"1"
    assert await ask(await rig.open(), value(made["ARN"])) == b"1"


async def test_versions_by_id_and_by_stage(rig: Rig, moto: Moto, admin: Admin) -> None:
    client = await admin("secretsmanager")
    first = await client.create_secret(Name="db", SecretString="old")
    await client.put_secret_value(SecretId="db", SecretString="new")
    session = await rig.open()
    assert await ask(session, value("db")) == b"new"
    assert await ask(session, value("db", version="AWSPREVIOUS")) == b"old"
    assert await ask(session, value("db", version=f"uuid/{first['VersionId']}")) == b"old"
    with pytest.raises(PermanentError) as missing:
        await ask(session, value("db", version="uuid/00000000-0000-0000-0000-000000000000"))
    assert missing.value.code == "store.version_missing"
    assert not isinstance(missing.value, SecretNotFoundError)
    assert moto.count(GET) == 4


async def test_binary_secrets_are_bytes_and_may_be_json(rig: Rig, admin: Admin) -> None:
    client = await admin("secretsmanager")
    await client.create_secret(Name="raw", SecretBinary=b"\x00\xff\xfe")
    await client.create_secret(Name="json", SecretBinary=DOCUMENT.encode())
    session = await rig.open()
    assert await ask(session, value("raw")) == b"\x00\xff\xfe"
    assert await ask(session, value("json", "db.password")) == PASSWORD.encode()
    assert (await ask(session, extract("json")))["user"] == b"app"


async def test_absent_and_marked_for_deletion_are_absence(rig: Rig, admin: Admin) -> None:
    client = await admin("secretsmanager")
    await client.create_secret(Name="leaving", SecretString=PASSWORD)
    await client.delete_secret(SecretId="leaving", RecoveryWindowInDays=7)
    session = await rig.open()
    for key in ("leaving", "absent"):
        with pytest.raises(SecretNotFoundError):
            await ask(session, value(key))
    assert rig.called == [("AWS/SecretsManager", GET, False)] * 2


async def test_metadata_is_the_tags_as_json(rig: Rig, moto: Moto, admin: Admin) -> None:
    client = await admin("secretsmanager")
    tags = tagged(team="a<b", env="prod")
    await client.create_secret(Name="db", SecretString=PASSWORD, Tags=tags)
    await client.create_secret(Name="bare", SecretString=PASSWORD)
    session = await rig.open()
    whole, one = value("db", is_metadata=True), value("db", "env", is_metadata=True)
    assert session.request(whole) == session.request(one) != session.request(value("db"))
    assert await ask(session, whole) == rb'{"env":"prod","team":"a\u003cb"}'
    assert await ask(session, one) == b"prod"
    assert await ask(session, extract("db", is_metadata=True)) == {"env": b"prod", "team": b"a<b"}
    assert await ask(session, value("bare", is_metadata=True)) == b"{}"
    assert moto.count(GET) == 0


async def test_search_by_name_lists_and_reads_what_matches(
    rig: Rig, moto: Moto, admin: Admin
) -> None:
    client = await admin("secretsmanager")
    for name in ("app/db", "app/web", "other/db"):
        await client.create_secret(Name=name, SecretString=name, Tags=tagged(env="prod"))
    session = await rig.open(prefix="ignored/")
    assert await ask(session, find("/db$")) == {"app/db": b"app/db", "other/db": b"other/db"}
    assert [moto.count(name) for name in ("ListSecrets", GET)] == [1, 2]
    assert await ask(session, find("nothing")) == {}
    assert await ask(session, find("^app", env="prod")) == {
        "app/db": b"app/db",
        "app/web": b"app/web",
    }
    assert moto.count("BatchGetSecretValue") == 0


async def test_search_with_a_path_reads_in_batches(rig: Rig, moto: Moto, admin: Admin) -> None:
    client = await admin("secretsmanager")
    for number in range(25):
        await client.create_secret(Name=f"app/{number:02}", SecretString=str(number))
    await client.create_secret(Name="other/02", SecretString=PASSWORD)
    session = await rig.open()
    found = await ask(session, find("2", path="app/"))
    assert sorted(found) == ["app/02", "app/12", "app/20", "app/21", "app/22", "app/23", "app/24"]
    assert moto.count("BatchGetSecretValue") == 2
    assert [moto.count(name) for name in ("ListSecrets", GET)] == [0, 0]


async def test_search_by_tags_wants_every_pair_equal(rig: Rig, moto: Moto, admin: Admin) -> None:
    """AWS compares beginnings, and keys apart from values: `production` would be `prod` too."""
    client = await admin("secretsmanager")
    secrets = {
        "yes": tagged(env="prod", team="pay"),
        "longer": tagged(env="production", team="pay"),
        "crossed": tagged(env="pay", team="prod"),
        "half": tagged(env="prod"),
    }
    for name, tags in secrets.items():
        await client.create_secret(Name=name, SecretString=name, Tags=tags)
    session = await rig.open()
    assert await ask(session, find(env="prod", team="pay")) == {"yes": b"yes"}
    assert await ask(session, find(env="prod")) == {"yes": b"yes", "half": b"half"}
    assert await ask(session, find(path="ha", env="prod")) == {"half": b"half"}
    assert [moto.count(name) for name in ("ListSecrets", "BatchGetSecretValue", GET)] == [3, 3, 0]


async def test_one_unreadable_match_fails_a_search(stubbed: Rig, stub: Stub) -> None:
    """Without it the search would seem smaller, and what was delivered would be removed."""
    denied = {"SecretId": "b", "ErrorCode": "AccessDeniedException", "Message": "no"}
    stub.put(
        "BatchGetSecretValue",
        {"SecretValues": [{"Name": "a", "SecretString": "1"}], "NextToken": "2"},
        {"SecretValues": [], "Errors": [denied]},
    )
    session = await stubbed.open()
    with pytest.raises(DeniedError) as failed:
        await ask(session, find(".", path="/"))
    assert "BatchGetSecretValue b (AccessDeniedException)" in failed.value.subject
    stub.put("ListSecrets", {"SecretList": [{"Name": "a"}, {"Name": "b"}]})
    stub.put(GET, {"Name": "a", "SecretString": "1"}, refusal("AccessDeniedException", status=400))
    with pytest.raises(DeniedError):
        await ask(session, find("."))


async def test_matches_that_went_away_meanwhile_are_no_failure(stubbed: Rig, stub: Stub) -> None:
    gone = refusal("ResourceNotFoundException", "can't find the specified secret.")
    empty = refusal(
        "ResourceNotFoundException", "can't find the specified secret value for staging label"
    )
    stub.put("ListSecrets", {"SecretList": [{"Name": name} for name in "abc"]})
    stub.put(GET, gone, empty, {"SecretString": "1"})
    session = await stubbed.open()
    found = await ask(session, find("."))
    assert list(found.values()) == [b"1"]


async def test_search_stops_asking_soon_after_a_refusal(stubbed: Rig, stub: Stub) -> None:
    stub.put("ListSecrets", {"SecretList": [{"Name": str(number)} for number in range(100)]})
    stub.put(GET, refusal("AccessDeniedException"))
    session = await stubbed.open()
    with pytest.raises(DeniedError):
        await ask(session, find("."))
    assert stub.count(GET) < 20


async def test_searches_end(stubbed: Rig, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "PAGES_MAX", 3)
    monkeypatch.setattr(pages, "FOUND_MAX", 5)
    session = await stubbed.open()
    stub.put("ListSecrets", {"SecretList": [], "NextToken": "again"})
    with pytest.raises(PermanentError) as endless:
        await ask(session, find("name"))
    assert stub.count("ListSecrets") == 3
    entries = [{"Name": str(number), "SecretString": PASSWORD} for number in range(6)]
    stub.put("BatchGetSecretValue", {"SecretValues": entries})
    with pytest.raises(PermanentError) as many:
        await ask(session, find(".", path="/"))
    assert {endless.value.code, many.value.code} == {"store.search_too_large"}


async def test_text_that_utf8_cannot_hold_is_read_as_go_reads_it(stubbed: Rig, stub: Stub) -> None:
    stub.put(GET, {"SecretString": "a\ud800b"})
    assert await ask(await stubbed.open(), value("db")) == "a\ufffdb".encode()
