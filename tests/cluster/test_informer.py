# SPDX-License-Identifier: Apache-2.0
"""Informers on a real API server, through everything that a network can do to them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from random import Random
from typing import Any

import pytest

from keyfleet.base.clock import SystemClock
from keyfleet.base.errors import DeniedError, NotFoundError
from keyfleet.base.secret import SecretValue
from keyfleet.base.tasks import spawn, stop
from keyfleet.kube.access import Access, Endpoint
from keyfleet.kube.auth.static_token import StaticToken
from keyfleet.kube.client import Client
from keyfleet.kube.collection import Collection
from keyfleet.kube.decoding import LAST_APPLIED, METADATA, full_object
from keyfleet.kube.informer import SILENCE_S, Informer
from keyfleet.kube.objects import Metadata
from keyfleet.kube.requests import Selection
from keyfleet.kube.resources import CONFIGMAPS, FLEETSECRETS, SECRETS, Resource
from keyfleet.localplane import ControlPlane, FaultProxy, faults
from keyfleet.testing.canary import canary, find_canary

Proxies = Callable[[ControlPlane], Awaitable[FaultProxy]]
WAIT_S = 30.0


async def until(claim: Callable[[], object]) -> None:
    """Wait until a claim holds."""
    async with asyncio.timeout(WAIT_S):
        while not claim():  # noqa: ASYNC110 - the claim is about another process
            await asyncio.sleep(0.01)


class Rig:
    """A proxy in front of a plane, a client through it, another past it, and informers."""

    def __init__(self, plane: ControlPlane, proxy: FaultProxy, namespace: str) -> None:
        self.proxy = proxy
        self.namespace = namespace
        self.direct = self.client(plane, plane.url)
        self.through = self.client(plane, proxy.url)
        self.changes: list[tuple[str, bool, bool]] = []
        self._tasks: list[asyncio.Task[None]] = []

    def client(self, plane: ControlPlane, url: str, user: str = "admin") -> Client:
        token = StaticToken(SecretValue(plane.tokens[user].encode()))
        access = Access(Endpoint(url, plane.ca_pem), token)
        return Client("east", access, clock=SystemClock(), page=2)

    def start(
        self, resource: Resource = SECRETS, client: Client | None = None, **options: Any
    ) -> Informer[Metadata]:
        informer: Informer[Metadata] = Informer(
            client or self.through,
            Collection(
                resource,
                options.get("decode", METADATA),
                Selection(self.namespace, options.get("labels", "")),
                keep=options.get("keep"),
            ),
            self._on_change,
            clock=SystemClock(),
            random=Random(1),
            silence_s=options.get("silence_s", SILENCE_S),
        )
        self._tasks.append(spawn(informer.run(), name="informer"))
        return informer

    async def live(self, **options: Any) -> Informer[Metadata]:
        """Return an informer that is live."""
        informer = self.start(**options)
        await until(lambda: informer.live)
        return informer

    def _on_change(self, key: tuple[str, str], old: object, new: object) -> None:
        self.changes.append((key[1], old is not None, new is not None))

    async def create(self, name: str, size: int = 8, **metadata: Any) -> Metadata:
        value = SecretValue(canary("x").ljust(size, b"x"))
        return await self.direct.create(
            SECRETS,
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": name, "namespace": self.namespace, **metadata},
                "data": {"k": value},
            },
        )

    async def touch(self, name: str) -> Metadata:
        body = {"data": {"k": SecretValue(canary("y"))}}
        return await self.direct.merge_patch(SECRETS, name, body, namespace=self.namespace)

    async def delete(self, name: str) -> None:
        await self.direct.delete(SECRETS, name, namespace=self.namespace)

    def names(self, informer: Informer[Any]) -> set[str]:
        return {name for _, name in informer.items}

    def lists(self) -> int:
        """How many complete lists were asked for, streamed or paged."""
        return sum(
            "sendInitialEvents" in seen.query
            if seen.is_watch
            else seen.method == "GET" and "limit" in seen.query and "continue" not in seen.query
            for seen in self.proxy.requests
        )

    async def close(self) -> None:
        await stop(*self._tasks)
        await self.direct.close()
        await self.through.close()


@pytest.fixture
async def rig(hub: ControlPlane, fault_proxy: Proxies, namespace: str) -> AsyncIterator[Rig]:
    async with AsyncExitStack() as stack:
        rig = Rig(hub, await fault_proxy(hub), namespace)
        stack.push_async_callback(rig.close)
        yield rig


async def test_lists_then_follows(rig: Rig) -> None:
    await rig.create("a")
    informer = await rig.live()
    await rig.create("b")
    await rig.touch("a")
    await until(lambda: len(rig.changes) == 3)
    await rig.delete("b")
    await until(lambda: rig.names(informer) == {"a"})
    assert rig.changes == [
        ("a", False, True),
        ("b", False, True),
        ("a", True, True),
        ("b", True, False),
    ]
    assert (informer.synced, informer.error) == (True, None)


async def test_list_and_watch_are_one_connection_where_lists_are_streamed(rig: Rig) -> None:
    await rig.live()
    assert [seen.method for seen in rig.proxy.requests] == ["GET"]
    assert rig.through.streams_lists


async def test_pages_where_lists_are_not_streamed(rig: Rig) -> None:
    for name in ("a", "b", "c"):
        await rig.create(name)
    refusal = faults.error(422, "Invalid", when=lambda seen: "sendInitialEvents" in seen.query)
    rig.proxy.inject(refusal)
    informer = await rig.live()
    assert rig.names(informer) == {"a", "b", "c"}
    await rig.live()
    assert (refusal.struck, rig.through.streams_lists) == (1, False), "asked once per cluster"


async def test_holds_neither_values_nor_copies_of_them(rig: Rig) -> None:
    await rig.create("a", annotations={LAST_APPLIED: canary("copy").decode(), "k": "1", "z": "2"})
    informer = await rig.live(keep=lambda name: name == "k")
    assert informer.items[rig.namespace, "a"].annotations == {"k": "1"}
    assert not find_canary(repr(dict(informer.items)))


async def test_keeps_whole_objects_when_asked_to(rig: Rig) -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"k": "v"}}
    body["metadata"] = {"name": "a", "namespace": rig.namespace}
    await rig.direct.create(CONFIGMAPS, body)
    informer = await rig.live(resource=CONFIGMAPS, decode=full_object)
    assert informer.items[rig.namespace, "a"]["data"] == {"k": "v"}  # type: ignore[index]


async def test_an_object_that_leaves_the_selection_is_gone(rig: Rig) -> None:
    await rig.create("a", labels={"pick": "me"})
    informer = await rig.live(labels="pick=me")
    change = {"metadata": {"labels": {"pick": None}}}
    await rig.direct.merge_patch(SECRETS, "a", change, namespace=rig.namespace)
    await until(lambda: not informer.items)


@pytest.mark.parametrize("fault", [faults.reset, faults.half_line])
async def test_a_broken_watch_resumes_without_a_list(
    rig: Rig, fault: Callable[..., faults.Fault]
) -> None:
    informer = await rig.live()
    rig.proxy.inject(fault(when=faults.watches, times=1))
    await until(lambda: not informer.live)
    await rig.create("a")
    await until(lambda: rig.names(informer) == {"a"})
    assert rig.lists() == 1


async def test_a_watch_that_the_server_ends_resumes_at_once(rig: Rig) -> None:
    informer = await rig.live()
    await asyncio.sleep(1.1)  # younger streams count as failures
    rig.proxy.inject(faults.ended(times=1))
    await until(lambda: len(rig.proxy.watches()) == 2)
    await rig.create("a")
    await until(lambda: rig.names(informer) == {"a"})
    assert (rig.lists(), informer.error) == (1, None)


@pytest.mark.parametrize("fault", [faults.gone_event, faults.gone])
async def test_an_expired_watch_lists_and_finds_what_is_gone(
    rig: Rig, fault: Callable[..., faults.Fault]
) -> None:
    await rig.create("a")
    informer = await rig.live()
    expiry = rig.proxy.inject(fault(times=1))
    if fault is faults.gone:
        rig.proxy.inject(faults.reset(when=faults.watches, times=1))
    await rig.delete("a")
    await rig.create("b")
    await until(lambda: rig.names(informer) == {"b"})
    assert ("a", True, False) in rig.changes
    await until(lambda: informer.live)
    assert (expiry.struck, rig.lists()) == (1, 2)


async def test_changes_during_an_outage_are_found(rig: Rig) -> None:
    await rig.create("a")
    informer = await rig.live()
    await rig.proxy.cut()
    await until(lambda: informer.error is not None)
    await rig.delete("a")
    await rig.create("b")
    assert rig.names(informer) == {"a"}, "an error is never absence"
    assert informer.synced
    await rig.proxy.heal()
    informer.nudge()
    await until(lambda: rig.names(informer) == {"b"})


async def test_throttling_waits_as_told_and_does_not_list(rig: Rig) -> None:
    informer = await rig.live()
    throttle = rig.proxy.inject(faults.throttled(1, when=faults.watches, times=1))
    rig.proxy.inject(faults.reset(when=faults.watches, times=1))
    await rig.create("a")
    await until(lambda: rig.names(informer) == {"a"})
    assert (throttle.struck, rig.lists()) == (1, 1)


async def test_server_errors_are_waited_out(rig: Rig) -> None:
    rig.proxy.inject(faults.error(503, times=2))
    informer = rig.start()
    await rig.create("a")
    await until(lambda: rig.names(informer) == {"a"})
    await until(lambda: informer.error is None)


async def test_a_silent_watch_is_noticed_and_replaced(rig: Rig) -> None:
    informer = await rig.live(silence_s=0.5)
    rig.proxy.inject(faults.silence(when=faults.watches, times=1))
    await rig.create("a")
    await until(lambda: rig.names(informer) == {"a"})
    assert rig.lists() == 1


async def test_a_missing_permission_is_the_error_until_it_is_granted(
    rig: Rig, hub: ControlPlane
) -> None:
    client = rig.client(hub, hub.url, "restricted")
    informer = rig.start(client=client)
    await until(lambda: informer.error is not None)
    assert isinstance(informer.error, DeniedError)
    assert informer.error.subject == f"watch east/{rig.namespace} (secrets)"
    assert (informer.synced, informer.live) == (False, False)
    await _grant(rig)
    informer.nudge()
    await until(lambda: informer.live)
    await client.close()


async def _grant(rig: Rig) -> None:
    rbac = "rbac.authorization.k8s.io"
    role = Resource(rbac, "v1", "roles", "Role")
    binding = Resource(rbac, "v1", "rolebindings", "RoleBinding")
    metadata = {"name": "read", "namespace": rig.namespace}
    head = {"apiVersion": f"{rbac}/v1", "metadata": metadata}
    rules = [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["list", "watch"]}]
    await rig.direct.create(role, {**head, "kind": "Role", "rules": rules})
    subjects = [{"apiGroup": rbac, "kind": "User", "name": "restricted"}]
    reference = {"apiGroup": rbac, "kind": "Role", "name": "read"}
    body = {**head, "kind": "RoleBinding", "subjects": subjects, "roleRef": reference}
    await rig.direct.create(binding, body)


async def test_a_kind_that_is_not_served_is_the_error(rig: Rig) -> None:
    informer = rig.start(resource=FLEETSECRETS)
    await until(lambda: informer.error is not None)
    assert isinstance(informer.error, NotFoundError)
    assert not informer.synced


async def test_events_larger_than_any_line_buffer_pass(rig: Rig) -> None:
    """Of whole objects; metadata alone is never that large."""
    informer = await rig.live(resource=CONFIGMAPS, decode=full_object)
    large = {"k": "x" * 1_040_000}
    body = {"apiVersion": "v1", "kind": "ConfigMap", "data": large}
    body["metadata"] = {"name": "large", "namespace": rig.namespace}
    await rig.direct.create(CONFIGMAPS, body)
    await until(lambda: rig.names(informer) == {"large"})
    assert informer.items[rig.namespace, "large"]["data"] == large  # type: ignore[index]


async def test_never_asks_in_a_loop(rig: Rig) -> None:
    rig.proxy.inject(faults.ended())
    rig.start()
    await asyncio.sleep(1.5)
    assert len(rig.proxy.requests) <= 3
