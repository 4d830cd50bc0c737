# SPDX-License-Identifier: Apache-2.0
"""FleetPolicy: what the namespaces of the hub may read and write beyond their own."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from keyfleet.model.v1alpha1.common import (
    ApiStruct,
    ChosenNamespaces,
    ClusterSelection,
    Conditions,
    NamespaceNames,
    NamespaceSelection,
    Texts,
)


class TargetKind(StrEnum):
    """A kind of object that Keyfleet delivers."""

    SECRET = "Secret"  # noqa: S105 - a kind, not a password


class SourceNamespaces(ApiStruct, frozen=True, kw_only=True):
    """Namespaces that may be read from: names minus exclude.

    By name only: the labels of a source's namespace are not known when the right is checked.
    """

    names: ChosenNamespaces = ()
    """Namespaces by name; `*` is every namespace."""
    exclude: NamespaceNames = ()
    """Namespaces that are never meant, by name."""


class SourceGrant(ApiStruct, frozen=True, kw_only=True):
    """From where may be read."""

    clusters: ClusterSelection
    """Clusters that may be read from; the hub is one too."""
    namespaces: SourceNamespaces
    """Namespaces of those clusters that may be read from."""


class TargetGrant(ApiStruct, frozen=True, kw_only=True):
    """To where may be written."""

    clusters: ClusterSelection
    """Clusters that may be written to."""
    namespaces: NamespaceSelection
    """Namespaces of those clusters that may be written to."""
    kinds: tuple[TargetKind, ...] = ()
    """Kinds that may be written; default: Secret."""
    types: Texts = ()
    """Secret types that may be written; default: every ordinary one."""


class NamespaceGrant(ApiStruct, frozen=True, kw_only=True):
    """What some namespaces of the hub may do."""

    hub: Annotated[ChosenNamespaces, Meta(min_length=1)]
    """Hub namespaces that get the right; `*` is every one."""
    sources: SourceGrant | None = None
    """From where their FleetSecrets may read; default: their own namespace on the hub."""
    targets: TargetGrant | None = None
    """To where they may write; default: namespaces called like their own."""


class FleetPolicySpec(ApiStruct, frozen=True, kw_only=True):
    """The rules of this policy; rules of several policies add up."""

    namespaces: tuple[NamespaceGrant, ...] = ()
    """Grants to namespaces of the hub."""
    paused: bool = False
    """Grant nothing by this policy for now."""


class FleetPolicyStatus(ApiStruct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of it."""

    conditions: Conditions = ()
    """`Ready`: the policy is understood and in force."""
    observed_generation: int = 0
    """Generation that this status answers."""
