# SPDX-License-Identifier: Apache-2.0
"""What a parent's pass does with what its dialect planned."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, cast

import pytest
from tests.unit.engine.fakecluster import FakeCluster
from tests.unit.engine.fakes import LoopClock, jitter

from keyfleet.base.errors import ConflictError, PermanentError
from keyfleet.dialects import eso
from keyfleet.engine.declarations.declarations import Declarations
from keyfleet.engine.declarations.everywhere import Everywhere
from keyfleet.engine.declarations.parents import SOON_S, Parents
from keyfleet.kube.resources import EXTERNALSECRETS, Resource
from keyfleet.model.places import ClusterName, IntentKey, NamespaceFacts
from keyfleet.plugin import Dialect, Kind, Report
from keyfleet.plugin.parents import Around, Brood, Manifest

KEY = IntentKey("ClusterExternalSecret", "", "shared")
PARENT: dict[str, Any] = {"metadata": {"name": "shared", "uid": "u"}, "spec": {}}
CHILD = {
    "kind": "ExternalSecret",
    "metadata": {"name": "shared", "namespace": "payments"},
    "spec": {"a": 1},
}


class Planned(eso.EsoDialect):
    """Plans what a test says, once for each look."""

    def __init__(self, *broods: Brood) -> None:
        super().__init__()
        self.broods = list(broods)
        self.seen: list[Around] = []

    def brood(self, parent: Manifest, around: Around) -> Brood:
        self.seen.append(around)
        return self.broods.pop(0) if self.broods else Brood(name="shared")

    def report_brood(
        self, brood: Brood, failures: Mapping[str, str], parent: Manifest, *, now: str
    ) -> Report:
        return Report({"failures": dict(failures), "provisioned": list(brood.provisioned)})


class Here:
    """One cluster, which is known or not; stands for `Everywhere` and its `Declarations`."""

    def __init__(self) -> None:
        self.cluster = FakeCluster()
        self.is_complete = True

    def manifest(self, key: IntentKey) -> dict[str, Any]:
        return PARENT

    def manifests(self, kind: str) -> dict[tuple[str, str], dict[str, Any]]:
        return {}

    def is_listed(self, kind: str) -> bool:
        return self.is_complete

    def of(self, cluster: ClusterName) -> Declarations:
        return cast("Declarations", self)

    def namespaces(self, cluster: ClusterName) -> dict[str, NamespaceFacts]:
        return {"payments": NamespaceFacts("payments")}

    def covered(
        self, dialect: Dialect, kind: Kind, namespaces: dict[str, NamespaceFacts]
    ) -> dict[str, NamespaceFacts]:
        return namespaces

    def client(self, cluster: ClusterName) -> FakeCluster:
        return self.cluster

    def served(self, kind: str) -> Resource:
        return EXTERNALSECRETS


class Bench:
    """A parent and what was said of it."""

    def __init__(self, *broods: Brood) -> None:
        self.clock, self.here, self.said = LoopClock(), Here(), 0
        self.dialect = Planned(*broods)
        self.parents = Parents(
            cast("Everywhere", self.here), self.tell, clock=self.clock, random=jitter()
        )

    def tell(self, key: IntentKey) -> None:
        assert key == KEY
        self.said += 1

    async def see(self) -> None:
        self.parents.seen(self.dialect, KEY, PARENT)
        await self.clock.pass_time(2 * SOON_S)

    def status(self) -> Any:
        say = self.parents.say(KEY)
        return say(None, now="").status if say else None


@pytest.fixture
async def benches() -> AsyncIterator[list[Bench]]:
    made: list[Bench] = []
    yield made
    for bench in made:
        await bench.parents.close()


async def test_children_are_made_and_it_is_said(benches: list[Bench]) -> None:
    bench = Bench(Brood(name="shared", create=(CHILD,), provisioned=("payments",)))
    benches.append(bench)
    await bench.see()
    assert bench.here.cluster.writes() == ["create"]
    assert (bench.said, bench.status()) == (1, {"failures": {}, "provisioned": ["payments"]})


async def test_nothing_is_planned_before_everything_is_known(benches: list[Bench]) -> None:
    bench = Bench(Brood(delete=(CHILD,)))
    benches.append(bench)
    bench.here.is_complete = False
    await bench.see()
    assert (bench.dialect.seen, bench.said) == ([], 0)
    bench.here.is_complete = True
    bench.parents.namespaces_changed(ClusterName(""))
    await bench.clock.pass_time(2 * SOON_S)
    assert len(bench.dialect.seen) == 1


async def test_whoever_wrote_first_is_no_failure_but_is_looked_at_again(
    benches: list[Bench],
) -> None:
    bench = Bench(Brood(create=(CHILD,)), Brood(create=(CHILD,)))
    benches.append(bench)
    conflict = ConflictError("api.already_exists", "exists already")
    bench.here.cluster.errors["create ExternalSecret"] = [conflict]
    await bench.see()
    assert bench.status() == {"failures": {}, "provisioned": []}
    await bench.clock.pass_time(4.0, step_s=0.1)
    assert bench.here.cluster.writes() == ["create", "create"]
    assert len(bench.dialect.seen) == 2


async def test_what_is_refused_is_said_and_tried_ever_more_rarely(benches: list[Bench]) -> None:
    refused = [Brood(create=(CHILD,)) for _ in range(50)]
    bench = Bench(*refused)
    benches.append(bench)
    error = PermanentError("api.invalid", "the API server refuses the object")
    bench.here.cluster.errors["create ExternalSecret"] = [error] * 50
    await bench.see()
    assert bench.status()["failures"] == {"payments": "the API server refuses the object"}
    await bench.clock.pass_time(120.0, step_s=0.5)
    assert 3 <= len(bench.here.cluster.writes()) <= 20


async def test_a_change_of_a_child_concerns_the_parent_that_calls_it_so(
    benches: list[Bench],
) -> None:
    bench = Bench(Brood(name="shared"))
    benches.append(bench)
    await bench.see()
    for name, looks in (("other", 1), ("shared", 2)):
        bench.parents.child_changed(IntentKey("ExternalSecret", "payments", name))
        await bench.clock.pass_time(2 * SOON_S)
        assert len(bench.dialect.seen) == looks
    elsewhere = IntentKey("ExternalSecret", "payments", "shared", ClusterName("east"))
    bench.parents.child_changed(elsewhere)
    await bench.clock.pass_time(2 * SOON_S)
    assert len(bench.dialect.seen) == 2


async def test_a_parent_that_goes_is_looked_at_no_more(benches: list[Bench]) -> None:
    bench = Bench(Brood(name="shared"))
    benches.append(bench)
    await bench.see()
    bench.parents.seen(bench.dialect, KEY, None)
    bench.parents.namespaces_changed(ClusterName(""))
    await bench.clock.pass_time(2 * SOON_S)
    assert (len(bench.dialect.seen), bench.status()) == (1, None)
