# SPDX-License-Identifier: Apache-2.0
"""ExternalSecret and ClusterExternalSecret as tolerant structs: names, defaults, enums as upstream.

Both versions are read alike: where v1beta1 has a default of its own (`conversionStrategy: Default`)
it means what v1 means by nothing. Enums of our own models have upstream's words already.
Source: compat/external-secrets.md 1.2, 1.3, 1.5.
"""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from keyfleet.model.assembly import ConflictRule, Conversion, MergeStrategy
from keyfleet.model.decoding import Decoding
from keyfleet.model.refresh import RefreshPolicy
from keyfleet.model.rendering import MergePolicy, TemplateAs
from keyfleet.model.v1alpha1.common import ApiStruct, LabelSelector, ObjectName, SecretKey

ENTRIES_MAX = 4096
"""Of one list: each is looked at, and one manifest may hold up nobody."""

WINDOWS_MAX = 32
"""Of one manifest: all of them are asked at each look at it."""

_LIST = Meta(max_length=ENTRIES_MAX)


class StoreKind(StrEnum):
    """Where a store is declared."""

    SECRET_STORE = "SecretStore"  # noqa: S105 - a kind
    CLUSTER_SECRET_STORE = "ClusterSecretStore"  # noqa: S105


class MetadataPolicy(StrEnum):
    """What is read of a remote secret."""

    NONE = "None"
    """Its value."""
    FETCH = "Fetch"
    """The provider's metadata."""


class NullBytePolicy(StrEnum):
    """What becomes of a value with a zero byte."""

    IGNORE = "Ignore"
    FAIL = "Fail"


class PriorityPolicy(StrEnum):
    """Whether what `merge.priority` lists has to be there."""

    STRICT = "Strict"
    IGNORE_NOT_FOUND = "IgnoreNotFound"


class CreationPolicy(StrEnum):
    """What the manifest is to its target."""

    OWNER = "Owner"
    ORPHAN = "Orphan"
    CREATE_OR_MERGE = "CreateOrMerge"
    MERGE = "Merge"
    NONE = "None"


class DeletionPolicy(StrEnum):
    """What becomes of the target when the provider has nothing any more."""

    DELETE = "Delete"
    MERGE = "Merge"
    RETAIN = "Retain"


class StoreReference(ApiStruct, frozen=True, kw_only=True):
    """A store by name."""

    name: ObjectName | None = None
    kind: StoreKind = StoreKind.SECRET_STORE


class GeneratorReference(ApiStruct, frozen=True, kw_only=True):
    """A generator by kind and name."""

    kind: str
    name: ObjectName
    api_version: str = ""


class SourceReference(ApiStruct, frozen=True, kw_only=True):
    """Where one entry is read, instead of `spec.secretStoreRef`."""

    store_ref: StoreReference | None = None
    generator_ref: GeneratorReference | None = None


class RemoteReference(ApiStruct, frozen=True, kw_only=True):
    """One remote secret."""

    key: str
    property: str = ""
    version: str = ""
    metadata_policy: MetadataPolicy = MetadataPolicy.NONE
    conversion_strategy: Conversion = Conversion.DEFAULT
    decoding_strategy: Decoding = Decoding.NONE
    null_byte_policy: NullBytePolicy = NullBytePolicy.IGNORE


class DataEntry(ApiStruct, frozen=True, kw_only=True):
    """One entry of `spec.data`."""

    secret_key: SecretKey
    remote_ref: RemoteReference
    source_ref: SourceReference | None = None


class FindName(ApiStruct, frozen=True, kw_only=True):
    """Secrets by name."""

    regexp: str = ""


class Find(ApiStruct, frozen=True, kw_only=True):
    """A search of a store."""

    name: FindName | None = None
    path: str = ""
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    conversion_strategy: Conversion = Conversion.DEFAULT
    decoding_strategy: Decoding = Decoding.NONE
    null_byte_policy: NullBytePolicy = NullBytePolicy.IGNORE


class RegexpRewriting(ApiStruct, frozen=True, kw_only=True):
    """`rewrite[].regexp`."""

    source: str
    target: str


class TransformRewriting(ApiStruct, frozen=True, kw_only=True):
    """`rewrite[].transform`."""

    template: str


class MergeRewriting(ApiStruct, frozen=True, kw_only=True):
    """`rewrite[].merge`."""

    into: str = ""
    priority: Annotated[tuple[str, ...], _LIST] = ()
    priority_policy: PriorityPolicy = PriorityPolicy.STRICT
    conflict_policy: ConflictRule = ConflictRule.ERROR
    strategy: MergeStrategy = MergeStrategy.EXTRACT


