# SPDX-License-Identifier: Apache-2.0
"""Entries follow the inventory; one cluster under several names is served once."""

from collections.abc import AsyncIterator
from functools import partial
from itertools import permutations
from typing import Any

import pytest
from tests.unit.engine.fakecluster import FakeCluster
from tests.unit.engine.fakefleet import Queued, ReadyMember
from tests.unit.engine.fakes import HUB_UID, INSTALLATION, jitter

from keyfleet.base.errors import KeyfleetError, UnreachableError
from keyfleet.base.log import NoHooks
from keyfleet.base.secret import SecretValue
from keyfleet.engine.entry import Entry, FleetEvents
from keyfleet.engine.fleet import Fleet
from keyfleet.kube.access import Access, Endpoint
from keyfleet.kube.auth.static_token import StaticToken
from keyfleet.model.places import ClusterName
from keyfleet.model.plan import State
from keyfleet.plugin import ClusterSnapshot
from keyfleet.testing.canary import canary
from keyfleet.testing.clock import FakeClock

AWAY = UnreachableError("api.timeout", "no answer")


class Told(FleetEvents):
    """Notes what the fleet tells."""

    def __init__(self) -> None:
        self.ready: list[str] = []
        self.gone: list[str] = []
        self.left: list[str] = []
        self.changed: list[str] = []

    def cluster_changed(self, entry: Entry) -> None:
        self.changed.append(entry.name)

    def cluster_ready(self, entry: Entry) -> None:
        self.ready.append(entry.name)

    async def cluster_leaving(self, entry: Entry) -> None:
        self.left.append(entry.name)

    def cluster_gone(self, entry: Entry) -> None:
        self.gone.append(entry.name)


