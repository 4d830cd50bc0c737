# SPDX-License-Identifier: Apache-2.0
"""Everything a decision about one target may look at, gathered beforehand."""

from dataclasses import dataclass, field

from keyfleet.model.desired import Actual, DesiredObject
from keyfleet.model.flows import Lineage
from keyfleet.model.intent import Intent, SecretRef
from keyfleet.model.ownership import MARKED, Holding, Installation, Ownership, Spot, spot_in
from keyfleet.model.places import ClusterFacts, IntentKey, NamespaceFacts, Place
from keyfleet.model.plan import Finding
from keyfleet.model.policy import Policies
from keyfleet.model.sealed import Sealing
from keyfleet.model.stores import StoreRef


@dataclass(frozen=True, slots=True)
class Asker:
    """What the target's marker will say of the intent."""

    uid: str = ""
    crd: str = ""
    """UID of the intent's CRD, empty where it needs none."""
    domain: str = ""
    revision: int = 0
    source_fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """What templates made the desired object of, for its marker."""

    inputs: str = ""
    """Fingerprint of everything that decides about it; empty without templates."""
    metadata: str = ""
    """Fingerprint of the labels and annotations that they made."""


@dataclass(frozen=True, slots=True)
class Question:
    """One target: what should be there, what is there, and who else has a say."""

    key: IntentKey
    place: Place
    cluster: ClusterFacts
    installation: Installation
    intent: Intent | None = None
    """None: the intent is gone."""
    desired: DesiredObject | None = None
    """None: not wanted here."""
    fingerprint: str = ""
    """Fingerprint of the desired data under this intent."""
    actual: Actual | None = None
    """None: absent."""
    namespace: NamespaceFacts | None = None
    """None: absent."""
    asker: Asker = Asker()
    source: SecretRef | StoreRef | None = None
    """Where the data came from, with its cluster's canonical name."""
    source_spots: tuple[Spot, ...] = ()
    """Where everything was read that the data is made of."""
    made: Made = Made()
    obstacle: Finding | None = None
    """Why nobody can say what the target should hold; `desired` holds nothing then."""
    sealing: Sealing | None = None
    """What the target is sealed with; None: it is delivered as it is."""
    lineage: Lineage = field(default_factory=Lineage)
    """Where the data comes from; nowhere known is no reason to let it flow."""
    policies: Policies = field(default_factory=Policies)
    rival: IntentKey | None = None
    """A live intent that wants this very place too and has the stronger claim."""
    holder_wants: bool = False
    """The intent named by the present marker lives and wants this place."""
    deletion_policy: str = ""
    """What the living intent wants done with an unwanted target; empty: as its marker says."""
    is_succeeded: bool = False
    """What the target holds arrives there sealed from now on, so it is left to who opens that."""
    is_made_by_ours: bool = False
    """The live Secret is what became of a SealedSecret that this intent delivered."""
    accepted_names: frozenset[str] = frozenset()
    """Earlier names of the cluster that a person accepted."""
    deletion_hold: Finding | None = None
    """Why nothing may be deleted now; None when the view of the fleet is complete."""

    @property
    def spot(self) -> Spot:
        """The place by the cluster's identity."""
        return spot_in(self.cluster, self.place.namespace, self.place.name)

    @property
    def ownership(self) -> Ownership:
        """How targets of this intent are marked."""
        return self.intent.guard.ownership if self.intent else MARKED

    @property
    def holding(self) -> Holding:
        """Whose the live object is."""
        if self.actual is None:
            return Holding()
        found = self.actual.evidence
        return self.ownership.holding(self.key, found, self.spot, self.installation)