class Rewriting(ApiStruct, frozen=True, kw_only=True):
    """One entry of `rewrite`."""

    regexp: RegexpRewriting | None = None
    transform: TransformRewriting | None = None
    merge: MergeRewriting | None = None


class DataFromEntry(ApiStruct, frozen=True, kw_only=True):
    """One entry of `spec.dataFrom`."""

    extract: RemoteReference | None = None
    find: Find | None = None
    source_ref: SourceReference | None = None
    rewrite: Annotated[tuple[Rewriting, ...], _LIST] = ()


class TemplateKey(ApiStruct, frozen=True, kw_only=True):
    """One key of an object, which holds a template."""

    key: SecretKey
    template_as: TemplateAs = TemplateAs.VALUES


class TemplateObject(ApiStruct, frozen=True, kw_only=True):
    """An object of the manifest's namespace that holds templates."""

    name: ObjectName
    items: Annotated[tuple[TemplateKey, ...], _LIST]


class TemplateFrom(ApiStruct, frozen=True, kw_only=True):
    """Where templates come from: any of the three, in this order."""

    config_map: TemplateObject | None = None
    secret: TemplateObject | None = None
    literal: str | None = None
    target: str = "Data"
    values_decoding_strategy: Decoding = Decoding.NONE


class TemplateMetadata(ApiStruct, frozen=True, kw_only=True):
    """Metadata of the target."""

    labels: dict[str, str] = msgspec.field(default_factory=dict)
    annotations: dict[str, str] = msgspec.field(default_factory=dict)
    finalizers: Annotated[tuple[str, ...], _LIST] = ()


class Template(ApiStruct, frozen=True, kw_only=True):
    """What the target looks like."""

    type: str = ""
    engine_version: str = "v2"
    metadata: TemplateMetadata = TemplateMetadata()
    data: dict[str, str] = msgspec.field(default_factory=dict)
    template_from: Annotated[tuple[TemplateFrom, ...], _LIST] = ()
    merge_policy: MergePolicy = MergePolicy.REPLACE


class TargetManifest(ApiStruct, frozen=True, kw_only=True):
    """Another kind of target than a Secret."""

    api_version: str
    kind: str


class Target(ApiStruct, frozen=True, kw_only=True):
    """The target."""

    name: ObjectName | None = None
    creation_policy: CreationPolicy = CreationPolicy.OWNER
    deletion_policy: DeletionPolicy = DeletionPolicy.RETAIN
    immutable: bool = False
    template: Template | None = None
    manifest: TargetManifest | None = None


class Window(ApiStruct, frozen=True, kw_only=True):
    """A time span that comes again and again."""

    schedule: str
    duration: str


class SyncWindows(ApiStruct, frozen=True, kw_only=True):
    """When the provider may be asked again for no other reason than time."""

    kind: str
    windows: Annotated[tuple[Window, ...], Meta(max_length=WINDOWS_MAX)]


class ExternalSecretSpec(ApiStruct, frozen=True, kw_only=True):
    """`spec` of an ExternalSecret."""

    secret_store_ref: StoreReference | None = None
    target: Target = Target()
    data: Annotated[tuple[DataEntry, ...], _LIST] = ()
    data_from: Annotated[tuple[DataFromEntry, ...], _LIST] = ()
    refresh_interval: str = "1h0m0s"
    refresh_policy: RefreshPolicy = RefreshPolicy.PERIODIC
    sync_windows: SyncWindows | None = None


class ChildMetadata(ApiStruct, frozen=True, kw_only=True):
    """Metadata of the ExternalSecrets that a ClusterExternalSecret makes."""

    labels: dict[str, str] = msgspec.field(default_factory=dict)
    annotations: dict[str, str] = msgspec.field(default_factory=dict)


class ClusterExternalSecretSpec(ApiStruct, frozen=True, kw_only=True):
    """`spec` of a ClusterExternalSecret, but for `externalSecretSpec`, which is copied as it is."""

    external_secret_name: ObjectName | None = None
    external_secret_metadata: ChildMetadata = ChildMetadata()
    namespace_selector: LabelSelector | None = None
    namespace_selectors: Annotated[tuple[LabelSelector, ...], _LIST] = ()
    namespaces: Annotated[tuple[str, ...], _LIST] = ()
    refresh_time: str = ""
