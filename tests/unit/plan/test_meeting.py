# SPDX-License-Identifier: Apache-2.0
"""What a target should hold, given what is there."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.plan.questions import (
    DATA,
    NEW,
    after,
    desired,
    digest,
    intent,
    live,
    marker,
    question,
    verdict,
)

from keyfleet.base.secret import SecretValue
from keyfleet.model.intent import ConflictPolicy, Creation, Intent, WriteMode
from keyfleet.model.ownership import read_marker
from keyfleet.model.plan import Step, Verb
from keyfleet.plan.decide import decide
from keyfleet.plan.question import Question
from keyfleet.testing.canary import canary

THEIRS = {"theirs": SecretValue(canary("theirs"))}
MERGED = desired(NEW, write_mode=WriteMode.MERGE)


def asking(creation: Creation = Creation.CREATE, *, type_: str = "") -> Intent:
    found = intent(on_conflict=ConflictPolicy.OVERWRITE)
    shape = replace(found.shape, creation=creation, keeps_type=True, type=type_)
    return replace(found, shape=shape)


def merging(asked: Question | None = None) -> Question:
    return replace(asked or question(MERGED), intent=asking())


def keys_of(step: Step) -> tuple[str, ...]:
    assert step.write is not None
    marks = {k: v for k, v in step.write.annotations.items() if v is not None}
    found = read_marker(marks)
    assert found is not None
    return found.keys


def test_keys_of_others_stay_where_only_ours_are_ours() -> None:
    step = decide(merging(question(MERGED, actual=live({**THEIRS, **DATA}))))
    assert step.write is not None
    assert step.write.data == {**THEIRS, **NEW}
    assert keys_of(step) == ("password",)
    assert step.fingerprint == digest({**THEIRS, **NEW})


def test_our_key_that_is_wanted_no_more_goes() -> None:
    before = {"old": SecretValue(canary("old")), **THEIRS}
    actual = live(before, mark=marker(keys=("old",)))
    step = decide(merging(question(MERGED, actual=actual)))
    assert step.write is not None
    assert step.write.data == {**THEIRS, **NEW}


def test_a_key_that_another_tool_wrote_for_the_same_manifest_goes_when_it_is_wanted_no_more() -> (
    None
):
    before = {"old": SecretValue(canary("old")), **THEIRS}
    step = decide(merging(question(MERGED, actual=live(before, inherited_keys=frozenset({"old"})))))
    assert step.write is not None
    assert step.write.data == {**THEIRS, **NEW}


def test_what_is_merged_is_not_merged_again_until_it_drifts() -> None:
    actual = live({**THEIRS, **DATA})
    asked = merging(question(MERGED, actual=actual))
    once = after(decide(asked), actual)
    assert once is not None
    assert not decide(replace(asked, actual=once)).writes
    data = {**THEIRS, **DATA}
    edited = replace(once, data=data, fingerprint=digest(data))
    assert decide(replace(asked, actual=edited)).writes


def test_a_merge_into_nothing_is_a_creation_and_remembers_its_keys() -> None:
    step = decide(merging(question(MERGED)))
    assert (step.verb, keys_of(step)) == (Verb.CREATE, ("password",))


names = st.dictionaries(st.sampled_from("abcd"), st.binary(max_size=3).map(SecretValue))


@given(names, names, st.sets(st.sampled_from("abcd")))
def test_a_merge_keeps_every_foreign_key_and_ends(
    wanted: dict[str, SecretValue], there: dict[str, SecretValue], before: set[str]
) -> None:
    actual = live(there, mark=marker(keys=tuple(sorted(before))))
    asked = merging(question(desired(wanted, write_mode=WriteMode.MERGE), actual=actual))
    once = after(decide(asked), actual)
    assert once is not None
    foreign = {key: value for key, value in there.items() if key not in before}
    assert once.data == {**foreign, **wanted}
    assert not decide(replace(asked, actual=once)).writes


def test_only_what_exists_is_written_where_that_is_asked() -> None:
    asked = replace(question(MERGED), intent=asking(Creation.EXISTING))
    assert verdict(decide(asked)) == (Verb.NONE, "Pending", "SecretMissing")
    assert decide(replace(asked, actual=live(THEIRS))).verb is Verb.UPDATE


def test_what_is_only_looked_at_is_never_written() -> None:
    for actual in (None, live(THEIRS), live(mark=marker())):
        asked = replace(question(actual=actual), intent=asking(Creation.NEVER))
        assert verdict(decide(asked)) == (Verb.NONE, "", "")


def test_a_target_keeps_its_type_where_none_is_asked_for() -> None:
    actual = live(DATA, mark=marker(), type="example.com/old")
    wanted = question(desired(NEW), actual=actual)
    assert decide(replace(wanted, intent=asking())).verb is Verb.UPDATE
    refused = decide(replace(wanted, intent=asking(type_="Opaque")))
    assert verdict(refused) == (Verb.NONE, "Failed", "TypeChanged")
