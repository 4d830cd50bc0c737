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
from keyfleet.base.secret import SecretValue
from keyfleet.model.dress import OwnerReference
from keyfleet.model.places import ClusterFacts, ClusterName, IntentKey

SYSTEM_NAMESPACE = "keyfleet-system"
"""Keyfleet's own namespace on the hub; never a target."""
HUB_LABEL = "keyfleet.io/hub"
"""First 16 hex digits of the hub's identity; selectable."""
MANAGED_BY_LABEL = "app.kubernetes.io/managed-by"
MANAGED_BY = "keyfleet"
FIRST_KEY_ANNOTATION = "keyfleet.io/first-key"
"""On the installation's key: id of the key that this Secret was made with."""
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
    inputs: str = ""
    """Fingerprint of all that templates made it from: while it stays, nothing is rendered anew."""
    metadata: str = ""
    """Fingerprint of the labels and annotations that templates made then."""
    labels: tuple[str, ...] = ()
    """Label keys that are ours besides the marks."""
    annotations: tuple[str, ...] = ()
    """Annotation keys that are ours besides the marks."""
    keys: tuple[str, ...] = ()
    """Data keys that are ours, where those of others stay."""
    certificate: str = ""
    """Fingerprint of the key that a SealedSecret is sealed for."""
    sealed: str = ""
    """Fingerprint of how it is sealed: scope, certificate, and what the Secret in it looks like."""
    home: str = ""
    """Namespace on the hub where a carrier lies; a copy of it elsewhere is none of ours."""
    provenance: tuple[dict[str, str], ...] = ()
    """Label sets of the sources, an empty one for a part that nobody labelled; none at all says
    that nothing is known of them."""
    claimed: tuple[dict[str, str], ...] = ()
    """Labels of the declarations that moved the data: a word that can only forbid."""
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
    INHERITED = "Inherited"
    """Unmarked, and made by another tool for the very manifest that the intent comes from."""
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
    adopts: frozenset[str] = frozenset()
    """Hubs whose targets a person takes over now; the own one means: also where the signature is
    of a key that is lost."""

    @property
    def hub_label(self) -> str:
        """Value of the hub label."""
        return hub_label(self.hub)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where an object really is: the cluster's UID, not its name."""

    cluster: str
    namespace: str
    name: str
    former: frozenset[str] = field(default=frozenset(), compare=False)
    """What the cluster was called before its UID could be read; a marker may still say so."""

    def is_marked_as(self, marker: Marker) -> bool:
        """Tell whether a marker was written for this very place."""
        is_here = marker.cluster == self.cluster or marker.cluster in self.former
        return is_here and (marker.namespace, marker.name) == (self.namespace, self.name)


def spot_in(cluster: ClusterFacts, namespace: str, name: str) -> Spot:
    """Return a place of a cluster by its identity."""
    return Spot(cluster.uid, namespace, name, cluster.former_uids)


@dataclass(frozen=True, slots=True)
class Holding:
    """Whose an object is, and what its marker says."""

    claim: Claim = Claim.NOBODYS
    marker: Marker | None = None
    heir: IntentKey | None = None
    """Whose manifest it was made for by another tool."""

    @property
    def is_ours(self) -> bool:
        """Tell whether this installation may change the object in its intent's name."""
        return self.claim in (Claim.OURS, Claim.UNSIGNED, Claim.INHERITED)

    @property
    def is_transferable(self) -> bool:
        """Tell whether another intent of ours may take the object once its own is gone."""
        is_kept = self.marker is not None and self.marker.released
        return self.claim is Claim.OURS and not is_kept

    def belongs_to(self, intent: IntentKey) -> bool:
        """Tell whether it is ours and of this very intent."""
        if self.heir is not None:
            return self.heir == intent
        return self.is_ours and self.marker is not None and self.marker.intent == intent


@dataclass(frozen=True, slots=True)
class Marks:
    """Labels and annotations to set."""

    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a live object shows of whose it is."""

    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    owners: tuple[OwnerReference, ...] = ()


@dataclass(frozen=True, slots=True)
class Inheritance:
    """How targets are recognised that another tool made for the same manifest; pure functions."""

    is_heir: Callable[[Evidence], bool]
    """What an unmarked object shows -> whether it was made for this manifest."""
    is_intact: Callable[[Mapping[str, str], Mapping[str, SecretValue]], bool]
    """Annotations and data -> whether the data is what that tool wrote last."""
    manager: str = ""
    """Name under which that tool wrote; its data keys are ours where keys of others stay."""
    sheds: tuple[str, ...] = ()
    """That tool's annotations which go when the object is first written by us."""
    replaces: bool = False
    """All labels and annotations that are not wanted go then, unless keys of others stay."""
    is_quiet: bool = True
    """What is as wanted is not written only to mark it: that tool's label shows it to a watch."""


@dataclass(frozen=True, slots=True)
class Ownership:
    """How targets are recognised, marked and let go; pure functions."""

    claims: Callable[[Mapping[str, str], Spot, Installation], Holding]
    """Annotations of the live object -> whose it is."""
    marks: Callable[[Marker, Installation], Marks]
    """What to write for a marker (its `mac` is filled in)."""
    relinquish: Callable[[Marker, Installation], Marks]
    """What to write when the target is left in place."""
    inheritance: Inheritance | None = None
    """None: what is not marked is nobody's."""

    def holding(
        self, intent: IntentKey, found: Evidence, spot: Spot, installation: Installation
    ) -> Holding:
        """Return whose a live object is, as this intent sees it.

        Args:
            intent: Who asks.
            found: What the object shows.
            spot: Where it is.
            installation: Who we are.
        """
        holding = self.claims(found.annotations, spot, installation)
        known, marker = self.inheritance, holding.marker
        is_left = marker is not None and marker.released and marker.intent != intent
        if known is None or not (holding.claim is Claim.NOBODYS or is_left):
            return holding
        if not known.is_heir(found):
            return holding
        return Holding(Claim.INHERITED, heir=intent)


def hub_label(hub: str) -> str:
    """Return the value of the hub label for a hub's identity.

    >>> hub_label("3f2a91c0-0000-4000-8000-000000000001")
    '3f2a91c000004000'
    """
    return hub.replace("-", "")[:16]


_decode_marker = msgspec.json.Decoder(Marker).decode


def read_marker(annotations: Mapping[str, str]) -> Marker | None:
    """Return the marker of an object; None when it has none or it cannot be read."""
    text = annotations.get(OWNER_ANNOTATION)
    if text is None:
        return None
    try:
        return _decode_marker(text)
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
    if marker.hub not in (installation.hub, *installation.adopts):
        return Holding(Claim.OTHER_HUB, marker)
    if not spot.is_marked_as(marker):
        return Holding(Claim.COPY, marker)
    claim = _signature_claim(marker, installation)
    if claim is Claim.UNVERIFIED and marker.hub in installation.adopts:
        # A person vouches for what the lost key cannot: ours for its place and reference only.
        claim = Claim.UNSIGNED
    return Holding(claim, marker)


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
