# SPDX-License-Identifier: Apache-2.0
"""Key Secrets: read as upstream reads them, and what is wrong with one harms no other."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.unit.engine.fakecluster import FakeCluster

from keyfleet.base.errors import DeniedError, InvalidInputError
from keyfleet.base.sealing import KeyPair, load_certificate, load_key
from keyfleet.base.secret import SecretValue
from keyfleet.engine.sealing import keysecrets
from keyfleet.engine.sealing.keysecrets import (
    ACTIVE,
    KEY_LABEL,
    LEGACY,
    KeySecrets,
    Priority,
    list_key_secrets,
    list_raw,
    new_key_secret,
    newest,
    read_key_secret,
)
from keyfleet.kube.objects import Metadata, SecretObject
from keyfleet.model.ownership import HUB_LABEL
from keyfleet.testing.sealing import key_pair, key_secret

NAMESPACE = "kube-system"
DAY = timedelta(days=1)
START = datetime(2026, 11, 1, tzinfo=UTC)


def secret_of(
    pair: KeyPair,
    name: str = "key",
    *,
    labels: dict[str, str] | None = None,
    created: datetime | None = None,
    other: dict[str, SecretValue] | None = None,
) -> SecretObject:
    found = {KEY_LABEL: ACTIVE} if labels is None else labels
    stamp = created.isoformat() if created else None
    metadata = Metadata(name, NAMESPACE, creation_timestamp=stamp, labels=found or None)
    data = {"tls.crt": SecretValue(pair.certificate), "tls.key": pair.key}
    return SecretObject(metadata, "kubernetes.io/tls", {**data, **(other or {})})


def converted(key: Any, form: serialization.PrivateFormat) -> SecretValue:
    pem = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    return SecretValue(pem)


def test_reads_key_and_certificate() -> None:
    pair = key_pair()
    found = read_key_secret(secret_of(pair, "sealed-secrets-keyabcde", created=START))
    assert found.name == "sealed-secrets-keyabcde"
    assert found.state == ACTIVE
    assert found.is_active
    assert found.created == START
    assert found.fingerprint == load_certificate(pair.certificate).fingerprint


def test_reads_pkcs8_as_openssl_writes_it() -> None:
    pair = key_pair()
    pkcs8 = converted(load_key(pair.key).key, serialization.PrivateFormat.PKCS8)
    found = read_key_secret(secret_of(pair, other={"tls.key": pkcs8}))
    assert found.fingerprint == load_key(pair.key).fingerprint


def test_uses_the_first_certificate() -> None:
    """Source: compat/sealed-secrets.md 3.1."""
    first, second = key_pair("one"), key_pair("two")
    chain = SecretValue(first.certificate + second.certificate)
    assert (
        read_key_secret(secret_of(first, other={"tls.crt": chain})).certificate.pem
        == first.certificate
    )


def test_takes_an_expired_certificate() -> None:
    """It does not stop decryption."""
    pair = key_pair("old", datetime(2010, 1, 1, tzinfo=UTC), 30)
    assert read_key_secret(secret_of(pair)).certificate.is_expired(START)


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"tls.crt": SecretValue(b"")}, "sealing.certificate"),
        ({"tls.key": SecretValue(b"garbage")}, "sealing.key"),
        (
            {
                "tls.key": converted(
                    ec.generate_private_key(ec.SECP256R1()),
                    serialization.PrivateFormat.TraditionalOpenSSL,
                )
            },
            "sealing.key",
        ),
        ({"tls.key": key_pair("two").key}, "sealing.mismatch"),
    ],
    ids=["no certificate", "no key", "not RSA", "of another key"],
)
def test_names_what_is_broken(other: dict[str, SecretValue], code: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_key_secret(secret_of(key_pair(), "bad", other=other))
    assert caught.value.code == code
    assert f"{NAMESPACE}/bad" in caught.value.subject


def test_takes_a_missing_key_as_broken() -> None:
    secret = secret_of(key_pair())
    with pytest.raises(InvalidInputError):
        read_key_secret(SecretObject(secret.metadata, secret.type, {}))


@pytest.mark.parametrize(
    ("labels", "state", "is_active"),
    [
        ({KEY_LABEL: "active"}, "active", True),
        ({KEY_LABEL: "compromised"}, "compromised", False),
        ({KEY_LABEL: "legacy"}, "legacy", False),
        ({KEY_LABEL: ""}, "", False),
        ({}, LEGACY, True),
    ],
)
def test_label_puts_a_key_out_of_use(labels: dict[str, str], state: str, is_active: bool) -> None:
    found = read_key_secret(secret_of(key_pair(), labels=labels))
    assert (found.state, found.is_active) == (state, is_active)


def test_shows_no_key() -> None:
    found = repr(read_key_secret(secret_of(key_pair(), "shown")))
    assert found.startswith("KeySecret(kube-system/shown, SHA256:")


def test_newest_goes_by_the_certificate() -> None:
    early = read_key_secret(secret_of(key_pair("one", START), "a", created=START + 2 * DAY))
    late = read_key_secret(secret_of(key_pair("two", START + DAY), "b", created=START))
    assert newest([early, late]) is late
    assert newest([early, late], Priority.SECRET_CREATION) is early


def test_newest_of_equals_is_the_first_made() -> None:
    second = read_key_secret(secret_of(key_pair("one", START), "a", created=START + DAY))
    first = read_key_secret(secret_of(key_pair("two", START), "b", created=START))
    assert newest([second, first]) is first


def test_newest_leaves_out_those_out_of_use() -> None:
    gone = secret_of(key_pair("two", START + DAY), "b", labels={KEY_LABEL: "compromised"})
    used = read_key_secret(secret_of(key_pair("one", START), "a"))
    assert newest([read_key_secret(gone), used]) is used
    assert newest([read_key_secret(gone)]) is None


def test_new_key_secret_keeps_its_label() -> None:
    """Source: compat/sealed-secrets.md 3.1, "extras"."""
    found = new_key_secret(
        key_pair(),
        namespace="keys",
        prefix="mine",
        labels={KEY_LABEL: "other", "team": "a"},
        annotations={"replicate": "no"},
    )
    assert found["metadata"] == {
        "generateName": "mine",
        "namespace": "keys",
        "labels": {KEY_LABEL: ACTIVE, "team": "a"},
        "annotations": {"replicate": "no"},
    }
    assert found["type"] == "kubernetes.io/tls"
    assert set(found["data"]) == {"tls.crt", "tls.key"}


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
    monkeypatch.setattr(keysecrets, "WORK_MAX", 2 * (2048 / 4096) ** 3)
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
    monkeypatch.setattr(keysecrets, "SECRETS_MAX", 2)
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
