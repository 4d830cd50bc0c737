# SPDX-License-Identifier: Apache-2.0
"""The protocols that dialects, inventories and sources implement; `builtin.py` lists who does.

`plugin.stores` has those of the providers behind stores.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from keyfleet.base.sealing import Keyset
from keyfleet.kube.access import Access
from keyfleet.kube.objects import Metadata
from keyfleet.kube.resources import Resource
from keyfleet.model.data import SecretData
from keyfleet.model.intent import Intent, Origin, Read, Rejection
from keyfleet.model.outcome import Outcome, StoreOutcome
from keyfleet.model.places import ClusterName, IntentKey
from keyfleet.model.v1alpha1.common import SYNC_REQUESTED


@dataclass(frozen=True, slots=True)
class Translation:
    """What a manifest means."""

    intents: tuple[Intent, ...] = ()
    rejections: tuple[Rejection, ...] = ()


SYNC_TOKEN_MAX = 253
"""Longest token of a `keyfleet sync`; `sync` itself writes a short one."""


def labels_of(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the labels of a manifest; what is no text is left out."""
    return _texts(manifest, "labels")


def annotations_of(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the annotations of a manifest; what is no text is left out."""
    return _texts(manifest, "annotations")


def sync_requested(manifest: Mapping[str, Any]) -> str:
    """Return the token of the last `keyfleet sync` of a manifest; empty without one."""
    token = annotations_of(manifest).get(SYNC_REQUESTED, "")
    # It comes back in the status: a token, not a place to keep text.
    return token if len(token) <= SYNC_TOKEN_MAX else ""


def _texts(manifest: Mapping[str, Any], name: str) -> dict[str, str]:
    metadata = manifest.get("metadata")
    found = metadata.get(name) if isinstance(metadata, Mapping) else None
    if not isinstance(found, Mapping):
        return {}
    return {name: text for name, text in found.items() if isinstance(text, str)}


@dataclass(frozen=True, slots=True)
class Event:
    """Something to tell the people who look at a manifest; becomes a Kubernetes Event."""

    type: str
    """`Normal` or `Warning`."""
    reason: str
    note: str
    """At most 1 KiB; never a value."""


@dataclass(frozen=True, slots=True)
class Report:
    """How a manifest's own status and events say an outcome."""

    status: Mapping[str, Any] | None = None
    """The whole status; None where the manifest has none."""
    events: tuple[Event, ...] = ()


class Role(StrEnum):
    """What manifests of a kind are for."""

    INTENT = "intent"
    """Each asks for something: `Dialect.translate` says what."""
    STORE = "store"
    """Names a place that values come from."""
    GENERATOR = "generator"
    """Says how to make values."""
    PARENT = "parent"
    """Makes manifests of another kind of the same dialect."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of manifest a dialect understands."""

    resource: Resource
    """Its group, and the version that is preferred where its CRD serves several."""
    has_status: bool = True
    """A status is written on its manifests."""
    role: Role = Role.INTENT
    is_for_members: bool = False
    """Its manifests count in every cluster where they are found, not only on the hub."""
    is_foreign: bool = False
    """Another tool's kind: ours only where we installed its CRD, or a setting says so."""
    versions: tuple[str, ...] = ()
    """Further versions of the group that mean the same, best first."""
    finalizers: tuple[str, ...] = ()
    """Another tool's, on manifests: removed once a manifest is being deleted, since that tool will
    not do it where the kind is ours."""
    inherits: str = ""
    """Label selector of the targets that the other tool made for such manifests."""
    metadata_only: bool = False
    """Its meaning is in labels and annotations; its body is never fetched."""
    wanted: Callable[[Metadata], bool] = lambda _: True
    """For metadata-only kinds: which objects are manifests at all."""
    annotation_domain: str = ""
    """Prefix of the annotations to keep while decoding."""
    condition: str = "Ready"
    """Type of the condition by which a manifest says whether it is as it asks."""


class Dialect(Protocol):
    """A language of manifests; every function is pure."""

    @property
    def name(self) -> str:
        """What the dialect is called."""
        ...

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of manifests it understands."""
        ...

    def translate(self, manifest: Mapping[str, Any], origin: Origin) -> Translation:
        """Return what the manifest asks for."""
        ...

    def report(
        self, outcome: Outcome | Rejection, before: Mapping[str, Any] | None, *, now: str
    ) -> Report:
        """Return how to say the outcome on the manifest, given its present status."""
        ...


class StoreDialect(Dialect, Protocol):
    """A dialect that has stores, too."""

    def report_store(
        self, outcome: StoreOutcome, before: Mapping[str, Any] | None, *, now: str
    ) -> Report:
        """Return how to say on a store's manifest how it stands, given its present status."""
        ...


class Kinship(StrEnum):
    """Where a cluster's entry came from, which decides how far it is trusted."""

    OPERATOR = "Operator"
    """The operator's own kubeconfig, or a FleetCluster a person wrote."""
    DISCOVERED = "Discovered"
    """Found by an inventory: needs `keyfleet clusters trust`."""


@dataclass(frozen=True, slots=True)
class ClusterSnapshot:
    """One cluster as an inventory sees it."""

    name: ClusterName
    open: Callable[[], Awaitable[Access]]
    """Resolve how to log in; raises KeyfleetError when it cannot be."""
    labels: Mapping[str, str] = field(default_factory=dict)
    aliases: frozenset[str] = frozenset()
    generation: str = ""
    """A change means: reconnect."""
    paused: bool = False
    kinship: Kinship = Kinship.OPERATOR
    pinned_uid: str = ""
    pinned_ca_sha256: str = ""
    pinned_at: str = ""
    """RFC 3339; of two that say to be one cluster, the one that was known earlier is believed."""
    on_removed: str = "Retain"
    accepted_names: frozenset[str] = frozenset()
    """Earlier names that a person accepted, so that clean-up under them goes on."""
    is_declared: bool = False
    """A FleetCluster of that name exists, and its status can be written."""
    is_bare: bool = False
    """Made by Keyfleet from a kubeconfig context; one that a person wrote comes first."""
    declared_as: int = 0
    """Generation of the declaration: the status says which one it answers."""
    problem: str = ""
    """Why it cannot be opened, known without trying."""
    in_flight: int = 0
    """Requests at a time; 0 is the default."""
    namespaces: tuple[str, ...] = ()
    """The only ones its login may reach Secrets in; empty: all."""
    sealing_certificate: str = ""
    """PEM of what is sealed with for it; empty: its newest key's."""
    hub_namespace: str = ""
    """Of the hub: where what the cluster takes for itself is written; empty: nowhere."""
    is_agent: bool = False
    """Nobody connects to it."""


class Inventory(Protocol):
    """Which clusters there are."""

    def clusters(self) -> AsyncIterator[tuple[ClusterSnapshot, ...]]:
        """Yield the whole known set, now and whenever it changes."""
        ...


class Session(Protocol):
    """An opened source: whose rights apply, and how to read."""

    @property
    def principal(self) -> str:
        """Who the source confirmed us to be; reads are shared only within it."""
        ...

    async def read(self, read: Read) -> SecretData:
        """Return what the reference names.

        Raises:
            SecretNotFoundError: The source answered "absent", or forbidden.
            UnreachableError: No answer; says nothing about presence.
        """
        ...


class References(Protocol):
    """The one resolver of references: it knows whose reference it is."""

    def cluster(self, name: ClusterName) -> Any:
        """Return the client of a cluster the asking intent may read in."""
        ...

    def keys(self, name: ClusterName) -> Keyset:
        """Return the sealing keys of a cluster whose sealed values the asking intent may open.

        Raises:
            NotReadyError: They are not known yet.
        """
        ...


class Source(Protocol):
    """A kind of place that secrets come from."""

    @property
    def name(self) -> str:
        """What the source is called; `Read.source` names it."""
        ...

    async def open(self, references: References, intent: IntentKey) -> Session:
        """Log in."""
        ...
