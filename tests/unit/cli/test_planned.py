"""Plans for people and programs."""

from collections.abc import Callable

import pytest

from keyfleet.cli.applied import applied_answer
from keyfleet.cli.notes import tell_findings
from keyfleet.cli.options import NO_OPTIONS
from keyfleet.cli.planned import exit_of_plan, is_different, plan_answer
from keyfleet.engine.oneshot import Delivery
from keyfleet.model.places import ClusterName, IntentKey, Place
from keyfleet.model.plan import Change, Finding, State, Step, Verb

DB = IntentKey("FleetSecret", "payments", "db")


def _step(cluster: str, verb: Verb, *changes: Change, finding: Finding | None = None) -> Step:
    place = Place(ClusterName(cluster), "payments", "db")
    return Step(DB, place, verb, finding, changes=changes)


def _finding(state: State, reason: str = "Because") -> Finding:
    return Finding(state, reason, "what happened", hint="what to do", rule="a-rule")


SAME = Change("key", "user", "=", "0a0a0a0a", "0a0a0a0a", 3, 3)
CREATED = _step(
    "east",
    Verb.CREATE,
    Change("key", "password", "+", "", "7ece2117", None, 11),
    Change("label", "team", "+", "", "pay"),
)
UPDATED = _step(
    "north",
    Verb.UPDATE,
    Change("type", "type", "~", "Opaque", "kubernetes.io/tls"),
    Change("key", "password", "~", "d56f2218", "5c65e756", 24, 24),
    SAME,
    Change("key", "zz", "-", "b4dbad88", "", 1, None),
)
DELETED = _step("south", Verb.DELETE, Change("key", "password", "-", "5c65e756", "", 24, None))
IN_SYNC = _step("west", Verb.NONE, SAME)
REFUSED = _step("lab", Verb.NONE, finding=_finding(State.REFUSED, "Forbidden"))
AWAY = Step(
    DB, Place(ClusterName("moon"), "", ""), Verb.NONE, _finding(State.UNREACHABLE, "Unreachable")
)
ALL = [CREATED, UPDATED, DELETED, IN_SYNC, REFUSED, AWAY]


EXCERPT = ("  2 | {{ .k }} {{ .nope }}", "    |             ^")
FAILING = Finding(
    State.FAILED, "TemplateError", "it cannot be executed", "correct it", excerpt=EXCERPT
)


def test_golden_plan_of_a_failing_template(golden_answer: Callable[..., None]) -> None:
    answer = plan_answer([_step("east", Verb.NONE, finding=FAILING)])
    golden_answer("plan-template", answer)


def test_the_line_of_a_template_is_told_once_for_all_places(
    capsys: pytest.CaptureFixture[str], golden: Callable[[str, str], None]
) -> None:
    steps = [_step(name, Verb.NONE, finding=FAILING) for name in ("east", "west")]
    tell_findings([(step.place, step.finding) for step in steps], NO_OPTIONS)
    golden("plan-template.notes", capsys.readouterr().err)


def test_golden_plan(golden_answer: Callable[..., None]) -> None:
    golden_answer("plan", plan_answer(ALL), plan_answer(ALL, wide=True))


def test_golden_diff(golden_answer: Callable[..., None]) -> None:
    different = [step for step in ALL if is_different(step)]
    golden_answer("diff", plan_answer(different))
    golden_answer("diff-none", plan_answer([]))


def test_golden_apply(golden_answer: Callable[..., None]) -> None:
    deliveries = [
        Delivery(CREATED, wrote=True),
        Delivery(UPDATED, wrote=True),
        Delivery(DELETED, wrote=True),
        Delivery(IN_SYNC),
        Delivery(REFUSED, REFUSED.finding),
        Delivery(AWAY, AWAY.finding),
    ]
    golden_answer("apply", applied_answer(deliveries))


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        ([], 0),
        ([IN_SYNC], 0),
        ([_step("east", Verb.NONE, finding=_finding(State.PAUSED))], 0),
        ([IN_SYNC, CREATED], 1),
        ([REFUSED], 1),
        ([_step("east", Verb.NONE, finding=_finding(State.PENDING))], 1),
        ([CREATED, AWAY], 3),
        ([_step("east", Verb.NONE, finding=_finding(State.FAILED))], 3),
    ],
)
def test_exit_codes_of_comparing(steps: list[Step], code: int) -> None:
    assert code == exit_of_plan(steps)


@pytest.mark.parametrize("verb", [verb for verb in Verb if verb is not Verb.NONE])
def test_every_verb_has_its_words(verb: Verb) -> None:
    step = Step(IntentKey("FleetSecret", "a", "b"), Place(ClusterName("east"), "a", "b"), verb)
    assert "1 " in plan_answer([step]).summary
    assert "1 " in applied_answer([Delivery(step, wrote=True)]).summary
