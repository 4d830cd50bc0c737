# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base.keyring import Keyring, ephemeral_keyring
from keyfleet.model.ownership import (
    HUB_LABEL,
    MANAGED_BY_LABEL,
    MARKED,
    OWNER_ANNOTATION,
    Claim,
    Evidence,
    Holding,
    Inheritance,
    Installation,
    Marker,
    Spot,
    read_marker,
    sign,
)
from keyfleet.model.places import ClusterName, IntentKey

OLD, NEW = b"o" * 32, b"n" * 32
HUB = "01234567-89ab-cdef-0123-456789abcdef"
US = Installation(HUB, Keyring({"new": NEW, "old": OLD}))
LAPTOP = Installation(HUB, ephemeral_keyring())
SPOT = Spot("uid-east", "payments", "db")
MARKER = Marker(
    hub=HUB,
    kind="FleetSecret",
    intent_namespace="payments",
    intent_name="db",
    intent_uid="uid-intent",
    cluster="uid-east",
    namespace="payments",
    name="db",
    deletion_policy="Retain",
    revision=7,
    source="v1:new:00",
    fingerprint="v1:new:11",
    labels=("team",),
    provenance=({"env": "prod"},),
)
# Every field that says something; the MAC itself is changed in tests of its own.
SIGNED_FIELDS = [field for field in Marker.__struct_fields__ if field != "mac"]


def _annotations(marker: Marker, by: Installation = US) -> dict[str, str]:
    return dict(MARKED.marks(marker, by).annotations)


def _claim(annotations: dict[str, str], *, spot: Spot = SPOT, us: Installation = US) -> Claim:
    return MARKED.claims(annotations, spot, us).claim


def _edited(annotations: dict[str, str], **changes: Any) -> dict[str, str]:
    document = msgspec.json.decode(annotations[OWNER_ANNOTATION])
    document.update(changes)
    return {OWNER_ANNOTATION: msgspec.json.encode(document).decode()}


def _other_value(value: object) -> Any:
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case str():
            return f"{value}x"
        case _:
            return ({"x": "y"},) if value == MARKER.provenance else ("x",)


def test_what_we_marked_is_ours_and_of_its_intent() -> None:
    holding = MARKED.claims(_annotations(MARKER), SPOT, US)
    assert (holding.claim, holding.is_ours) == (Claim.OURS, True)
    assert holding.belongs_to(IntentKey("FleetSecret", "payments", "db"))
    assert not holding.belongs_to(IntentKey("FleetSecret", "payments", "other"))
    assert not holding.belongs_to(IntentKey("Secret", "payments", "db"))
    assert not holding.belongs_to(IntentKey("FleetSecret", "payments", "db", ClusterName("east")))


def test_a_marker_comes_back_as_it_went() -> None:
    read = read_marker(_annotations(MARKER))
    assert read is not None
    assert msgspec.structs.replace(read, mac="") == MARKER


def test_the_label_finds_targets_of_the_hub() -> None:
    labels = MARKED.marks(MARKER, US).labels
    assert labels == {HUB_LABEL: "0123456789abcdef", MANAGED_BY_LABEL: "keyfleet"}


@pytest.mark.parametrize("field", SIGNED_FIELDS)
def test_a_changed_field_is_never_ours(field: str) -> None:
    changed = msgspec.structs.replace(MARKER, **{field: _other_value(getattr(MARKER, field))})
    stolen = msgspec.structs.replace(changed, mac=sign(MARKER, US).mac)
    text = msgspec.json.encode(stolen).decode()
    assert not MARKED.claims({OWNER_ANNOTATION: text}, SPOT, US).is_ours


@pytest.mark.parametrize(
    "spot",
    [
        Spot("uid-west", "payments", "db"),
        Spot("uid-east", "shop", "db"),
        Spot("uid-east", "payments", "copy"),
    ],
)
@pytest.mark.parametrize("signer", ["installed", "laptop"])
def test_a_copy_in_another_place_is_foreign(spot: Spot, signer: str) -> None:
    by = US if signer == "installed" else LAPTOP
    assert _claim(_annotations(MARKER, by), spot=spot) is Claim.COPY


def test_another_hubs_target_is_foreign_even_under_the_same_key() -> None:
    theirs = msgspec.structs.replace(MARKER, hub="another")
    assert _claim(_annotations(theirs, Installation("another", US.ring))) is Claim.OTHER_HUB


def test_an_older_key_of_ours_still_verifies() -> None:
    old = Installation(HUB, Keyring({"old": OLD}))
    assert _claim(_annotations(MARKER, old)) is Claim.OURS


@pytest.mark.parametrize(
    ("ring", "claim"),
    [
        (Keyring({"unknown": OLD}), Claim.UNVERIFIED),
        (Keyring({"new": b"x" * 32}), Claim.COPY),
    ],
)
def test_a_mac_under_another_key_is_not_ours(ring: Keyring, claim: Claim) -> None:
    found = _claim(_annotations(MARKER, Installation(HUB, ring)))
    assert found is claim
    assert not Holding(found, MARKER).is_ours


def test_a_laptop_marks_without_a_mac_and_that_counts_for_its_place() -> None:
    annotations = _annotations(MARKER, LAPTOP)
    assert '"mac"' not in annotations[OWNER_ANNOTATION]
    assert _claim(annotations) is Claim.UNSIGNED
    assert _claim(annotations, us=LAPTOP) is Claim.UNSIGNED


def test_a_laptop_cannot_verify_what_the_installation_signed() -> None:
    assert _claim(_annotations(MARKER), us=LAPTOP) is Claim.UNVERIFIED


