# SPDX-License-Identifier: Apache-2.0
"""One cluster of the inventory, engaged or not.

An entry lives as long as the inventory lists the cluster. It has a lane from the start, so that
keys can wait for a cluster that is not reachable yet; the lane runs once the member is engaged.
"""

import asyncio
from dataclasses import replace

from keyfleet.base.errors import DeniedError, KeyfleetError
from keyfleet.engine.circuit import Circuit
from keyfleet.engine.identity import Identity
from keyfleet.engine.lane import Lane
from keyfleet.engine.members.member import Member, MemberEvents
from keyfleet.kube.client import Client
from keyfleet.model.places import ClusterFacts, ClusterName, ClusterUid
from keyfleet.model.plan import Finding, State
from keyfleet.plugin import ClusterSnapshot


class Entry:
    """One cluster of the inventory."""

    def __init__(self, snapshot: ClusterSnapshot, lane: Lane) -> None:
        self.snapshot = snapshot
        self.lane = lane
        self.member: Member | None = None
        self.client: Client | None = None
        self.identity: Identity | None = None
        self.known_uid = ""
        """Who answered first, also before that is pinned on the FleetCluster."""
        self.circuit: Circuit | None = None
        self.version = ""
        self.warnings: tuple[str, ...] = ()
        self.problem: Finding | None = Finding(
            State.PENDING, "Connecting", f"cluster {snapshot.name} is being connected"
        )
        """Why nothing can be delivered there now."""
        self.is_hub = False
        """It is the hub itself."""
        self.duplicate_of: ClusterName | None = None
        """The entry that serves this very cluster, when it is not this one."""
        self.merged: frozenset[str] = frozenset()
        """Names of the entries that are this very cluster under another name."""
        self.engaging: asyncio.Task[None] | None = None
        self.following: asyncio.Task[None] | None = None

    @property
    def name(self) -> ClusterName:
        """The cluster's name."""
        return self.snapshot.name

    @property
    def facts(self) -> ClusterFacts:
        """What placement may know, also while the cluster is away."""
        if self.member is not None:
            return self.member.facts
        uid = self.identity.uid if self.identity else ClusterUid(self.snapshot.pinned_uid)
        return self.facts_as(uid, is_hub=self.is_hub)

    def facts_as(self, uid: ClusterUid, *, is_hub: bool) -> ClusterFacts:
        """Return the facts under an identity."""
        facts = facts_of(self.snapshot, uid, is_hub=is_hub)
        former = self.identity.former_uids if self.identity else frozenset()
        return replace(facts, aliases=facts.aliases | self.merged, former_uids=former)


def precedence(snapshot: ClusterSnapshot) -> tuple[bool, str]:
    """Sorts before that of an entry which stands back when both are one cluster."""
    return (snapshot.is_bare, snapshot.name)


def facts_of(snapshot: ClusterSnapshot, uid: ClusterUid, *, is_hub: bool) -> ClusterFacts:
    """Return what placement and policies may know of a cluster."""
    return ClusterFacts(
        snapshot.name,
        ClusterUid(f"agent.{snapshot.name}") if snapshot.is_agent else uid,
        snapshot.labels,
        snapshot.aliases,
        is_hub,
        sealing_certificate=snapshot.sealing_certificate,
        hub_namespace=snapshot.hub_namespace,
        is_agent=snapshot.is_agent,
    )


class FleetEvents(MemberEvents):
    """What the fleet tells the engine."""

    def cluster_ready(self, entry: Entry) -> None:
        """The cluster is engaged: everything that concerns it is due."""

    def cluster_relabelled(self, entry: Entry) -> None:
        """Its labels changed, or it was recognised as the hub: what is read there may be barred."""

    def cluster_changed(self, entry: Entry) -> None:
        """Reachability, problem or facts changed: statuses are due."""

    async def cluster_disengaging(self, entry: Entry) -> None:
        """The cluster is about to be let go, for a while or for good; its client still works."""

    async def cluster_leaving(self, entry: Entry) -> None:
        """The inventory no longer lists the cluster; it is still engaged."""

    def cluster_gone(self, entry: Entry) -> None:
        """The cluster is disengaged."""


def unreachable(name: str, error: KeyfleetError) -> Finding:
    """Return the finding for a cluster that does not answer."""
    reason = "AuthenticationFailed" if error.code == "api.unauthorized" else "Unreachable"
    return Finding(
        State.UNREACHABLE,
        reason,
        f"cluster {name}: {error.message}",
        hint=f"`keyfleet clusters` shows when {name} answered last",
    )


MISSING_RIGHT = (
    "grant its login the rights of docs/reference/rights.md (`keyfleet install --member --print`),"
    " or name in spec.namespaces the only ones it may reach"
)


def unusable(name: str, error: KeyfleetError) -> Finding:
    """Return the finding for a cluster that cannot be used as it is configured."""
    state = State.UNREACHABLE
    about = f" ({error.subject})" if error.subject else ""
    message = f"cluster {name}: {error.message}{about}"
    hint = MISSING_RIGHT if isinstance(error, DeniedError) and not error.hint else error.hint
    return Finding(state, "NoAccess", message, hint=hint)


def duplicate_of(name: str, winner: str) -> Finding:
    """Return the finding for a cluster that another entry serves."""
    return Finding(
        State.HELD,
        "Duplicate",
        f"{name} is the same cluster as {winner}",
        hint=f"remove one of the two, or pause {name}",
        rule="identity",
    )
