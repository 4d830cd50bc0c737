# SPDX-License-Identifier: Apache-2.0
"""A store in use: what is asked, shared, found and absent."""

from datetime import timedelta
from typing import Any

import pytest
from tests.unit.sources.vault.fakevault import (
    NOTHING,
    Counted,
    Said,
    opened,
    serving,
)

from keyfleet.base.errors import (
    DeniedError,
    InvalidIntentError,
    KeyfleetError,
    NotFoundError,
    PermanentError,
    SecretNotFoundError,
)
from keyfleet.base.secret import SecretValue
from keyfleet.base.tasks import all_of
from keyfleet.model.stores import How, Query, Search
from keyfleet.sources.vault.session import VaultSession
from keyfleet.testing.canary import canary
from keyfleet.testing.clock import FakeClock

PASSWORD = canary("db-password").decode()
HELD = {"data": {"data": {"password": PASSWORD}, "metadata": {"version": 3}}}
DELETED = {"data": {"data": None, "metadata": {"deletion_time": "2026-11-21T00:00:00Z"}}}
LOGIN = {
    "auth": {
        "client_token": canary("login-token").decode(),
        "accessor": "acc2",
        "entity_id": "e1",
        "policies": ["default", "app"],
        "token_policies": ["default"],
        "identity_policies": ["team"],
        "lease_duration": 900,
        "renewable": True,
        "token_type": "service",
    }
}
ROLE = {"appRole": {"roleId": "r", "secretRef": {"name": "token", "key": "id"}}}


async def ask(session: VaultSession, query: Query) -> Any:
    """Return revealed bytes, of one value or of each."""
    answer = session.answer(query, await session.fetch(session.request(query)))
    if isinstance(answer, SecretValue):
        return answer.reveal()
    return {name: one.reveal() for name, one in answer.items()}


def of(key: str, prop: str = "", **more: Any) -> Query:
    return Query(How.VALUE, key, property=prop, **more)


async def refused(session: VaultSession, query: Query) -> KeyfleetError:
    with pytest.raises(KeyfleetError) as caught:
        await ask(session, query)
    return caught.value


async def test_several_properties_of_a_secret_are_one_request() -> None:
    async with serving() as fake, opened(fake) as session:
        fake.say("GET secret/data/db", HELD)
        queries = [
            of("db", "password"),
            of("db", "metadata"),
            of("secret/db"),
            of("secret/data/db"),
        ]
        assert len({session.request(query) for query in queries}) == 1
        assert await ask(session, queries[0]) == PASSWORD.encode()
    assert fake.requests == ["GET auth/token/lookup-self", "GET secret/data/db"]


async def test_versions_and_metadata_are_requests_of_their_own() -> None:
    async with serving() as fake, opened(fake) as session:
        fake.say("GET secret/data/db?version=2", HELD)
        asked = {
            session.request(of("db")),
            session.request(of("db", version="2")),
            session.request(of("db", is_metadata=True)),
        }
        assert len(asked) == 3
        assert await ask(session, of("db", "password", version="2")) == PASSWORD.encode()


async def test_stores_that_mean_something_else_never_share() -> None:
    """The engine shares equal requests of all stores under one login at one endpoint."""
    long, all_of_it = of("a/data/x"), search(name_regexp="x")
    declared: tuple[dict[str, Any], ...] = (
        {"path": "a", "version": "v2"},
        {"path": "a", "version": "v1"},
        {"path": "b", "version": "v2"},
    )
    async with serving() as fake:
        asked = []
        for config in declared:
            async with opened(fake, **config) as session:
                asked.append([session.request(query) for query in (long, all_of_it)])
    reads, searches = zip(*asked, strict=True)
    assert len(set(reads)) == len(set(searches)) == 3


