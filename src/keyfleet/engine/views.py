# SPDX-License-Identifier: Apache-2.0
"""What a pass may ask of a cluster: the same questions, from a cache or live.

The controller answers them from informers (`member.Member`), a one-shot command by asking the
cluster (`oneshot.LiveMember`). Everything above works with either.
"""

from collections.abc import Iterable, Mapping
from typing import Protocol

from keyfleet.base.keyring import Keyring, split_digest
from keyfleet.kube.client import Client
from keyfleet.kube.objects import Metadata, SecretObject
from keyfleet.model.data import fingerprint
from keyfleet.model.desired import Actual
from keyfleet.model.intent import Intent
from keyfleet.model.ownership import Installation, read_marker
from keyfleet.model.places import ClusterFacts, IntentKey, NamespaceFacts

Spots = Iterable[tuple[str, str]]
"""(namespace, name) pairs."""


class ClusterView(Protocol):
    """One cluster, as far as a pass needs to see it."""

    @property
    def facts(self) -> ClusterFacts:
        """Name, identity and labels."""
        ...

    @property
    def client(self) -> Client:
        """The way to write."""
        ...

    async def namespaces(self, intent: Intent) -> Mapping[str, NamespaceFacts]:
        """Return the namespaces that the intent's matcher has to be asked about."""
        ...

    async def namespace(self, name: str) -> NamespaceFacts | None:
        """Return one namespace; None when it is positively absent."""
        ...

    async def actual(self, namespace: str, name: str, intent: IntentKey) -> Actual | None:
        """Return the live object at a place, with its data's fingerprint under the intent."""
        ...

    async def owned(self, intent: IntentKey) -> Spots:
        """Return where this cluster holds targets that are marked as this intent's."""
        ...


def actual_from_secret(
    secret: SecretObject, installation: Installation, intent: IntentKey
) -> Actual:
    """Return a live Secret, values included, as a decision sees it."""
    metadata = secret.metadata
    return Actual(
        uid=metadata.uid,
        resource_version=metadata.resource_version,
        type=secret.type,
        labels=metadata.labels or {},
        annotations=metadata.annotations or {},
        data=secret.data,
        fingerprint=fingerprint_of(installation.ring, installation.hub, intent, secret),
        has_labels=metadata.labels is not None,
        has_annotations=metadata.annotations is not None,
        is_immutable=secret.immutable,
        is_deleting=metadata.deletion_timestamp is not None,
        is_as_marked=_is_as_marked(secret, installation, intent),
    )


def _is_as_marked(secret: SecretObject, installation: Installation, intent: IntentKey) -> bool:
    ring, marker = installation.ring, read_marker(secret.metadata.annotations or {})
    if marker is None or not marker.inputs:
        # Asked of what templates made only: everything else is compared with what it should hold.
        return False
    if marker.intent != intent or not ring.knows(marker.fingerprint):
        return False
    key_id = split_digest(marker.fingerprint)[0]
    data, hub = secret.data, installation.hub
    return fingerprint(ring, hub=hub, intent=intent, data=data, key_id=key_id) == marker.fingerprint


def actual_from_metadata(metadata: Metadata) -> Actual:
    """Return a live Secret as a watch shows it: without its data, and unread."""
    return Actual(
        uid=metadata.uid,
        resource_version=metadata.resource_version,
        labels=metadata.labels or {},
        annotations=metadata.annotations or {},
        has_labels=metadata.labels is not None,
        has_annotations=metadata.annotations is not None,
        is_deleting=metadata.deletion_timestamp is not None,
    )


def fingerprint_of(ring: Keyring, hub: str, intent: IntentKey, secret: SecretObject) -> str:
    """Return the fingerprint of a live Secret's data under an intent."""
    return fingerprint(ring, hub=hub, intent=intent, data=secret.data)


def namespace_facts(metadata: Metadata) -> NamespaceFacts:
    """Return what placement may know of a namespace."""
    is_terminating = metadata.deletion_timestamp is not None
    annotations = metadata.annotations or {}
    return NamespaceFacts(metadata.name, metadata.labels or {}, is_terminating, annotations)
