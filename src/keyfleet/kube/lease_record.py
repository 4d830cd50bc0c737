# SPDX-License-Identifier: Apache-2.0
"""What a Lease says, and what taking, renewing and releasing write; pure."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from keyfleet.base.clock import micro_timestamp
from keyfleet.kube.resources import LEASES


class LeaseRecord(msgspec.Struct, frozen=True):
    """The part of a Lease that elections use."""

    holder: str = ""
    """Identity of the leader; empty when released."""
    duration_s: float = 0.0
    transitions: int = 0
    """How often the holder changed."""
    version: str = ""
    """Resource version: changes with every renewal."""


class _WireSpec(msgspec.Struct, rename="camel"):
    holder_identity: str | None = None
    lease_duration_seconds: int | None = None
    lease_transitions: int | None = None


class _WireMeta(msgspec.Struct, rename="camel"):
    resource_version: str = ""


class _WireLease(msgspec.Struct):
    metadata: _WireMeta = msgspec.field(default_factory=_WireMeta)
    spec: _WireSpec = msgspec.field(default_factory=_WireSpec)


def read_lease(document: Mapping[str, Any]) -> LeaseRecord:
    """Return the record of a Lease."""
    lease = msgspec.convert(document, _WireLease)
    return LeaseRecord(
        holder=lease.spec.holder_identity or "",
        duration_s=float(lease.spec.lease_duration_seconds or 0),
        transitions=lease.spec.lease_transitions or 0,
        version=lease.metadata.resource_version,
    )


def new_lease(namespace: str, name: str) -> dict[str, Any]:
    """Return a Lease that nobody holds yet."""
    return {
        "apiVersion": LEASES.api_version,
        "kind": LEASES.kind,
        "metadata": {"namespace": namespace, "name": name},
        "spec": {},
    }


def held(
    document: Mapping[str, Any],
    *,
    identity: str,
    duration_s: float,
    transitions: int,
    now: datetime,
) -> dict[str, Any]:
    """Return the Lease with `identity` as its holder; what else it says is kept."""
    spec = dict(document.get("spec") or {})
    moment = micro_timestamp(now)
    if spec.get("holderIdentity") != identity:
        spec["acquireTime"] = moment
    spec |= {
        "holderIdentity": identity,
        "leaseDurationSeconds": math.ceil(duration_s),
        "leaseTransitions": transitions,
        "renewTime": moment,
    }
    return {**document, "spec": spec}


def released(document: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    """Return the Lease without a holder, free at once; its transitions stay."""
    spec = dict(document.get("spec") or {})
    spec |= {
        "holderIdentity": "",
        "leaseDurationSeconds": 1,
        "renewTime": micro_timestamp(now),
    }
    return {**document, "spec": spec}
