# SPDX-License-Identifier: Apache-2.0
"""What the native kinds share: names, selectors, choices of clusters and namespaces, conditions."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from keyfleet.model.selectors import OPERATORS

GROUP = "keyfleet.io"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"

SYNC_REQUESTED = "keyfleet.io/sync-requested"
"""Annotation with the token of the last `keyfleet sync`."""
ORIGIN = "keyfleet.io/origin"
"""Annotation on objects that Keyfleet made by itself."""

_LABEL = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
DNS_LABEL = f"^{_LABEL}$"
DNS_SUBDOMAIN = rf"^{_LABEL}(\.{_LABEL})*$"
CHOSEN_NAMESPACE = rf"^(\*|{_LABEL})$"
CHOSEN_CLUSTER = r"^(\*|[^*]+)$"
NO_STAR = r"^[^*]+$"
KEY_NAME = r"^[-._a-zA-Z0-9]+$"
SOURCE_NAME = r"^[a-z][a-zA-Z0-9_]*$"

DURATION = r"^(0|([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h))+)$"
PATTERN_WORDS = {
    DNS_LABEL: "not a namespace name (lower-case letters, digits and '-', at most 63)",
    DNS_SUBDOMAIN: "not an object name (lower-case letters, digits, '-' and '.')",
    CHOSEN_NAMESPACE: "not a namespace name and not '*'",
    CHOSEN_CLUSTER: "names match whole: '*' stands alone and means every cluster",
    NO_STAR: "must be the name of one cluster: '*' is none",
    KEY_NAME: "not a key of a Secret (letters, digits, '-', '_' and '.')",
    DURATION: "not a duration: write it as 30s, 5m or 1h30m",
    SOURCE_NAME: "not a name for templates (a small letter, then letters, digits and '_')",
}
"""What a text that misses a pattern is not, for people."""

NamespaceName = Annotated[str, Meta(min_length=1, max_length=63, pattern=DNS_LABEL)]
ObjectName = Annotated[str, Meta(min_length=1, max_length=253, pattern=DNS_SUBDOMAIN)]
ChosenNamespace = Annotated[str, Meta(min_length=1, max_length=63, pattern=CHOSEN_NAMESPACE)]
ClusterText = Annotated[str, Meta(min_length=1, max_length=253, pattern=NO_STAR)]
"""A cluster's name or its kubeconfig context: contexts may hold nearly anything."""
ChosenCluster = Annotated[str, Meta(min_length=1, max_length=253, pattern=CHOSEN_CLUSTER)]
SecretKey = Annotated[str, Meta(min_length=1, max_length=253, pattern=KEY_NAME)]

Duration = Annotated[str, Meta(max_length=64, pattern=DURATION)]
"""As Go writes durations: `1h30m`, `0`."""

SourceName = Annotated[str, Meta(min_length=1, max_length=63, pattern=SOURCE_NAME)]

NAMES_MAX = 1000
"""Longest list of names: each is decided about by itself, and one object may hold up nobody."""

_SET = Meta(
    max_length=NAMES_MAX,
    extra_json_schema={"x-kubernetes-list-type": "set", "maxItems": NAMES_MAX},
)
ChosenClusters = Annotated[tuple[ChosenCluster, ...], _SET]
ClusterTexts = Annotated[tuple[ClusterText, ...], _SET]
ChosenNamespaces = Annotated[tuple[ChosenNamespace, ...], _SET]
NamespaceNames = Annotated[tuple[NamespaceName, ...], _SET]
Texts = Annotated[tuple[str, ...], _SET]


class StoreKind(StrEnum):
    """A kind of store."""

    SECRET_STORE = "SecretStore"  # noqa: S105 - a kind, not a password
    CLUSTER_SECRET_STORE = "ClusterSecretStore"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule in CEL that the API server checks, and what it says when broken."""

    cel: str
    message: str


class ApiStruct(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A part of a native object; fields are written in camel case."""

    cel_rules: ClassVar[tuple[Rule, ...]] = ()


class LabelSelectorRequirement(ApiStruct, frozen=True, kw_only=True):
    """One condition on one label."""

    key: str
    """Label key."""
    operator: Annotated[str, Meta(extra_json_schema={"enum": list(OPERATORS)})]
    """`In`, `NotIn`, `Exists` or `DoesNotExist`; `NotIn` is also true of a missing label."""
    values: tuple[str, ...] = ()
    """Label values; for `In` and `NotIn` only."""


class LabelSelector(ApiStruct, frozen=True, kw_only=True):
    """A label selector; all its conditions must hold."""

    match_labels: dict[str, str] = msgspec.field(default_factory=dict)
    """Labels that must be there with these very values."""
    match_expressions: tuple[LabelSelectorRequirement, ...] = ()
    """Further conditions on labels."""


class ClusterSelection(ApiStruct, frozen=True, kw_only=True):
    """Clusters: (names or selector) minus exclude."""

    names: ChosenClusters = ()
    """Clusters by FleetCluster name or kubeconfig context; `*` is every cluster."""
    selector: LabelSelector = LabelSelector()
    """Clusters by the labels of their FleetCluster; an empty selector selects nothing."""
    exclude: ClusterTexts = ()
    """Clusters that are never meant, by name or context."""


class NamespaceSelection(ApiStruct, frozen=True, kw_only=True):
    """Namespaces: (names or selector) minus exclude."""

    names: ChosenNamespaces = ()
    """Namespaces by name; `*` is every namespace."""
    selector: LabelSelector = LabelSelector()
    """Namespaces by their labels; an empty selector selects nothing."""
    exclude: NamespaceNames = ()
    """Namespaces that are never meant, by name."""


class Condition(ApiStruct, frozen=True, kw_only=True):
    """One observation about the object, as `kubectl wait --for=condition=...` reads it."""

    type: str
    """Name of the condition, such as `Ready`."""
    status: str
    """`True`, `False` or `Unknown`."""
    reason: str = ""
    """Why, in one CamelCase word."""
    message: str = ""
    """Why, in words; never a value."""
    last_transition_time: Annotated[str, Meta(extra_json_schema={"format": "date-time"})] = (
        msgspec.field(default="")
    )
    """When `status` last changed."""
    observed_generation: int = 0
    """Generation of the object that this was observed for."""


Conditions = Annotated[
    tuple[Condition, ...],
    Meta(
        extra_json_schema={
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["type"],
        }
    ),
]
