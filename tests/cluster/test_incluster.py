# SPDX-License-Identifier: Apache-2.0
"""What `install` ships for running in a cluster, judged by a real API server."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from functools import partial
from http import HTTPStatus
from typing import Any

import pytest
from tests.cluster.engine import identities
from tests.cluster.engine.sides import client_of, eventually, unique

from keyfleet.base.clock import SystemClock
from keyfleet.base.errors import NotFoundError
from keyfleet.base.secret import SecretValue
from keyfleet.cli.installing import Change, install_hub, install_member
from keyfleet.kube.access import Access, Endpoint
from keyfleet.kube.auth.static_token import StaticToken
from keyfleet.kube.client import Client
from keyfleet.kube.resources import ADMISSION_BINDINGS, ADMISSION_POLICIES, NAMESPACES
from keyfleet.localplane import ControlPlane, FaultProxy, assets, faults
from keyfleet.localplane.api import Api
from keyfleet.localplane.connections import Answer
from keyfleet.manifests import incluster
from keyfleet.manifests.deployment import DEPLOYMENTS, deployment
from keyfleet.manifests.rights import Part, rights
from keyfleet.manifests.roles import bindings
from keyfleet.manifests.sealedsecrets.service import SEALED_SECRETS, SERVICE, SERVICES
from keyfleet.model.ownership import HUB_LABEL, SYSTEM_NAMESPACE
from keyfleet.testing.canary import canary

IMAGE = "keyfleet:test"
MARKED = {HUB_LABEL: "0123456789abcdef"}
FORBIDDEN, CREATED, OK = HTTPStatus.FORBIDDEN, HTTPStatus.CREATED, HTTPStatus.OK
PODS = f"/api/v1/namespaces/{SYSTEM_NAMESPACE}/pods"


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    """A cluster of its own, which becomes hub and member here."""
    found = ControlPlane("incluster")
    try:
        yield found.open(assets.ensure())
    finally:
        found.close()


@pytest.fixture
async def client(plane: ControlPlane) -> AsyncIterator[Client]:
    found = client_of(plane)
    yield found
    await found.close()


@pytest.fixture(scope="module")
def member(plane: ControlPlane) -> Api:
    """The API server as the member's ServiceAccount sees it."""
    return Api(plane.url, plane.ca_pem, identities.employ(plane, Part.MEMBER))


@pytest.fixture
def namespace(plane: ControlPlane) -> str:
    name = unique("test")
    plane.create_namespace(name)
    return name


async def test_the_controller_is_installed_and_again_changes_nothing(client: Client) -> None:
    """The key comes before the Deployment, the roles before both are of use."""
    more = incluster.controller(IMAGE, is_member=True)
    first = await install_hub(client, SystemClock(), "keyfleet.io", more=more)
    assert first[-1].label == "deployment.apps/keyfleet"
    again = await install_hub(client, SystemClock(), "keyfleet.io", more=more)
    assert {one.change for one in again} == {Change.UNCHANGED}
    assert [one.label for one in again] == [one.label for one in first]


async def test_an_absent_namespace_is_named(client: Client) -> None:
    more = incluster.controller(IMAGE, namespaces=("absent",))
    with pytest.raises(NotFoundError) as caught:
        await install_hub(client, SystemClock(), "keyfleet.io", more=more)
    assert caught.value.code == "api.namespace_not_found"
    assert "absent" in caught.value.subject


async def test_a_hub_that_becomes_a_member_too_keeps_what_makes_it_a_hub(
    client: Client, namespace: str
) -> None:
    more = incluster.controller(IMAGE, namespaces=(namespace,))
    await install_hub(client, SystemClock(), "sync.example.com", more=more)
    applied = await install_member(client, incluster.member(), tell=lambda _: None)
    assert "serviceaccount/keyfleet-member" in {one.label for one in applied}
    found = await client.list_metadata(NAMESPACES)
    (system,) = [one for one in found if one.name == SYSTEM_NAMESPACE]
    annotations = system.annotations or {}
    assert annotations["keyfleet.io/annotation-domain"] == "sync.example.com"


