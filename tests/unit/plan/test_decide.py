# SPDX-License-Identifier: Apache-2.0
"""Every row of design 4.1 that is decided about one target."""

from dataclasses import replace

import pytest
from tests.unit.plan.questions import (
    CRD,
    DATA,
    EAST,
    EAST_UID,
    HUB,
    KEY,
    OTHER,
    after,
    desired,
    intent,
    live,
    marker,
    question,
    unwanted,
)

from keyfleet.base.keyring import Keyring, ephemeral_keyring
from keyfleet.base.secret import SecretValue
from keyfleet.model.intent import ConflictPolicy, DeletionPolicy, WriteMode
from keyfleet.model.ownership import HUB_LABEL, OWNER_ANNOTATION, Installation, read_marker
from keyfleet.model.places import ClusterName, IntentKey
from keyfleet.model.plan import Finding, State, Step, Verb
from keyfleet.model.policy import Policies
from keyfleet.plan.decide import decide
from keyfleet.plan.question import Question
from keyfleet.testing.canary import canary

NEW = {"password": SecretValue(canary("new"))}
FOREIGN = {"password": SecretValue(canary("foreign"))}
LAPTOP = Installation(HUB, ephemeral_keyring())
ELSEWHERE = Installation(HUB, Keyring({"k2": bytes(32)}))
FORGED = Installation(HUB, Keyring({"k1": bytes(31) + b"x"}))


def verdict(step: Step) -> tuple[Verb, str, str]:
    """Return what is done, and state and reason when something stands in the way."""
    finding = step.finding
    return (step.verb, finding.state if finding else "", finding.reason if finding else "")


# A target that is wanted.


def test_creates_what_is_absent_with_the_marker_of_its_own_place() -> None:
    step = decide(question(desired(labels={"app": "shop"}, annotations={"note": "n"})))
    assert verdict(step) == (Verb.CREATE, "", "")
    assert step.write is not None
    assert step.write.data == DATA
    assert step.write.labels == {
        "app": "shop",
        HUB_LABEL: "3f2a91c000004000",
        "app.kubernetes.io/managed-by": "keyfleet",
    }
    found = read_marker({k: v for k, v in step.write.annotations.items() if v is not None})
    assert found is not None
    assert (found.intent, found.cluster, found.namespace, found.name) == (
        KEY,
        EAST_UID,
        "pay",
        "db",
    )
    assert (found.crd, found.revision, found.deletion_policy) == (CRD, 3, "Delete")
    assert (found.labels, found.annotations) == (("app",), ("note",))
    assert (step.revision, step.fingerprint) == (3, question().fingerprint)


def test_the_marker_says_the_deletion_policy_of_the_intent() -> None:
    step = decide(question(intent=intent(deletion=DeletionPolicy.RETAIN)))
    assert step.write is not None
    found = read_marker({k: v for k, v in step.write.annotations.items() if v is not None})
    assert found is not None
    assert found.deletion_policy == "Retain"


def test_leaves_what_is_as_wanted() -> None:
    actual = after(decide(question()), None)
    step = decide(question(actual=actual))
    assert verdict(step) == (Verb.NONE, "", "")
    assert step.revision == 3


def test_replaces_the_whole_data_when_it_differs() -> None:
    actual = live({**DATA, "extra": SecretValue(canary("x"))}, mark=marker())
    step = decide(question(actual=actual))
    assert verdict(step) == (Verb.UPDATE, "", "")
    assert step.write is not None
    assert step.write.data == DATA
    assert (step.uid, step.resource_version) == ("o1", "7")


def test_leaves_the_data_alone_when_only_metadata_differ() -> None:
    actual = live(mark=marker(labels=("old",), annotations=("old",)), labels={"old": "1"})
    actual = replace(actual, annotations={**actual.annotations, "old": "1"})
    step = decide(question(desired(labels={"new": "1"}), actual=actual))
    assert step.write is not None
    assert step.write.data is None
    assert step.write.labels == {"new": "1", "old": None}
    assert step.write.annotations["old"] is None


def test_labels_of_others_and_gone_labels_of_ours_are_not_touched() -> None:
    actual = live(mark=marker(labels=("gone",)), labels={"foreign": "1"})
    step = decide(question(actual=actual))
    assert step.write is not None
    assert step.write.labels == {}


def test_says_whether_the_object_has_maps_to_patch() -> None:
    actual = live(mark=marker(), has_labels=False, has_annotations=False)
    step = decide(question(desired(NEW), actual=actual))
    assert step.write is not None
    assert (step.write.has_labels, step.write.has_annotations) == (False, False)


def test_a_target_written_once_is_not_corrected() -> None:
    wanted = desired(NEW, write_mode=WriteMode.CREATE_ONLY)
    step = decide(question(wanted, actual=live(mark=marker())))
    assert step.write is not None
    assert step.write.data is None


def test_waits_for_a_target_that_is_being_deleted() -> None:
    step = decide(question(actual=live(mark=marker(), is_deleting=True)))
    assert verdict(step) == (Verb.NONE, State.PENDING, "TargetTerminating")


