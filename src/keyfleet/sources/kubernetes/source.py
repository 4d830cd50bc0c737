# SPDX-License-Identifier: Apache-2.0
"""Read a Secret of a cluster, with Keyfleet's own rights there.

Whether the asking intent may read in that cluster is decided by `References`, at every read. What
a tenant learns of a Secret that is absent and of one that is forbidden is the same; what the engine
learns is not, since an error is never absence (design.md 2a).
"""

from dataclasses import dataclass
from typing import Protocol

from keyfleet.base.errors import DeniedError, SecretNotFoundError
from keyfleet.kube.objects import SecretObject
from keyfleet.model.data import SecretData
from keyfleet.model.intent import Read, SecretRef
from keyfleet.model.ownership import OWNER_ANNOTATION
from keyfleet.model.places import IntentKey
from keyfleet.plugin import References

PRINCIPAL = "keyfleet"
"""All reads in one cluster are made by the one login that Keyfleet has there."""


class _Reader(Protocol):
    async def find_secret(self, namespace: str, name: str) -> SecretObject | None: ...


@dataclass(frozen=True, slots=True)
class KubernetesSession:
    """Reads in the name of one intent."""

    references: References
    principal: str = PRINCIPAL

    async def read(self, read: Read) -> SecretData:
        """Return the Secret that `read.ref` names.

        Raises:
            SecretNotFoundError: `source.not_found`: the cluster answered that it is absent (engine:
                applies guard.on_source_missing).
            DeniedError: `source.forbidden`: same text, but no absence (engine: targets stay).
            UnreachableError: No answer; says nothing about presence.
            NotFoundError: This is no API server that serves Secrets; no absence either.
        """
        found = await self._find(read.ref)
        if found is None:
            raise SecretNotFoundError(
                "source.not_found",
                "the source Secret does not exist or may not be read",
                str(read.ref),
                "create it, correct spec.source.secretRef, or have a FleetPolicy grant it",
            )
        metadata = found.metadata
        annotations = metadata.annotations or {}
        marks = {name: text for name, text in annotations.items() if name == OWNER_ANNOTATION}
        return SecretData(found.data, found.type, metadata.resource_version, marks)

    async def _find(self, ref: SecretRef) -> SecretObject | None:
        try:
            reader: _Reader = self.references.cluster(ref.cluster)
            return await reader.find_secret(ref.namespace, ref.name)
        except DeniedError:
            raise DeniedError(
                "source.forbidden",
                "the source Secret does not exist or may not be read",
                str(ref),
                "create it, correct spec.source.secretRef, or have a FleetPolicy grant it",
            ) from None


class KubernetesSource:
    """Secrets that live in a cluster of the fleet."""

    name = "kubernetes"

    async def open(self, references: References, intent: IntentKey) -> KubernetesSession:
        """Log in: nothing to do, since the clusters' own sessions are used."""
        del intent
        return KubernetesSession(references)
