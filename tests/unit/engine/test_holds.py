# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import msgspec
import pytest
from tests.unit.engine.fakes import HUB_UID, key_of

from keyfleet.engine.deletion.holds import Home, HomeView, deletion_hold
from keyfleet.model.ownership import Marker
from keyfleet.model.places import ClusterName
from keyfleet.model.plan import State

KEY = key_of()
ANNOTATED = key_of(kind="Secret")
COMPLETE = HomeView(
    is_listed=True,
    needs_crd=True,
    crd_uid="crd-1",
    is_crd_known=True,
    are_namespaces_listed=True,
    is_namespace_terminating=False,
    domain="keyfleet.io",
)
MARKER = Marker(
    hub=HUB_UID,
    kind="FleetSecret",
    intent_namespace="payments",
    intent_name="db",
    intent_uid="uid-db",
    cluster="uid-east",
    namespace="payments",
    name="db",
    crd="crd-1",
)


def test_a_complete_view_of_this_very_hub_holds_nothing() -> None:
    assert deletion_hold(KEY, MARKER, COMPLETE) is None
    assert deletion_hold(KEY, None, COMPLETE) is None


@pytest.mark.parametrize(
    ("view", "reason"),
    [
        (replace(COMPLETE, is_listed=False), "HubIncomplete"),
        (replace(COMPLETE, are_namespaces_listed=False), "HubIncomplete"),
        (replace(COMPLETE, crd_uid=""), "KindGone"),
        (replace(COMPLETE, crd_uid="crd-2"), "KindReplaced"),
        (replace(COMPLETE, is_namespace_terminating=True), "HubNamespaceTerminating"),
        (replace(COMPLETE, is_left=True), "LeftToOthers"),
    ],
)
def test_every_doubt_about_the_hub_holds_the_deletion(view: HomeView, reason: str) -> None:
    hold = deletion_hold(KEY, MARKER, view)
    assert hold is not None
    assert (State.HELD, reason) == (hold.state, hold.reason)
    assert "nothing is deleted" in hold.message


def test_a_marker_made_without_sight_of_the_crd_is_not_held_for_it() -> None:
    marker = msgspec.structs.replace(MARKER, crd="")
    assert deletion_hold(KEY, marker, COMPLETE) is None


def test_where_crds_may_not_be_read_a_marker_without_one_is_not_held() -> None:
    hub = replace(COMPLETE, is_crd_known=False, crd_uid="")
    assert deletion_hold(KEY, msgspec.structs.replace(MARKER, crd=""), hub) is None


def test_the_annotation_form_needs_no_crd_but_the_domain_it_was_made_under() -> None:
    hub = replace(COMPLETE, needs_crd=False, crd_uid="", domain="sync.example.com")
    same = msgspec.structs.replace(MARKER, domain="sync.example.com", crd="")
    other = msgspec.structs.replace(MARKER, domain="keyfleet.io", crd="")
    assert deletion_hold(ANNOTATED, same, hub) is None
    hold = deletion_hold(ANNOTATED, other, hub)
    assert hold is not None
    assert hold.reason == "DomainNotServed"


@pytest.mark.parametrize(
    ("view", "reason"),
    [
        (replace(COMPLETE, is_listed=False), "ClusterIncomplete"),
        (replace(COMPLETE, are_namespaces_listed=False), "ClusterIncomplete"),
        (replace(COMPLETE, crd_uid="crd-2"), "KindReplaced"),
        (replace(COMPLETE, is_namespace_terminating=True), "ClusterNamespaceTerminating"),
    ],
)
def test_a_hold_for_a_manifest_of_a_member_names_the_member(view: HomeView, reason: str) -> None:
    hold = deletion_hold(KEY, MARKER, replace(view, home=Home(ClusterName("east"))))
    assert hold is not None
    assert hold.reason == reason
    assert "cluster east" in hold.message
    assert "hub" not in hold.message
