# SPDX-License-Identifier: Apache-2.0
"""When may a target be deleted because its intent is gone?

Only with a complete list from this very hub, under the CRD that the target was made under, and not
because the intent's namespace is on its way out. An error is never absence.
"""

from dataclasses import dataclass

from keyfleet.model.ownership import Marker
from keyfleet.model.places import IntentKey
from keyfleet.model.plan import Finding, State


@dataclass(frozen=True, slots=True)
class HubView:
    """How much of the hub is known."""

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


def deletion_hold(key: IntentKey, marker: Marker | None, hub: HubView) -> Finding | None:
    """Return why a target of this intent may not be deleted now; None when it may."""
    if not hub.is_listed or not hub.are_namespaces_listed:
        return held("HubIncomplete", f"the hub's {key.kind} list is not complete")
    if hub.needs_crd and hub.is_crd_known and not hub.crd_uid:
        return held("KindGone", f"{key.kind} is not served on the hub any more")
    if hub.needs_crd and marker is not None and marker.crd not in ("", hub.crd_uid):
        return held(
            "KindReplaced",
            f"the target was made under another {key.kind} CRD than the hub serves now",
        )
    if not hub.needs_crd and marker is not None and marker.domain != hub.domain:
        return held(
            "DomainNotServed",
            f"annotation domain {marker.domain} is not configured any more",
        )
    if hub.is_namespace_terminating:
        return held(
            "HubNamespaceTerminating", f"namespace {key.namespace} of the hub is being deleted"
        )
    return None


def held(reason: str, message: str) -> Finding:
    """Return the finding for a deletion that must wait."""
    return Finding(
        State.HELD,
        reason,
        f"{message}; nothing is deleted",
        hint="bring the intent back, or delete the target by hand",
        rule="deletion-needs-a-complete-view",
    )
