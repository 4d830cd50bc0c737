# SPDX-License-Identifier: Apache-2.0
import pytest

from keyfleet.base.secret import SecretValue
from keyfleet.model.places import ClusterName, IntentKey, Place
from keyfleet.model.plan import Finding, Plan, State, Step, Verb, Write

KEY = IntentKey("FleetSecret", "a", "b")
PLACE = Place(ClusterName("east"), "a", "b")
FINDING = Finding(State.CONFLICT, "NotOurs", "belongs to another")


def test_the_states_are_the_documented_ones_worst_first() -> None:
    """Design 4 lists them; their order decides what people see first."""
    ordered = sorted(State, key=lambda state: state.severity)
    assert [str(state) for state in ordered] == [
        *("Failed", "Conflict", "Refused", "Unreachable", "Held", "Pending", "Paused", "InSync"),
    ]


@pytest.mark.parametrize("verb", list(Verb))
def test_every_verb_but_none_writes(verb: Verb) -> None:
    assert Step(KEY, PLACE, verb).writes is (verb is not Verb.NONE)


def test_a_plan_has_differences_when_a_step_writes() -> None:
    nothing = Step(KEY, PLACE, Verb.NONE, FINDING)
    assert not Plan((nothing,)).has_differences
    assert Plan((nothing, Step(KEY, PLACE, Verb.DELETE))).has_differences
    assert not Plan().has_differences


def test_a_plan_lists_what_stands_in_the_way() -> None:
    steps = (Step(KEY, PLACE, Verb.NONE, FINDING), Step(KEY, PLACE, Verb.CREATE))
    assert Plan(steps).findings == (FINDING,)


def test_a_step_shows_no_value() -> None:
    write = Write("Opaque", {"a": SecretValue(b"kf-canary-x")})
    assert "kf-canary" not in repr(Step(KEY, PLACE, Verb.CREATE, write=write))
