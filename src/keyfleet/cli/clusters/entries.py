# SPDX-License-Identifier: Apache-2.0
"""One cluster as `keyfleet clusters` shows it; pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from keyfleet.engine.livefleet import Contact
from keyfleet.kube.objects import metadata_of
from keyfleet.model.v1alpha1 import ClusterIdentity, FleetClusterStatus, parse_status


@dataclass(frozen=True, slots=True)
class Entry:
    """One cluster."""

    name: str
    ready: str = "Unknown"
    """`True`, `False` or `Unknown`."""
    reason: str = ""
    message: str = ""
    version: str = ""
    roles: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    uid: str = ""
    """UID it was pinned to, or answers with."""
    via: str = ""
    """How it is reached."""
    created: str = ""
    paused: bool = False

    def document(self) -> dict[str, Any]:
        """Return the entry as plain data."""
        return {name: value for name, value in asdict(self).items() if value or name == "ready"}


def entry_of_document(document: Mapping[str, Any]) -> Entry:
    """Return the entry of a FleetCluster."""
    metadata = metadata_of(document)
    spec = document.get("spec") or {}
    status = parse_status(FleetClusterStatus, document.get("status"))
    ready = next((found for found in status.conditions if found.type == "Ready"), None)
    identity = status.identity if isinstance(status.identity, ClusterIdentity) else None
    is_paused = spec.get("paused") is True
    return Entry(
        metadata.name,
        ready=ready.status if ready else "Unknown",
        reason=_reason(ready.reason if ready else "NotObserved", is_paused=is_paused),
        message=ready.message if ready else "no controller has looked at it yet",
        version=status.version,
        roles=status.roles,
        labels=metadata.labels or {},
        uid=identity.uid if identity else "",
        via=_via(spec),
        created=metadata.creation_timestamp or "",
        paused=is_paused,
    )


def _reason(reason: str, *, is_paused: bool) -> str:
    return f"{reason},Paused" if is_paused else reason


def _via(spec: Mapping[str, Any]) -> str:
    if context := spec.get("context"):
        return f"context {context}"
    reference = spec.get("kubeconfigRef")
    if isinstance(reference, Mapping):
        return f"secret {reference.get('namespace')}/{reference.get('name')}"
    if spec.get("agent"):
        return "agent"
    return "in-cluster" if spec.get("inCluster") else ""


def entry_of_contact(contact: Contact) -> Entry:
    """Return the entry of a context without a FleetCluster, as it answered."""
    snapshot, problem = contact.snapshot, contact.problem
    is_hub = contact.member is not None and contact.member.facts.is_hub
    return Entry(
        snapshot.name,
        ready="False" if problem else "True",
        reason=problem.reason if problem else "Reachable",
        message=problem.message if problem else "",
        version=contact.version,
        roles=("hub",) if is_hub else (),
        labels=snapshot.labels,
        uid=contact.identity.uid if contact.identity else snapshot.pinned_uid,
        via=f"context {snapshot.generation}, not enrolled",
    )
