# SPDX-License-Identifier: Apache-2.0
"""Key Secrets of a cluster: all or none are listed, and what is wrong with one harms no other."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.engine.fakecluster import FakeCluster

from keyfleet.base.errors import DeniedError
from keyfleet.base.secret import SecretValue
from keyfleet.engine.sealing import keylisting
from keyfleet.engine.sealing.keylisting import list_key_secrets, list_raw
from keyfleet.engine.sealing.keysecrets import ACTIVE, KEY_LABEL, LEGACY, KeySecrets
from keyfleet.model.ownership import HUB_LABEL
from keyfleet.testing.sealing import key_pair, key_secret

NAMESPACE = "kube-system"


def put(cluster: FakeCluster, document: dict[str, Any]) -> None:
    """Keep a key Secret in a cluster in memory."""
    metadata = document["metadata"]
    cluster.put_secret(
        metadata["name"],
        metadata["namespace"],
        metadata={"labels": metadata["labels"]},
        **document["data"],
    )


async def test_lists_keys_in_any_state_and_the_legacy_one() -> None:
    cluster = FakeCluster()
    put(cluster, key_secret(key_pair("one"), "used"))
    put(cluster, key_secret(key_pair("two"), "out", labels={KEY_LABEL: "compromised"}))
    put(cluster, key_secret(key_pair("three"), "sealed-secrets-key", labels={}))
    put(cluster, key_secret(key_pair("four"), "unlabelled", labels={}))
    put(cluster, key_secret(key_pair("five"), "elsewhere", namespace="payments"))
    found = await list_key_secrets(cluster)
    states = {key.name: key.state for key in found.found}
    assert states == {"used": ACTIVE, "out": "compromised", "sealed-secrets-key": LEGACY}


async def test_lists_broken_ones_beside_the_others() -> None:
    cluster = FakeCluster()
    put(cluster, key_secret(key_pair("one"), "used"))
    cluster.put_secret(
        "bad", NAMESPACE, metadata={"labels": {KEY_LABEL: ACTIVE}}, data=SecretValue(b"x")
    )
    found = await list_key_secrets(cluster)
    assert [key.name for key in found.found] == ["used"]
    assert [(name, error.code) for name, error in found.broken] == [("bad", "sealing.certificate")]


async def test_a_failed_list_is_no_empty_list() -> None:
    cluster = FakeCluster()
    cluster.errors["list Secret"] = [DeniedError("api.forbidden", "forbidden")]
    with pytest.raises(DeniedError):
        await list_key_secrets(cluster)


def put_made(cluster: FakeCluster, names: str) -> None:
    """Keep keys of these names, each made a day after the one before."""
    for day, name in enumerate(names):
        document = key_secret(key_pair(name), name)
        metadata = {
            "labels": {KEY_LABEL: ACTIVE},
            "creationTimestamp": f"2026-11-0{day + 1}T00:00:00Z",
        }
        cluster.put_secret(name, NAMESPACE, metadata=metadata, **document["data"])


async def test_keys_of_a_cluster_are_read_one_at_a_time() -> None:
    """Another cluster's, which wait for the same thread, come in between."""
    cluster, turns = FakeCluster(), []
    put_made(cluster, "abc")

    async def aside(work: Callable[[], KeySecrets]) -> KeySecrets:
        turns.append(len((found := work()).found))
        return found

    assert len((await list_key_secrets(cluster, aside=aside)).found) == 3
    assert turns == [1, 1, 1]


async def test_no_cluster_holds_more_keys_than_others_have_time_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of long keys fewer: each is tried for each value that does not open."""
    cluster = FakeCluster()
    put_made(cluster, "dcba")
    monkeypatch.setattr(keylisting, "WORK_MAX", 2 * (2048 / 4096) ** 3)
    found = await list_key_secrets(cluster)
    assert [key.name for key in found.found] == ["a", "b"]
    assert [(name, error.code) for name, error in found.broken] == [
        ("c", "sealing.too_many_keys"),
        ("d", "sealing.too_many_keys"),
    ]


async def test_the_newest_of_very_many_key_secrets_are_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cluster = FakeCluster()
    put_made(cluster, "dcba")
    monkeypatch.setattr(keylisting, "SECRETS_MAX", 2)
    found = await list_key_secrets(cluster)
    assert [key.name for key in found.found] == ["a", "b"]
    assert found.broken == ()
    assert len(await list_raw(cluster)) == 4, "a backup has all"


async def test_no_more_of_a_key_secret_is_held_than_a_key_takes() -> None:
    cluster = FakeCluster()
    document = key_secret(key_pair(), "large")
    put(cluster, key_secret(key_pair("two"), "fine"))
    put(cluster, {**document, "data": {**document["data"], "more": SecretValue(b"x" * 70_000)}})
    found = await list_key_secrets(cluster)
    assert [key.name for key in found.found] == ["fine"]
    assert [name for name, _ in found.broken] == ["large"]


async def test_what_was_delivered_is_no_key_for_its_name() -> None:
    """Who may have Secrets delivered there could else have a key there that they know."""
    cluster = FakeCluster()
    put(cluster, key_secret(key_pair(), "sealed-secrets-key", labels={HUB_LABEL: "3f2a"}))
    assert (await list_key_secrets(cluster)).found == ()
    assert await list_raw(cluster) == []