class Bench:
    """A fleet whose logins lead to clusters in memory, by name."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.told = Told()
        self.uids: dict[str, str] = {}
        self.bundles: dict[str, bytes] = {}
        self.errors: dict[str, list[KeyfleetError | None]] = {}
        self.opened: list[str] = []
        self.fleet = Fleet(
            INSTALLATION,
            events=self.told,
            new_lane=lambda snapshot: Queued(snapshot.name),
            clock=self.clock,
            random=jitter(),
            hooks=NoHooks(),
        )

    def snapshot(self, name: str, **fields: Any) -> ClusterSnapshot:
        return ClusterSnapshot(ClusterName(name), partial(self.open, name), **fields)

    async def open(self, name: str) -> Access:
        self.opened.append(name)
        token = StaticToken(SecretValue(canary("token")))
        bundle = self.bundles.get(name, b"a bundle")
        return Access(Endpoint(f"https://{name}", bundle), token, generation="1")

    def client(self, name: str, *_: Any, **__: Any) -> FakeCluster:
        found = FakeCluster(name, self.uids.get(name, f"uid-{name}"))
        found.errors["version"] = self.errors.get(name, [])
        return found

    async def list(self, *snapshots: ClusterSnapshot) -> None:
        await self.fleet.update(snapshots)
        await self.clock.settle()

    def entry(self, name: str) -> Entry:
        found = self.fleet.get(ClusterName(name))
        assert found is not None
        return found

    def reason(self, name: str) -> str:
        problem = self.entry(name).problem
        return problem.reason if problem else ""


@pytest.fixture
async def bench(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    bench = Bench()
    monkeypatch.setattr("keyfleet.engine.engagement.Client", bench.client)
    monkeypatch.setattr("keyfleet.engine.engagement.Member", ReadyMember)
    yield bench
    await bench.fleet.close()


async def test_a_listed_cluster_is_engaged_and_told(bench: Bench) -> None:
    known = [bench.fleet.is_known]
    await bench.list(bench.snapshot("east"))
    known.append(bench.fleet.is_known)
    assert known == [False, True]
    assert (bench.told.ready, bench.reason("east")) == (["east"], "")
    assert bench.entry("east").facts.uid == "uid-east"


async def test_a_cluster_that_does_not_answer_is_tried_again(bench: Bench) -> None:
    bench.errors["east"] = [AWAY, AWAY]
    await bench.list(bench.snapshot("east"), bench.snapshot("west"))
    assert (bench.reason("east"), bench.told.ready) == ("Unreachable", ["west"])
    await bench.clock.advance(10)
    assert (bench.reason("east"), bench.told.ready) == ("", ["west", "east"])


async def test_another_cluster_than_the_pinned_one_is_held(bench: Bench) -> None:
    await bench.list(bench.snapshot("east", pinned_uid="uid-before"))
    problem = bench.entry("east").problem
    assert problem is not None
    assert (problem.state, problem.reason) == (State.HELD, "IdentityChanged")
    await bench.list(bench.snapshot("east", pinned_uid="uid-east"))
    assert bench.reason("east") == ""


async def test_pinning_who_already_answers_changes_nothing(bench: Bench) -> None:
    await bench.list(bench.snapshot("east"))
    await bench.list(bench.snapshot("east", pinned_uid="uid-east"))
    assert bench.opened == ["east"]


async def test_a_cluster_that_comes_back_as_another_is_held_although_nothing_is_pinned(
    bench: Bench,
) -> None:
    await bench.list(bench.snapshot("east"))
    bench.uids["east"] = "uid-other"
    await bench.list(bench.snapshot("east", generation="2"))
    assert bench.reason("east") == "IdentityChanged"


async def test_labels_change_without_another_login(bench: Bench) -> None:
    await bench.list(bench.snapshot("east"))
    await bench.list(bench.snapshot("east", labels={"env": "prod"}))
    assert bench.entry("east").facts.labels == {"env": "prod"}
    assert (bench.opened, bench.told.ready) == (["east"], ["east", "east"])


async def test_every_generation_of_a_declaration_is_answered(bench: Bench) -> None:
    await bench.list(bench.snapshot("east", declared_as=1))
    bench.told.changed.clear()
    await bench.list(bench.snapshot("east", declared_as=2, on_removed="Delete"))
    assert bench.told.changed == ["east"]
    assert bench.opened == ["east"]


async def test_a_cluster_that_is_not_listed_any_more_leaves(bench: Bench) -> None:
    await bench.list(bench.snapshot("east"), bench.snapshot("west"))
    await bench.list(bench.snapshot("west"))
    assert (bench.told.left, bench.told.gone) == (["east"], ["east"])
    assert bench.fleet.get(ClusterName("east")) is None


async def test_the_hub_is_recognised_and_forgotten(bench: Bench) -> None:
    bench.uids["center"] = HUB_UID
    await bench.list(bench.snapshot("center"))
    hub = bench.fleet.hub()
    assert hub is not None
    assert (hub.name, hub.facts.is_hub) == ("center", True)
    await bench.list()
    assert bench.fleet.hub() is None


NAMES = ("a-context", "b-context", "declared")


def one_cluster(bench: Bench) -> list[ClusterSnapshot]:
    """Return three names of one cluster, the last of which a person wrote."""
    bench.uids = dict.fromkeys(NAMES, "uid-one")
    return [bench.snapshot(name, is_bare=name != "declared") for name in NAMES]


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_one_cluster_under_three_names_is_served_once_by_the_one_a_person_wrote(
    bench: Bench, order: tuple[int, ...]
) -> None:
    snapshots = one_cluster(bench)
    listed: list[ClusterSnapshot] = []
    for index in order:
        listed.append(snapshots[index])
        await bench.list(*listed)
    assert [entry.name for entry in bench.fleet] == ["declared"]
    assert [bench.entry(name).name for name in NAMES] == ["declared"] * 3
    assert all(bench.entry("declared").facts.answers_to(name) for name in NAMES)


async def test_when_the_one_that_serves_goes_the_next_takes_over(bench: Bench) -> None:
    snapshots = one_cluster(bench)
    await bench.list(*snapshots)
    await bench.list(*snapshots[:2])
    await bench.clock.settle()
    assert [entry.name for entry in bench.fleet] == ["a-context"]
    assert [bench.entry(name).name for name in NAMES[:2]] == ["a-context"] * 2
    assert not bench.entry("a-context").facts.answers_to("declared")


async def test_a_name_that_goes_is_no_longer_answered_to(bench: Bench) -> None:
    snapshots = one_cluster(bench)
    await bench.list(*snapshots)
    await bench.list(*snapshots[1:])
    assert not bench.entry("declared").facts.answers_to("a-context")
    assert bench.entry("declared").facts.answers_to("b-context")


KNOWN = {"pinned_uid": "uid-east", "pinned_at": "2026-01-01T00:00:00Z"}
LATER = {"pinned_uid": "uid-east", "pinned_at": "2026-02-01T00:00:00Z"}


@pytest.mark.parametrize("bundle", [b"another bundle", b""])
@pytest.mark.parametrize("fields", [{}, LATER])
@pytest.mark.parametrize("is_bare", [False, True])
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_who_says_to_be_a_known_cluster_does_not_draw_its_secrets(
    bench: Bench, bundle: bytes, fields: dict[str, str], order: tuple[int, ...], *, is_bare: bool
) -> None:
    """A UID is no secret: a new member that claims another's stands back, whatever its name."""
    bench.uids["aaa"], bench.bundles["aaa"] = "uid-east", bundle
    snapshots = [
        bench.snapshot("east", is_bare=is_bare, **KNOWN),
        bench.snapshot("aaa", **fields),
    ]
    for count in (1, 2):
        await bench.list(*[snapshots[index] for index in order[:count]])
    await bench.clock.settle()
    assert [entry.name for entry in bench.fleet] == ["east"]
    assert bench.entry("aaa").name == "east"


async def test_of_two_that_nobody_knew_the_one_that_serves_goes_on(bench: Bench) -> None:
    bench.uids["aaa"], bench.bundles["aaa"] = "uid-east", b"another bundle"
    east = bench.snapshot("east")
    await bench.list(east)
    await bench.list(east, bench.snapshot("aaa"))
    await bench.clock.settle()
    assert [entry.name for entry in bench.fleet] == ["east"]
