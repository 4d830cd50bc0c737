# SPDX-License-Identifier: Apache-2.0
"""FleetSecret: which secret, from where, shaped how, to which namespaces of which clusters."""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from keyfleet.base.sealing import Scope
from keyfleet.model.intent import ConflictPolicy, DeletionPolicy, OnMissing, Replace
from keyfleet.model.places import SEALED_SECRET, SECRET
from keyfleet.model.rendering import Functions, MergePolicy, MissingKey
from keyfleet.model.v1alpha1.common import (
    ApiStruct,
    ClusterSelection,
    ClusterText,
    Conditions,
    Duration,
    NamespaceName,
    NamespaceSelection,
    ObjectName,
    Rule,
    SecretKey,
    SourceName,
    StoreKind,
)
from keyfleet.model.v1alpha1.templates import TEMPLATES_MAX, TemplateFrom

REFRESH_INTERVAL = "1h"
"""How often stores are asked again where nothing is said about it."""
SOURCES_MAX = 8
"""As many references an API server asks about in one admission policy, with those of templates."""


class SecretReference(ApiStruct, frozen=True, kw_only=True):
    """A Secret in a cluster of the fleet."""

    name: ObjectName
    """Name of the Secret."""
    namespace: NamespaceName | None = None
    """Namespace of the Secret; default: the FleetSecret's own. Another namespace needs a grant."""
    cluster: ClusterText | None = None
    """Cluster that holds the Secret; default: the hub. A member needs a FleetPolicy grant."""


class StoreReference(ApiStruct, frozen=True, kw_only=True):
    """A store of the hub, as External Secrets declares them."""

    name: ObjectName
    """Name of the store."""
    kind: StoreKind = StoreKind.SECRET_STORE
    """`SecretStore`, or `ClusterSecretStore`, whose conditions say which namespaces may use it."""
    namespace: NamespaceName | None = None
    """Namespace of the SecretStore; default: the FleetSecret's own. Another namespace needs a
    grant."""


ITEMS_MAX = 256
"""Most sealed items of one source; the API server takes 1.5 MiB of manifest anyway."""
SealedText = Annotated[str, Meta(min_length=1, max_length=1 << 20)]
SealedItems = Annotated[
    dict[str, SealedText],
    Meta(
        min_length=1,
        max_length=ITEMS_MAX,
        extra_json_schema={"minProperties": 1, "maxProperties": ITEMS_MAX},
    ),
]


class SealedValues(ApiStruct, frozen=True, kw_only=True):
    """Values that stand in the FleetSecret itself, sealed as `kubeseal --raw` seals them."""

    encrypted_data: SealedItems
    """Key to sealed text: `keyfleet seal --raw --name NAME --namespace NAMESPACE`, with the
    FleetSecret's own name and namespace."""
    scope: Scope = Scope.STRICT
    """What the texts are bound to: `strict` the FleetSecret's name and namespace,
    `namespace-wide` its namespace, `cluster-wide` nothing."""
    cluster: ClusterText | None = None
    """Cluster whose keys open them; default: the hub. A member needs a FleetPolicy grant, as for
    reading in the namespace of the same name there."""


RemoteText = Annotated[str, Meta(min_length=1, max_length=2048)]


class ValueSource(ApiStruct, frozen=True, kw_only=True):
    """Where values come from."""

    cel_rules = (
        Rule(
            "[has(self.secretRef), has(self.storeRef), has(self.sealed)]"
            ".filter(given, given).size() == 1",
            "give exactly one of secretRef, storeRef and sealed",
        ),
        Rule("has(self.key) == has(self.storeRef)", "key is for storeRef, which needs it"),
        Rule(
            "has(self.storeRef) || !(has(self.property) || has(self.version) || has(self.to)"
            " || has(self.refreshInterval))",
            "property, version, to and refreshInterval are for storeRef",
        ),
    )

    secret_ref: SecretReference | None = None
    """The Secret to read; this, `storeRef` or `sealed`."""
    store_ref: StoreReference | None = None
    """The store to read from; this, `secretRef` or `sealed`."""
    sealed: SealedValues | None = None
    """The values themselves, sealed; this, `secretRef` or `storeRef`."""
    key: RemoteText | None = None
    """What the store's provider calls the secret, for `storeRef`."""
    property: RemoteText | None = None
    """Part of the secret in the store: a path in its JSON, such as `database.password`."""
    version: RemoteText | None = None
    """Version of the secret in the store; default: the present one."""
    to: SecretKey | None = None
    """Key that gets the value from the store; default: the value is a JSON object, and each of its
    members becomes a key."""
    refresh_interval: Duration | None = None
    """How often the store is asked again; default: `1h`, and `0` is only when something changes.
    Of several sources the shortest counts. Other sources are watched and need none."""


