# SPDX-License-Identifier: Apache-2.0
"""How a target is recognised as ours, marked, and let go.

A target carries a label to find it by and an annotation that names the intent, the target's own
place and what was delivered, under a MAC of the installation's key. Only what verifies for the
place where it is found is ours: a copy made by kubectl, a backup tool or a cloned cluster names
another place and is foreign.

Foreign tools mark their targets differently, so the three questions are one value, `Ownership`,
which a dialect may replace.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from keyfleet.base.codec import encode_canonical
from keyfleet.base.keyring import Keyring
from keyfleet.model.places import ClusterName, IntentKey

SYSTEM_NAMESPACE = "keyfleet-system"
"""Keyfleet's own namespace on the hub; never a target."""
HUB_LABEL = "keyfleet.io/hub"
"""First 16 hex digits of the hub's identity; selectable."""
MANAGED_BY_LABEL = "app.kubernetes.io/managed-by"
MANAGED_BY = "keyfleet"
OWNER_ANNOTATION = "keyfleet.io/owner"


class Marker(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What the owner annotation says, as JSON."""

    hub: str
    """Identity of the hub whose intent this is."""
    kind: str
    """Kind of the intent."""
    intent_namespace: str
    intent_name: str
    intent_uid: str
    cluster: str
    """UID of the cluster the target was written to."""
    namespace: str
    name: str
    cluster_name: str = ""
    """What the intent called the cluster then; no answer to that now means it was renamed."""
    crd: str = ""
    """UID of the intent's CRD; empty where the intent needs none."""
    intent_cluster: str = ""
    """Where the intent was found; empty is the hub."""
    domain: str = ""
    """Annotation domain, for the annotation form."""
    deletion_policy: str = "Delete"
    revision: int = 0
    source: str = ""
    """Fingerprint of the source data of that revision."""
    fingerprint: str = ""
    """Fingerprint of the delivered data."""
    labels: tuple[str, ...] = ()
    """Label keys that are ours besides the marks."""
    annotations: tuple[str, ...] = ()
    """Annotation keys that are ours besides the marks."""
    provenance: tuple[dict[str, str], ...] = ()
    """Label sets of the sources."""
    released: bool = False
    """Left in place on purpose; the same intent may take it again."""
    mac: str = ""
    """Empty when written without the installation's key."""

    @property
    def intent(self) -> IntentKey:
        """The intent this target belongs to."""
        return IntentKey(
            self.kind, self.intent_namespace, self.intent_name, ClusterName(self.intent_cluster)
        )


class Claim(StrEnum):
    """Whose a live object is, from the view of one installation."""

    NOBODYS = "Unmarked"
    OURS = "Owned"
    UNSIGNED = "OwnedUnsigned"
    """Ours by place and reference, but written without the key."""
    UNVERIFIED = "OwnedUnverified"
    """Signed under a key that this reader does not have."""
    OTHER_HUB = "OwnedByOtherHub"
    COPY = "CopiedMarker"
    """The marker is of another place, or its MAC is wrong."""


@dataclass(frozen=True, slots=True)
class Installation:
    """Who "we" are: the hub's identity and its keys."""

    hub: str
    ring: Keyring

    @property
    def hub_label(self) -> str:
        """Value of the hub label."""
        return self.hub.replace("-", "")[:16]


@dataclass(frozen=True, slots=True)
class Spot:
    """Where an object really is: the cluster's UID, not its name."""

    cluster: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Holding:
    """Whose an object is, and what its marker says."""

    claim: Claim = Claim.NOBODYS
    marker: Marker | None = None

    @property
    def is_ours(self) -> bool:
        """Tell whether this installation may change the object in its intent's name."""
        return self.claim in (Claim.OURS, Claim.UNSIGNED)

    @property
    def is_transferable(self) -> bool:
        """Tell whether another intent of ours may take the object once its own is gone."""
        is_kept = self.marker is not None and self.marker.released
        return self.claim is Claim.OURS and not is_kept

    def belongs_to(self, intent: IntentKey) -> bool:
        """Tell whether it is ours and of this very intent."""
        return self.is_ours and self.marker is not None and self.marker.intent == intent


@dataclass(frozen=True, slots=True)
class Marks:
    """Labels and annotations to set."""

    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ownership:
    """How targets are recognised, marked and let go; pure functions."""

    claims: Callable[[Mapping[str, str], Spot, Installation], Holding]
    """Annotations of the live object -> whose it is."""
    marks: Callable[[Marker, Installation], Marks]
    """What to write for a marker (its `mac` is filled in)."""
    relinquish: Callable[[Marker, Installation], Marks]
    """What to write when the target is left in place."""


def read_marker(annotations: Mapping[str, str]) -> Marker | None:
    """Return the marker of an object; None when it has none or it cannot be read."""
    text = annotations.get(OWNER_ANNOTATION)
    if text is None:
        return None
    try:
        return msgspec.json.decode(text, type=Marker)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def sign(marker: Marker, installation: Installation) -> Marker:
    """Return the marker with its MAC; unsigned where the key is not at hand."""
    return msgspec.structs.replace(marker, mac=installation.ring.sign(_signed_parts(marker)))


def _signed_parts(marker: Marker) -> tuple[bytes]:
    return (encode_canonical(msgspec.structs.replace(marker, mac="")),)


def _claims(annotations: Mapping[str, str], spot: Spot, installation: Installation) -> Holding:
    marker = read_marker(annotations)
    if marker is None:
        # An annotation that cannot be read is somebody's: not ours to overwrite.
        return Holding(Claim.COPY if OWNER_ANNOTATION in annotations else Claim.NOBODYS)
    if marker.hub != installation.hub:
        return Holding(Claim.OTHER_HUB, marker)
    if Spot(marker.cluster, marker.namespace, marker.name) != spot:
        return Holding(Claim.COPY, marker)
    return Holding(_signature_claim(marker, installation), marker)


def _signature_claim(marker: Marker, installation: Installation) -> Claim:
    if not marker.mac:
        return Claim.UNSIGNED
    if installation.ring.ephemeral or not installation.ring.knows(marker.mac):
        return Claim.UNVERIFIED
    is_valid = installation.ring.verify(_signed_parts(marker), marker.mac)
    return Claim.OURS if is_valid else Claim.COPY


def _marks(marker: Marker, installation: Installation) -> Marks:
    text = encode_canonical(sign(marker, installation)).decode()
    labels = {HUB_LABEL: installation.hub_label, MANAGED_BY_LABEL: MANAGED_BY}
    return Marks(labels, {OWNER_ANNOTATION: text})


def _relinquish(marker: Marker, installation: Installation) -> Marks:
    return _marks(msgspec.structs.replace(marker, released=True), installation)


MARKED = Ownership(claims=_claims, marks=_marks, relinquish=_relinquish)
"""Keyfleet's own way, used by the native dialects."""