async def test_version_one_ignores_versions_and_reads_any_path() -> None:
    config: dict[str, Any] = {"version": "v1", "path": None}
    async with serving() as fake, opened(fake, **config) as session:
        fake.say("GET database/creds/app", {"lease_id": "x", "data": {"username": "u"}})
        assert await ask(session, of("database/creds/app", "username", version="7")) == b"u"


async def test_absent_secret_of_a_right_mount() -> None:
    async with serving() as fake, opened(fake) as session:
        mount = {"data": {"type": "kv", "path": "secret/", "options": {"version": "2"}}}
        fake.say("GET sys/internal/ui/mounts/secret/data/db", mount)
        for key in ("db", "db", "other"):
            assert isinstance(await refused(session, of(key)), SecretNotFoundError)
    looks = [one for one in fake.requests if "sys/internal" in one]
    assert looks == ["GET sys/internal/ui/mounts/secret/data/db"], "the mount is trusted then"


@pytest.mark.parametrize(
    ("version", "kind", "engine"),
    [
        ("v2", "kv", None),
        ("v2", "kv", {"version": "1"}),
        ("v2", "totp", {}),
        ("v2", "generic", None),
        ("v1", "kv", {"version": "2"}),
    ],
)
async def test_a_wrong_version_never_looks_like_absence(
    version: str, kind: str, engine: Any
) -> None:
    async with serving() as fake, opened(fake, version=version) as session:
        mount = {"data": {"type": kind, "path": "secret/", "options": engine}}
        path = "secret/data/db" if version == "v2" else "secret/db"
        fake.say(f"GET sys/internal/ui/mounts/{path}", mount)
        error = await refused(session, of("db"))
        assert (type(error), error.code) == (PermanentError, "store.kv_version")


@pytest.mark.parametrize("said", [Said({"errors": ["permission denied"]}, 403), Said(NOTHING, 404)])
async def test_absence_is_believed_where_mounts_are_hidden(said: Said) -> None:
    async with serving() as fake, opened(fake) as session:
        fake.say("GET sys/internal/ui/mounts/secret/data/db", said)
        assert isinstance(await refused(session, of("db")), SecretNotFoundError)


async def test_deleted_version_is_absent() -> None:
    async with serving() as fake, opened(fake) as session:
        fake.say("GET secret/data/db", DELETED, status=404)
        error = await refused(session, of("db"))
        assert isinstance(error, SecretNotFoundError)
        assert error.code == "store.secret_not_found"


async def test_answer_without_data_is_another_engine() -> None:
    async with serving() as fake, opened(fake) as session:
        fake.say("GET secret/data/db", {"data": {"password": PASSWORD}})
        assert (await refused(session, of("db"))).code == "store.kv_version"


async def test_metadata_is_text_and_own_names_win() -> None:
    async with serving() as fake, opened(fake) as session:
        fake.say(
            "GET secret/metadata/db",
            {
                "data": {
                    "created_time": "2026-01-01T00:00:00Z",
                    "current_version": 3,
                    "delete_version_after": "0s",
                    "max_versions": 0,
                    "custom_metadata": {"owner": "pay", "created_time": "long ago"},
                }
            },
        )
        whole = await ask(session, of("db", is_metadata=True))
        assert whole == (
            b'{"created_time":"long ago","current_version":"3","delete_version_after":"0s",'
            b'"owner":"pay"}'
        )
        assert await ask(session, of("db", "owner", is_metadata=True)) == b"pay"
        extract = Query(How.MAP, "db", is_metadata=True)
        assert (await ask(session, extract))["current_version"] == b"3"


async def test_missing_metadata_is_no_missing_secret() -> None:
    """As upstream: it must delete nothing."""
    async with serving() as fake, opened(fake) as session:
        error = await refused(session, of("db", is_metadata=True))
        assert error.code == "store.metadata_missing"
        assert isinstance(error, NotFoundError)
        assert not isinstance(error, SecretNotFoundError)


def keys(*names: str) -> dict[str, Any]:
    return {"data": {"keys": list(names)}}


