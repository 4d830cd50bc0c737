# SPDX-License-Identifier: Apache-2.0
"""FleetPolicy: what may flow where, and what hub namespaces may do beyond their own."""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from keyfleet.model.flows import FlowAction, OnRefused
from keyfleet.model.v1alpha1.common import (
    ApiStruct,
    ChosenNamespaces,
    ClusterSelection,
    Conditions,
    LabelSelector,
    NamespaceName,
    NamespaceNames,
    NamespaceSelection,
    Rule,
    StoreKind,
    Texts,
)

FLOWS_MAX = 256
"""Flow rules in one policy, so that the API server can bound the cost of checking them."""


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


class FlowRule(ApiStruct, frozen=True, kw_only=True):
    """What may, or may not, be delivered from where to where."""

    cel_rules = (
        Rule(
            "self.action != 'Allow' || !has(self.onRefused)",
            "onRefused is for Deny: an Allow refuses nothing",
        ),
    )

    name: NamespaceName
    """Name of the rule within this policy; whoever is refused reads it."""
    from_: LabelSelector = msgspec.field(name="from")
    """Sources, by their label sets: those of their cluster, those that `sources` assigns, and those
    that a delivered Secret brings along. `Deny` matches when any set does, `Allow` when all do; an
    empty selector is everything in `Deny` and nothing in `Allow`."""
    to: LabelSelector
    """Target clusters, by the labels of their FleetCluster; an empty selector is everything in
    `Deny` and nothing in `Allow`."""
    action: FlowAction
    """`Deny` or `Allow`; `Deny` wins."""
    on_refused: OnRefused = OnRefused.KEEP
    """For `Deny`: what becomes of a target that is already there: `Keep` leaves it as it is,
    without further values; `Delete` deletes it."""


class ChosenStores(ApiStruct, frozen=True, kw_only=True):
    """Stores by name."""

    names: Annotated[Texts, Meta(min_length=1)]
    """Names of the stores; `*` is every store."""
    kinds: tuple[StoreKind, ...] = ()
    """Kinds of the stores; default: any."""


class SourceLabels(ApiStruct, frozen=True, kw_only=True):
    """A label set for Secrets and stores that are read from some namespaces of some clusters."""

    clusters: ClusterSelection
    """Clusters that hold the Secrets, or declare the stores; the hub is also called `hub`."""
    namespaces: SourceNamespaces
    """Namespaces of those clusters that hold the Secrets, or declare the SecretStores."""
    stores: ChosenStores | None = None
    """Only what is read from these stores; default: Secrets and stores of those namespaces alike.
    A ClusterSecretStore is in no namespace: it is chosen here, or by `*`."""
    labels: Annotated[dict[str, str], Meta(min_length=1, extra_json_schema={"minProperties": 1})]
    """Labels that flow rules see, as a set of their own: they are not merged with others."""


FlowRules = Annotated[
    tuple[FlowRule, ...],
    Meta(
        max_length=FLOWS_MAX,
        extra_json_schema={
            "maxItems": FLOWS_MAX,
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
        },
    ),
]


class DeletionLimitsSpec(ApiStruct, frozen=True, kw_only=True):
    """How much may go within ten minutes without `keyfleet approve`.

    Counted per FleetSecret, per cluster and for the whole fleet. What goes beyond waits as a whole.
    """

    targets: Annotated[int, Meta(ge=0, le=1000)] | None = None
    """So many targets may go whatever their share; default: 10."""
    percent: Annotated[int, Meta(ge=0, le=100)] | None = None
    """More may go as long as it is no larger share, in percent; default: 30."""
    total: Annotated[int, Meta(ge=0, le=1000)] | None = None
    """More than so many never go at once; default: 100."""


class LimitsSpec(ApiStruct, frozen=True, kw_only=True):
    """Limits of what Keyfleet does without a person; of several policies the smallest holds."""

    deletions: DeletionLimitsSpec = DeletionLimitsSpec()
    """How much may be deleted or emptied."""


class FleetPolicySpec(ApiStruct, frozen=True, kw_only=True):
    """The rules of this policy; rules of several policies add up."""

    flows: FlowRules = ()
    """What may be delivered from where to where. As soon as any policy has a rule, a source without
    labels is refused unless `defaultFlow: Allow` is written."""
    sources: tuple[SourceLabels, ...] = ()
    """Labels for sources, beside those of their clusters."""
    default_flow: FlowAction | None = None
    """What happens to a flow that no rule matches: `Allow`, also of sources without labels, or
    `Deny`. Default: allowed for sources with labels. `Deny` in any policy wins."""

    namespaces: tuple[NamespaceGrant, ...] = ()
    """Grants to namespaces of the hub."""
    limits: LimitsSpec = LimitsSpec()
    """Limits of what happens without a person; of several policies the smallest holds."""
    paused: bool = False
    """Permit nothing by this policy for now: no grant, no `Allow`. What it forbids stays forbidden,
    and its `sources` still count."""


class FleetPolicyStatus(ApiStruct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of it."""

    conditions: Conditions = ()
    """`Ready`: the policy is understood and in force."""
    observed_generation: int = 0
    """Generation that this status answers."""
