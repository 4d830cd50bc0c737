"""Explanations for people and programs."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from keyfleet.cli.explained import explanations_answer
from keyfleet.cli.refs import Ref
from keyfleet.engine.why import Candidate, Considered, Explanation
from keyfleet.model.intent import Origin, Rejection
from keyfleet.model.ownership import Claim, Holding, Marker
from keyfleet.model.places import CARRIER, SEALED_SECRET, SECRET, ClusterName, IntentKey, Place
from keyfleet.model.plan import Finding, State, Step, Verb

KEY = IntentKey("FleetSecret", "payments", "db")
MARKER = Marker("h", "FleetSecret", "payments", "db", "u", "c", "payments", "db", revision=3)


def _place(cluster: str) -> Place:
    return Place(ClusterName(cluster), "payments", "db")


def _candidate(cluster: str, *, wants: bool, step: Step | None = None) -> Candidate:
    rules = (
        Considered("placement.clusters", wants, f"names east, west; this is {cluster}"),
        Considered("placement.name", True, "targets are called db"),
    )
    return Candidate(KEY, "hub/payments/src", rules, step)


FOUND = [
    Explanation(
        _place("east"),
        exists=True,
        type="Opaque",
        holding=Holding(Claim.OURS, MARKER),
        candidates=(
            _candidate("east", wants=True, step=Step(KEY, _place("east"), Verb.NONE, revision=3)),
        ),
    ),
    Explanation(_place("hub"), candidates=(_candidate("hub", wants=False),)),
    Explanation(
        _place("west"),
        exists=True,
        type="Opaque",
        holding=Holding(Claim.NOBODYS),
        candidates=(
            _candidate(
                "west",
                wants=True,
                step=Step(
                    KEY,
                    _place("west"),
                    Verb.NONE,
                    Finding(State.CONFLICT, "Foreign", "somebody else's", "Adopt", "ownership"),
                ),
            ),
        ),
    ),
    Explanation(
        _place("lab"),
        candidates=(
            Candidate(
                KEY,
                "",
                (),
                rejection=Rejection(
                    KEY,
                    Origin("native", *("FleetSecret", "payments", "db")),
                    "UnknownField",
                    "unknown field",
                    "spec.exlude",
                    "did you mean `exclude`?",
                ),
            ),
        ),
    ),
    Explanation(_place("bare")),
    Explanation(
        _place("moon"), finding=Finding(State.UNREACHABLE, "Unreachable", "no answer", "wait")
    ),
]


def test_golden(golden_answer: Callable[..., None]) -> None:
    golden_answer("why", explanations_answer(FOUND, Ref("payments", "db")))


def test_golden_why_of_a_failing_template(golden_answer: Callable[..., None]) -> None:
    excerpt = ("  2 | {{ .k }} {{ .nope }}", "    |             ^")
    failing = Finding(State.FAILED, "TemplateError", "it fails", "correct it", excerpt=excerpt)
    step = Step(KEY, _place("east"), Verb.NONE, failing)
    origin = Origin("native", *("FleetSecret", "payments", "db"))
    rejection = Rejection(
        KEY, origin, "TemplateError", "cannot be parsed", "spec.template.data.k", "", excerpt
    )
    found = [
        Explanation(_place("east"), candidates=(_candidate("east", wants=True, step=step),)),
        Explanation(_place("west"), candidates=(Candidate(KEY, "", (), rejection=rejection),)),
    ]
    golden_answer("why-template", explanations_answer(found, Ref("payments", "db")))


def test_what_a_manifest_s_status_says_is_told_once() -> None:
    said = Finding(State.FAILED, "UnsealFailed", "no key (a)\nbad base64 (b)")
    step = Step(KEY, _place("east"), Verb.NONE, replace(said, hint="seal it again"))
    looked_at = replace(_candidate("east", wants=True, step=step), said=said)
    only_said = replace(_candidate("west", wants=True), said=said)
    holding = Holding(Claim.OURS, MARKER)
    found = [
        Explanation(_place("east"), True, "Opaque", holding, (looked_at,)),
        Explanation(_place("west"), candidates=(only_said,)),
    ]
    text = explanations_answer(found, Ref("payments", "db")).text or ()
    assert text.count("    Failed, UnsealFailed: no key (a); bad base64 (b)") == 1
    assert text.count("    Hint: seal it again") == 1
    assert text.count("    What was delivered stays as it is.") == 1
    assert text[-1] == "    Its status says UnsealFailed: no key (a); bad base64 (b)"


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (SECRET, "wants it here:"),
        (SEALED_SECRET, "wants it here as SealedSecret:"),
        (CARRIER, "wants it here as SealedSecret on the hub:"),
    ],
)
def test_what_is_delivered_sealed_says_so(kind: str, told: str) -> None:
    step = Step(KEY, replace(_place("east"), kind=kind), Verb.CREATE)
    found = [Explanation(_place("east"), candidates=(_candidate("east", wants=True, step=step),))]
    text = explanations_answer(found, Ref("payments", "db")).text or ()
    assert any(line.endswith(told) for line in text)