def found(text: str) -> dict[str, Any]:
    return {"data": {"data": {"v": text}, "metadata": {}}}


def search(**fields: Any) -> Query:
    return Query(How.SEARCH, search=Search(**fields))


async def test_finds_by_name_below_a_path_and_skips_what_is_deleted() -> None:
    counted = Counted()
    async with serving() as fake, opened(fake, counted=counted) as session:
        fake.say("GET secret/metadata/app?list=true", keys("db", "old", "sub/", "web"))
        fake.say("GET secret/metadata/app/sub?list=true", keys("db"))
        fake.say("GET secret/data/app/db", found("1"))
        fake.say("GET secret/data/app/old", DELETED, status=404)
        fake.say("GET secret/data/app/sub/db", found("2"))
        answer = await ask(session, search(path="app", name_regexp="db$|old"))
    assert answer == {"app/db": b'{"v":"1"}', "app/sub/db": b'{"v":"2"}'}
    assert "GET secret/data/app/web" not in fake.requests
    assert counted.names.count("ListSecrets") == 2
    assert counted.names.count("ReadSecretData") == 3


async def test_a_slash_behind_the_path_shows_in_the_names_as_upstream() -> None:
    async with serving() as fake, opened(fake) as session:
        fake.say("GET secret/metadata/app?list=true", keys("db"))
        fake.say("GET secret/data/app/db", found("1"))
        assert await ask(session, search(path="app/")) == {"app//db": b'{"v":"1"}'}


async def test_finds_by_tags_that_are_all_equal() -> None:
    async with serving() as fake, opened(fake) as session:
        fake.say("GET secret/metadata?list=true", keys("a", "b"))
        for name, owner in (("a", "pay"), ("b", "web")):
            tags = {"owner": owner, "env": "prod"}
            fake.say(f"GET secret/metadata/{name}", {"data": {"custom_metadata": tags}})
            fake.say(f"GET secret/data/{name}", found(name))
        query = search(tags=(("env", "prod"), ("owner", "pay")))
        assert await ask(session, query) == {"a": b'{"v":"a"}'}


async def test_a_name_wins_over_tags_as_upstream() -> None:
    async with serving() as fake, opened(fake) as session:
        fake.say("GET secret/metadata?list=true", keys("a", "b"))
        fake.say("GET secret/data/a", found("1"))
        query = search(name_regexp="a", tags=(("env", "prod"),))
        assert await ask(session, query) == {"a": b'{"v":"1"}'}
    assert "GET secret/metadata/a" not in fake.requests


async def test_a_search_in_the_wrong_version_finds_no_absence() -> None:
    async with serving() as fake, opened(fake) as session:
        mount = {"data": {"type": "kv", "path": "secret/", "options": {"version": "1"}}}
        fake.say("GET sys/internal/ui/mounts/secret/metadata/app", mount)
        assert (await refused(session, search(path="app"))).code == "store.kv_version"


async def test_a_static_token_is_not_renewed() -> None:
    clock = FakeClock()
    async with serving() as fake:
        fake.say("GET auth/token/lookup-self", {"data": {"ttl": 900, "renewable": True}})
        fake.say("GET secret/data/db", HELD)
        async with opened(fake, clock=clock) as session:
            await clock.advance(890)
            await ask(session, of("db"))
            await clock.advance(10)
            assert isinstance(await refused(session, of("db")), DeniedError)
    assert fake.requests == ["GET auth/token/lookup-self", "GET secret/data/db"]


async def test_what_begins_like_the_mount_is_found_too() -> None:
    async with serving() as fake, opened(fake) as session:
        fake.say("GET secret/metadata?list=true", keys("secret/"))
        fake.say("GET secret/metadata/secret?list=true", keys("db"))
        fake.say("GET secret/data/secret/db", found("1"))
        assert await ask(session, search(name_regexp="db")) == {"secret/db": b'{"v":"1"}'}