class SecretSource(ValueSource, frozen=True, kw_only=True):
    """Where the values come from."""

    on_missing: OnMissing = OnMissing.RETAIN
    """What happens to the targets when the source is positively absent: `Retain` or `Delete`."""


class NamedSource(ValueSource, frozen=True, kw_only=True):
    """One of several sources."""

    name: SourceName
    """What templates call it: its key `password` is `.name.password`."""


class KeyMapping(ApiStruct, frozen=True, kw_only=True):
    """One key to deliver."""

    from_: SecretKey = msgspec.field(name="from")
    """Key in the source."""
    to: SecretKey | None = None
    """Key in the targets; default: the same."""


class TargetMetadata(ApiStruct, frozen=True, kw_only=True):
    """Metadata that the targets get; that of the source is not copied."""

    labels: dict[str, str] = msgspec.field(default_factory=dict)
    """Labels to set on the targets; values may be templates."""
    annotations: dict[str, str] = msgspec.field(default_factory=dict)
    """Annotations to set on the targets; values may be templates."""


class TargetTemplate(ApiStruct, frozen=True, kw_only=True):
    """What the targets look like."""

    type: Annotated[str, Meta(max_length=253)] = ""
    """Secret type of the targets; default: the source's, `Opaque` where templates replace its keys
    or where several sources differ. Special types are refused."""
    metadata: TargetMetadata = TargetMetadata()
    """Labels and annotations of the targets."""
    data: dict[str, str] = msgspec.field(default_factory=dict)
    """Key to a Go template that makes its value, from the source's keys (`.password`, or
    `.name.password` of several sources), `.Cluster` and `.Namespace`."""
    template_from: Annotated[
        tuple[TemplateFrom, ...],
        Meta(max_length=TEMPLATES_MAX, extra_json_schema={"maxItems": TEMPLATES_MAX}),
    ] = ()
    """Further templates, in Secrets and ConfigMaps of the FleetSecret's own namespace."""
    merge_policy: MergePolicy = MergePolicy.REPLACE
    """Whether the source's own keys are delivered beside those that templates make: `Replace`
    delivers only the templates' keys, `Merge` both."""
    functions: Functions = Functions.SPRIG
    """The functions that templates may call, beside Go's own."""
    missing_key: MissingKey = MissingKey.ERROR
    """What a key gives that is not there: `error` delivers nothing, `zero` and `default` are Go's
    options of these names."""


class Placement(ApiStruct, frozen=True, kw_only=True):
    """Where the secret goes."""

    clusters: ClusterSelection = ClusterSelection()
    """Clusters to deliver to; nothing chosen delivers nothing."""
    namespaces: NamespaceSelection | None = None
    """Namespaces to deliver to; default: the one called like the FleetSecret's own."""
    name: ObjectName | None = None
    """Name of the targets; default: the FleetSecret's."""


class DeliveryKind(StrEnum):
    """A kind of target."""

    SECRET = SECRET
    SEALED_SECRET = SEALED_SECRET


class Via(StrEnum):
    """Where a target is written."""

    MEMBER = "Member"
    HUB = "Hub"


class Delivery(ApiStruct, frozen=True, kw_only=True):
    """In which form the secret is delivered."""

    cel_rules = (
        Rule(
            f"!has(self.scope) || (has(self.kind) && self.kind == '{SEALED_SECRET}')",
            f"scope is for kind: {SEALED_SECRET}",
        ),
        Rule(
            "!has(self.via) || self.via == 'Member' ||"
            f" (has(self.kind) && self.kind == '{SEALED_SECRET}')",
            f"via: Hub is for kind: {SEALED_SECRET}",
        ),
    )

    kind: DeliveryKind = DeliveryKind.SECRET
    """`Secret`; or `SealedSecret`: sealed for the cluster, so that only its controller of sealed
    secrets, Bitnami's or Keyfleet's, makes the Secret of it."""
    scope: Scope | None = None
    """Where a SealedSecret may be opened: `strict` (default), `namespace-wide` or
    `cluster-wide`."""
    via: Via = Via.MEMBER
    """Where it is written: `Member`, into the cluster itself; or `Hub`: sealed, into the
    cluster's namespace on the hub (`spec.sealing.hubNamespace` of its FleetCluster), from where
    the cluster takes it."""

    @property
    def sealed_as(self) -> Scope | None:
        """The scope of what is delivered sealed; None: Secrets are delivered."""
        return (self.scope or Scope.STRICT) if self.kind is DeliveryKind.SEALED_SECRET else None


