# SPDX-License-Identifier: Apache-2.0
"""The native kinds: where they are served, what they hold, what `kubectl get` shows."""

from dataclasses import dataclass

from keyfleet.kube.resources import FLEETCLUSTERS, FLEETPOLICIES, FLEETSECRETS, Resource
from keyfleet.model.v1alpha1 import (
    FleetClusterSpec,
    FleetClusterStatus,
    FleetPolicySpec,
    FleetPolicyStatus,
    FleetSecretSpec,
    FleetSecretStatus,
)
from keyfleet.model.v1alpha1.common import ApiStruct


@dataclass(frozen=True, slots=True)
class Column:
    """One column of `kubectl get`."""

    name: str
    path: str
    type: str = "string"
    is_wide: bool = False
    """Only with `-o wide`."""


@dataclass(frozen=True, slots=True)
class NativeKind:
    """One native kind."""

    resource: Resource
    short_name: str
    description: str
    spec: type[ApiStruct]
    status: type[ApiStruct]
    columns: tuple[Column, ...]


def _ready(part: str) -> str:
    return f'.status.conditions[?(@.type=="Ready")].{part}'


_AGE = Column("Age", ".metadata.creationTimestamp", "date")
_READY = Column("Ready", _ready("status"))
_REASON = Column("Reason", _ready("reason"))
_MESSAGE = Column("Message", _ready("message"), is_wide=True)

FLEET_SECRET = NativeKind(
    resource=FLEETSECRETS,
    short_name="fsec",
    description="A secret that is kept the same in chosen namespaces of chosen clusters.",
    spec=FleetSecretSpec,
    status=FleetSecretStatus,
    columns=(
        _READY,
        Column("In Sync", ".status.summary.text"),
        Column("Revision", ".status.revision", "integer"),
        _REASON,
        Column("Source", ".spec.source.secretRef.name", is_wide=True),
        Column("From", ".spec.source.secretRef.cluster", is_wide=True),
        _MESSAGE,
        _AGE,
    ),
)
FLEET_CLUSTER = NativeKind(
    resource=FLEETCLUSTERS,
    short_name="fcl",
    description="One cluster of the fleet and how to reach it.",
    spec=FleetClusterSpec,
    status=FleetClusterStatus,
    columns=(
        Column("Reachable", ".status.reachable", "boolean"),
        Column("Version", ".status.version"),
        _REASON,
        Column("Paused", ".spec.paused", "boolean"),
        Column("Context", ".spec.context", is_wide=True),
        Column("Last Error", ".status.lastError", is_wide=True),
        _AGE,
    ),
)
FLEET_POLICY = NativeKind(
    resource=FLEETPOLICIES,
    short_name="fpol",
    description="What may flow where, and what hub namespaces may do beyond their own.",
    spec=FleetPolicySpec,
    status=FleetPolicyStatus,
    columns=(_READY, _REASON, Column("Paused", ".spec.paused", "boolean"), _MESSAGE, _AGE),
)
NATIVE_KINDS = (FLEET_CLUSTER, FLEET_SECRET, FLEET_POLICY)
