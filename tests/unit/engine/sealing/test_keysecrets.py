# SPDX-License-Identifier: Apache-2.0
"""Key Secrets: read, put in order and written as upstream does."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from keyfleet.base.errors import InvalidInputError
from keyfleet.base.sealing import KeyPair, load_certificate, load_key
from keyfleet.base.secret import SecretValue
from keyfleet.engine.sealing.keysecrets import (
    ACTIVE,
    KEY_LABEL,
    LEGACY,
    Priority,
    new_key_secret,
    newest,
    read_key_secret,
)
from keyfleet.kube.objects import Metadata, SecretObject
from keyfleet.testing.sealing import key_pair

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
