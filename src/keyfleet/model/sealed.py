# SPDX-License-Identifier: Apache-2.0
"""Sealed values: those that stand in a manifest itself, and those that are delivered."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from keyfleet.base.codec import encode_canonical
from keyfleet.base.keyring import Keyring
from keyfleet.base.sealing import SCOPE_ANNOTATIONS, Scope, SealingCertificate, scope_of
from keyfleet.base.sealing.scope import DOMAIN
from keyfleet.base.secret import SecretValue
from keyfleet.model.carriers import SEALED_INTO, is_carrier
from keyfleet.model.places import ClusterName

STAMP = "keyfleet.io/sealed"
"""Annotation of a delivered SealedSecret: the MAC of its spec and of the values' fingerprint."""
MEANT_ELSEWHERE = SCOPE_ANNOTATIONS | {SEALED_INTO}
"""Annotations by which a SealedSecret is opened as something else than it was sealed as, or not at
all; on what is delivered, those of others go."""
TAKEABLE = {f"{DOMAIN}managed": "true"}
"""Annotation of a Secret that a controller of sealed secrets may take over."""


@dataclass(frozen=True, slots=True)
class SealedRead:
    """The sealed items of one manifest; ciphertext, so it may be held and shown."""

    namespace: str
    """Of the manifest: what the values are bound to, wherever they are delivered."""
    name: str
    items: Mapping[str, str]
    """Key name -> sealed text."""
    scope: Scope = Scope.STRICT
    cluster: ClusterName = ClusterName("")
    """Whose keys open it; empty is the hub."""
    kind: str = "SealedSecret"
    """Kind of the manifest."""
    whole: str | None = None
    """A complete Secret sealed as one text, as before upstream's 0.7; instead of `items`."""
    meant_for: str = ""
    """Cluster that the manifest says it is sealed for: anybody may write that, it only advises."""

    @property
    def label(self) -> bytes:
        """What each item is bound to."""
        return self.scope.label(self.namespace, self.name)

    def __str__(self) -> str:
        return f"{self.cluster or 'hub'}/{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Sealing:
    """What the targets of one cluster are sealed with."""

    certificate: SealingCertificate
    scope: Scope
    ring: Keyring
    """The installation's keys: ciphertext differs every time, so what was written is signed."""
    carrier: Mapping[str, str] | None = None
    """Annotations of what lies on the hub for its cluster to take; None: it lies in the cluster."""


@dataclass(frozen=True, slots=True)
class SealedForm:
    """One SealedSecret to be, but for its values."""

    sealing: Sealing
    namespace: str
    name: str
    type: str
    """Of the Secret that comes of it, as are the labels and annotations."""
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    fingerprint: str
    """Of its values."""
    print: str
    """Fingerprint of how it is sealed and of what the Secret looks like."""

    def spec(self, data: Mapping[str, SecretValue]) -> dict[str, Any]:
        """Return the spec with the values sealed; another one every time."""
        sealing = self.sealing
        label = sealing.scope.label(self.namespace, self.name)
        metadata: dict[str, Any] = {"name": self.name, "namespace": self.namespace}
        if self.labels:
            metadata["labels"] = dict(self.labels)
        if self.annotations:
            metadata["annotations"] = dict(self.annotations)
        items = {key: sealing.certificate.seal(value, label) for key, value in data.items()}
        return {"encryptedData": items, "template": {"metadata": metadata, "type": self.type}}

    def stamp(self, spec: Mapping[str, Any]) -> str:
        """Return what says later that a spec is the one that was written for these values."""
        return self.sealing.ring.sign(_stamped(spec, self.fingerprint))


def is_stamped(ring: Keyring, spec: Mapping[str, Any], fingerprint: str, stamp: str) -> bool:
    """Tell whether a spec is what was written for values of a fingerprint."""
    return ring.verify(_stamped(spec, fingerprint), stamp)


def is_meant_so(annotations: Mapping[str, str], ours: Collection[str]) -> bool:
    """Tell whether annotations let a SealedSecret be opened as what it was sealed as.

    Args:
        annotations: Those that are there.
        ours: Names of those that were delivered with it.
    """
    wanted = dict.fromkeys(SCOPE_ANNOTATIONS.intersection(ours), "true")
    is_carried = SEALED_INTO in ours
    return scope_of(annotations) is scope_of(wanted) and is_carrier(annotations) is is_carried


def _stamped(spec: Mapping[str, Any], fingerprint: str) -> tuple[bytes, bytes]:
    return (encode_canonical(spec), fingerprint.encode())