def test_the_deployment_has_no_field_that_an_api_server_does_not_know(plane: ControlPlane) -> None:
    identities.apply(plane, identities.shipped(Part.HUB))
    path = DEPLOYMENTS.path(namespace=SYSTEM_NAMESPACE) + "?dryRun=All&fieldValidation=Strict"
    document = deployment(IMAGE)
    document["metadata"]["name"] = "strict"
    answer = plane.api.call("POST", path, document)
    assert (answer.status, answer.body if answer.status != CREATED else b"") == (CREATED, b"")


async def test_the_pod_meets_the_restricted_standard_that_its_namespace_enforces(
    plane: ControlPlane,
) -> None:
    await asyncio.to_thread(identities.apply, plane, identities.shipped(Part.HUB))
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "controller"},
        "spec": deployment(IMAGE)["spec"]["template"]["spec"],
    }
    assert plane.api.call("POST", f"{PODS}?dryRun=All", pod).status == CREATED
    pod["spec"] = {**pod["spec"], "hostNetwork": True}
    assert plane.api.call("POST", f"{PODS}?dryRun=All", pod).status == FORBIDDEN


def put(api: Api, namespace: str, name: str, **fields: Any) -> Answer:
    """Try to create a Secret."""
    metadata = {"name": name, "namespace": namespace, **fields.pop("metadata", {})}
    body = {"metadata": metadata, "stringData": {"a": canary("a")}, **fields}
    return api.call("POST", f"/api/v1/namespaces/{namespace}/secrets", body)


def marked() -> dict[str, Any]:
    return {"labels": MARKED}


async def in_force(member: Api, namespace: str) -> None:
    """Wait until the policy judges: it takes about a second after it was written."""

    async def judges() -> bool:
        return put(member, namespace, "plain", type="Opaque").status == FORBIDDEN

    await eventually(judges, what="the policy is not in force")


async def test_the_members_account_writes_marked_secrets_only(
    plane: ControlPlane, member: Api, namespace: str
) -> None:
    place = f"/api/v1/namespaces/{namespace}/secrets"
    assert put(plane.api, namespace, "foreign").status == CREATED
    await in_force(member, namespace)
    assert member.call("DELETE", f"{place}/foreign").status == FORBIDDEN
    taken = {"metadata": marked()}
    merge = "application/merge-patch+json"
    harmless = {"data": {"a": "Yg=="}}
    assert member.call("PATCH", f"{place}/foreign", harmless, content_type=merge).status == (
        FORBIDDEN
    )
    assert put(member, namespace, "target", metadata=marked()).status == CREATED
    assert member.call("DELETE", f"{place}/target").status == OK
    # To take a Secret over is Keyfleet's own decision, by conflictPolicy; to let it go too.
    assert member.call("PATCH", f"{place}/foreign", taken, content_type=merge).status == OK
    released = {"metadata": {"labels": {HUB_LABEL: None}}}
    assert member.call("PATCH", f"{place}/foreign", released, content_type=merge).status == OK


async def test_the_members_account_makes_no_token_of_another_account(
    plane: ControlPlane, member: Api, namespace: str
) -> None:
    await in_force(member, namespace)
    account = {"annotations": {"kubernetes.io/service-account.name": "victim"}}
    accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    plane.api.must("POST", accounts, {"metadata": {"name": "victim"}})
    special = "kubernetes.io/service-account-token"
    metadata = {**marked(), **account}
    body = {"metadata": {"name": "token", **metadata}, "type": special}
    path = f"/api/v1/namespaces/{namespace}/secrets"
    assert member.call("POST", path, body).status == FORBIDDEN
    assert plane.api.call("POST", path, body).status == CREATED


