# SPDX-License-Identifier: Apache-2.0
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.engine.fakes import HUB_UID, intent_of, key_of

from keyfleet.engine.revisions import Revisions
from keyfleet.model.intent import Intent
from keyfleet.model.ownership import Marker
from keyfleet.model.places import IntentKey

A, B, C = "v1:k:a", "v1:k:b", "v1:k:c"


def marker_of(revision: int, source: str) -> Marker:
    return Marker(
        hub=HUB_UID,
        kind="FleetSecret",
        intent_namespace="payments",
        intent_name="db",
        intent_uid="uid-db",
        cluster="uid-east",
        namespace="payments",
        name="db",
        revision=revision,
        source=source,
    )


@dataclass
class Fleet:
    """The markers of one intent's targets."""

    markers: list[Marker] = field(default_factory=list)

    def __call__(self, key: IntentKey) -> list[Marker]:
        return self.markers if key == key_of() else []


def stored(revision: int, source: str) -> Intent:
    return intent_of(revision=revision, source_fingerprint=source)


def test_the_first_source_is_revision_one() -> None:
    assert Revisions(Fleet()).revise(intent_of(), (A,)) == 1


def test_the_same_source_keeps_its_revision() -> None:
    revisions = Revisions(Fleet())
    assert [revisions.revise(intent_of(), (A,)) for _ in range(2)] == [1, 1]
    assert revisions.current(key_of()) == (1, A)


def test_going_back_to_an_earlier_value_is_a_new_revision() -> None:
    revisions = Revisions(Fleet())
    assert [revisions.revise(intent_of(), (source,)) for source in (A, B, A)] == [1, 2, 3]


def test_a_slow_read_that_ends_after_a_later_one_numbers_nothing() -> None:
    revisions = Revisions(Fleet())
    revisions.revise(intent_of(), (A,), began=1)
    assert revisions.revise(intent_of(), (B,), began=3) == 2
    assert revisions.revise(intent_of(), (A,), began=2) == 2
    assert revisions.current(key_of()) == (2, B)
    assert revisions.revise(intent_of(), (B,), began=4) == 2


def test_an_intent_that_came_again_is_numbered_whenever_it_was_read() -> None:
    revisions = Revisions(Fleet())
    revisions.revise(intent_of(), (A,), began=9)
    revisions.forget(key_of())
    assert revisions.revise(intent_of(), (B,), began=2) == 1


def test_a_restart_numbers_nothing_anew() -> None:
    fleet = Fleet([marker_of(4, A), marker_of(3, B)])
    assert Revisions(fleet).revise(stored(4, A), (A,)) == 4


def test_a_source_that_changed_while_nobody_looked_is_the_next_revision() -> None:
    assert Revisions(Fleet([marker_of(4, A)])).revise(stored(4, A), (B,)) == 5


def test_targets_count_when_the_status_was_not_written_before_a_crash() -> None:
    fleet = Fleet([marker_of(5, B), marker_of(4, A)])
    assert Revisions(fleet).revise(stored(4, A), (B,)) == 5


def test_the_status_counts_when_no_target_was_reached_before_a_crash() -> None:
    assert Revisions(Fleet([marker_of(4, A)])).revise(stored(5, B), (B,)) == 5


def test_a_restored_status_does_not_reuse_a_number_that_targets_know() -> None:
    assert Revisions(Fleet([marker_of(9, A)])).revise(stored(2, B), (C,)) == 10


def test_a_lost_status_is_made_up_from_the_targets() -> None:
    assert Revisions(Fleet([marker_of(9, A)])).revise(intent_of(), (A,)) == 9


def test_intents_are_numbered_on_their_own() -> None:
    revisions = Revisions(Fleet())
    revisions.revise(intent_of(), (A,))
    revisions.revise(intent_of(), (B,))
    assert revisions.revise(intent_of(key_of("other")), (A,)) == 1


def test_an_intent_that_is_gone_is_forgotten() -> None:
    revisions = Revisions(Fleet())
    revisions.revise(intent_of(), (A,))
    revisions.forget(key_of())
    assert revisions.current(key_of()) == (0, "")


@given(st.lists(st.one_of(st.sampled_from([A, B, C]), st.just("restart")), max_size=20))
def test_revisions_grow_exactly_when_the_source_changes_whatever_is_restarted(
    steps: list[str],
) -> None:
    fleet = Fleet()
    revisions = Revisions(fleet)
    revision, last = 0, ""
    for step in steps:
        if step == "restart":
            revisions = Revisions(fleet)
            continue
        found = revisions.revise(stored(revision, last), (step,))
        assert found == revision + (step != last)
        revision, last = found, step
        fleet.markers = [marker_of(found, step)]


def test_a_rotated_key_is_no_change_of_the_source() -> None:
    now = ("v1:new:c", A)
    revisions = Revisions(Fleet([marker_of(4, A)]))
    assert revisions.revise(stored(4, A), now) == 4
    assert revisions.current(key_of()) == (4, "v1:new:c")


def test_a_change_is_seen_across_a_rotated_key() -> None:
    assert Revisions(Fleet([marker_of(4, A)])).revise(stored(4, A), ("v1:new:c", B)) == 5


def test_a_lost_key_says_nothing_about_a_change() -> None:
    assert Revisions(Fleet([marker_of(4, "v1:lost:a")])).revise(intent_of(), (A,)) == 4
