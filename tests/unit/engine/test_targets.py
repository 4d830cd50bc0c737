# SPDX-License-Identifier: Apache-2.0
import pytest
from tests.unit.engine.fakecluster import FakeCluster
from tests.unit.engine.fakefleet import FakeMember
from tests.unit.engine.fakes import EAST, INSTALLATION, VALUE, finding_of, intent_of, key_of

from keyfleet.engine.intents import Intents
from keyfleet.engine.shaping import Shaped
from keyfleet.engine.targets import Gatherer, forced_policy
from keyfleet.model.desired import Content, DesiredObject
from keyfleet.model.intent import DeletionPolicy, Guard, Intent, Rejection
from keyfleet.model.matchers import ChosenClusters, ChosenNamespaces
from keyfleet.model.ownership import MARKED, Marker
from keyfleet.model.places import ClusterName, NamespaceFacts, Place, TargetFacts
from keyfleet.model.policy import Policies
from keyfleet.plan.question import Asker, Question

PAYMENTS = NamespaceFacts("payments")
OLD_NAMES = frozenset({"old-east"})


def shaped_of(intent: Intent) -> Shaped:
    def desired(facts: TargetFacts) -> DesiredObject:
        place = Place(facts.cluster.name, facts.namespace.name, intent.targets.name)
        return DesiredObject(place, Content("Opaque", {"k": VALUE}))

    return Shaped(desired=desired, fingerprint="v1:a:1", asker=Asker("uid-db", revision=3))


def marked_by(name: str) -> dict[str, dict[str, str]]:
    """Return the metadata of a target that belongs to an intent."""
    marker = Marker(
        hub=INSTALLATION.hub,
        kind="FleetSecret",
        intent_namespace="payments",
        intent_name=name,
        intent_uid=f"uid-{name}",
        cluster=EAST.uid,
        namespace="payments",
        name="db",
    )
    marks = MARKED.marks(marker, INSTALLATION)
    return {"labels": dict(marks.labels), "annotations": dict(marks.annotations)}


class Bench:
    """One cluster, some intents and who asks about them."""

    def __init__(self, *intents: Intent) -> None:
        self.cluster = FakeCluster()
        self.view = FakeMember(self.cluster)
        self.intents = Intents()
        for intent in intents:
            self.intents.put(intent)
        self.gatherer = Gatherer(
            INSTALLATION,
            Policies(),
            self.intents,
            deletion_hold=lambda key, marker: finding_of(f"{key.name} {marker is not None}"),
            accepted_names=lambda name: OLD_NAMES if name == "east" else frozenset(),
        )

    async def ask(self, intent: Intent, namespace: NamespaceFacts | None = PAYMENTS) -> Question:
        name = namespace.name if namespace else "absent"
        return await self.gatherer.ask_wanted(
            intent, shaped_of(intent), self.view, (name, namespace)
        )

    async def ask_left_over(self, name: str = "db", policy: str = "") -> Question:
        return await self.gatherer.ask_left_over(
            key_of(name), self.view, ("payments", "db"), policy=policy
        )


async def test_the_wanted_namespaces_are_those_that_match_and_those_that_are_named() -> None:
    intent = intent_of(namespaces=ChosenNamespaces(("payments", "absent")))
    wanted = await Bench(intent).gatherer.wanted(intent, FakeMember(FakeCluster()))
    assert wanted == {"absent": None, "payments": PAYMENTS}


async def test_in_a_cluster_that_is_not_meant_nothing_is_wanted() -> None:
    intent = intent_of(clusters=ChosenClusters(("west",)))
    assert await Bench(intent).gatherer.wanted(intent, FakeMember(FakeCluster())) == {}


async def test_the_question_about_a_wanted_target_holds_what_is_wanted_and_what_is_there() -> None:
    bench = Bench(intent_of())
    bench.cluster.put_secret(k=VALUE)
    question = await bench.ask(intent_of())
    assert question.place == Place(ClusterName("east"), "payments", "db")
    assert question.desired is not None
    assert question.actual is not None
    assert (
        question.fingerprint,
        question.asker.revision,
        question.namespace,
        question.rival,
        question.holder_wants,
    ) == ("v1:a:1", 3, PAYMENTS, None, False)


async def test_in_a_namespace_that_is_absent_nothing_is_looked_for() -> None:
    bench = Bench(intent_of())
    question = await bench.ask(intent_of(), None)
    assert (question.actual, question.namespace) == (None, None)
    assert bench.cluster.asked == []


async def test_an_older_intent_for_the_place_is_named() -> None:
    older = intent_of(key_of("older"), created="2020-01-01T00:00:00Z")
    question = await Bench(intent_of(), older).ask(intent_of())
    assert question.rival == key_of("older")


@pytest.mark.parametrize(
    ("holder", "wants"),
    [
        (intent_of(key_of("holder"), created="2027-01-01T00:00:00Z"), True),
        (intent_of(key_of("holder"), target="elsewhere"), False),
        (intent_of(key_of("another"), target="elsewhere"), False),
    ],
)
async def test_who_holds_the_target_keeps_it_as_long_as_it_wants_it(
    holder: Intent, *, wants: bool
) -> None:
    bench = Bench(intent_of(), holder)
    bench.cluster.put_secret(k=VALUE, metadata=marked_by("holder"))
    assert (await bench.ask(intent_of())).holder_wants == wants


async def test_a_holder_whose_manifest_is_rejected_keeps_what_it_has() -> None:
    bench = Bench(intent_of())
    key = key_of("holder")
    bench.intents.reject(Rejection(key, intent_of(key).origin, "UnknownField", "unknown field"))
    bench.cluster.put_secret(k=VALUE, metadata=marked_by("holder"))
    assert (await bench.ask(intent_of())).holder_wants


async def test_the_question_about_a_left_over_wants_nothing_and_knows_every_hold() -> None:
    bench = Bench()
    bench.cluster.put_secret(k=VALUE, metadata=marked_by("db"))
    question = await bench.ask_left_over()
    assert (
        question.intent,
        question.desired,
        question.namespace,
        question.deletion_policy,
        question.rival,
    ) == (None, None, PAYMENTS, "", None)
    assert question.deletion_hold == finding_of("db True")
    assert question.accepted_names == OLD_NAMES


async def test_a_living_intents_policy_counts_before_its_markers_and_a_forced_one_before_both() -> (
    None
):
    guard = Guard(on_intent_deleted=DeletionPolicy.RETAIN)
    bench = Bench(intent_of(guard=guard, target="moved"))
    bench.cluster.put_secret(k=VALUE, metadata=marked_by("db"))
    assert (await bench.ask_left_over()).deletion_policy == "Retain"
    assert (await bench.ask_left_over(policy="Delete")).deletion_policy == "Delete"


async def test_whoever_else_wants_the_place_inherits_a_left_over() -> None:
    bench = Bench(intent_of(key_of("heir")))
    bench.cluster.put_secret(k=VALUE, metadata=marked_by("db"))
    assert (await bench.ask_left_over()).rival == key_of("heir")


def test_only_a_source_that_is_gone_forces_a_deletion() -> None:
    assert [forced_policy(Shaped(is_source_gone=gone)) for gone in (True, False)] == ["Delete", ""]