async def test_the_members_account_delivers_nothing_beside_the_controllers_key(
    member: Api, namespace: str
) -> None:
    await in_force(member, namespace)
    assert put(member, SYSTEM_NAMESPACE, "other", metadata=marked()).status == FORBIDDEN


async def test_nobody_else_is_judged(plane: ControlPlane, member: Api, namespace: str) -> None:
    await in_force(member, namespace)
    assert put(plane.api, namespace, "mine").status == CREATED


def test_in_chosen_namespaces_the_account_reaches_no_secret_elsewhere(
    plane: ControlPlane, namespace: str
) -> None:
    account = "keyfleet-narrow"
    documents = [
        *identities.shipped(Part.MEMBER),
        *bindings(Part.MEMBER, (namespace,), holder=account),
    ]
    identities.apply(plane, documents)
    token = identities.token_of(plane, account)
    api = Api(plane.url, plane.ca_pem, token)
    held = [right for right in rights(Part.MEMBER) if right.resource == "secrets"]
    for right in held:
        identities.until(partial(identities.is_held, api, right, at=namespace))
        assert not identities.is_held(api, right)
        assert not identities.is_held(api, right, at=SYSTEM_NAMESPACE)


async def test_a_member_that_is_too_old_for_the_policy_gets_the_rest(plane: ControlPlane) -> None:
    async with FaultProxy(plane) as proxy:
        for resource in (ADMISSION_POLICIES, ADMISSION_BINDINGS):
            proxy.inject(faults.error(404, "", when=faults.on(resource.plural)))
        login = StaticToken(SecretValue(plane.tokens["admin"].encode()))
        access = Access(Endpoint(proxy.url, plane.ca_pem), login)
        client = Client("old", access, clock=SystemClock())
        told: list[str] = []
        try:
            applied = await install_member(client, incluster.member(), tell=told.append)
        finally:
            await client.close()
    assert [one.resource.kind for one in applied if "Admission" in one.resource.kind] == []
    assert {"ServiceAccount", "ClusterRoleBinding"} <= {one.resource.kind for one in applied}
    assert len(told) == 2
    assert all(ADMISSION_POLICIES.kind in text for text in told)


async def test_whoever_is_logged_in_may_ask_the_sealing_api_and_nothing_else(
    client: Client, plane: ControlPlane, namespace: str
) -> None:
    """Through the API server, as kubeseal does; without pods it finds no address to ask."""
    more = incluster.controller(IMAGE, dialects=(SEALED_SECRETS,))
    await install_hub(client, SystemClock(), "keyfleet.io", more=more)
    again = await install_hub(client, SystemClock(), "keyfleet.io", more=more)
    changes = {one.label: one.change for one in again}
    assert changes[f"service/{SERVICE}"] is Change.UNCHANGED
    token = await asyncio.to_thread(plane.service_account_token, namespace, "anybody")
    anybody = Api(plane.url, plane.ca_pem, token)
    services = SERVICES.path(namespace=SYSTEM_NAMESPACE)

    def status(method: str, path: str) -> int:
        return anybody.call(method, f"{services}{path}", {} if method == "POST" else None).status

    async def is_granted() -> bool:
        return await asyncio.to_thread(status, "GET", f"/{SERVICE}") == OK

    await eventually(is_granted, what="the Service cannot be seen")
    for port in ("http", ""):
        for method, path in (("GET", "cert.pem"), ("POST", "verify"), ("POST", "rotate")):
            asked = f"/http:{SERVICE}:{port}/proxy/v1/{path}"
            found = await asyncio.to_thread(status, method, asked)
            assert (path, found) == (path, HTTPStatus.NOT_FOUND)
    for other in (f"/http:{SERVICE}:metrics/proxy/metrics", f"/{SERVICE}:8080/proxy/metrics", ""):
        assert await asyncio.to_thread(status, "GET", other) == FORBIDDEN
    assert await asyncio.to_thread(status, "DELETE", f"/{SERVICE}") == FORBIDDEN