async def test_an_empty_place_is_absent() -> None:
    async with serving() as fake, opened(fake) as session:
        assert isinstance(await refused(session, search(path="nope")), SecretNotFoundError)


async def test_a_search_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keyfleet.sources.vault.searching.NAMES_MAX", 2)
    async with serving() as fake, opened(fake) as session:
        fake.say("GET secret/metadata?list=true", keys("a", "b", "c"))
        assert (await refused(session, search(name_regexp="x"))).code == "store.search_too_large"
    assert len(fake.requests) == 2


async def test_what_a_search_brings_is_bounded_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keyfleet.sources.vault.searching.FOUND_BYTES", 100)
    async with serving() as fake, opened(fake) as session:
        fake.say("GET secret/metadata?list=true", keys("a", "b"))
        fake.say("GET secret/data/a", found("1"))
        fake.say("GET secret/data/b", found("2" * 100))
        assert (await refused(session, search(path=""))).code == "store.search_too_large"


async def test_a_search_that_is_denied_in_part_fails_whole() -> None:
    async with serving() as fake, opened(fake) as session:
        fake.say("GET secret/metadata?list=true", keys("a", "b"))
        fake.say("GET secret/data/a", found("1"))
        fake.say("GET secret/data/b", {"errors": ["permission denied"]}, status=403)
        assert isinstance(await refused(session, search(name_regexp=".")), DeniedError)


@pytest.mark.parametrize(
    ("config", "query"),
    [
        ({"version": "v1"}, search(tags=(("a", "b"),))),
        ({"version": "v1"}, of("db", is_metadata=True)),
        ({"path": None}, search(path="app")),
        ({"path": None}, of("db", is_metadata=True)),
        ({}, of("db", version="AWSCURRENT")),
        ({}, of("../x")),
        ({}, search(name_regexp="(?=x)")),
        ({}, Query(How.GENERATE)),
    ],
)
async def test_refuses_questions_before_asking(config: dict[str, Any], query: Query) -> None:
    async with serving() as fake, opened(fake, **config) as session:
        with pytest.raises(InvalidIntentError) as caught:
            session.request(query)
        assert caught.value.code == "store.query"
        assert fake.requests == ["GET auth/token/lookup-self"]


async def test_login_is_one_request_and_is_revoked() -> None:
    counted = Counted()
    async with serving() as fake:
        fake.say("POST auth/approle/login", LOGIN)
        fake.say("POST auth/token/revoke-self", Said(status=204, body=b""))
        fake.say("GET secret/data/db", HELD)
        async with opened(fake, auth=ROLE, counted=counted) as session:
            assert session.principal == "entity e1; policies app,default,team; namespace "
            await ask(session, of("db"))
    assert counted.names == ["Login", "ReadSecretData", "RevokeSelf"]
    assert {one.headers["X-Vault-Token"] for one in fake.heard[1:]} == {
        canary("login-token").decode()
    }


@pytest.mark.parametrize("extra", [{"lease_id": "database/creds/app/1"}, {"auth": {"x": 1}}])
async def test_a_token_lives_on_while_what_it_leased_does(extra: dict[str, Any]) -> None:
    async with serving() as fake:
        fake.say("POST auth/approle/login", LOGIN)
        fake.say("GET database/creds/app", {"data": {"username": "u"}, **extra})
        config: dict[str, Any] = {"version": "v1", "path": None}
        async with opened(fake, auth=ROLE, **config) as session:
            await ask(session, of("database/creds/app"))
    assert "POST auth/token/revoke-self" not in fake.requests


async def test_static_and_batch_tokens_are_not_revoked() -> None:
    async with serving() as fake:
        batch = {"auth": LOGIN["auth"] | {"token_type": "batch", "accessor": ""}}
        fake.say("POST auth/approle/login", batch)
        async with opened(fake), opened(fake, auth=ROLE):
            pass
    assert fake.requests == ["GET auth/token/lookup-self", "POST auth/approle/login"]


