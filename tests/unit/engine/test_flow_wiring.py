# SPDX-License-Identifier: Apache-2.0
"""Flow rules reach every decision with the labels and policies of the moment."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, ClassVar

import pytest
from tests.unit.engine import passbench
from tests.unit.engine.fakecluster import FakeCluster
from tests.unit.engine.fakefleet import FakeMember, ReadyMember
from tests.unit.engine.fakes import (
    HUB,
    HUB_UID,
    INSTALLATION,
    VALUE,
    finding_of,
    intent_of,
    key_of,
)
from tests.unit.engine.livebench import OPERATOR, LiveBench
from tests.unit.engine.test_fleet import Bench as FleetBench
from tests.unit.engine.test_targets import shaped_of

from keyfleet.base.errors import TemporaryError
from keyfleet.engine.entry import Entry
from keyfleet.engine.intents import Intents
from keyfleet.engine.oneshot import Planned
from keyfleet.engine.targets import Gatherer
from keyfleet.model.flows import FlowRule, Flows, Lineage, OnRefused
from keyfleet.model.intent import SecretRef
from keyfleet.model.places import ClusterFacts, ClusterName, NamespaceFacts
from keyfleet.model.plan import State, Verb
from keyfleet.model.policy import Policies
from keyfleet.model.selectors import parse_selector

STAYS = FlowRule("p", "stays", parse_selector("env=shared"), parse_selector("env=prod"))
DENIED = Flows((STAYS,))
DELETING = Flows((replace(STAYS, on_refused=OnRefused.DELETE),))
SHARED = replace(HUB, labels={"env": "shared"})


def operator(flows: Flows) -> Policies:
    return replace(OPERATOR, flows=flows)


class TestGatherer:
    """Questions are asked under the rules of the moment."""

    def gatherer(self, policies: Policies, source: ClusterFacts | None, *intents: Any) -> Gatherer:
        known = Intents()
        for intent in intents:
            known.put(intent)
        return Gatherer(
            INSTALLATION,
            policies,
            known,
            deletion_hold=lambda *_: None,
            cluster_now=lambda _: source,
        )

    @pytest.mark.parametrize(("now", "labels"), [(SHARED, {"env": "shared"}), (None, {})])
    async def test_a_question_gets_the_labels_and_policies_of_now(
        self, now: ClusterFacts | None, labels: dict[str, str]
    ) -> None:
        intent, member = intent_of(), FakeMember(FakeCluster())
        shaped = replace(shaped_of(intent), lineage=Lineage(HUB, "payments"))
        at = ("payments", NamespaceFacts("payments"))
        old = self.gatherer(Policies(), None, intent)
        asked = await old.ask_wanted(intent, shaped, member, at)
        found = self.gatherer(operator(DENIED), now, intent).governed(asked, member)
        assert found.lineage.cluster.labels == labels
        assert found.policies.flows == DENIED

    async def test_a_question_about_a_gone_intent_gets_the_policies_of_now(self) -> None:
        gatherer = self.gatherer(operator(DENIED), SHARED)
        member = FakeMember(FakeCluster())
        asked = await gatherer.ask_left_over(key_of(), member, ("payments", "db"))
        assert gatherer.governed(asked, member).policies.flows == DENIED

    @pytest.mark.parametrize(
        ("flows", "source", "has_claim"),
        [
            (Flows(), SHARED, True),
            (DENIED, SHARED, False),
            (DENIED, HUB, True),
            (DENIED, None, True),
        ],
    )
    async def test_whose_flow_is_forbidden_has_no_claim_to_a_place(
        self, flows: Flows, source: ClusterFacts | None, *, has_claim: bool
    ) -> None:
        old = intent_of(key_of("old"), created="2020-01-01T00:00:00Z")
        new = intent_of(key_of("new"), created="2021-01-01T00:00:00Z")
        gatherer = self.gatherer(operator(flows), source, old, new)
        at = ("payments", NamespaceFacts("payments"))
        asked = await gatherer.ask_wanted(new, shaped_of(new), FakeMember(FakeCluster()), at)
        assert (asked.rival == old.key) is has_claim


async def test_a_target_that_a_rule_takes_away_is_told_as_refused() -> None:
    bench = passbench.Bench()
    await bench.run()
    assert bench.data() is not None
    passes = bench.passes
    passes._gatherer = lambda: Gatherer(
        INSTALLATION, operator(DELETING), bench.intents, deletion_hold=lambda *_: None
    )
    shaped = replace(passbench.shaped_of(bench.intent), lineage=Lineage(SHARED, "payments"))
    result = await bench.run(shaped)
    assert passbench.states(result) == [(State.REFUSED, "FlowDenied")]
    assert (result.wrote, bench.data()) == (1, None)
    again = await bench.run(shaped)
    assert (passbench.states(again), again.wrote) == ([(State.REFUSED, "FlowDenied")], 0)


async def test_a_policy_that_comes_while_a_pass_looks_around_counts() -> None:
    bench = passbench.Bench()
    policies = [OPERATOR]
    bench.passes._gatherer = lambda: Gatherer(
        INSTALLATION,
        policies.pop() if policies else operator(DENIED),
        bench.intents,
        deletion_hold=lambda *_: None,
    )
    shaped = replace(passbench.shaped_of(bench.intent), lineage=Lineage(SHARED, "payments"))
    result = await bench.run(shaped)
    assert passbench.states(result) == [(State.REFUSED, "FlowDenied")]
    assert bench.data() is None


async def test_a_target_that_a_rule_takes_away_passes_the_breaker() -> None:
    bench = passbench.Bench()
    await bench.run()
    bench.passes._gatherer = lambda: Gatherer(
        INSTALLATION, operator(DELETING), bench.intents, deletion_hold=lambda *_: None
    )
    bench.gate.finding = finding_of("DeletionHeld", State.HELD)
    shaped = replace(passbench.shaped_of(bench.intent), lineage=Lineage(SHARED, "payments"))
    result = await bench.run(shaped)
    assert passbench.states(result) == [(State.HELD, "DeletionHeld")]
    assert bench.data() is not None


@pytest.fixture
async def fleet(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FleetBench]:
    bench = FleetBench()
    monkeypatch.setattr("keyfleet.engine.engagement.Client", bench.client)
    monkeypatch.setattr("keyfleet.engine.engagement.Member", ReadyMember)
    yield bench
    await bench.fleet.close()


class TestFleet:
    """Which cluster the hub is, and who is told when labels change."""

    LABELS: ClassVar = {"env": "shared"}

    def relabelled(self, bench: FleetBench) -> list[str]:
        told: list[str] = []

        def note(entry: Entry) -> None:
            told.append(f"{entry.name} {dict(entry.snapshot.labels)} {entry.is_hub}")

        bench.told.cluster_relabelled = note  # type: ignore[method-assign]
        return told

    async def test_before_the_inventory_is_heard_the_hub_may_be_anybody(
        self, fleet: FleetBench
    ) -> None:
        with pytest.raises(TemporaryError) as caught:
            fleet.fleet.hub_facts()
        assert caught.value.code == "source.hub_unrecognised"

    async def test_a_pinned_identity_says_who_the_hub_is(self, fleet: FleetBench) -> None:
        fleet.errors["center"] = [passbench.AWAY] * 9
        snapshot = fleet.snapshot("center", pinned_uid=HUB_UID, labels=self.LABELS)
        await fleet.list(snapshot)
        found = fleet.fleet.hub_facts()
        assert found is not None
        assert (found.name, found.labels, found.is_hub) == ("center", self.LABELS, True)

    async def test_a_labelled_cluster_that_was_never_reached_may_be_the_hub(
        self, fleet: FleetBench
    ) -> None:
        await fleet.list()
        assert fleet.fleet.hub_facts() is None
        await fleet.fleet.update(
            [fleet.snapshot("bare"), fleet.snapshot("east", labels=self.LABELS)]
        )
        with pytest.raises(TemporaryError):
            fleet.fleet.hub_facts()
        await fleet.clock.settle()
        assert fleet.fleet.hub_facts() is None

    async def test_who_is_recognised_as_the_hub_is_told_and_so_is_its_leaving(
        self, fleet: FleetBench
    ) -> None:
        told = self.relabelled(fleet)
        fleet.uids["center"] = HUB_UID
        await fleet.list(fleet.snapshot("center", labels=self.LABELS))
        found = fleet.fleet.hub_facts()
        assert found is not None
        assert found.labels == self.LABELS
        await fleet.list()
        assert told == [f"center {self.LABELS} True"] * 2

    async def test_new_labels_are_told_and_other_facts_are_not(self, fleet: FleetBench) -> None:
        told = self.relabelled(fleet)
        await fleet.list(fleet.snapshot("east"))
        await fleet.list(fleet.snapshot("east", aliases=frozenset({"other"})))
        assert told == []
        await fleet.list(fleet.snapshot("east", labels=self.LABELS))
        assert told == [f"east {self.LABELS} False"]


@pytest.fixture
def laptop(monkeypatch: pytest.MonkeyPatch) -> LiveBench:
    return LiveBench(monkeypatch)


def told(planned: tuple[Planned, ...]) -> list[tuple[str, str]]:
    return [
        (one.step.verb.value, one.step.finding.reason if one.step.finding else "")
        for one in planned
    ]


class TestLaptop:
    """One-shot commands know the hub's labels, and delete nothing on a rule without --prune."""

    def label_east(self, bench: LiveBench) -> None:
        bench.snapshots[0] = bench.snapshot("east", labels={"env": "prod"})

    async def test_a_pinned_hub_is_known_without_a_contact(self, laptop: LiveBench) -> None:
        labels = {"env": "shared"}
        laptop.snapshots.append(laptop.snapshot("center", labels=labels, pinned_uid=HUB_UID))
        live = laptop.fleet()
        for certainly in (True, False):
            found = await live.hub_facts(certainly=certainly)
            assert (found.name, found.labels, found.is_hub) == ("center", labels, True)
            assert live.facts_of(ClusterName("")) == found
        assert laptop.opened == []

    async def test_labelled_strangers_are_contacted_only_to_be_certain(
        self, laptop: LiveBench
    ) -> None:
        live = laptop.fleet()
        assert (await live.hub_facts(certainly=False)).labels == {}
        assert laptop.opened == []
        assert (await live.hub_facts(certainly=True)).labels == {}
        assert laptop.opened == ["west"]

    async def test_a_stranger_that_is_the_hub_gives_it_its_labels(self, laptop: LiveBench) -> None:
        laptop.snapshots.append(laptop.snapshot("hub", labels={"env": "shared"}))
        found = await laptop.fleet().hub_facts(certainly=True)
        assert (found.name, found.labels) == ("hub", {"env": "shared"})

    async def test_of_two_names_of_the_hub_the_one_that_counts_gives_the_labels(
        self, laptop: LiveBench
    ) -> None:
        laptop.snapshots += [
            laptop.snapshot("a", pinned_uid=HUB_UID, is_bare=True),
            laptop.snapshot("z", pinned_uid=HUB_UID, labels={"env": "shared"}),
        ]
        assert (await laptop.fleet().hub_facts(certainly=False)).name == "z"

    def test_clusters_are_known_by_name(self, laptop: LiveBench) -> None:
        live = laptop.fleet()
        assert live.facts_of(ClusterName("west")) is not None
        assert live.facts_of(ClusterName("nobody")) is None
        assert live.facts_of(ClusterName("")) is None

    async def test_a_forbidden_flow_is_refused(self, laptop: LiveBench) -> None:
        self.label_east(laptop)
        laptop.snapshots.append(laptop.snapshot("hub", labels={"env": "shared"}))
        one_shot = laptop.one_shot(intent_of(), policies=operator(DENIED))
        planned = await one_shot.plan()
        assert told(planned) == [("none", "FlowDenied")]
        (delivery,) = await one_shot.apply(planned)
        assert (delivery.wrote, delivery.finding is not None) == (False, True)
        assert laptop.east.writes() == []

    @pytest.mark.parametrize(
        ("prune", "verb", "is_left"), [(False, Verb.NONE, True), (True, Verb.DELETE, False)]
    )
    async def test_a_rule_deletes_only_with_prune(
        self, laptop: LiveBench, verb: Verb, *, prune: bool, is_left: bool
    ) -> None:
        self.label_east(laptop)
        laptop.snapshots.append(laptop.snapshot("hub", labels={"env": "shared"}))
        await laptop.apply(intent_of())
        one_shot = laptop.one_shot(intent_of(), policies=operator(DELETING), prune=prune)
        planned = [one for one in await one_shot.plan() if one.step.place.cluster == "east"]
        assert told(tuple(planned)) == [(verb.value, "FlowDenied")]
        (delivery,) = await one_shot.apply(planned)
        assert delivery.finding is not None
        assert (laptop.east.secret() is not None) is is_left
        signs = {change.sign for change in planned[0].step.changes}
        assert signs == ({"="} if is_left else {"-"})

    async def test_a_source_in_a_member_brings_its_labels(self, laptop: LiveBench) -> None:
        self.label_east(laptop)
        laptop.west.put_secret("src", k=VALUE)
        stays = Flows((replace(STAYS, source=parse_selector("env=test")),))
        intent = intent_of(ref=SecretRef("payments", "src", ClusterName("west")))
        planned = await laptop.one_shot(intent, policies=operator(stays)).plan()
        assert told(planned) == [("none", "FlowDenied")]
