# SPDX-License-Identifier: Apache-2.0
"""What a manifest is told, and how long that may wait."""

from dataclasses import dataclass, field

import pytest
from tests.unit.engine.fakecluster import FakeCluster
from tests.unit.engine.fakefleet import FakeMember, Queued, entry_of
from tests.unit.engine.fakes import INSTALLATION, finding_of, intent_of, jitter, key_of

from keyfleet.base.log import NoHooks
from keyfleet.base.means import Means
from keyfleet.dialects import native
from keyfleet.engine.answers import Answers
from keyfleet.engine.declarations.declarations import Manner
from keyfleet.engine.declarations.everywhere import Everywhere
from keyfleet.engine.entry import Entry, FleetEvents
from keyfleet.engine.fleet import Fleet
from keyfleet.engine.hub import Hub
from keyfleet.engine.hubevents import HubEvents
from keyfleet.engine.intents import Intents
from keyfleet.engine.lane import Busy
from keyfleet.engine.results import WAITING, Results
from keyfleet.engine.revisions import Revisions
from keyfleet.engine.settled import PassResult
from keyfleet.engine.statuses import BUSY_S, CONNECTING_S
from keyfleet.kube.resources import FLEETSECRETS
from keyfleet.model.intent import Rejection
from keyfleet.model.matchers import ChosenClusters
from keyfleet.model.outcome import Outcome, TargetResult
from keyfleet.model.places import ClusterName
from keyfleet.model.plan import State
from keyfleet.testing.clock import FakeClock

KEY = key_of()
EAST = ClusterName("east")
MEANS: Means = {"clock": FakeClock(), "random": jitter(), "hooks": NoHooks()}


@dataclass
class Bench:
    """An engine's knowledge with one intent for one cluster."""

    intents: Intents = field(default_factory=Intents)
    results: Results = field(default_factory=Results)
    busy: Busy = field(default_factory=lambda: Busy(lambda _: None))

    def __post_init__(self) -> None:
        self.entry: Entry = entry_of(FakeMember(FakeCluster()))
        hub = Hub(
            FakeCluster("hub"), [native.DIALECT], events=HubEvents(), domain="keyfleet.io", **MEANS
        )
        self.fleet = Fleet(
            INSTALLATION,
            events=FleetEvents(),
            new_lane=lambda snapshot: Queued(snapshot.name),
            **MEANS,
        )
        self.fleet._entries[EAST] = self.entry  # what `update` does, without a login
        self.fleet.is_known = True
        self.revisions = Revisions(lambda _: [])
        declared = Everywhere(
            INSTALLATION,
            hub,
            self.fleet,
            [native.DIALECT],
            events=HubEvents(),
            manner=Manner(),
            means=MEANS,
        )
        self.answers = Answers(
            declared, self.fleet, self.intents, self.results, self.revisions, busy=self.busy
        )
        self.intents.put(intent_of())

    def deliver(self) -> None:
        target = TargetResult("payments", "db", State.IN_SYNC, revision=1)
        self.results.store(KEY, EAST, PassResult((target,)))


@pytest.fixture
def bench() -> Bench:
    found = Bench()
    found.deliver()
    return found


async def test_what_is_known_is_told_at_once(bench: Bench) -> None:
    assert bench.answers.patience_s(KEY) == 0.0


async def test_deliveries_on_their_way_are_waited_for(bench: Bench) -> None:
    bench.busy.enter(KEY, EAST)
    assert bench.answers.patience_s(KEY) == BUSY_S


async def test_clusters_that_are_being_connected_are_waited_for_longer(bench: Bench) -> None:
    bench.entry.problem = finding_of("Connecting", State.PENDING)
    assert bench.answers.patience_s(KEY) == CONNECTING_S


async def test_what_may_be_left_where_nothing_is_selected_is_waited_for(bench: Bench) -> None:
    bench.intents.put(intent_of(clusters=ChosenClusters(())))
    assert bench.answers.patience_s(KEY) == 0.0
    bench.entry.problem = finding_of("Connecting", State.PENDING)
    assert bench.answers.patience_s(KEY) == CONNECTING_S


async def test_before_the_inventory_is_heard_no_cluster_is_called_missing(bench: Bench) -> None:
    bench.fleet.is_known = False
    assert bench.answers.patience_s(KEY) == CONNECTING_S


async def test_a_first_look_is_waited_for() -> None:
    bench = Bench()
    outcome = bench.answers.outcome(KEY)
    assert isinstance(outcome, Outcome)
    assert outcome.clusters[0].reason == WAITING
    assert bench.answers.patience_s(KEY) == CONNECTING_S


async def test_an_outcome_carries_revision_and_who_is_to_be_told(bench: Bench) -> None:
    bench.revisions.revise(intent_of(), ("v1:k:a",))
    answer, outcome = bench.answers.answer(KEY), bench.answers.outcome(KEY)
    assert answer is not None
    assert isinstance(outcome, Outcome)
    assert (outcome.revision, outcome.source_fingerprint) == (1, "v1:k:a")
    assert (answer.origin, answer.resource) == (intent_of().origin, FLEETSECRETS)
    assert answer.has_status
    assert (answer.report(None, now="").status or {})["revision"] == 1


async def test_a_rejection_is_told_at_once(bench: Bench) -> None:
    rejection = Rejection(KEY, intent_of().origin, "UnknownField", "unknown field")
    bench.intents.reject(rejection)
    assert bench.answers.answer(KEY) is not None
    assert (bench.answers.outcome(KEY), bench.answers.patience_s(KEY)) == (rejection, 0.0)


async def test_nothing_is_told_to_a_manifest_that_is_gone(bench: Bench) -> None:
    bench.intents.drop(KEY)
    assert bench.answers.answer(KEY) is None


async def test_before_the_first_verdict_nothing_is_said_of_what_may_be_held(bench: Bench) -> None:
    bench.answers._is_unjudged = {KEY}.__contains__
    assert bench.answers.patience_s(KEY) == CONNECTING_S
