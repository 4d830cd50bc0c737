# SPDX-License-Identifier: Apache-2.0
"""What holds for every decision, whatever is wanted and whatever is there."""

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.plan.questions import (
    HUB,
    INSTALLATION,
    KEY,
    OTHER,
    after,
    desired,
    digest,
    intent,
    live,
    marker,
    question,
)

from keyfleet.base.keyring import Keyring, ephemeral_keyring
from keyfleet.base.secret import SecretValue
from keyfleet.model.desired import Actual
from keyfleet.model.intent import ConflictPolicy, DeletionPolicy
from keyfleet.model.ownership import Installation
from keyfleet.model.plan import Finding, State, Verb
from keyfleet.plan.decide import decide
from keyfleet.plan.question import Question
from keyfleet.testing.canary import canary

names = st.sampled_from(["a", "b", "c/d", "e~f"])
values = st.sampled_from(["1", "2"])
labels = st.dictionaries(names, values, max_size=3)
data = st.dictionaries(
    names, values.map(lambda text: SecretValue(canary(text))), min_size=1, max_size=3
)
signers = st.sampled_from(
    [
        INSTALLATION,
        Installation(HUB, ephemeral_keyring()),
        Installation(HUB, Keyring({"k2": bytes(32)})),
        Installation(HUB, Keyring({"k1": b"x" * 32})),
    ]
)
markers = st.builds(
    marker,
    st.sampled_from([KEY, OTHER]),
    hub=st.sampled_from([HUB, HUB, "other"]),
    name=st.sampled_from(["db", "db", "copy"]),
    cluster_name=st.sampled_from(["east", "old", ""]),
    released=st.booleans(),
    intent_uid=st.sampled_from(["u1", ""]),
    deletion_policy=st.sampled_from(["Delete", "Retain"]),
    labels=st.lists(names, max_size=2, unique=True).map(tuple),
    annotations=st.lists(names, max_size=2, unique=True).map(tuple),
)
lives = st.builds(
    live,
    data,
    mark=st.none() | markers,
    by=signers,
    labels=labels,
    annotations=labels,
    type=st.sampled_from(["Opaque", "Opaque", "example.com/x"]),
    is_immutable=st.booleans(),
    is_deleting=st.sampled_from([False, False, False, True]),
)
holds = st.none() | st.just(Finding(State.HELD, "HubIncomplete", "incomplete"))
intents = st.builds(
    intent,
    on_conflict=st.sampled_from(ConflictPolicy),
    deletion=st.sampled_from(DeletionPolicy),
    paused=st.sampled_from([False, False, True]),
)


@st.composite
def wanted_questions(draw: st.DrawFn) -> Question:
    """Questions about wanted targets."""
    wanted = desired(draw(data), labels=draw(labels), annotations=draw(labels))
    return question(
        wanted,
        intent=draw(intents),
        actual=draw(st.none() | lives),
        holder_wants=draw(st.booleans()),
        rival=draw(st.none() | st.just(OTHER)),
    )


@st.composite
def unwanted_questions(draw: st.DrawFn) -> Question:
    """Questions about targets that nobody wants any more, or not here."""
    return replace(
        question(),
        desired=None,
        intent=draw(st.none() | intents),
        actual=draw(lives),
        rival=draw(st.none() | st.just(OTHER)),
        deletion_hold=draw(holds),
        deletion_policy=draw(st.sampled_from(["", "Delete", "Retain"])),
        accepted_names=frozenset(draw(st.sets(st.just("old")))),
    )


questions = wanted_questions() | unwanted_questions()


def is_own(asked: Question) -> bool:
    """Tell whether the live object is positively the asking intent's."""
    return asked.holding.belongs_to(asked.key)


@given(questions)
def test_a_delivered_decision_leaves_nothing_to_do(asked: Question) -> None:
    step = decide(asked)
    there = after(step, asked.actual)
    again = decide(
        replace(asked, actual=there, holder_wants=asked.holder_wants and not step.writes)
    )
    assert again.verb is Verb.NONE
    assert again.finding == step.finding


@given(questions)
def test_what_is_foreign_is_never_written_under_refuse(asked: Question) -> None:
    is_free = asked.holding.is_transferable and not asked.holder_wants
    policy = asked.intent.guard.on_conflict if asked.intent else ConflictPolicy.REFUSE
    if asked.actual is not None and not is_own(asked) and not is_free:
        step = decide(asked)
        assert step.verb is Verb.NONE or policy is not ConflictPolicy.REFUSE


@given(unwanted_questions())
def test_only_its_own_and_nothing_held_is_deleted(asked: Question) -> None:
    step = decide(asked)
    if step.writes:
        assert is_own(asked)
        assert asked.deletion_hold is None
        assert asked.rival is None
    assert step.write is None or step.write.data is None


@given(wanted_questions())
def test_a_wanted_target_is_never_deleted(asked: Question) -> None:
    assert decide(asked).verb in {Verb.CREATE, Verb.UPDATE, Verb.NONE}


@given(questions)
def test_a_paused_intent_is_not_acted_for(asked: Question) -> None:
    if asked.intent is not None and asked.intent.rollout.paused:
        assert decide(asked).verb is Verb.NONE


@given(wanted_questions())
def test_a_written_target_holds_the_wanted_data_and_nothing_else(asked: Question) -> None:
    step = decide(asked)
    if not step.writes:
        return
    assert asked.desired is not None
    there = after(step, asked.actual)
    assert there is not None
    assert there.data == asked.desired.base.data
    assert there.fingerprint == digest(asked.desired.base.data) == step.fingerprint


@given(wanted_questions())
def test_metadata_of_others_survive_every_write(asked: Question) -> None:
    step = decide(asked)
    if asked.actual is None or not step.writes:
        return
    assert asked.desired is not None
    there = after(step, asked.actual)
    assert there is not None
    mark = asked.holding.marker if asked.holding.is_ours else None
    for before, now, ours in (
        (asked.actual.labels, there.labels, mark.labels if mark else ()),
        (asked.actual.annotations, there.annotations, mark.annotations if mark else ()),
    ):
        assert_kept(before, now, ours=ours)


def assert_kept(
    before: Mapping[str, str], now: Mapping[str, str], *, ours: tuple[str, ...]
) -> None:
    """Fail when a name that is not ours has gone."""
    assert [name for name in before if name not in now and name not in ours] == []


@given(wanted_questions())
def test_a_write_carries_what_it_decided_on(asked: Question) -> None:
    step = decide(asked)
    if step.verb is Verb.UPDATE:
        actual: Actual | None = asked.actual
        assert actual is not None
        assert (step.uid, step.resource_version) == (actual.uid, actual.resource_version)
