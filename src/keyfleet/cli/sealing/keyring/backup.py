# SPDX-License-Identifier: Apache-2.0
"""What a backup of sealing keys holds: the key Secrets of clusters, one List that age encrypts.

Opened by age itself, it is a List of Secrets that `--recovery-private-key` and kubeseal take.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from keyfleet.base.errors import DeniedError, InvalidInputError
from keyfleet.base.secret import SecretValue
from keyfleet.cli.sealing.keyring.ring import BACKED_UP, Ring
from keyfleet.cli.sealing.keyring.rings import ring_of
from keyfleet.engine.sealing.keysecrets import DEFAULT_PREFIX, KEY_LABEL, read_all
from keyfleet.kube.decoding import UNDECODABLE, decode_secret_page
from keyfleet.kube.objects import Metadata, SecretObject
from keyfleet.kube.requests import encode_body

KEY_OF = "keyfleet.io/key-of"
"""Annotation in a backup: the cluster that a key Secret was read in."""

_TYPES = ("kubernetes.io/tls", "Opaque")
"""Of key Secrets: as the controllers make them, and as people do."""
_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_OURS = frozenset({KEY_OF, BACKED_UP, _APPLIED})


@dataclass(frozen=True, slots=True)
class KeptSecret:
    """A key Secret in a backup."""

    cluster: str
    secret: SecretObject

    @property
    def place(self) -> str:
        """`namespace/name`."""
        return f"{self.secret.metadata.namespace}/{self.secret.metadata.name}"


def content_of(secrets: Iterable[KeptSecret]) -> SecretValue:
    """Return what is to be encrypted."""
    items = [_item(each) for each in secrets]
    return SecretValue(encode_body({"apiVersion": "v1", "kind": "List", "items": items}))


def secrets_in(content: SecretValue, subject: str) -> list[KeptSecret]:
    """Return the key Secrets of a backup that was opened.

    Raises:
        InvalidInputError: `keys.backup`: it is no backup of keys; nothing of it is quoted.
    """
    found = _decoded(content)
    if not found or not all(_is_key_of_cluster(each.metadata) for each in found):
        hint = "give a file that `keyfleet keys backup` wrote"
        raise InvalidInputError("keys.backup", "this is no backup of sealing keys", subject, hint)
    return [KeptSecret((each.metadata.annotations or {})[KEY_OF], each) for each in found]


def manifest_of(kept: KeptSecret) -> dict[str, Any]:
    """Return the Secret to create; its namespace is its own.

    Whoever knows the recipients can write a file that opens like a backup, and a Secret of another
    type would be more than a key: a token, say, that the cluster lets in.

    Raises:
        DeniedError: `keys.type`: it is of no type that a key has.
    """
    if kept.secret.type not in _TYPES:
        hint = "create it by hand, if you know who wrote the backup"
        raise DeniedError("keys.type", "is of no type that a sealing key has", kept.place, hint)
    return _manifest(kept, _annotations(kept.secret.metadata))


def rings_in(kept: Sequence[KeptSecret]) -> dict[str, Ring]:
    """Return the keys of each cluster in a backup; CPU-bound."""
    found: dict[str, list[SecretObject]] = {}
    for each in kept:
        found.setdefault(each.cluster, []).append(each.secret)
    return {name: ring_of(name, read_all(secrets)) for name, secrets in sorted(found.items())}


def _is_key_of_cluster(metadata: Metadata) -> bool:
    """Tell whether it is a key Secret: nothing else is ever restored from a file."""
    is_key = KEY_LABEL in (metadata.labels or {}) or metadata.name == DEFAULT_PREFIX
    return is_key and KEY_OF in (metadata.annotations or {})


def _decoded(content: SecretValue) -> list[SecretObject]:
    try:
        return decode_secret_page(content.reveal()).items
    except UNDECODABLE:
        return []


def _item(kept: KeptSecret) -> dict[str, Any]:
    annotations = _annotations(kept.secret.metadata)
    return _manifest(kept, {**annotations, KEY_OF: kept.cluster})


def _manifest(kept: KeptSecret, annotations: Mapping[str, str]) -> dict[str, Any]:
    secret = kept.secret
    metadata = {
        "name": secret.metadata.name,
        "namespace": secret.metadata.namespace,
        "labels": dict(secret.metadata.labels or {}),
        "annotations": dict(annotations),
    }
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata,
        "type": secret.type,
        **({"immutable": True} if secret.immutable else {}),
        "data": dict(secret.data),
    }


def _annotations(metadata: Metadata) -> dict[str, str]:
    annotations = metadata.annotations or {}
    return {key: text for key, text in annotations.items() if key not in _OURS}