async def test_closes_although_the_revocation_fails() -> None:
    async with serving() as fake:
        fake.say("POST auth/approle/login", LOGIN)
        fake.say("POST auth/token/revoke-self", Said(status=500, body=b"x"))
        counted = Counted()
        async with opened(fake, auth=ROLE, counted=counted):
            pass
    assert counted.calls[-1] == ("HashiCorp/Vault", "RevokeSelf", False)


async def test_renews_in_the_last_third_and_not_before() -> None:
    clock = FakeClock()
    async with serving() as fake:
        fake.say("POST auth/approle/login", LOGIN)
        fake.say("POST auth/token/renew-self", {"auth": {"lease_duration": 900}})
        fake.say("GET secret/data/db", HELD)
        async with opened(fake, auth=ROLE, clock=clock) as session:
            await clock.advance(599)
            await ask(session, of("db"))
            assert "POST auth/token/renew-self" not in fake.requests
            for seconds, renewals in ((100, 1), (500, 1), (200, 2), (600, 2), (200, 3)):
                await clock.advance(seconds)
                await ask(session, of("db"))
                assert fake.requests.count("POST auth/token/renew-self") == renewals


async def test_many_reads_renew_once() -> None:
    clock = FakeClock()
    async with serving() as fake:
        fake.say("POST auth/approle/login", LOGIN)
        fake.say("POST auth/token/renew-self", {"auth": {"lease_duration": 900}})
        fake.say("GET secret/data/db", HELD)
        async with opened(fake, auth=ROLE, clock=clock) as session:
            await clock.advance(700)
            request = session.request(of("db"))
            await all_of((session.fetch(request) for _ in range(10)), name="reads")
    assert fake.requests.count("POST auth/token/renew-self") == 1
    assert fake.requests.count("GET secret/data/db") == 10


async def test_the_end_of_a_session_does_not_wait_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keyfleet.sources.vault.login.REVOKE_S", 0.05)
    counted = Counted()
    async with serving() as fake:
        fake.say("POST auth/approle/login", LOGIN)
        fake.say("POST auth/token/revoke-self", Said(drip=True))
        async with opened(fake, auth=ROLE, counted=counted):
            pass
    assert counted.calls[-1] == ("HashiCorp/Vault", "RevokeSelf", False)


async def test_an_expired_login_asks_for_a_new_one_without_a_request() -> None:
    clock = FakeClock()
    async with serving() as fake:
        fake.say("POST auth/approle/login", LOGIN)
        async with opened(fake, auth=ROLE, clock=clock) as session:
            await clock.advance(timedelta(minutes=15).total_seconds())
            error = await refused(session, of("db"))
            assert (type(error), error.code) == (DeniedError, "store.denied")
            assert fake.requests == ["POST auth/approle/login"]


async def test_a_login_of_seconds_is_used_too() -> None:
    clock = FakeClock()
    async with serving() as fake:
        fake.say("POST auth/approle/login", {"auth": LOGIN["auth"] | {"lease_duration": 4}})
        fake.say("GET secret/data/db", HELD)
        async with opened(fake, auth=ROLE, clock=clock) as session:
            assert await ask(session, of("db", "password")) == PASSWORD.encode()
            await clock.advance(3.7)
            assert isinstance(await refused(session, of("db")), DeniedError)


async def test_a_token_that_cannot_be_renewed_is_used_to_its_end() -> None:
    clock = FakeClock()
    async with serving() as fake:
        fake.say("POST auth/approle/login", LOGIN)
        fake.say("POST auth/token/renew-self", {"errors": ["no"]}, status=400)
        fake.say("GET secret/data/db", HELD)
        async with opened(fake, auth=ROLE, clock=clock) as session:
            for _ in range(3):
                await clock.advance(290)
                assert await ask(session, of("db", "password")) == PASSWORD.encode()
    assert fake.requests.count("POST auth/token/renew-self") == 1


