# SPDX-License-Identifier: Apache-2.0
"""Elections in virtual time, against one Lease in memory."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from random import Random
from typing import Any, cast

import pytest

from keyfleet.base.errors import (
    ConflictError,
    DeniedError,
    KeyfleetError,
    LostLeadershipError,
    NotFoundError,
    UnreachableError,
)
from keyfleet.base.tasks import spawn, stop
from keyfleet.kube.client import Client
from keyfleet.kube.lease import LeaderElection
from keyfleet.kube.objects import Metadata
from keyfleet.kube.resources import Resource
from keyfleet.testing.clock import FakeClock


class LeaseServer:
    """One Lease with the API server's rules: versions, conflicts, absence."""

    def __init__(self) -> None:
        self.lease: dict[str, Any] | None = None
        self.version = 0

    @property
    def holder(self) -> str:
        return str(self.lease["spec"]["holderIdentity"]) if self.lease else ""

    def store(self, body: Mapping[str, Any]) -> Metadata:
        self.version += 1
        metadata = {**body["metadata"], "resourceVersion": str(self.version)}
        self.lease = {**body, "metadata": metadata}
        return Metadata(name="l", namespace="n", resource_version=str(self.version))


class LeaseClient:
    """One candidate's connection to the server; may fail, or not answer."""

    cluster = "hub"

    def __init__(self, server: LeaseServer) -> None:
        self.server = server
        self.failure: KeyfleetError | None = None
        self.is_stuck = False

    async def _reach(self) -> None:
        await asyncio.sleep(0)
        if self.is_stuck:
            await asyncio.Event().wait()
        if self.failure is not None:
            raise self.failure

    async def find(self, _resource: Resource, _name: str, *, namespace: str) -> Any:
        await self._reach()
        return self.server.lease

    async def create(self, _resource: Resource, body: Mapping[str, Any]) -> Metadata:
        await self._reach()
        if self.server.lease is not None:
            raise ConflictError("api.already_exists", "exists already")
        return self.server.store(body)

    async def replace(self, _resource: Resource, body: Mapping[str, Any]) -> Metadata:
        await self._reach()
        if self.server.lease is None:
            raise NotFoundError("api.not_found", "absent")
        if body["metadata"]["resourceVersion"] != str(self.server.version):
            raise ConflictError("api.conflict", "somebody else wrote in between")
        return self.server.store(body)


class Candidate:
    """An election and its work."""

    def __init__(self, server: LeaseServer, clock: FakeClock, identity: str) -> None:
        self.client = LeaseClient(server)
        self.clock = clock
        self.election = LeaderElection(
            cast("Client", self.client),
            namespace="n",
            name="l",
            identity=identity,
            clock=clock,
            random=Random(1),
        )
        self.is_working = False
        self.drain_s = 0.0
        self.task: asyncio.Task[None] | None = None

    def start(self, work: Callable[[], Awaitable[None]] | None = None) -> "Candidate":
        self.task = spawn(self.election.lead(work or self._work), name="candidate")
        return self

    async def _work(self) -> None:
        self.is_working = True
        try:
            await asyncio.Event().wait()
        finally:
            await self.clock.sleep(self.drain_s)
            self.is_working = False


Enter = Callable[[str], Candidate]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def server() -> LeaseServer:
    return LeaseServer()


@pytest.fixture
async def enter(clock: FakeClock, server: LeaseServer) -> AsyncIterator[Enter]:
    """A function that makes candidates; they are stopped afterwards."""
    made: list[Candidate] = []

    def make(identity: str) -> Candidate:
        made.append(Candidate(server, clock, identity))
        return made[-1]

    yield make
    await stop(*(candidate.task for candidate in made))


async def test_the_first_leads_and_renews(
    enter: Enter, clock: FakeClock, server: LeaseServer
) -> None:
    first = enter("a").start()
    await clock.settle()
    second = enter("b").start()
    await clock.advance(120)
    assert (first.election.is_leader, first.is_working) == (True, True)
    assert (second.election.is_leader, second.is_working) == (False, False)
    assert (server.holder, first.election.transitions) == ("a", 0)


async def test_a_shutdown_releases_after_the_work_has_ended(
    enter: Enter, clock: FakeClock, server: LeaseServer
) -> None:
    first = enter("a")
    first.drain_s = 25.0
    first.start()
    await clock.settle()
    second = enter("b").start()
    assert first.task is not None
    first.task.cancel()
    await clock.advance(20)
    assert (first.is_working, second.is_working) == (True, False), "renewed while draining"
    await clock.advance(10)
    assert (first.is_working, second.is_working) == (False, True)
    assert second.election.transitions == 1


async def test_a_dead_leader_is_replaced_only_after_its_lease(
    enter: Enter, clock: FakeClock
) -> None:
    first = enter("a").start()
    await clock.settle()
    second = enter("b").start()
    await clock.settle()
    first.client.is_stuck = True
    await clock.advance(10.5)
    assert (first.is_working, second.is_working) == (False, False)
    assert first.task is not None
    assert isinstance(first.task.exception(), LostLeadershipError)
    await clock.advance(10)
    assert (second.is_working, second.election.transitions) == (True, 1)


