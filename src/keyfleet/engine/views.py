# SPDX-License-Identifier: Apache-2.0
"""What a pass may ask of a cluster: the same questions, from a cache or live.

The controller answers them from informers (`member.Member`), a one-shot command by asking the
cluster (`oneshot.LiveMember`). Everything above works with either.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from keyfleet.base.keyring import Keyring, split_digest
from keyfleet.base.sealing import SealingCertificate
from keyfleet.kube.client import Client
from keyfleet.kube.objects import Metadata, SecretObject, metadata_of
from keyfleet.model.data import fingerprint
from keyfleet.model.desired import Actual
from keyfleet.model.dress import OwnerReference
from keyfleet.model.intent import Intent, WriteMode
from keyfleet.model.ownership import OWNER_ANNOTATION, Inheritance, Installation, read_marker
from keyfleet.model.places import ClusterFacts, IntentKey, NamespaceFacts
from keyfleet.model.plan import Finding
from keyfleet.model.sealed import STAMP, is_meant_so, is_stamped

Spot = tuple[str, str]
"""Namespace and name."""
Spots = Iterable[Spot]
"""(namespace, name) pairs."""


@dataclass(frozen=True, slots=True)
class Look:
    """How closely a target is looked at."""

    inheritance: Inheritance | None = None
    """What other tools made counts too, and no watch of ours shows it."""
    with_values: bool = False
    """The decision needs its values: keys of others stay in it."""


GLANCE = Look()
"""What the watches show is enough."""


def look_of(intent: Intent) -> Look:
    """Return how closely the targets of an intent have to be looked at."""
    is_merged = intent.shape.write_mode is WriteMode.MERGE
    return Look(intent.guard.ownership.inheritance, is_merged)


class KindOfTargets(Protocol):
    """The targets of one kind in one cluster."""

    @property
    def facts(self) -> ClusterFacts:
        """Name, identity and labels of the cluster."""
        ...

    @property
    def kind(self) -> str:
        """The kind of the targets."""
        ...


class ClusterView(KindOfTargets, Protocol):
    """One cluster, as far as a pass needs to see it."""

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

    async def actual(
        self, namespace: str, name: str, intent: IntentKey, look: Look = GLANCE
    ) -> Actual | None:
        """Return the live object at a place, with its data's fingerprint under the intent."""
        ...

    async def certificate(self) -> SealingCertificate | Finding:
        """Return what targets are sealed with here, or why none can be."""
        ...

    async def sealed_uid(self, spot: Spot, intent: IntentKey) -> str:
        """Return the UID of the SealedSecret that an intent delivered to a place; empty: none."""
        ...

    async def owned(self, intent: IntentKey) -> Spots:
        """Return where this cluster holds targets that are marked as this intent's."""
        ...


def actual_from_secret(
    secret: SecretObject,
    installation: Installation,
    intent: IntentKey,
    inheritance: Inheritance | None = None,
) -> Actual:
    """Return a live Secret, values included, as a decision sees it."""
    metadata = secret.metadata
    print_ = fingerprint_of(installation.ring, installation.hub, intent, secret)
    return Actual(
        uid=metadata.uid,
        resource_version=metadata.resource_version,
        type=secret.type,
        labels=metadata.labels or {},
        annotations=metadata.annotations or {},
        data=secret.data,
        fingerprint=print_,
        has_labels=metadata.labels is not None,
        has_annotations=metadata.annotations is not None,
        is_immutable=secret.immutable,
        is_deleting=metadata.deletion_timestamp is not None,
        is_as_marked=_is_as_marked(secret, installation, intent, print_, inheritance),
        owners=owners_of(metadata),
        finalizers=tuple(metadata.finalizers or ()),
    )


def actual_from_sealed(
    document: Mapping[str, Any], installation: Installation, intent: IntentKey
) -> Actual:
    """Return a live SealedSecret as a decision sees it.

    Its values cannot be seen. What its marker says of them counts while the stamp verifies for the
    spec that is there; else their fingerprint is not known, and it is sealed anew.
    """
    metadata, spec = metadata_of(document), _mapping(document.get("spec"))
    annotations = metadata.annotations or {}
    marker, stamp = read_marker(annotations), annotations.get(STAMP, "")
    is_as_marked = (
        marker is not None
        and marker.intent == intent
        and is_stamped(installation.ring, spec, marker.fingerprint, stamp)
        and is_meant_so(annotations, marker.annotations)
    )
    return replace(
        actual_from_metadata(metadata),
        type=str(_mapping(spec.get("template")).get("type") or ""),
        fingerprint=marker.fingerprint if marker is not None and is_as_marked else "",
        is_as_marked=is_as_marked,
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


async def with_inherited_keys(client: Client, actual: Actual, spot: Spot, look: Look) -> Actual:
    """Return a live object with the keys of the tool that made it, where they have to be known."""
    known, annotations = look.inheritance, actual.annotations
    if known is None or not known.manager or not look.with_values:
        return actual
    if OWNER_ANNOTATION in annotations or not known.is_heir(actual.evidence):
        return actual
    return replace(actual, inherited_keys=await client.managed_keys(*spot, known.manager))


def _is_as_marked(
    secret: SecretObject,
    installation: Installation,
    intent: IntentKey,
    now: str,
    inheritance: Inheritance | None,
) -> bool:
    annotations = secret.metadata.annotations or {}
    ring, marker = installation.ring, read_marker(annotations)
    if marker is None:
        return inheritance is not None and inheritance.is_intact(annotations, secret.data)
    if marker.intent != intent or not ring.knows(marker.fingerprint):
        return False
    if marker.fingerprint == now:
        return True
    # It may have been written under an earlier key.
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
        owners=owners_of(metadata),
        finalizers=tuple(metadata.finalizers or ()),
    )


def owners_of(metadata: Metadata) -> tuple[OwnerReference, ...]:
    """Return the owner references of a live object."""
    return tuple(
        OwnerReference(
            one.api_version, one.kind, one.name, one.uid, one.controller, one.block_owner_deletion
        )
        for one in metadata.owner_references or ()
    )


def fingerprint_of(ring: Keyring, hub: str, intent: IntentKey, secret: SecretObject) -> str:
    """Return the fingerprint of a live Secret's data under an intent."""
    return fingerprint(ring, hub=hub, intent=intent, data=secret.data)


def namespace_facts(metadata: Metadata) -> NamespaceFacts:
    """Return what placement may know of a namespace."""
    is_terminating = metadata.deletion_timestamp is not None
    annotations = metadata.annotations or {}
    return NamespaceFacts(metadata.name, metadata.labels or {}, is_terminating, annotations)
