# SPDX-License-Identifier: Apache-2.0
"""What somebody asked for, in the one form every dialect translates to.

An intent answers: what secret (`reads`), shaped how (`shape`), to which namespaces of which
clusters (`targets`), under which guard (`guard`). `origins` say who asked, so that the answer can
be reported back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from keyfleet.base.errors import InvariantError
from keyfleet.base.sealing import Scope
from keyfleet.model.assembly import Assembly
from keyfleet.model.dress import Dress
from keyfleet.model.matchers import ClusterMatcher, NamespaceMatcher
from keyfleet.model.ownership import MARKED, Ownership
from keyfleet.model.places import CARRIER, SEALED_SECRET, SECRET, ClusterName, IntentKey
from keyfleet.model.refresh import Refresh, Standing
from keyfleet.model.rendering import Rendering
from keyfleet.model.sealed import SealedRead
from keyfleet.model.stores import StoreRead, StoreRef


class ConflictPolicy(StrEnum):
    """What to do about a target that exists and is not ours."""

    REFUSE = "Refuse"
    ADOPT = "Adopt"
    """Take it if it already holds the wanted data."""
    OVERWRITE = "Overwrite"


class DeletionPolicy(StrEnum):
    """What happens to a target whose intent is gone or no longer means it."""

    DELETE = "Delete"
    RETAIN = "Retain"


class OnMissing(StrEnum):
    """What happens to the targets when the source is positively absent."""

    RETAIN = "Retain"
    DELETE = "Delete"


class Replace(StrEnum):
    """What to do about a target that cannot be changed: immutable, or of another type."""

    REFUSE = "Refuse"
    RECREATE = "Recreate"
    """Delete it and create it again."""


class WriteMode(StrEnum):
    """How a desired object meets an existing one."""

    REPLACE_DATA = "replace-data"
    """Type and the whole data are ours; labels and annotations of others stay."""
    MERGE = "merge"
    """Only our keys are ours."""
    CREATE_ONLY = "create-only"
    """Written once, then left alone."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The manifest that asked: enough to report back to it."""

    dialect: str
    kind: str
    namespace: str
    name: str
    uid: str = ""
    generation: int = 0
    created: str = ""
    """creationTimestamp, RFC 3339; the older of two intents wins a contested target."""
    cluster: ClusterName = ClusterName("")
    """Where it was found; empty is the hub."""
    file: str = ""
    """The file it came from, for `-f`."""


@dataclass(frozen=True, slots=True)
class SecretRef:
    """A Secret in a cluster, or a ConfigMap with templates; empty cluster is the hub."""

    namespace: str
    name: str
    cluster: ClusterName = ClusterName("")
    kind: str = "Secret"
    """`Secret` or `ConfigMap`."""

    def __str__(self) -> str:
        return f"{self.cluster or 'hub'}/{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Read:
    """One thing to read, and where."""

    source: str
    """Name of the source that can read it, such as `kubernetes` or `sealed`; `store` for what is in
    stores."""
    ref: SecretRef | StoreRead | SealedRead
    """What to read."""
    name: str = ""
    """What templates call it, where there are several."""
    path: str = "spec.source.secretRef"
    """Where it stands in its manifest, for people."""
    key: str = ""
    """The key of a single value that a store gives, where no assembly says it."""

    @property
    def secret(self) -> SecretRef:
        """What to read, where that is an object of a cluster.

        Raises:
            InvariantError: It is in a store, or sealed in the manifest itself.
        """
        if not isinstance(self.ref, SecretRef):
            raise InvariantError("intent.not_an_object", "this is no object to read", self.path)
        return self.ref

    @property
    def subject(self) -> SecretRef | StoreRef:
        """The object whose changes concern who reads this.

        It is the Secret, the store, or the manifest that the values are sealed in.
        """
        ref = self.ref
        if isinstance(ref, SealedRead):
            return SecretRef(ref.namespace, ref.name, ref.cluster, ref.kind)
        return ref if isinstance(ref, SecretRef) else ref.store


@dataclass(frozen=True, slots=True)
class KeyRename:
    """Take key `origin` of the source as key `target`."""

    origin: str
    target: str


class Creation(StrEnum):
    """Whether a target is made where none is."""

    CREATE = "create"
    EXISTING = "existing"
    """Only what is there already is written."""
    NEVER = "never"
    """Nothing is written at all: everything is only looked at."""


