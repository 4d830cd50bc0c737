# SPDX-License-Identifier: Apache-2.0
"""What there is to accept when another cluster answers."""

from collections.abc import Mapping
from typing import Any

import msgspec
from tests.unit.engine.fakes import HUB_UID, INSTALLATION

from keyfleet.base.keyring import Keyring, ephemeral_keyring
from keyfleet.cli.clusters.trust import Accepted, accepted_of
from keyfleet.engine.identity import Identity
from keyfleet.engine.markedlist import Marked
from keyfleet.kube.access import Access
from keyfleet.kube.objects import Metadata
from keyfleet.model.ownership import MARKED, OWNER_ANNOTATION, Installation, Marker, read_marker
from keyfleet.model.places import SEALED_SECRET, ClusterName, ClusterUid
from keyfleet.plugin import ClusterSnapshot

MARKER = Marker(
    hub=HUB_UID,
    kind="FleetSecret",
    intent_namespace="payments",
    intent_name="db",
    intent_uid="uid-db",
    cluster="uid-old",
    namespace="payments",
    name="db",
    cluster_name="east",
)
NOW = Identity(ClusterUid("uid-new"), "ca")
LAPTOP = Installation(HUB_UID, ephemeral_keyring())


async def no_access() -> Access:
    raise AssertionError


SNAPSHOT = ClusterSnapshot(ClusterName("east"), no_access, pinned_uid="uid-old")


def target(by: Installation = INSTALLATION, *, name: str = "db", **changes: Any) -> Metadata:
    marks = MARKED.marks(msgspec.structs.replace(MARKER, **changes), by)
    return Metadata(
        name=name,
        namespace="payments",
        uid="u",
        resource_version="7",
        labels=dict(marks.labels),
        annotations=dict(marks.annotations),
    )


def found(*targets: Metadata, us: Installation = INSTALLATION) -> Accepted:
    return accepted_of(SNAPSHOT, NOW, map(Marked, targets), us)


def marked(accepted: Accepted) -> Marker:
    (step,) = accepted.copies
    assert step.write is not None
    annotations: Mapping[str, str | None] = step.write.annotations
    assert (step.write.data, step.write.labels, step.resource_version) == (None, {}, "7")
    marker = read_marker({OWNER_ANNOTATION: annotations[OWNER_ANNOTATION] or ""})
    assert marker is not None
    return marker


def test_copies_that_came_with_the_cluster_become_its_own_and_say_the_same_else() -> None:
    after = marked(found(target()))
    assert after.cluster == "uid-new"
    assert msgspec.structs.replace(after, cluster="uid-old", mac="") == MARKER


def test_a_sealed_copy_is_marked_where_it_is() -> None:
    (step,) = accepted_of(SNAPSHOT, NOW, [Marked(target(), SEALED_SECRET)], INSTALLATION).copies
    assert (step.place.kind, step.place.name) == (SEALED_SECRET, "db")


def test_a_copy_of_a_third_cluster_stays_a_copy() -> None:
    assert found(target(cluster="uid-elsewhere")).copies == ()


def test_a_copy_under_another_name_stays_a_copy() -> None:
    assert found(target(name="backup-of-db")).copies == ()


def test_a_forged_marker_is_not_signed() -> None:
    forger = Installation(HUB_UID, Keyring({INSTALLATION.ring.signing_id: b"x" * 32}))
    assert found(target(forger)).copies == ()


def test_an_unsigned_marker_of_a_laptop_stays_unsigned_there() -> None:
    assert marked(found(target(LAPTOP), us=LAPTOP)).mac == ""


def test_an_unsigned_marker_is_not_made_true_by_a_signature() -> None:
    """A member's tenant could plant one and wait until somebody trusts the rebuilt cluster."""
    after = marked(found(target(LAPTOP, revision=10**9, provenance=({"env": "test"},))))
    assert (after.cluster, after.mac) == ("uid-new", "")


def test_what_cannot_be_verified_is_counted_and_left() -> None:
    lost = Installation(HUB_UID, Keyring({"lost": b"l" * 32}))
    kept = found(target(lost))
    assert (kept.copies, kept.sealed, kept.is_keyless) == ((), 1, False)
    assert found(target(), us=LAPTOP).is_keyless


def test_a_target_of_the_present_identity_needs_nothing() -> None:
    accepted = found(target(cluster="uid-new", cluster_name="former"))
    assert (accepted.copies, accepted.former_names) == ((), ("former",))
