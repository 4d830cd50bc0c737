# SPDX-License-Identifier: Apache-2.0
"""Key Secrets as upstream keeps them: one sealing key and its certificate each.

Source: compat/sealed-secrets.md 3.1, 3.2.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from keyfleet.base.clock import parse_timestamp
from keyfleet.base.errors import InvalidInputError
from keyfleet.base.sealing import (
    KeyPair,
    SealingCertificate,
    SealingKey,
    load_certificate,
    load_key,
)
from keyfleet.base.secret import SecretValue
from keyfleet.kube.objects import Metadata, SecretObject

KEY_LABEL = "sealedsecrets.bitnami.com/sealed-secrets-key"
ACTIVE = "active"
"""Value of the label under which a key opens and seals; any other takes it out of use."""
LEGACY = "legacy"
"""State of the one key that has no label: its Secret is called as the prefix, before 0.9."""
DEFAULT_NAMESPACE = "kube-system"
"""Where upstream's manifest runs its controller, and where kubeseal looks for it."""
DEFAULT_PREFIX = "sealed-secrets-key"

_TYPE = "kubernetes.io/tls"
_CERTIFICATE, _KEY = "tls.crt", "tls.key"

_BITS = 4096
_FOREVER_AGO = datetime.min.replace(tzinfo=UTC)


class Priority(StrEnum):
    """What makes one key newer than another."""

    CERT_NOT_BEFORE = "CertNotBefore"
    SECRET_CREATION = "SecretCreationTimestamp"  # noqa: S105 - upstream's word for a time


@dataclass(frozen=True, slots=True)
class KeySecret:
    """A sealing key as it is kept in its cluster."""

    metadata: Metadata
    certificate: SealingCertificate
    key: SealingKey
    state: str
    """Value of its label: `active`, `compromised` or whatever its owner wrote; `legacy`: none."""

    @property
    def name(self) -> str:
        """Of the Secret."""
        return self.metadata.name

    @property
    def fingerprint(self) -> str:
        """Of the key."""
        return self.key.fingerprint

    @property
    def is_active(self) -> bool:
        """Whether it opens and seals."""
        return is_in_use(self.metadata)

    @property
    def created(self) -> datetime:
        """When its Secret was created, to the second."""
        return created_of(self.metadata)

    @property
    def cost(self) -> float:
        """What a try of it takes, in tries of a key of 4096 bits."""
        return (self.key.size * 8 / _BITS) ** 3

    def order(self, priority: Priority = Priority.CERT_NOT_BEFORE) -> datetime:
        """Return the moment by which it is newer than others."""
        if priority is Priority.SECRET_CREATION:
            return self.created
        return self.certificate.not_before

    def __repr__(self) -> str:
        return f"KeySecret({self.metadata.namespace}/{self.name}, {self.fingerprint})"


@dataclass(frozen=True, slots=True)
class KeySecrets:
    """All that are kept in one cluster."""

    found: tuple[KeySecret, ...] = ()
    """In any state, by name."""
    broken: tuple[tuple[str, InvalidInputError], ...] = ()
    """Name of each that cannot be used, and why."""

    def by_name(self) -> "KeySecrets":
        """Return the same, in order."""
        found = sorted(self.found, key=lambda key: key.name)
        return KeySecrets(tuple(found), tuple(sorted(self.broken, key=lambda each: each[0])))


def is_in_use(metadata: Metadata) -> bool:
    """Tell whether a key Secret's label lets its key open and seal; the legacy one has none."""
    return (metadata.labels or {}).get(KEY_LABEL, ACTIVE) == ACTIVE


def read_key_secret(secret: SecretObject) -> KeySecret:
    """Return the sealing key of a key Secret; CPU-bound, about 3 ms.

    The first certificate and the first private key count. Neither the certificate's issuer nor its
    dates are looked at: one that is expired does not keep its key from opening.

    Raises:
        InvalidInputError: `sealing.certificate`, `sealing.key`: one of them cannot be read;
            `sealing.mismatch`: they do not belong together.
    """
    metadata = secret.metadata
    subject = f"{metadata.namespace}/{metadata.name}"
    pem = secret.data.get(_CERTIFICATE, SecretValue(b""))
    certificate = load_certificate(pem.reveal(), f"{subject} {_CERTIFICATE}")
    key = load_key(secret.data.get(_KEY, SecretValue(b"")), f"{subject} {_KEY}")
    if certificate.fingerprint != key.fingerprint:
        hint = "put the certificate of this private key first, or take the key's label away"
        message = "the certificate is not of the private key beside it"
        raise InvalidInputError("sealing.mismatch", message, subject, hint)
    state = (metadata.labels or {}).get(KEY_LABEL, LEGACY)
    return KeySecret(metadata, certificate, key, state)


def created_of(metadata: Metadata) -> datetime:
    """Return when a Secret was created, to the second."""
    text = metadata.creation_timestamp
    return parse_timestamp(text) if text else _FOREVER_AGO


def newest(
    keys: Iterable[KeySecret], priority: Priority = Priority.CERT_NOT_BEFORE
) -> KeySecret | None:
    """Return the key that seals: of those in use the newest, of equally new ones the first made.

    None: no key is in use. Source: compat/sealed-secrets.md 3.2.
    """
    return next(iter(by_age(keys, priority)), None)


def by_age(
    keys: Iterable[KeySecret], priority: Priority = Priority.CERT_NOT_BEFORE
) -> list[KeySecret]:
    """Return the keys that are in use, the newest first."""
    active = sorted((key for key in keys if key.is_active), key=lambda key: (key.created, key.name))
    # Sorting keeps the order of equals, also in reverse.
    return sorted(active, key=lambda key: key.order(priority), reverse=True)


def new_key_secret(
    pair: KeyPair,
    *,
    namespace: str = DEFAULT_NAMESPACE,
    prefix: str = DEFAULT_PREFIX,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return the manifest of a new key Secret; Bitnami's controller can use it as it is.

    Args:
        pair: The key and its certificate.
        namespace: Where it is kept.
        prefix: What its name begins with; the API server adds five characters.
        labels: Further ones; they do not replace the label that puts the key into use.
        annotations: Those to write.
    """
    metadata: dict[str, Any] = {
        "generateName": prefix,
        "namespace": namespace,
        "labels": {**(labels or {}), KEY_LABEL: ACTIVE},
    }
    if annotations:
        metadata["annotations"] = dict(annotations)
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata,
        "type": _TYPE,
        "data": {_CERTIFICATE: SecretValue(pair.certificate), _KEY: pair.key},
    }


def version_of(metadata: Metadata) -> tuple[str, str]:
    """Return what changes with each change of a Secret."""
    return (metadata.uid, metadata.resource_version)


def read_all(
    secrets: Iterable[SecretObject], before: Mapping[tuple[str, str], KeySecret] | None = None
) -> KeySecrets:
    """Return the sealing keys of key Secrets, and those that are broken; CPU-bound.

    Args:
        secrets: The key Secrets.
        before: Keys that were read before, by uid and version: they are not read again.
    """
    known_keys = before or {}
    found: list[KeySecret] = []
    broken: list[tuple[str, InvalidInputError]] = []
    for secret in secrets:
        try:
            known = known_keys.get(version_of(secret.metadata))
            found.append(known or read_key_secret(secret))
        except InvalidInputError as error:
            broken.append((secret.metadata.name, error))
    return KeySecrets(tuple(found), tuple(broken))
