# SPDX-License-Identifier: Apache-2.0
"""The client against a real API server, also through a network that fails."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from random import Random
from typing import Any, Protocol

import pytest

from keyfleet.base.clock import SystemClock
from keyfleet.base.errors import (
    ConflictError,
    DeniedError,
    KeyfleetError,
    NotFoundError,
    PermanentError,
    ThrottledError,
    UnreachableError,
)
from keyfleet.base.secret import SecretValue
from keyfleet.base.tasks import spawn, stop
from keyfleet.kube import requests
from keyfleet.kube.access import Access, Endpoint
from keyfleet.kube.auth.static_token import StaticToken
from keyfleet.kube.client import Client
from keyfleet.kube.decoding import LAST_APPLIED
from keyfleet.kube.events import EventRecorder, regarding
from keyfleet.kube.resources import CONFIGMAPS, EVENTS, FLEETSECRETS, LEASES, NAMESPACES, SECRETS
from keyfleet.localplane import ControlPlane, FaultProxy, faults
from keyfleet.testing.canary import canary, find_canary

Proxies = Callable[[ControlPlane], Awaitable[FaultProxy]]


class Connect(Protocol):
    def __call__(self, plane: ControlPlane, **options: Any) -> Client: ...


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """A function that makes clients; they are closed afterwards."""
    async with AsyncExitStack() as stack:

        def make(
            plane: ControlPlane, *, url: str = "", user: str = "admin", **options: Any
        ) -> Client:
            token = StaticToken(SecretValue(plane.tokens[user].encode()))
            access = Access(Endpoint(url or plane.url, plane.ca_pem), token)
            client = Client("east", access, clock=SystemClock(), **options)
            stack.push_async_callback(client.close)
            return client

        yield make


@pytest.fixture
def client(hub: ControlPlane, connect: Connect) -> Client:
    return connect(hub)


def secret(namespace: str, name: str = "db", **metadata: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace, **metadata},
        "data": {"user": SecretValue(canary("user")), "password": SecretValue(canary("password"))},
    }


def version(seen: str) -> dict[str, str]:
    return {"op": "replace", "path": "/metadata/resourceVersion", "value": seen}


def new_data(**values: SecretValue) -> dict[str, Any]:
    return {"op": "add", "path": "/data", "value": values}


async def test_creates_and_reads_with_wrapped_values(client: Client, namespace: str) -> None:
    written = await client.create(SECRETS, secret(namespace, labels={"team": "pay"}))
    found = await client.find_secret(namespace, "db")
    assert found is not None
    assert (found.metadata, found.type) == (written, "Opaque")
    assert found.data == secret(namespace)["data"]
    assert found.metadata.labels == {"team": "pay"}


async def test_absent_objects_are_none_or_not_found(client: Client, namespace: str) -> None:
    assert await client.find(CONFIGMAPS, "x", namespace=namespace) is None
    assert await client.find_metadata(SECRETS, "x", namespace=namespace) is None
    assert await client.find_secret(namespace, "x") is None
    with pytest.raises(NotFoundError) as caught:
        await client.get(SECRETS, "x", namespace=namespace)
    assert caught.value.subject == f"east/{namespace}/x (secrets)"


async def test_creating_twice_is_a_conflict(client: Client, namespace: str) -> None:
    await client.create(SECRETS, secret(namespace))
    with pytest.raises(ConflictError) as caught:
        await client.create(SECRETS, secret(namespace))
    assert caught.value.code == "api.already_exists"


async def test_creating_in_an_absent_namespace_says_so(client: Client) -> None:
    with pytest.raises(NotFoundError) as caught:
        await client.create(SECRETS, secret("absent"))
    assert caught.value.code == "api.namespace_not_found"


async def test_creating_in_a_terminating_namespace_says_so(client: Client, namespace: str) -> None:
    await client.delete(NAMESPACES, namespace)
    with pytest.raises(DeniedError) as caught:
        await client.create(SECRETS, secret(namespace))
    assert caught.value.code == "api.namespace_terminating"


async def test_a_json_patch_takes_the_whole_data_and_leaves_foreign_labels(
    client: Client, namespace: str
) -> None:
    """ADR 0001: data is ours as a whole, labels of others stay."""
    await client.create(SECRETS, secret(namespace, labels={"ours": "1"}))
    foreign = {"metadata": {"labels": {"theirs": "2"}}, "data": {"foreign": "eA=="}}
    seen = await client.merge_patch(SECRETS, "db", foreign, namespace=namespace)
    value = SecretValue(canary("new"))
    operations = [version(seen.resource_version), new_data(user=value)]
    await client.json_patch(SECRETS, "db", operations, namespace=namespace)
    found = await client.find_secret(namespace, "db")
    assert found is not None
    assert found.data == {"user": value}
    assert found.metadata.labels == {"ours": "1", "theirs": "2"}


async def test_a_stale_json_patch_changes_nothing(client: Client, namespace: str) -> None:
    """ADR 0001: the version in the patch is the precondition."""
    created = await client.create(SECRETS, secret(namespace))
    other = await client.merge_patch(SECRETS, "db", {"data": {"x": "eA=="}}, namespace=namespace)
    with pytest.raises(ConflictError) as caught:
        await client.json_patch(
            SECRETS, "db", [version(created.resource_version), new_data()], namespace=namespace
        )
    assert caught.value.code == "api.conflict"
    assert await client.find_metadata(SECRETS, "db", namespace=namespace) == other


async def test_a_json_patch_of_what_is_gone_does_not_create(client: Client, namespace: str) -> None:
    with pytest.raises(NotFoundError):
        await client.json_patch(SECRETS, "db", [version("1"), new_data()], namespace=namespace)


async def test_a_json_patch_that_changes_nothing_writes_nothing(
    client: Client, namespace: str
) -> None:
    created = await client.create(SECRETS, secret(namespace))
    same = new_data(**secret(namespace)["data"])
    operations = [version(created.resource_version), same]
    assert await client.json_patch(SECRETS, "db", operations, namespace=namespace) == created


async def test_a_stale_replace_is_a_conflict(client: Client, namespace: str) -> None:
    created = await client.create(SECRETS, secret(namespace))
    body = secret(namespace, resourceVersion=created.resource_version, labels={"x": "1"})
    assert (await client.replace(SECRETS, body)).labels == {"x": "1"}
    with pytest.raises(ConflictError):
        await client.replace(SECRETS, body)


async def test_an_apply_creates_but_leaves_foreign_keys(client: Client, namespace: str) -> None:
    """ADR 0001: why an update is not an apply."""
    await client.apply(SECRETS, secret(namespace))
    await client.merge_patch(SECRETS, "db", {"data": {"foreign": "eA=="}}, namespace=namespace)
    await client.apply(SECRETS, secret(namespace), force=True)
    found = await client.find_secret(namespace, "db")
    assert found is not None
    assert "foreign" in found.data


async def test_every_write_belongs_to_one_field_manager(client: Client, namespace: str) -> None:
    created = await client.create(SECRETS, secret(namespace))
    operations = [version(created.resource_version), new_data()]
    await client.json_patch(SECRETS, "db", operations, namespace=namespace)
    raw = await client.transport.send(requests.get(SECRETS, "db", namespace=namespace))
    assert b'"manager":"keyfleet"' in raw
    assert raw.count(b'"manager":') == 1


async def test_tells_which_keys_a_writer_holds(client: Client, namespace: str) -> None:
    body = {**secret(namespace), "data": {"theirs": SecretValue(canary("theirs"))}}
    await client.create(SECRETS, body, manager="them")
    added = [{"op": "add", "path": "/data/a.b", "value": SecretValue(canary("added"))}]
    await client.json_patch(SECRETS, "db", added, namespace=namespace, manager="us")
    assert await client.managed_keys(namespace, "db", "us") == {"a.b"}
    assert await client.managed_keys(namespace, "db", "them") == {"theirs"}
    assert await client.managed_keys(namespace, "db", "nobody") == frozenset()
    assert await client.managed_keys(namespace, "absent", "us") == frozenset()


async def test_deletes_only_what_was_seen(client: Client, namespace: str) -> None:
    created = await client.create(SECRETS, secret(namespace))
    for wrong in ({"uid": "another"}, {"resource_version": "1"}):
        with pytest.raises(ConflictError):
            await client.delete(SECRETS, "db", namespace=namespace, **wrong)
    seen = {"uid": created.uid, "resource_version": created.resource_version}
    assert await client.delete(SECRETS, "db", namespace=namespace, **seen)
    assert not await client.delete(SECRETS, "db", namespace=namespace, **seen)


async def test_refuses_unknown_fields(client: Client, namespace: str) -> None:
    with pytest.raises(PermanentError) as caught:
        await client.create(SECRETS, {**secret(namespace), "dota": {}})
    assert caught.value.code == "api.invalid"


async def test_an_invalid_object_names_the_field_and_no_value(
    client: Client, namespace: str
) -> None:
    body = {**secret(namespace), "data": {"bad key": SecretValue(canary("x"))}}
    with pytest.raises(PermanentError) as caught:
        await client.create(SECRETS, body)
    assert "data[bad key]" in caught.value.subject
    assert not find_canary(caught.value.diagnostics())


async def test_a_changed_type_is_invalid(client: Client, namespace: str) -> None:
    await client.create(SECRETS, secret(namespace))
    change = [{"op": "replace", "path": "/type", "value": "kf/canary"}]
    with pytest.raises(PermanentError) as caught:
        await client.json_patch(SECRETS, "db", change, namespace=namespace)
    assert caught.value.code == "api.invalid"


@pytest.mark.parametrize("size", [1024 * 1024 + 1, 4 * 1024 * 1024])
async def test_what_is_too_large_says_so(client: Client, namespace: str, size: int) -> None:
    body = {**secret(namespace), "data": {"k": SecretValue(canary("x").ljust(size, b"x"))}}
    with pytest.raises(PermanentError) as caught:
        await client.create(SECRETS, body)
    assert caught.value.code == "api.too_large"


async def test_the_copy_in_an_annotation_is_dropped(client: Client, namespace: str) -> None:
    annotations = {LAST_APPLIED: canary("copy").decode(), "other": "1"}
    written = await client.create(SECRETS, secret(namespace, annotations=annotations))
    whole = await client.get(SECRETS, "db", namespace=namespace)
    listed = await client.list_metadata(SECRETS, namespace=namespace)
    for kept in (written.annotations, whole["metadata"]["annotations"], listed[0].annotations):
        assert kept == {"other": "1"}


async def test_lists_page_by_page(hub: ControlPlane, connect: Connect, namespace: str) -> None:
    client = connect(hub, page=3)
    names = [f"s-{n}" for n in range(8)]
    for name in names:
        await client.create(SECRETS, secret(namespace, name, labels={"n": name}))
    listing = await client.list(SECRETS, namespace=namespace)
    assert [item["metadata"]["name"] for item in listing.items] == names
    assert listing.resource_version
    metadata = await client.list_metadata(SECRETS, namespace=namespace, labels="n in (s-1,s-7)")
    assert [item.name for item in metadata] == ["s-1", "s-7"]
    pages = [page async for page in client.secret_pages(namespace=namespace)]
    assert [len(page) for page in pages] == [3, 3, 2]
    assert pages[0][0].data == secret(namespace)["data"]


async def test_a_page_that_is_throttled_is_asked_for_again(
    hub: ControlPlane, connect: Connect, fault_proxy: Proxies, namespace: str
) -> None:
    proxy = await fault_proxy(hub)
    client = connect(hub, url=proxy.url, page=2)
    for n in range(3):
        await client.create(SECRETS, secret(namespace, f"s-{n}"))
    later_page = faults.throttled(1, times=1, when=lambda seen: "continue" in seen.query)
    proxy.inject(later_page)
    assert len(await client.list_metadata(SECRETS, namespace=namespace)) == 3
    assert later_page.struck == 1


async def test_an_expired_page_is_an_expired_error(
    hub: ControlPlane, connect: Connect, fault_proxy: Proxies, namespace: str
) -> None:
    proxy = await fault_proxy(hub)
    client = connect(hub, url=proxy.url)
    proxy.inject(faults.gone(when=faults.everything))
    with pytest.raises(KeyfleetError) as caught:
        await client.list(SECRETS, namespace=namespace)
    assert caught.value.code == "api.expired"


async def test_forbidden_names_verb_and_resource(
    hub: ControlPlane, connect: Connect, namespace: str
) -> None:
    client = connect(hub, user="restricted")
    with pytest.raises(DeniedError) as caught:
        await client.list(SECRETS, namespace=namespace)
    assert (caught.value.code, caught.value.subject) == (
        "api.forbidden",
        f"list east/{namespace} (secrets)",
    )
    assert not await client.can("list", SECRETS, namespace=namespace)


async def test_knows_what_is_served_and_allowed(client: Client, namespace: str) -> None:
    assert await client.serves(SECRETS)
    assert await client.serves(LEASES)
    assert not await client.serves(FLEETSECRETS)
    assert await client.can("delete", SECRETS, namespace=namespace, name="db")
    assert (await client.version()).startswith("v1.")


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        (lambda: faults.error(503), UnreachableError, "api.server_error"),
        (lambda: faults.throttled(7), ThrottledError, "api.throttled"),
        (lambda: faults.error(401, "Unauthorized"), UnreachableError, "api.unauthorized"),
        (faults.reset, UnreachableError, "api.interrupted"),
        (faults.half_line, UnreachableError, "api.interrupted"),
    ],
)
async def test_a_failing_network_is_our_error_and_shows_no_value(
    hub: ControlPlane,
    connect: Connect,
    fault_proxy: Proxies,
    namespace: str,
    fault: Callable[..., faults.Fault],
    kind: type[KeyfleetError],
    code: str,
) -> None:
    proxy = await fault_proxy(hub)
    client = connect(hub, url=proxy.url)
    injected = fault()
    injected.when = faults.on("secrets")
    proxy.inject(injected)
    with pytest.raises(kind) as caught:
        await client.create(SECRETS, secret(namespace))
    assert caught.value.code == code
    assert caught.value.__cause__ is None
    assert not find_canary(repr(caught.value) + caught.value.diagnostics())


async def test_an_unreachable_server_is_our_error(
    hub: ControlPlane, connect: Connect, fault_proxy: Proxies
) -> None:
    proxy = await fault_proxy(hub)
    client = connect(hub, url=proxy.url)
    await proxy.cut()
    with pytest.raises(UnreachableError) as caught:
        await client.version()
    assert caught.value.code == "api.unreachable"
    await proxy.heal()
    assert await client.version()


async def test_a_repeated_create_after_a_lost_answer_finds_its_object(
    hub: ControlPlane, connect: Connect, fault_proxy: Proxies, namespace: str
) -> None:
    proxy = await fault_proxy(hub)
    client = connect(hub, url=proxy.url)
    proxy.inject(faults.answer_lost(times=1))
    with pytest.raises(UnreachableError):
        await client.create(SECRETS, secret(namespace))
    with pytest.raises(ConflictError):
        await client.create(SECRETS, secret(namespace))


async def test_an_untrusted_certificate_is_named(
    hub: ControlPlane, connect: Connect, east: ControlPlane
) -> None:
    client = connect(east, url=hub.url)
    with pytest.raises(UnreachableError) as caught:
        await client.version()
    assert caught.value.code == "api.tls"


async def test_events_are_accepted_and_repeated(client: Client, namespace: str) -> None:
    about = regarding(SECRETS, await client.create(SECRETS, secret(namespace)))
    recorder = EventRecorder(
        client,
        instance="keyfleet-0",
        clock=SystemClock(),
        random=Random(1),
    )
    task = spawn(recorder.run(), name="events")
    for expected in (1, 2):
        recorder.record(about, kind="Warning", reason="Refused", action="Deliver", note="x")
        async with asyncio.timeout(20):
            while await _count(client, namespace) != expected:  # noqa: ASYNC110 - a server decides
                await asyncio.sleep(0.02)
    await stop(task)


async def _count(client: Client, namespace: str) -> int:
    events = (await client.list(EVENTS, namespace=namespace)).items
    return max(((event.get("series") or {"count": 1})["count"] for event in events), default=0)
