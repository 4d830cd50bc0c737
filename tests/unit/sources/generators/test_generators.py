# SPDX-License-Identifier: Apache-2.0
"""What every generator promises, and the small ones."""

import os
from typing import Any, cast
from uuid import RFC_4122, UUID

import pytest

from keyfleet.base.clock import SystemClock
from keyfleet.base.errors import InvalidIntentError
from keyfleet.builtin import generators
from keyfleet.model.stores import How, Query, Store, StoreRef
from keyfleet.plugin.stores import ProviderMeans, StoreReferences, StoreSession
from keyfleet.testing.canary import canary, find_canary

MEANS = ProviderMeans(SystemClock(), os.urandom, lambda *_: None)
SPECS: dict[str, dict[str, Any]] = {
    "Fake": {"data": {"user": "admin", "password": canary("fake").decode()}},
    "Password": {},
    "UUID": {},
    "SSHKey": {"keyType": "ed25519"},
    "ClusterGenerator": {"kind": "UUID", "generator": {"uuidSpec": {}}},
}


async def opened(kind: str, spec: dict[str, Any]) -> StoreSession:
    namespace = "" if kind == "ClusterGenerator" else "team"
    store = Store(StoreRef(kind, "made", namespace), kind, spec, "team")
    return await generators()[kind].open(store, cast("StoreReferences", None), MEANS)


async def made(kind: str, spec: dict[str, Any]) -> dict[str, bytes]:
    session, query = await opened(kind, spec), Query(How.GENERATE)
    answer = session.answer(query, await session.fetch(session.request(query)))
    assert isinstance(answer, dict)
    return {name: value.reveal() for name, value in answer.items()}


def test_lists_them_by_kind() -> None:
    assert set(generators()) == {*SPECS, "VaultDynamicSecret"}


@pytest.mark.parametrize("kind", SPECS)
async def test_shares_no_value_between_queries(kind: str) -> None:
    session, query = await opened(kind, SPECS[kind]), Query(How.GENERATE)
    assert session.request(query) != session.request(query)
    assert not session.principal
    if kind != "Fake":
        assert await made(kind, SPECS[kind]) != await made(kind, SPECS[kind])


@pytest.mark.parametrize("kind", SPECS)
async def test_is_no_store(kind: str) -> None:
    session = await opened(kind, SPECS[kind])
    for how in (How.VALUE, How.MAP, How.SEARCH):
        with pytest.raises(InvalidIntentError) as caught:
            session.request(Query(how, "password"))
        assert caught.value.code == "store.query"


async def test_fake_gives_what_stands_there() -> None:
    assert await made("Fake", SPECS["Fake"]) == {"user": b"admin", "password": canary("fake")}
    assert await made("Fake", {"controller": "default"}) == {}
    session = await opened("Fake", SPECS["Fake"])
    fetched = await session.fetch(session.request(Query(How.GENERATE)))
    assert not find_canary(repr(fetched) + repr(session))


def test_fake_wants_texts() -> None:
    store = Store(StoreRef("Fake", "made", "team"), "Fake", {"data": {"a": 1}})
    with pytest.raises(InvalidIntentError):
        generators()["Fake"].check(store)


async def test_uuid_is_a_random_one() -> None:
    found = UUID((await made("UUID", {}))["uuid"].decode())
    assert (found.version, found.variant) == (4, RFC_4122)


@pytest.mark.parametrize(
    ("spec", "keys"),
    [
        ({"kind": "Fake", "generator": {"fakeSpec": {"data": {"a": "b"}}}}, {"a"}),
        ({"kind": "Password", "generator": {"passwordSpec": {"secretKeys": ["x"]}}}, {"x"}),
        (
            {"kind": "SSHKey", "generator": {"sshKeySpec": {"keyType": "ecdsa"}}},
            {"privateKey", "publicKey"},
        ),
        ({"kind": "UUID", "generator": {"uuidSpec": {}}}, {"uuid"}),
    ],
)
async def test_cluster_generator_is_the_one_within(spec: dict[str, Any], keys: set[str]) -> None:
    assert set(await made("ClusterGenerator", spec)) == keys


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({"kind": "ECRAuthorizationToken", "generator": {"ecrAuthorizationTokenSpec": {}}}, "kind"),
        ({"kind": "ClusterGenerator", "generator": {}}, "kind"),
        ({"kind": "UUID", "generator": {"passwordSpec": {}}}, "generator"),
        ({"kind": "UUID", "generator": {"uuidSpec": {}, "passwordSpec": {}}}, "generator"),
        ({"kind": "UUID", "generator": {"uuidSpec": None}}, "generator"),
        ({"kind": "Password", "generator": {"passwordSpec": {"digits": 99}}}, "length"),
        ({}, ""),
    ],
)
def test_cluster_generator_refuses_what_it_does_not_hold(spec: dict[str, Any], path: str) -> None:
    store = Store(StoreRef("ClusterGenerator", "made"), "ClusterGenerator", spec)
    with pytest.raises(InvalidIntentError) as caught:
        generators()["ClusterGenerator"].check(store)
    assert (caught.value.code, caught.value.path) == ("store.invalid", path)
