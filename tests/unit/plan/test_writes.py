# SPDX-License-Identifier: Apache-2.0
"""What is written: data, labels, annotations and marks."""

from dataclasses import replace

from tests.unit.plan.questions import (
    CRD,
    DATA,
    EAST,
    EAST_UID,
    KEY,
    LAPTOP,
    NEW,
    after,
    desired,
    intent,
    live,
    marker,
    question,
    verdict,
)

from keyfleet.base.secret import SecretValue
from keyfleet.model.intent import DeletionPolicy, Guard, WriteMode
from keyfleet.model.ownership import (
    HUB_LABEL,
    MANAGED_BY_LABEL,
    MARKED,
    OWNER_ANNOTATION,
    Evidence,
    Inheritance,
    read_marker,
)
from keyfleet.model.places import ClusterName
from keyfleet.model.plan import Verb
from keyfleet.plan.decide import decide
from keyfleet.plan.question import Question
from keyfleet.testing.canary import canary


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


def test_the_marker_names_the_cluster_as_the_intent_does() -> None:
    called = replace(EAST, name=ClusterName("prod-east"), aliases=frozenset({ClusterName("east")}))
    step = decide(question(cluster=called))
    assert step.write is not None
    found = read_marker({k: v for k, v in step.write.annotations.items() if v is not None})
    assert found is not None
    assert found.cluster_name == "east"


def test_whose_object_it_is_stays_said_where_keys_of_others_stay() -> None:
    """Helm upgrades no object that says to be managed by somebody else."""
    guard = Guard(takes_unmarked=True, on_intent_deleted=DeletionPolicy.RETAIN)
    merging = replace(intent(), guard=guard)
    theirs = live({"theirs": DATA["password"]}, labels={MANAGED_BY_LABEL: "Helm"})
    wanted = desired(NEW, write_mode=WriteMode.MERGE)
    asked = question(wanted, actual=theirs, intent=merging)
    written = after(decide(asked), theirs)
    assert written is not None
    assert written.labels == {MANAGED_BY_LABEL: "Helm", HUB_LABEL: "3f2a91c000004000"}
    assert decide(replace(asked, actual=written)).verb is Verb.NONE
    gone = replace(asked, actual=written, intent=None, desired=None)
    step = decide(gone)
    assert step.verb is Verb.RELEASE
    released = after(step, written)
    assert released is not None
    assert released.labels == written.labels


def inheriting(*, is_quiet: bool = True, replaces: bool = False) -> Question:
    """Return the question about an unmarked target that another tool made as it is wanted."""

    def is_heir(_: Evidence) -> bool:
        return True

    inheritance = Inheritance(is_heir, lambda *_: False, is_quiet=is_quiet, replaces=replaces)
    guard = Guard(ownership=replace(MARKED, inheritance=inheritance))
    actual = live(NEW, labels={"foreign": "label"}, annotations={"foreign": "note"})
    return question(desired(NEW), actual=actual, intent=replace(intent(), guard=guard))


def test_what_is_inherited_as_it_is_wanted_is_left_alone_or_marked() -> None:
    assert decide(inheriting()).write is None
    write = decide(inheriting(is_quiet=False)).write
    assert write is not None
    assert write.data is None
    assert OWNER_ANNOTATION in write.annotations
    assert "foreign" not in {**write.labels, **write.annotations}


def test_what_is_inherited_may_lose_all_that_is_not_wanted() -> None:
    write = decide(inheriting(is_quiet=False, replaces=True)).write
    assert write is not None
    assert (write.labels["foreign"], write.annotations["foreign"]) == (None, None)
    shared = inheriting(is_quiet=False, replaces=True)
    merged = replace(shared, desired=desired(NEW, write_mode=WriteMode.MERGE))
    write = decide(merged).write
    assert write is not None
    assert "foreign" not in {**write.labels, **write.annotations}