async def test_failing_renewals_cost_leadership_at_the_deadline(
    enter: Enter, clock: FakeClock
) -> None:
    first = enter("a").start()
    await clock.settle()
    first.client.failure = UnreachableError("api.unreachable", "cannot connect")
    await clock.advance(9.5)
    assert first.election.is_leader
    await clock.advance(1)
    assert (first.election.is_leader, first.is_working) == (False, False)


async def test_a_short_outage_costs_nothing(enter: Enter, clock: FakeClock) -> None:
    first = enter("a").start()
    await clock.settle()
    first.client.failure = UnreachableError("api.unreachable", "cannot connect")
    await clock.advance(7)
    first.client.failure = None
    await clock.advance(30)
    assert first.election.is_leader


async def test_is_no_leader_past_the_deadline_though_nothing_ran(
    enter: Enter, clock: FakeClock
) -> None:
    """A process that was frozen learns from the clock alone that it must not write."""
    first = enter("a").start()
    await clock.settle()
    first.client.is_stuck = True
    clock._elapsed_s += 11
    assert not first.election.is_leader


async def test_a_lease_edited_by_somebody_else_is_renewed_again(
    enter: Enter, clock: FakeClock, server: LeaseServer
) -> None:
    first = enter("a").start()
    await clock.settle()
    assert server.lease is not None
    server.store({**server.lease, "metadata": {"name": "l", "labels": {"x": "1"}}})
    await clock.advance(5)
    assert first.election.is_leader
    assert server.lease["metadata"]["labels"] == {"x": "1"}


async def test_a_lease_taken_by_somebody_else_ends_the_work(
    enter: Enter, clock: FakeClock, server: LeaseServer
) -> None:
    first = enter("a").start()
    await clock.settle()
    assert server.lease is not None
    server.store({**server.lease, "spec": {"holderIdentity": "thief"}})
    await clock.advance(3)
    assert (first.election.is_leader, first.is_working, server.holder) == (False, False, "thief")


async def test_a_deleted_lease_is_made_again_with_a_higher_term(
    enter: Enter, clock: FakeClock, server: LeaseServer
) -> None:
    first = enter("a").start()
    await clock.settle()
    server.lease = None
    await clock.advance(5)
    assert (server.holder, first.election.transitions) == ("a", 1)


async def test_ones_own_lease_is_taken_at_once_after_a_restart(
    enter: Enter, clock: FakeClock, server: LeaseServer
) -> None:
    spec = {"holderIdentity": "a", "leaseDurationSeconds": 15, "leaseTransitions": 4}
    server.store({"metadata": {"name": "l", "namespace": "n"}, "spec": spec})
    first = enter("a").start()
    await clock.settle()
    assert (first.is_working, first.election.transitions) == (True, 4)


async def test_work_that_ends_releases_and_returns(
    enter: Enter, clock: FakeClock, server: LeaseServer
) -> None:
    first = enter("a")

    async def work() -> None:
        await clock.sleep(1)

    first.start(work)
    await clock.advance(2)
    assert first.task is not None
    assert first.task.result() is None
    assert server.holder == ""


async def test_work_that_fails_is_heard_of(enter: Enter, clock: FakeClock) -> None:
    first = enter("a")

    async def work() -> None:
        raise DeniedError("x", "x")

    first.start(work)
    await clock.settle()
    assert first.task is not None
    assert isinstance(first.task.exception(), DeniedError)


async def test_a_missing_permission_is_not_waited_out(enter: Enter, clock: FakeClock) -> None:
    first = enter("a")
    first.client.failure = DeniedError("api.forbidden", "the API server forbids this")
    first.start()
    await clock.settle()
    assert first.task is not None
    assert isinstance(first.task.exception(), DeniedError)


async def test_an_unreachable_server_is_waited_out(enter: Enter, clock: FakeClock) -> None:
    first = enter("a")
    first.client.is_stuck = True
    first.start()
    await clock.advance(30)
    first.client.is_stuck = False
    await clock.advance(15)
    assert first.election.is_leader


async def test_refuses_times_that_cannot_work(clock: FakeClock, server: LeaseServer) -> None:
    with pytest.raises(ValueError, match="outlast"):
        LeaderElection(
            cast("Client", LeaseClient(server)),
            namespace="n",
            name="l",
            identity="a",
            clock=clock,
            random=Random(1),
            renew_deadline_s=15.0,
        )


async def test_a_renewal_whose_answer_was_cut_off_does_not_keep_the_lease(
    enter: Enter, clock: FakeClock, server: LeaseServer
) -> None:
    """It was written on the server, so the version that is known here is old."""
    first = enter("a").start()
    await clock.settle()
    assert server.lease is not None
    server.store(server.lease)
    assert first.task is not None
    first.task.cancel()
    await clock.settle()
    assert server.holder == ""
