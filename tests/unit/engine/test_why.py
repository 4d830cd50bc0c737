# SPDX-License-Identifier: Apache-2.0
import pytest
from tests.unit.engine.fakes import INSTALLATION, OTHER_VALUE, intent_of, key_of
from tests.unit.engine.livebench import LiveBench

from keyfleet.base.errors import UnreachableError
from keyfleet.dialects import native
from keyfleet.engine.fates import Fates
from keyfleet.engine.why import Explainer, Explanation
from keyfleet.kube.resources import CRDS, FLEETSECRETS
from keyfleet.model.intent import Intent, Rejection
from keyfleet.model.matchers import ChosenClusters
from keyfleet.model.ownership import Claim
from keyfleet.model.places import ClusterName
from keyfleet.model.plan import Verb
from keyfleet.model.selectors import parse_selector


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> LiveBench:
    found = LiveBench(monkeypatch)
    found.hub.put(CRDS, FLEETSECRETS.label, metadata={"uid": "crd-1"})
    return found


async def explain(
    bench: LiveBench, *intents: Intent, at: str = "east", rejections: tuple[Rejection, ...] = ()
) -> Explanation:
    planned = await bench.one_shot(*intents).plan()
    contact = await bench.fleet().contact(ClusterName(at))
    fates = Fates(bench.hub, INSTALLATION, [native.DIALECT], {"FleetSecret": "crd-1"})
    explainer = Explainer(INSTALLATION, intents, planned, rejections, fates=fates)
    return await explainer.explain("payments", "db", contact)


async def test_a_delivered_target_names_its_intent_and_is_as_wanted(bench: LiveBench) -> None:
    await bench.apply(intent_of())
    found = await explain(bench, intent_of())
    assert (found.exists, found.type, found.holding.claim) == (True, "Opaque", Claim.OURS)
    (candidate,) = found.candidates
    assert (candidate.intent, candidate.source) == (key_of(), "hub/payments/src")
    assert candidate.wants
    assert found.is_as_wanted
    assert found.fate == ""


async def test_a_missing_target_says_what_the_next_pass_would_do(bench: LiveBench) -> None:
    found = await explain(bench, intent_of())
    assert not found.exists
    assert not found.is_as_wanted
    step = found.candidates[0].step
    assert step is not None
    assert step.verb is Verb.CREATE


async def test_a_foreign_object_in_the_way_is_told(bench: LiveBench) -> None:
    bench.east.put_secret(k=OTHER_VALUE)
    found = await explain(bench, intent_of())
    assert (found.holding.claim, found.is_as_wanted) == (Claim.NOBODYS, False)


async def test_the_rule_that_keeps_an_intent_away_is_named(bench: LiveBench) -> None:
    clusters = ChosenClusters(selector=parse_selector("env=prod"))
    found = await explain(bench, intent_of(clusters=clusters), at="west")
    (candidate,) = found.candidates
    assert not candidate.wants
    assert [(rule.rule, rule.holds) for rule in candidate.considered] == [
        ("placement.clusters", False),
        ("placement.namespaces", True),
        ("placement.name", True),
    ]
    assert candidate.considered[0].detail == "labels env=prod; this is west (env=test)"


async def test_a_namesake_with_another_target_is_considered_too(bench: LiveBench) -> None:
    found = await explain(bench, intent_of(target="elsewhere"))
    assert [rule.holds for rule in found.candidates[0].considered] == [True, True, False]


async def test_intents_that_have_nothing_to_do_with_the_place_are_left_out(
    bench: LiveBench,
) -> None:
    other = intent_of(key_of("other"), target="other")
    assert (await explain(bench, other)).candidates == ()


async def test_a_rejected_manifest_of_that_name_is_told(bench: LiveBench) -> None:
    rejection = Rejection(key_of(), intent_of().origin, "UnknownField", "unknown field")
    found = await explain(bench, rejections=(rejection,))
    (candidate,) = found.candidates
    assert (candidate.rejection, candidate.wants) == (rejection, False)


async def test_a_cluster_that_does_not_answer_is_told_instead(bench: LiveBench) -> None:
    away = UnreachableError("api.timeout", "no answer")
    bench.east.errors["version"] = [away, away]
    found = await explain(bench, intent_of())
    assert found.finding is not None
    assert found.finding.reason == "Unreachable"
    assert not found.is_as_wanted


async def test_an_error_at_the_place_is_told(bench: LiveBench) -> None:
    contact = await bench.fleet().contact(ClusterName("east"))
    bench.east.errors["get Secret"] = [UnreachableError("api.timeout", "no answer")]
    found = await Explainer(INSTALLATION, [], []).explain("payments", "db", contact)
    assert found.finding is not None
    assert found.finding.reason == "Retrying"


async def test_a_target_that_nothing_wants_says_what_becomes_of_it(bench: LiveBench) -> None:
    await bench.apply(intent_of())
    assert "the controller deletes it" in (await explain(bench)).fate
    bench.hub.put(CRDS, FLEETSECRETS.label, metadata={"deletionTimestamp": "2026-01-01T00:00:00Z"})
    assert "(KindGone)" in (await explain(bench)).fate


async def test_what_nobody_delivered_has_no_fate(bench: LiveBench) -> None:
    bench.east.put_secret(k=OTHER_VALUE)
    assert (await explain(bench)).fate == ""