@dataclass(frozen=True, slots=True)
class Deference:
    """Annotations by which a target itself says how it is met; each counts where it is `true`."""

    shares: str
    """It has keys of others, which stay, and it stays theirs."""
    yields: str
    """It may be taken over from whoever has it."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How source data becomes the target object."""

    type: str = ""
    """Secret type; empty means the source's."""
    keys: tuple[KeyRename, ...] | None = None
    """Keys to take; None means every key as it is."""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    write_mode: WriteMode = WriteMode.REPLACE_DATA
    assembly: Assembly | None = None
    """How the answers of stores become the data; None: each read gives a map of its own."""
    rendering: Rendering | None = None
    """What templates make of it; None without any."""
    creation: Creation = Creation.CREATE
    dress: Dress = field(default_factory=Dress)
    keeps_type: bool = False
    """An existing target keeps its type, where `type` is empty."""
    deference: Deference | None = None
    """What a target may say of how it is met; None: it is met as this says."""


@dataclass(frozen=True, slots=True)
class ClusterTargets:
    """To which namespaces of which clusters, under which name."""

    clusters: ClusterMatcher
    namespaces: NamespaceMatcher
    name: str
    sealed_as: Scope | None = None
    """Scope of the SealedSecrets that are delivered; None: Secrets are."""
    is_carried: bool = False
    """They are written on the hub, where each cluster takes its own."""

    @property
    def kind(self) -> str:
        """The kind of the targets."""
        if self.is_carried:
            return CARRIER
        return SECRET if self.sealed_as is None else SEALED_SECRET


@dataclass(frozen=True, slots=True)
class Guard:
    """The limits of what may happen in the intent's name."""

    on_conflict: ConflictPolicy = ConflictPolicy.REFUSE
    takes_unmarked: bool = False
    """What nobody marked is taken and replaced, whatever `on_conflict` says of marked targets."""
    on_source_missing: OnMissing = OnMissing.RETAIN
    on_intent_deleted: DeletionPolicy = DeletionPolicy.DELETE
    on_unchangeable: Replace = Replace.REFUSE
    takes_own_namespace: bool = False
    """The manifest's own namespace is a target even where it is a system namespace: whoever wrote
    the manifest there may write there."""
    ownership: Ownership = MARKED


@dataclass(frozen=True, slots=True)
class Rollout:
    """In which order targets change; at present everything at once."""

    paused: bool = False


@dataclass(frozen=True, slots=True)
class Intent:
    """One thing somebody wants to be true."""

    key: IntentKey
    origins: tuple[Origin, ...]
    reads: tuple[Read, ...]
    """Where the values come from."""
    shape: Shape
    targets: ClusterTargets
    guard: Guard = Guard()
    rollout: Rollout = Rollout()
    refresh: Refresh | None = None
    """When its stores are asked again; None: whenever it is looked at."""
    standing: Standing = field(default_factory=Standing)
    """How far it had come when its status was last seen."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Labels of the manifest: flow guards add them to those of the source."""
    revision: int = 0
    """Last revision its status records."""
    source_fingerprint: str = ""
    """Source fingerprint of that revision."""
    sync_requested: str = ""
    """Token of the last `keyfleet sync`; a new one goes past every back-off."""
    template_reads: tuple[Read, ...] = ()
    """Where texts of templates come from."""
    version: str = ""
    """What this manifest says, in its dialect's own words: comes back in the outcome once done."""
    notices: tuple[str, ...] = ()
    """What its author should know although nothing is wrong."""

    @property
    def origin(self) -> Origin:
        """The first manifest that asked."""
        return self.origins[0]

    @property
    def all_reads(self) -> tuple[Read, ...]:
        """Everything it reads: values and texts of templates."""
        return self.reads + self.template_reads

    @property
    def secret_reads(self) -> tuple[Read, ...]:
        """The Secrets and stores it reads: what is delivered comes from them."""
        return tuple(read for read in self.all_reads if read.ref.kind != "ConfigMap")

    @property
    def refs(self) -> tuple[SecretRef, ...]:
        """The objects of clusters that it reads, without what is in stores."""
        return tuple(read.ref for read in self.all_reads if isinstance(read.ref, SecretRef))

    @property
    def seniority(self) -> tuple[str, str, str]:
        """Sorts before that of an intent with a weaker claim to the same target."""
        return (self.origin.created or "~", self.key.namespace, self.key.name)


@dataclass(frozen=True, slots=True)
class Rejection:
    """A manifest, or a part of it, that cannot become an intent."""

    key: IntentKey
    origin: Origin
    reason: str
    """CamelCase, for the status."""
    message: str
    path: str = ""
    """Field path, such as `spec.placement.exclude`."""
    hint: str = ""
    excerpt: tuple[str, ...] = ()
    """The line of a template that is wrong, with a caret; for people at a command line."""
