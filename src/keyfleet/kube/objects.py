# SPDX-License-Identifier: Apache-2.0
"""Typed views of API objects: metadata without values, and a Secret whose values are wrapped."""

from collections.abc import Mapping
from typing import Any

import msgspec

from keyfleet.base.secret import SecretValue


class OwnerReference(msgspec.Struct, frozen=True, rename="camel"):
    """Who owns an object, as Kubernetes' garbage collector reads it."""

    api_version: str = ""
    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool = False
    block_owner_deletion: bool = False


class Metadata(msgspec.Struct, frozen=True, rename="camel"):
    """The part of an object's metadata that decisions use; everything else is skipped undecoded."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    owner_references: list[OwnerReference] | None = None
    finalizers: list[str] | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Namespace (empty for cluster-scoped kinds) and name."""
        return (self.namespace, self.name)


class PartialObject(msgspec.Struct, frozen=True):
    """A PartialObjectMetadata."""

    metadata: Metadata = msgspec.field(default_factory=Metadata)


class SecretObject(msgspec.Struct, frozen=True):
    """A Secret as read from an API server; its values are wrapped."""

    metadata: Metadata
    type: str
    data: Mapping[str, SecretValue]
    immutable: bool = False


class _WireSecret(msgspec.Struct, frozen=True):
    metadata: Metadata = msgspec.field(default_factory=Metadata)
    type: str = "Opaque"
    data: dict[str, bytes] | None = None
    immutable: bool | None = None


class _WireListMeta(msgspec.Struct, frozen=True, rename="camel"):
    resource_version: str = ""
    continue_: str = msgspec.field(default="", name="continue")


class SecretPage(msgspec.Struct, frozen=True):
    """One page of a Secret list."""

    metadata: _WireListMeta = msgspec.field(default_factory=_WireListMeta)
    items: list[_WireSecret] | None = None

    def secrets(self) -> list[SecretObject]:
        """Return the page's Secrets with wrapped values."""
        return [_wrap(item) for item in self.items or ()]


def secret_object(wire: bytes) -> SecretObject:
    """Return the Secret of a response body; `msgspec.DecodeError` when it is none."""
    return _wrap(msgspec.json.decode(wire, type=_WireSecret))


def _wrap(wire: _WireSecret) -> SecretObject:
    data = {key: SecretValue(value) for key, value in (wire.data or {}).items()}
    return SecretObject(wire.metadata, wire.type, data, bool(wire.immutable))


def metadata_of(document: Mapping[str, Any]) -> Metadata:
    """Return the typed metadata of an object held as dicts."""
    return msgspec.convert(document.get("metadata") or {}, Metadata, strict=False)