@pytest.mark.parametrize("kind", ["example.com/x", "kubernetes.io/tls"])
def test_never_changes_a_type(kind: str) -> None:
    step = decide(question(desired(type_=kind), actual=live(mark=marker())))
    assert verdict(step) == (Verb.NONE, State.FAILED, "TypeChanged")


def test_a_type_that_was_not_read_is_no_changed_type() -> None:
    step = decide(question(desired(NEW), actual=live(mark=marker(), type="")))
    assert step.verb is Verb.UPDATE


def test_never_changes_immutable_data() -> None:
    actual = live(mark=marker(), is_immutable=True)
    assert verdict(decide(question(desired(NEW), actual=actual))) == (
        Verb.NONE,
        State.FAILED,
        "Immutable",
    )
    assert decide(question(actual=actual)).finding is None


# Whose it is.


@pytest.mark.parametrize(
    ("actual", "reason"),
    [
        (live(FOREIGN), "Unmarked"),
        (live(FOREIGN, mark=marker(hub="other")), "OwnedByOtherHub"),
        (live(FOREIGN, mark=marker(name="elsewhere")), "CopiedMarker"),
        (live(FOREIGN, mark=marker(cluster="other")), "CopiedMarker"),
        (live(FOREIGN, mark=marker(), by=FORGED), "CopiedMarker"),
        (live(FOREIGN, annotations={OWNER_ANNOTATION: "not json"}), "CopiedMarker"),
        (live(FOREIGN, mark=marker(), by=ELSEWHERE), "OwnedUnverified"),
        (live(FOREIGN, mark=marker(OTHER), by=LAPTOP), "HeldByIntent"),
        (live(FOREIGN, mark=marker(OTHER, released=True)), "HeldByIntent"),
    ],
)
def test_refuses_what_is_not_ours(actual: object, reason: str) -> None:
    step = decide(question(actual=actual))
    assert verdict(step) == (Verb.NONE, State.CONFLICT, reason)
    assert step.revision == 0


@pytest.mark.parametrize(
    "actual",
    [
        live(FOREIGN),
        live(FOREIGN, mark=marker(hub="other")),
        live(FOREIGN, mark=marker(name="elsewhere")),
        live(FOREIGN, mark=marker(OTHER), by=LAPTOP),
        live(FOREIGN, mark=marker(OTHER, released=True)),
    ],
)
def test_overwrites_what_is_not_ours_where_that_is_asked_for(actual: object) -> None:
    asked = question(actual=actual, intent=intent(on_conflict=ConflictPolicy.OVERWRITE))
    step = decide(asked)
    assert verdict(step) == (Verb.UPDATE, "", "")
    assert step.write is not None
    assert step.write.data == DATA


def test_adopts_equal_data_only() -> None:
    asked = question(intent=intent(on_conflict=ConflictPolicy.ADOPT))
    equal = decide(replace(asked, actual=live()))
    assert equal.write is not None
    assert (equal.verb, equal.write.data) == (Verb.UPDATE, None)
    assert OWNER_ANNOTATION in equal.write.annotations
    other = decide(replace(asked, actual=live(FOREIGN)))
    assert verdict(other) == (Verb.NONE, State.CONFLICT, "AdoptDiffers")
    typed = decide(replace(asked, actual=live(type="example.com/x")))
    assert verdict(typed) == (Verb.NONE, State.CONFLICT, "AdoptDiffers")


@pytest.mark.parametrize("policy", list(ConflictPolicy))
def test_whoever_holds_a_target_and_wants_it_keeps_it(policy: ConflictPolicy) -> None:
    held = question(
        actual=live(mark=marker(OTHER)), holder_wants=True, intent=intent(on_conflict=policy)
    )
    assert verdict(decide(held)) == (Verb.NONE, State.CONFLICT, "HeldByIntent")


@pytest.mark.parametrize("policy", list(ConflictPolicy))
def test_nothing_is_taken_on_a_key_that_is_not_at_hand(policy: ConflictPolicy) -> None:
    actual = live(mark=marker(), by=ELSEWHERE)
    step = decide(question(actual=actual, intent=intent(on_conflict=policy)))
    assert verdict(step) == (Verb.NONE, State.CONFLICT, "OwnedUnverified")


def test_takes_over_from_an_intent_that_is_gone_in_one_write() -> None:
    step = decide(question(desired(NEW), actual=live(mark=marker(OTHER))))
    assert verdict(step) == (Verb.UPDATE, "", "")
    assert (step.uid, step.resource_version) == ("o1", "7")


def test_signs_what_a_laptop_wrote_for_the_same_intent() -> None:
    step = decide(question(actual=live(mark=marker(), by=LAPTOP)))
    assert step.write is not None
    assert (step.verb, step.write.data) == (Verb.UPDATE, None)
    found = read_marker({k: v for k, v in step.write.annotations.items() if v is not None})
    assert found is not None
    assert found.mac.startswith("v1:k1:")


def test_a_laptop_stores_no_fingerprint_of_its_own_run() -> None:
    step = decide(question(installation=LAPTOP))
    assert step.write is not None
    found = read_marker({k: v for k, v in step.write.annotations.items() if v is not None})
    assert found is not None
    assert (found.mac, found.source, found.fingerprint) == ("", "", "")


