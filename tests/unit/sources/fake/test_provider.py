# SPDX-License-Identifier: Apache-2.0
"""Stores that hold their own values."""

from collections.abc import Mapping
from typing import Any, cast

import pytest

from keyfleet.base.clock import SystemClock
from keyfleet.base.errors import (
    DeniedError,
    InvalidIntentError,
    KeyfleetError,
    SecretNotFoundError,
    TransformError,
)
from keyfleet.base.secret import SecretValue
from keyfleet.model.stores import How, Query, Search, Store, StoreRef
from keyfleet.plugin.stores import Doubted, ProviderMeans, StoreReferences
from keyfleet.sources.fake import PROVIDER
from keyfleet.testing.canary import canary, find_canary

MEANS = ProviderMeans(SystemClock(), lambda count: b"\0" * count, lambda *_: None)
NO_REFERENCES = cast("StoreReferences", None)
PASSWORD = canary("password").decode()
DOCUMENT = f'{{"a.b": 1, "user": {{"name": "{PASSWORD}", "tags": [ 1, 2 ]}}, "none": null}}'
ENTRIES = [
    {"key": "db", "value": PASSWORD},
    {"key": "db", "value": "one", "version": "v1"},
    {"key": "db", "value": "ten", "version": "v10"},
    {"key": "db", "value": "nine", "version": "v9"},
    {"key": "doc", "value": DOCUMENT},
    {"key": "list", "value": "[1]"},
]


def store(*entries: Mapping[str, Any], **more: Any) -> Store:
    config = {"data": list(entries or ENTRIES), **more}
    return Store(StoreRef("SecretStore", "fake", "team"), "fake", config, "team")


async def ask(query: Query, asked: Store | None = None) -> Any:
    session = await PROVIDER.open(asked or store(), NO_REFERENCES, MEANS)
    answer = session.answer(query, await session.fetch(session.request(query)))
    await session.close()
    if isinstance(answer, SecretValue):
        return answer.reveal()
    return {name: value.reveal() for name, value in answer.items()}


async def test_gives_the_value_of_exactly_that_version() -> None:
    assert await ask(Query(How.VALUE, "db")) == PASSWORD.encode()
    assert await ask(Query(How.VALUE, "db", version="v1")) == b"one"


@pytest.mark.parametrize(
    ("key", "version"), [("absent", ""), ("db", "v2"), ("doc", "v1"), ("dbv1", "")]
)
@pytest.mark.parametrize("how", [How.VALUE, How.MAP])
async def test_is_absent_in_every_other_version(how: How, key: str, version: str) -> None:
    with pytest.raises(SecretNotFoundError) as caught:
        await ask(Query(how, key, version=version))
    assert caught.value.code == "store.secret_not_found"


async def test_gives_a_part_of_a_json_value_by_its_path() -> None:
    assert await ask(Query(How.VALUE, "doc", "user.name")) == PASSWORD.encode()
    assert await ask(Query(How.VALUE, "doc", "user.tags")) == b"[ 1, 2 ]"
    assert await ask(Query(How.VALUE, "doc", "none")) == b""


@pytest.mark.parametrize("wanted", ["user.age", "a.b"])
async def test_takes_a_missing_part_for_a_missing_secret(wanted: str) -> None:
    """This provider alone does, upstream."""
    with pytest.raises(SecretNotFoundError):
        await ask(Query(How.VALUE, "doc", wanted))


async def test_extracts_members_as_they_are_written() -> None:
    assert await ask(Query(How.MAP, "doc")) == {
        "a.b": b"1",
        "user": f'{{"name": "{PASSWORD}", "tags": [ 1, 2 ]}}'.encode(),
        "none": b"",
    }
    assert await ask(Query(How.MAP, "doc", "user")) == {
        "name": PASSWORD.encode(),
        "tags": b"[ 1, 2 ]",
    }


async def test_extracts_the_map_that_older_manifests_hold() -> None:
    old = store({"key": "old", "valueMap": {"user": "<a>", "none": "null"}})
    assert await ask(Query(How.MAP, "old"), old) == {"user": b"<a>", "none": b"null"}
    assert await ask(Query(How.VALUE, "old", "user"), old) == b"<a>"


@pytest.mark.parametrize("query", [Query(How.MAP, "db"), Query(How.MAP, "list")])
async def test_extracts_from_json_objects_only(query: Query) -> None:
    with pytest.raises(TransformError) as caught:
        await ask(query)
    assert caught.value.code == "store.not_an_object"
    assert not find_canary(caught.value.diagnostics() + repr(caught.value))


async def test_finds_the_greatest_version_by_the_order_of_texts() -> None:
    query = Query(How.SEARCH, search=Search(name_regexp="^d"))
    assert await ask(query) == {"db": b"nine", "doc": DOCUMENT.encode()}


@pytest.mark.parametrize(
    "query",
    [
        Query(How.SEARCH, search=Search(tags=(("a", "b"),))),
        Query(How.SEARCH, search=Search(path="d")),
        Query(How.SEARCH),
        Query(How.SEARCH, search=Search(name_regexp="(?=d)")),
        Query(How.GENERATE),
    ],
)
async def test_refuses_what_it_cannot_be_asked(query: Query) -> None:
    session = await PROVIDER.open(store(), NO_REFERENCES, MEANS)
    with pytest.raises(InvalidIntentError) as caught:
        session.request(query)
    assert caught.value.code == "store.query"


@pytest.mark.parametrize(
    ("declared", "path"),
    [
        (store({"key": "", "value": "v"}), "data[0].key"),
        (store({"key": "k", "value": "v"}, {"key": "k", "value": ""}), "data[1].value"),
        (store({"key": "k"}), "data[0].value"),
        (store({"key": "k", "valueMap": {}}), "data[0].value"),
        (store({"key": "k", "value": {"not": "text"}}), "data[0].value"),
        (store(validationResult=3), "validationResult"),
        (Store(StoreRef("SecretStore", "fake", "team"), "fake", {}), ""),
    ],
)
async def test_refuses_entries_without_key_or_value(declared: Store, path: str) -> None:
    with pytest.raises(InvalidIntentError) as caught:
        PROVIDER.check(declared)
    assert (caught.value.code, caught.value.path) == ("store.invalid", path)


async def test_fails_or_doubts_as_it_is_told() -> None:
    with pytest.raises(DeniedError) as caught:
        await PROVIDER.open(store(validationResult=2), NO_REFERENCES, MEANS)
    assert caught.value.code == "store.login_refused"
    doubted = await PROVIDER.open(store(validationResult=1), NO_REFERENCES, MEANS)
    assert isinstance(doubted, Doubted)
    assert doubted.doubt
    assert not (await PROVIDER.open(store(), NO_REFERENCES, MEANS)).doubt


async def test_shares_nothing_since_nobody_confirms_who_asks() -> None:
    session = await PROVIDER.open(store(), NO_REFERENCES, MEANS)
    assert not session.principal


async def test_shows_no_value() -> None:
    session = await PROVIDER.open(store(), NO_REFERENCES, MEANS)
    fetched = await session.fetch(session.request(Query(How.VALUE, "db")))
    shown = [repr(session), repr(fetched), repr(session.answer(Query(How.VALUE, "db"), fetched))]
    for declared in (store({"key": "", "value": PASSWORD}), store({"value": PASSWORD})):
        with pytest.raises(KeyfleetError) as caught:
            PROVIDER.check(declared)
        shown += [repr(caught.value), caught.value.diagnostics(), repr(caught.value.__context__)]
    assert not any(map(find_canary, shown))
