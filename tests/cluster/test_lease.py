# SPDX-License-Identifier: Apache-2.0
"""Elections on a real API server."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from random import Random

import pytest

from keyfleet.base.clock import SystemClock
from keyfleet.base.errors import LostLeadershipError
from keyfleet.base.secret import SecretValue
from keyfleet.base.tasks import spawn, stop
from keyfleet.kube.access import Access, Endpoint
from keyfleet.kube.auth.static_token import StaticToken
from keyfleet.kube.client import Client
from keyfleet.kube.lease import LeaderElection
from keyfleet.kube.lease_record import read_lease
from keyfleet.kube.resources import LEASES
from keyfleet.localplane import ControlPlane, FaultProxy

Proxies = Callable[[ControlPlane], Awaitable[FaultProxy]]
WAIT_S = 30.0
LEASE_S = 8.0
"""Long enough that a busy machine renews it, and no longer than a test may wait for its end."""


class Candidate:
    """An election whose work runs until cancelled and notes when it did."""

    def __init__(self, client: Client, namespace: str, identity: str) -> None:
        self.election = LeaderElection(
            client,
            namespace=namespace,
            name="keyfleet",
            identity=identity,
            clock=SystemClock(),
            random=Random(1),
            lease_duration_s=LEASE_S,
            renew_deadline_s=4.0,
            retry_s=0.2,
        )
        self.began = asyncio.Event()
        self.ended = asyncio.Event()
        self.task = spawn(self.election.lead(self._work), name=identity)

    async def _work(self) -> None:
        self.began.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.05)  # the last write of a drain
            self.ended.set()


@pytest.fixture
async def client(hub: ControlPlane) -> AsyncIterator[Client]:
    client = connect(hub, hub.url)
    yield client
    await client.close()


def connect(plane: ControlPlane, url: str) -> Client:
    token = StaticToken(SecretValue(plane.tokens["admin"].encode()))
    return Client("hub", Access(Endpoint(url, plane.ca_pem), token), clock=SystemClock())


Candidates = Callable[[Client, str], Candidate]


@pytest.fixture
async def candidate(namespace: str) -> AsyncIterator[Candidates]:
    """A function that enters candidates for one Lease."""
    async with AsyncExitStack() as stack:

        def enter(client: Client, identity: str) -> Candidate:
            found = Candidate(client, namespace, identity)
            stack.push_async_callback(stop, found.task)
            return found

        yield enter


async def within(event: asyncio.Event) -> None:
    async with asyncio.timeout(WAIT_S):
        await event.wait()


async def test_one_of_two_leads_and_a_shutdown_hands_over_at_once(
    client: Client, candidate: Candidates, namespace: str
) -> None:
    first = candidate(client, "a")
    await within(first.began)
    second = candidate(client, "b")
    await asyncio.sleep(1.5)  # many retries, several renewals
    assert (first.election.is_leader, second.began.is_set()) == (True, False)
    await stop(first.task)
    assert first.ended.is_set(), "the work has ended before the Lease is free"
    async with asyncio.timeout(LEASE_S / 2):
        await second.began.wait()
    assert (first.election.is_leader, second.election.is_leader) == (False, True)
    assert second.election.transitions == first.election.transitions + 1
    lease = read_lease(await client.get(LEASES, "keyfleet", namespace=namespace))
    assert (lease.holder, lease.transitions) == ("b", second.election.transitions)


async def test_a_leader_cut_off_ends_its_work_before_another_takes_over(
    hub: ControlPlane, client: Client, candidate: Candidates, fault_proxy: Proxies
) -> None:
    proxy = await fault_proxy(hub)
    cut_off = connect(hub, proxy.url)
    first = candidate(cut_off, "a")
    await within(first.began)
    second = candidate(client, "b")
    await proxy.cut()
    await within(first.ended)
    assert not second.began.is_set()
    with pytest.raises(LostLeadershipError):
        await first.task
    await within(second.began)
    assert second.election.transitions == 1
    await cut_off.close()


async def test_a_leader_whose_lease_was_taken_stops(
    client: Client, candidate: Candidates, namespace: str
) -> None:
    first = candidate(client, "a")
    await within(first.began)
    theft = {"spec": {"holderIdentity": "thief"}}
    await client.merge_patch(LEASES, "keyfleet", theft, namespace=namespace)
    with pytest.raises(LostLeadershipError):
        await first.task
    assert first.ended.is_set()


async def test_a_deleted_lease_is_made_again_and_counts_on(
    client: Client, candidate: Candidates, namespace: str
) -> None:
    first = candidate(client, "before")
    await within(first.began)
    await stop(first.task)
    second = candidate(client, "a")
    await within(second.began)
    await client.delete(LEASES, "keyfleet", namespace=namespace)
    found = None
    async with asyncio.timeout(WAIT_S):
        while found is None:
            found = await client.find(LEASES, "keyfleet", namespace=namespace)
        lease = read_lease(found)
        # The candidate learns of its own write a moment later.
        while second.election.transitions != lease.transitions:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.02)
    assert lease.transitions >= 1
    assert lease.holder == "a"
    assert second.election.is_leader
