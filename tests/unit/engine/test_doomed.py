# SPDX-License-Identifier: Apache-2.0
"""What a survey counts; what it finds about to go is held to real planes in tests/cluster."""

from typing import cast

from tests.unit.engine.fakecluster import FakeCluster
from tests.unit.engine.fakefleet import FakeMember, entry_of
from tests.unit.engine.fakes import INSTALLATION, VALUE, intent_of
from tests.unit.engine.test_departures import marker_of

from keyfleet.engine.deletion.doomed import Doomed, Survey
from keyfleet.engine.fleet import Fleet
from keyfleet.engine.intents import Intents
from keyfleet.engine.members.memory import Spot
from keyfleet.engine.targets import Gatherer
from keyfleet.engine.views import actual_from_metadata
from keyfleet.model.desired import Actual
from keyfleet.model.ownership import MARKED, OWNER_ANNOTATION, Marks
from keyfleet.model.places import IntentKey
from keyfleet.model.policy import Policies

KEY = "FleetSecret/payments/db"


class AnyHub:
    """A hub on which every namespace is."""

    def has_namespace(self, key: IntentKey) -> bool:
        return bool(key.namespace)


class Shown(FakeMember):
    """Shows what there is as a watch does."""

    def shown(self, spot: Spot) -> Actual | None:
        found = self.target(spot)
        return actual_from_metadata(found) if found is not None else None


class Bench:
    """One cluster that a survey looks at."""

    def __init__(self) -> None:
        self.east = FakeCluster()
        self.intents = Intents()
        member = Shown(self.east)
        member.is_ready = True
        self.doomed = Doomed(
            INSTALLATION,
            AnyHub(),
            cast("Fleet", [entry_of(member)]),
            self.intents,
            lambda: Gatherer(INSTALLATION, Policies(), self.intents, deletion_hold=lambda *_: None),
        )

    def give(self, name: str, marks: Marks) -> None:
        metadata = {"labels": dict(marks.labels), "annotations": dict(marks.annotations)}
        self.east.put_secret(name, metadata=metadata, k=VALUE)

    def survey(self) -> Survey:
        return self.doomed.survey()


async def test_what_is_wanted_and_what_is_about_to_go_count() -> None:
    bench = Bench()
    for name in ("db", "other"):
        bench.give(name, MARKED.marks(marker_of(name), INSTALLATION))
    bench.intents.put(intent_of())
    found = bench.survey()
    assert [loss.target.name for loss in found.pending.values()] == ["other"]
    assert (found.present.fleet, dict(found.present.intents)) == (
        2,
        {KEY: 1, "FleetSecret/payments/other": 1},
    )


async def test_marks_that_anybody_could_write_make_no_loss_look_small() -> None:
    """A member that shows a thousand forged targets of an intent must not raise its limit."""
    bench = Bench()
    bench.give("db", MARKED.marks(marker_of("db"), INSTALLATION))
    signed = MARKED.marks(marker_of("db"), INSTALLATION)
    unsigned = signed.annotations[OWNER_ANNOTATION].replace('"mac"', '"nothing"')
    for number in range(20):
        bench.give(f"copied-{number}", signed)
        bench.give(f"forged-{number}", Marks(signed.labels, {OWNER_ANNOTATION: unsigned}))
    bench.intents.put(intent_of())
    found = bench.survey()
    assert (found.pending, found.present.fleet) == ({}, 1)
    assert dict(found.present.intents) == {KEY: 1}