async def test_a_login_at_its_longest_life_is_not_renewed_for_every_read() -> None:
    clock = FakeClock()
    async with serving() as fake:
        fake.say("POST auth/approle/login", LOGIN)
        fake.say("POST auth/token/renew-self", {"auth": {"lease_duration": 200}})
        fake.say("GET secret/data/db", HELD)
        async with opened(fake, auth=ROLE, clock=clock) as session:
            await clock.advance(700)
            for _ in range(5):
                await ask(session, of("db"))
    assert fake.requests.count("POST auth/token/renew-self") == 1


async def test_namespaces_of_login_and_of_reads() -> None:
    auth = ROLE | {"namespace": "admin"}
    async with serving() as fake:
        fake.say("POST auth/approle/login", LOGIN)
        fake.say("GET secret/data/db", HELD)
        async with opened(fake, auth=auth, namespace="admin/team") as session:
            await ask(session, of("db"))
            assert session.endpoint == f"{fake.url} admin/team"
            assert session.principal.endswith("namespace admin")
    said = [(one.path, one.headers.get("X-Vault-Namespace")) for one in fake.heard]
    assert said == [
        ("auth/approle/login", "admin"),
        ("secret/data/db", "admin/team"),
        ("auth/token/revoke-self", "admin"),
    ]


async def test_reads_its_own_writes() -> None:
    async with serving() as fake:
        fake.say("POST auth/approle/login", Said(LOGIN, headers={"X-Vault-Index": "i1"}))
        fake.say("GET secret/data/db", HELD)
        config: dict[str, Any] = {"readYourWrites": True, "forwardInconsistent": True}
        async with opened(fake, auth=ROLE, **config) as session:
            await ask(session, of("db"))
    first, second = fake.heard[:2]
    assert "X-Vault-Index" not in first.headers
    assert second.headers["X-Vault-Index"] == "i1"
    assert second.headers["X-Vault-Inconsistent"] == "forward-active-node"


async def test_without_auth_nothing_is_sent_and_nothing_shared() -> None:
    """Something between adds the token, such as an agent."""
    async with serving() as fake:
        fake.say("GET secret/data/db", HELD)
        async with opened(fake, auth=None) as session:
            assert session.principal == ""
            assert await ask(session, of("db", "password")) == PASSWORD.encode()
    assert fake.requests == ["GET secret/data/db"]
    assert "X-Vault-Token" not in fake.heard[0].headers


@pytest.mark.parametrize("body", [b"", b"{}", b'{"data":{}}', b'{"data":null}', b'{"data":[]}'])
@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_what_says_nothing_is_no_absence(body: bytes, version: str) -> None:
    """A page of something in between, where `deletionPolicy: Delete` would take targets away."""
    async with serving() as fake, opened(fake, version=version) as session:
        infix = "metadata/" if version == "v2" else ""
        fake.say(f"GET secret/{infix}app?list=true", Said(body=body))
        for path in ("secret/db", "secret/data/db"):
            fake.say(f"GET {path}", Said(body=body))
        with pytest.raises(KeyfleetError) as caught:
            await ask(session, search(path="app"))
        assert not isinstance(caught.value, SecretNotFoundError)
        if body != b'{"data":{}}' or version == "v2":
            with pytest.raises(KeyfleetError) as caught:
                await ask(session, of("db"))
            assert not isinstance(caught.value, SecretNotFoundError)


async def test_a_folder_that_goes_meanwhile_takes_nothing_along() -> None:
    async with serving() as fake, opened(fake) as session:
        fake.say("GET secret/metadata/app?list=true", keys("db", "gone/"))
        fake.say("GET secret/data/app/db", found("1"))
        assert await ask(session, search(path="app")) == {"app/db": b'{"v":"1"}'}
