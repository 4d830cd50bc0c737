# SPDX-License-Identifier: Apache-2.0
"""Read a Secret of a cluster, with Keyfleet's own rights there.

Whether the asking intent may read in that cluster is decided by `References`, at every read. What
a tenant learns of a Secret that is absent and of one that is forbidden is the same; what the engine
learns is not, since an error is never absence (design.md 2a).
"""

from dataclasses import dataclass
from typing import Any, Protocol

from keyfleet.base.errors import DeniedError, SecretNotFoundError
from keyfleet.base.secret import SecretValue
from keyfleet.kube.objects import SecretObject, metadata_of
from keyfleet.kube.resources import CONFIGMAPS, Resource
from keyfleet.model.data import SecretData
from keyfleet.model.intent import Read
from keyfleet.model.ownership import OWNER_ANNOTATION
from keyfleet.model.places import IntentKey
from keyfleet.plugin import References

PRINCIPAL = "keyfleet"
"""All reads in one cluster are made by the one login that Keyfleet has there."""


class _Reader(Protocol):
    async def find_secret(self, namespace: str, name: str) -> SecretObject | None: ...

    async def find(
        self, resource: Resource, name: str, *, namespace: str = ""
    ) -> dict[str, Any] | None: ...


@dataclass(frozen=True, slots=True)
class KubernetesSession:
    """Reads in the name of one intent."""

    references: References
    principal: str = PRINCIPAL

    async def read(self, read: Read) -> SecretData:
        """Return the Secret, or the ConfigMap with templates, that `read.ref` names.

        Raises:
            SecretNotFoundError: `source.not_found`: the cluster answered that it is absent (engine:
                applies guard.on_source_missing).
            DeniedError: `source.forbidden`: same text, but no absence (engine: targets stay).
            UnreachableError: No answer; says nothing about presence.
            NotFoundError: This is no API server that serves Secrets; no absence either.
        """
        found = await self._find(read)
        if found is None:
            raise SecretNotFoundError(
                "source.not_found",
                "the source does not exist or may not be read",
                f"{read.ref.kind} {read.ref}",
                f"create it, correct {read.path}, or have a FleetPolicy grant it",
            )
        metadata = found.metadata
        annotations = metadata.annotations or {}
        marks = {name: text for name, text in annotations.items() if name == OWNER_ANNOTATION}
        return SecretData(found.data, found.type, metadata.resource_version, marks)

    async def _find(self, read: Read) -> SecretObject | None:
        ref = read.ref
        try:
            reader: _Reader = self.references.cluster(ref.cluster)
            if ref.kind == CONFIGMAPS.kind:
                found = await reader.find(CONFIGMAPS, ref.name, namespace=ref.namespace)
                return _as_secret(found) if found is not None else None
            return await reader.find_secret(ref.namespace, ref.name)
        except DeniedError:
            raise DeniedError(
                "source.forbidden",
                "the source does not exist or may not be read",
                f"{ref.kind} {ref}",
                f"create it, correct {read.path}, or have a FleetPolicy grant it",
            ) from None


def _as_secret(document: dict[str, Any]) -> SecretObject:
    """Return a ConfigMap with its texts wrapped, as if it were a Secret without a type."""
    texts = document.get("data")
    found = texts if isinstance(texts, dict) else {}
    values = {
        key: SecretValue(text.encode("utf-8", "surrogatepass"))
        for key, text in found.items()
        if isinstance(text, str)
    }
    return SecretObject(metadata_of(document), "", values)


class KubernetesSource:
    """Secrets that live in a cluster of the fleet."""

    name = "kubernetes"

    async def open(self, references: References, intent: IntentKey) -> KubernetesSession:
        """Log in: nothing to do, since the clusters' own sessions are used."""
        del intent
        return KubernetesSession(references)