def test_takes_again_what_the_same_intent_released() -> None:
    step = decide(question(actual=live(mark=marker(released=True))))
    assert step.verb is Verb.UPDATE
    again = after(step, live(mark=marker(released=True)))
    assert again is not None
    found = read_marker(again.annotations)
    assert found is not None
    assert not found.released


# A target that is not wanted.


def test_deletes_with_the_preconditions_it_decided_on() -> None:
    step = decide(unwanted(live(mark=marker())))
    assert verdict(step) == (Verb.DELETE, "", "")
    assert (step.uid, step.resource_version) == ("o1", "7")


def test_releases_where_the_marker_says_retain() -> None:
    actual = live(mark=marker(deletion_policy="Retain"))
    step = decide(unwanted(actual))
    assert step.verb is Verb.RELEASE
    assert step.write is not None
    assert step.write.data is None
    left = after(step, actual)
    assert left is not None
    found = read_marker(left.annotations)
    assert found is not None
    assert found.released
    assert decide(unwanted(left)).verb is Verb.NONE


def test_the_living_intent_decides_over_its_marker() -> None:
    asked = unwanted(live(mark=marker()), intent=intent(), deletion_policy="Retain")
    assert decide(asked).verb is Verb.RELEASE
    kept = unwanted(live(mark=marker(deletion_policy="Retain")), deletion_policy="Delete")
    assert decide(kept).verb is Verb.DELETE


@pytest.mark.parametrize(
    "actual",
    [
        None,
        live(),
        live(mark=marker(OTHER)),
        live(mark=marker(hub="other")),
        live(mark=marker(name="elsewhere")),
        live(mark=marker(), by=ELSEWHERE),
        live(mark=marker(), by=FORGED),
        live(mark=marker(released=True)),
        live(mark=marker(), is_deleting=True),
        live(mark=marker(), by=LAPTOP),
        live(mark=marker(intent_uid="")),
    ],
)
def test_never_deletes_what_is_not_positively_its_own(actual: object) -> None:
    assert verdict(decide(unwanted(actual))) == (Verb.NONE, "", "")  # type: ignore[arg-type]  # parameters


def test_only_a_person_deletes_on_the_word_of_an_unsigned_marker() -> None:
    """Whoever may write Secrets in a member can forge one in the name of any living intent."""
    left = unwanted(live(mark=marker(), by=LAPTOP), intent=intent())
    assert verdict(decide(left)) == (Verb.NONE, "", "")
    by_hand = replace(left, policies=Policies(is_operator=True))
    assert decide(by_hand).verb is Verb.DELETE


STRANGER = IntentKey("FleetSecret", "shop", "their-name")


@pytest.mark.parametrize(
    "asked",
    [
        question(actual=live(mark=marker(STRANGER)), holder_wants=True),
        question(rival=STRANGER),
    ],
)
def test_another_hub_namespaces_intent_is_named_to_operators_only(asked: Question) -> None:
    told = decide(asked).finding
    assert told is not None
    assert "their-name" not in told.advice
    assert "an intent of another hub namespace" in told.advice
    told = decide(replace(asked, policies=Policies(is_operator=True))).finding
    assert told is not None
    assert str(STRANGER) in told.advice


def test_an_intent_of_the_own_namespace_is_named() -> None:
    told = decide(question(rival=OTHER)).finding
    assert told is not None
    assert str(OTHER) in told.advice


def test_leaves_an_unwanted_target_to_the_next_intent() -> None:
    assert verdict(decide(unwanted(live(mark=marker()), rival=OTHER))) == (Verb.NONE, "", "")


def test_a_paused_intent_deletes_nothing() -> None:
    step = decide(unwanted(live(mark=marker()), intent=intent(paused=True)))
    assert verdict(step) == (Verb.NONE, State.PAUSED, "IntentPaused")


def test_a_held_deletion_says_why() -> None:
    hold = Finding(State.HELD, "HubIncomplete", "the list is not complete")
    step = decide(unwanted(live(mark=marker()), deletion_hold=hold))
    assert (step.verb, step.finding) == (Verb.NONE, hold)


def test_nothing_is_deleted_in_a_renamed_cluster_until_the_name_is_accepted() -> None:
    actual = live(mark=marker(cluster_name="old"))
    assert verdict(decide(unwanted(actual))) == (Verb.NONE, State.HELD, "ClusterRenamed")
    assert decide(unwanted(actual, accepted_names=frozenset({"old"}))).verb is Verb.DELETE
    known = replace(EAST, aliases=frozenset({ClusterName("old")}))
    assert decide(unwanted(actual, cluster=known)).verb is Verb.DELETE
    assert decide(unwanted(live(mark=marker(cluster_name="")))).verb is Verb.DELETE


def test_an_objection_leaves_a_delivered_target_frozen() -> None:
    actual = live(mark=marker())
    step = decide(question(desired(NEW), actual=actual, intent=intent(paused=True)))
    assert verdict(step) == (Verb.NONE, State.PAUSED, "IntentPaused")
    assert (step.revision, step.fingerprint) == (2, actual.fingerprint)
