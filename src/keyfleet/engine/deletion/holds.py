# SPDX-License-Identifier: Apache-2.0
"""When may a target be deleted because its intent is gone?

Only with a complete list from the very cluster where it was found, under the CRD that the target
was made under, and not because the intent's namespace is on its way out. An error is never absence.
"""

from dataclasses import dataclass, field

from keyfleet.model.ownership import Marker
from keyfleet.model.places import ClusterName, IntentKey
from keyfleet.model.plan import Finding, State


@dataclass(frozen=True, slots=True)
class Home:
    """The cluster where an intent was found, as people call it."""

    cluster: ClusterName = ClusterName("")
    """Of the fleet; empty is the hub."""

    def __str__(self) -> str:
        return f"cluster {self.cluster}" if self.cluster else "the hub"

    def reason(self, what: str) -> str:
        """Return the reason of a finding about it.

        >>> Home().reason("Unknown"), Home(ClusterName("east")).reason("Unknown")
        ('HubUnknown', 'ClusterUnknown')
        """
        return f"{'Cluster' if self.cluster else 'Hub'}{what}"


@dataclass(frozen=True, slots=True)
class HomeView:
    """How much is known of the cluster where an intent was found: the hub, or a member."""

    is_listed: bool
    """The intent's kind has been listed completely."""
    needs_crd: bool
    crd_uid: str
    """UID of the intent's CRD; empty when it is absent or terminating."""
    is_crd_known: bool
    are_namespaces_listed: bool
    is_namespace_terminating: bool
    domain: str
    """Annotation domain in force."""
    home: Home = field(default_factory=Home)
    is_left: bool = False
    """The intent's manifest is there, and somebody else's to serve."""


LEFT = "LeftToOthers"
"""Reason of a target whose manifest is there, and none of ours."""


def deletion_hold(key: IntentKey, marker: Marker | None, view: HomeView) -> Finding | None:
    """Return why a target of this intent may not be deleted now; None when it may."""
    home = view.home
    if not view.is_listed or not view.are_namespaces_listed:
        return held(home.reason("Incomplete"), f"the {key.kind} list of {home} is not complete")
    if view.is_left:
        return held(LEFT, f"{key} is there, and not ours to serve")
    if view.needs_crd and view.is_crd_known and not view.crd_uid:
        return kind_gone(key.kind, home)
    if view.needs_crd and marker is not None and marker.crd not in ("", view.crd_uid):
        return held(
            "KindReplaced", f"the target was made under another {key.kind} CRD than {home} has now"
        )
    if not view.needs_crd and marker is not None and marker.domain != view.domain:
        return held(
            "DomainNotServed",
            f"annotation domain {marker.domain} is not configured any more",
        )
    return namespace_going(key, home) if view.is_namespace_terminating else None


def kind_gone(kind: str, home: Home) -> Finding:
    """Return the finding for a deletion under a CRD that is not there."""
    return held("KindGone", f"{home} does not serve {kind} any more")


def namespace_going(key: IntentKey, home: Home) -> Finding:
    """Return the finding for a deletion while the intent's whole namespace goes."""
    reason = home.reason("NamespaceTerminating")
    return held(reason, f"namespace {key.namespace} of {home} is being deleted")


def held(reason: str, message: str) -> Finding:
    """Return the finding for a deletion that must wait."""
    return Finding(
        State.HELD,
        reason,
        f"{message}; nothing is deleted",
        hint="bring the intent back, or delete the target by hand",
        rule="deletion-needs-a-complete-view",
    )
