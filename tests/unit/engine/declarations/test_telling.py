# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace
from random import Random
from typing import Any

from tests.unit.engine.fakecluster import Asked, FakeCluster
from tests.unit.engine.fakes import intent_of, turns

from keyfleet.engine.declarations.telling import Telling
from keyfleet.kube.client import Client
from keyfleet.kube.event_series import BURST
from keyfleet.kube.events import EventRecorder
from keyfleet.kube.objects import Metadata
from keyfleet.kube.resources import EXTERNALSECRETS, NAMESPACES, Resource
from keyfleet.model.intent import Origin
from keyfleet.model.places import ClusterName
from keyfleet.plugin import Event
from keyfleet.testing.clock import FakeClock

HERE = intent_of().origin
EAST, WEST = ClusterName("east"), ClusterName("west")
SAID = (Event("Normal", "Synced", "as asked"),)


class Hearing(FakeCluster):
    """A cluster that takes repeats of events."""

    async def merge_patch(self, *_args: Any, **_named: Any) -> Metadata:
        self.asked.append(Asked("patch", "Event", ""))
        return Metadata()


class Bench:
    """A hub and one member, and what is told there."""

    def __init__(self) -> None:
        self.on_hub: list[str] = []
        self.east = Hearing()
        self.east.put(NAMESPACES, "payments")
        self.made = 0
        self.telling = Telling(self.hear, self.recorder, self.way)

    def hear(self, origin: Origin, resource: Resource, events: tuple[Event, ...]) -> None:
        del origin, resource
        self.on_hub += [event.reason for event in events]

    def recorder(self, client: Client) -> EventRecorder:
        self.made += 1
        return EventRecorder(client, instance="test", clock=FakeClock(), random=Random(0))

    def way(self, cluster: ClusterName) -> Client | None:
        return self.east if cluster == EAST else None

    async def tell(self, cluster: ClusterName, events: tuple[Event, ...] = SAID) -> None:
        self.telling.tell(replace(HERE, cluster=cluster), EXTERNALSECRETS, events)
        await turns()

    def told(self) -> int:
        return sum(one.verb == "create" for one in self.east.asked)


async def test_an_event_goes_to_the_cluster_of_its_manifest() -> None:
    bench = Bench()
    await bench.tell(ClusterName(""))
    assert (bench.on_hub, bench.east.asked, bench.made) == (["Synced"], [], 0)
    await bench.tell(EAST)
    assert bench.on_hub == ["Synced"]
    (asked,) = [one for one in bench.east.asked if one.verb == "create"]
    assert isinstance(asked, Asked)
    assert asked.kind == "Event"
    await bench.telling.close()


async def test_repeats_are_bounded_by_one_recorder_for_each_cluster() -> None:
    bench = Bench()
    for _ in range(200):
        await bench.tell(EAST)
    assert bench.made == 1
    assert bench.told() == 1
    assert len(bench.east.writes()) <= BURST
    await bench.telling.close()


async def test_nothing_is_told_to_a_cluster_that_is_away_and_nothing_waits() -> None:
    bench = Bench()
    await bench.tell(WEST)
    await bench.tell(EAST, ())
    assert (bench.made, bench.on_hub) == (0, [])


async def test_a_member_that_was_let_go_gets_a_recorder_anew() -> None:
    bench = Bench()
    await bench.tell(EAST)
    await bench.telling.stop(EAST)
    await bench.tell(EAST)
    assert (bench.made, bench.told()) == (2, 2)
    await bench.telling.close()