@pytest.mark.parametrize("mac", ["v1:new:", "v1:new:00", "x", "v2:new:" + "0" * 64, "v1:gone:00"])
def test_a_forged_mac_is_not_ours(mac: str) -> None:
    holding = MARKED.claims(_edited(_annotations(MARKER), mac=mac), SPOT, US)
    assert holding.claim in (Claim.COPY, Claim.UNVERIFIED)
    assert not holding.is_ours


def test_an_object_without_a_marker_is_nobodys() -> None:
    holding = MARKED.claims({"other": "x"}, SPOT, US)
    assert (holding.claim, holding.marker, holding.is_ours) == (Claim.NOBODYS, None, False)


@pytest.mark.parametrize(
    "text",
    ["", "{", "null", "[]", "{}", '{"hub": 1}', "[" * 100_000, '{"x":' + "[" * 100_000],
    ids=["empty", "open", "null", "list", "no fields", "wrong type", "deep", "deep inside"],
)
def test_a_marker_that_cannot_be_read_is_somebody_elses(text: str) -> None:
    assert _claim({OWNER_ANNOTATION: text}) is Claim.COPY


@given(st.text(max_size=40))
def test_any_annotation_is_judged_and_never_ours(text: str) -> None:
    assert not MARKED.claims({OWNER_ANNOTATION: text}, SPOT, US).is_ours


def test_fields_of_a_later_version_do_not_break_the_mac() -> None:
    assert _claim(_edited(_annotations(MARKER), laterField="x")) is Claim.OURS


def test_letting_go_leaves_a_marker_that_the_same_intent_recognises() -> None:
    marks = MARKED.relinquish(MARKER, US)
    holding = MARKED.claims(marks.annotations, SPOT, US)
    assert holding.marker is not None
    assert holding.marker.released
    assert holding.belongs_to(MARKER.intent)


def test_an_unsigned_marker_is_not_a_signed_one_with_its_mac_removed_elsewhere() -> None:
    """Removing the MAC gains nothing beyond what a laptop may: place and reference still bind."""
    annotations = _edited(_annotations(MARKER), mac="")
    assert _claim(annotations) is Claim.UNSIGNED
    assert _claim(annotations, spot=Spot("uid-west", "payments", "db")) is Claim.COPY


FORMER = Spot("uid-east", "payments", "db", frozenset({"ca-0123"}))


def test_a_target_delivered_before_the_uid_could_be_read_is_ours() -> None:
    """Its place is the same; only what the cluster is called has become better known."""
    early = _annotations(msgspec.structs.replace(MARKER, cluster="ca-0123"))
    assert _claim(early, spot=FORMER) is Claim.OURS
    assert _claim(early) is Claim.COPY
    forged = _edited(early, cluster="uid-elsewhere")
    assert _claim(forged, spot=FORMER) is Claim.COPY


LOST = Installation("fedcba98-0000-0000-0000-000000000000", Keyring({"theirs": b"t" * 32}))
ADOPTER = Installation(HUB, US.ring, adopts=frozenset({LOST.hub}))
THEIRS = msgspec.structs.replace(MARKER, hub=LOST.hub)


def test_a_person_may_take_over_what_a_lost_hub_signed() -> None:
    annotations = _annotations(THEIRS, LOST)
    assert _claim(annotations) is Claim.OTHER_HUB
    assert _claim(annotations, us=ADOPTER) is Claim.UNSIGNED
    assert _claim(annotations, spot=Spot("uid-west", "payments", "db"), us=ADOPTER) is Claim.COPY


def test_taking_over_a_lost_hub_verifies_what_can_be_verified() -> None:
    """Where the lost hub's key was saved, a marker that it did not sign is a copy."""
    saved = Installation(HUB, Keyring({**US.ring.keys, **LOST.ring.keys}), ADOPTER.adopts)
    annotations = _annotations(THEIRS, LOST)
    assert _claim(annotations, us=saved) is Claim.OURS
    assert _claim(_edited(annotations, revision=9), us=saved) is Claim.COPY


def test_taking_over_from_the_own_hub_means_where_the_key_is_lost() -> None:
    lost_key = Installation(HUB, Keyring({"gone": b"g" * 32}))
    annotations = _annotations(MARKER, lost_key)
    assert _claim(annotations) is Claim.UNVERIFIED
    own = Installation(HUB, US.ring, adopts=frozenset({HUB}))
    assert _claim(annotations, us=own) is Claim.UNSIGNED
    assert _claim(_annotations(THEIRS, LOST), us=own) is Claim.OTHER_HUB


@pytest.mark.parametrize(
    ("is_released", "says_so", "expected"),
    [
        (True, True, Claim.INHERITED),
        (True, False, Claim.OURS),
        (False, True, Claim.OURS),
    ],
)
def test_what_was_left_in_place_goes_to_a_manifest_that_it_says_it_is_for(
    *, is_released: bool, says_so: bool, expected: Claim
) -> None:
    heir = IntentKey("SealedSecret", "payments", "db")
    inheritance = Inheritance(lambda _: says_so, lambda *_: False)
    ownership = replace(MARKED, inheritance=inheritance)
    marks = ownership.relinquish(MARKER, US) if is_released else ownership.marks(MARKER, US)
    found = Evidence(marks.labels, marks.annotations)
    assert ownership.holding(heir, found, SPOT, US).claim is expected
    # Its own intent takes it again, whatever it says.
    assert ownership.holding(MARKER.intent, found, SPOT, US).belongs_to(MARKER.intent)