class FleetSecretSpec(ApiStruct, frozen=True, kw_only=True):
    """What is wanted."""

    cel_rules = (
        Rule(
            "has(self.source) != (has(self.sources) && size(self.sources) > 0)",
            "give exactly one of source and sources",
        ),
    )

    source: SecretSource | None = None
    """Where the values come from; this or `sources`."""
    sources: Annotated[
        tuple[NamedSource, ...],
        Meta(
            max_length=SOURCES_MAX,
            extra_json_schema={
                "maxItems": SOURCES_MAX,
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["name"],
            },
        ),
    ] = ()
    """Several Secrets that the values come from. Without templates their keys are merged, and a
    key that two of them have is refused; when one is absent, the targets stay."""
    data: Annotated[tuple[KeyMapping, ...], Meta(min_length=1)] | None = None
    """Keys to deliver; default: every key as it is."""
    template: TargetTemplate = TargetTemplate()
    """Type, labels, annotations and data of the targets."""
    placement: Placement
    """Which clusters, which namespaces, under which name."""
    delivery: Delivery = Delivery()
    """In which form: as Secrets, or sealed."""
    conflict_policy: ConflictPolicy = ConflictPolicy.REFUSE
    """What to do about a target that exists and is somebody else's: `Refuse`; `Adopt` takes it
    when it already holds the wanted data; `Overwrite` takes and replaces it."""
    deletion_policy: DeletionPolicy = DeletionPolicy.DELETE
    """What happens to a target that is no longer wanted: `Delete` or `Retain`."""
    replace: Replace = Replace.REFUSE
    """What to do about a target that cannot be changed, since it is immutable or its type would
    change: `Refuse`, or `Recreate`, which deletes it and creates it again."""
    paused: bool = False
    """Write and delete nothing for this FleetSecret; reading and status go on."""


class Summary(ApiStruct, frozen=True, kw_only=True):
    """How many clusters are in which state."""

    clusters: int = 0
    """Clusters that are meant."""
    in_sync: int = 0
    """Clusters where every target is as wanted."""
    pending: int = 0
    """Clusters that wait for something, such as a namespace."""
    held: int = 0
    """Clusters where a person must decide."""
    paused: int = 0
    """Clusters that are paused."""
    refused: int = 0
    """Clusters that a rule forbids."""
    conflict: int = 0
    """Clusters where a target is somebody else's."""
    failed: int = 0
    """Clusters where a target cannot be written."""
    unreachable: int = 0
    """Clusters that do not answer."""
    text: str = ""
    """`inSync/clusters`, for `kubectl get`."""


class ClusterState(ApiStruct, frozen=True, kw_only=True):
    """How this FleetSecret stands in one cluster."""

    name: str
    """The cluster."""
    state: str
    """InSync, Pending, Held, Paused, Refused, Conflict, Failed or Unreachable."""
    reason: str = ""
    """Why, in one CamelCase word."""
    message: str = ""
    """Why, in words; never a value."""
    targets: int = 0
    """Targets in this cluster."""
    in_sync: int = 0
    """Targets that are as wanted."""
    revision: int = 0
    """Lowest revision among the targets."""
    propagation_ms: int | UnsetType = UNSET
    """Time from the last change of the source being seen to its last target being written."""


ClusterStates = Annotated[
    tuple[ClusterState, ...],
    Meta(
        extra_json_schema={
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
        }
    ),
]


class FleetSecretStatus(ApiStruct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of it."""

    conditions: Conditions = ()
    """`Ready`: every target is as wanted; paused clusters do not count."""
    observed_generation: int = 0
    """Generation that this status answers."""
    revision: int = 0
    """Counts the changes of the source's values."""
    source_fingerprint: str = ""
    """Keyed fingerprint of the source's values at that revision."""
    sync_handled: str = ""
    """Token of the last `keyfleet sync` that was carried out everywhere."""
    summary: Summary = Summary()
    """How many clusters are in which state."""
    clusters: ClusterStates = ()
    """State per cluster, worst first, at most 50."""
