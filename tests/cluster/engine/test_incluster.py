# SPDX-License-Identifier: Apache-2.0
"""The controller as a pod has it: no kubeconfig, a token that rotates, members by kubeconfigRef."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.cluster.engine import identities
from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.sides import Side

from keyfleet.app import Settings, run_controller
from keyfleet.base import codec
from keyfleet.base.tasks import spawn
from keyfleet.kube.resources import FLEETCLUSTERS, SERVICE_ACCOUNTS
from keyfleet.manifests.rights import Part, rights
from keyfleet.manifests.roles import account, bindings, roles
from keyfleet.model.ownership import SYSTEM_NAMESPACE
from keyfleet.testing.canary import canary

ONE = {"password": canary("one")}
TWO = {"password": canary("two")}

POD = "keyfleet-pod"
"""A ServiceAccount with the rights of the hub's, that a test may remove."""


@pytest.fixture
async def pod(fleet: Fleet, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Path]:
    """The folder in which the controller finds its token."""
    namespaces = (fleet.namespace, SYSTEM_NAMESPACE) if hasattr(request, "param") else ()
    granted = [
        {**account(Part.HUB), "metadata": {"name": POD, "namespace": SYSTEM_NAMESPACE}},
        *(document for part in Part for document in roles(part)),
        *(one for part in Part for one in bindings(part, namespaces, holder=POD)),
    ]
    await asyncio.to_thread(identities.apply, fleet.hub.plane, granted)
    mount = tmp_path / "serviceaccount"
    mount.mkdir()
    (mount / "ca.crt").write_bytes(fleet.hub.plane.ca_pem)
    (mount / "namespace").write_text(SYSTEM_NAMESPACE)
    await issue(fleet, mount, *namespaces)
    yield mount
    await fleet.end()
    bound = [one for one in granted if one["kind"] not in ("ClusterRole", "Role")]
    await asyncio.to_thread(identities.remove, fleet.hub.plane, [*bound, *roles(Part.MEMBER)])


async def issue(fleet: Fleet, mount: Path, *namespaces: str) -> None:
    """Write a new token, as kubelet does: the file is replaced, never half written."""
    token = await asyncio.to_thread(identities.token_of, fleet.hub.plane, POD)
    held = [*rights(Part.HUB), *rights(Part.MEMBER)]
    for place in namespaces or ("",):
        await asyncio.to_thread(identities.until_held, fleet.hub.plane, token, held, at=place)
    fresh = mount / "token.new"
    fresh.write_text(token)
    fresh.rename(mount / "token")


async def run_as_pod(fleet: Fleet, mount: Path) -> None:
    """Start the controller with what a pod has, and nothing else."""
    address = urlsplit(fleet.hub.proxy.url)
    fleet.settings = Settings(
        listen="127.0.0.1:0",
        environ={
            "KUBERNETES_SERVICE_HOST": str(address.hostname),
            "KUBERNETES_SERVICE_PORT": str(address.port),
        },
        service_account=mount,
    )
    fleet.running = spawn(run_controller(fleet.settings), name="controller")


async def join(fleet: Fleet, side: Side) -> None:
    """Declare a member by a Secret with the kubeconfig of its ServiceAccount."""
    name = f"login-{side.name}"
    config = codec.encode_yaml(side.kubeconfig()).encode()
    await fleet.write_secret(fleet.hub, name, {"value": config})
    await declare(fleet, side, kubeconfigRef={"namespace": fleet.namespace, "name": name})


async def declare(fleet: Fleet, side: Side, **spec: object) -> None:
    await fleet.hub.client.create(
        FLEETCLUSTERS,
        {
            "apiVersion": FLEETCLUSTERS.api_version,
            "kind": FLEETCLUSTERS.kind,
            "metadata": {"name": side.name},
            "spec": spec,
        },
    )


async def test_a_pod_serves_its_own_cluster_and_members_by_kubeconfig(
    fleet: Fleet, pod: Path
) -> None:
    await join(fleet, fleet.east)
    await declare(fleet, fleet.hub, inCluster=True)
    await run_as_pod(fleet, pod)
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east, fleet.hub)
    await fleet.delivered(ONE, fleet.east, fleet.hub)
    await fleet.in_sync(fleet.east, fleet.hub)


async def test_a_pod_makes_no_fleetcluster_by_itself(fleet: Fleet, pod: Path) -> None:
    await run_as_pod(fleet, pod)
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east)
    await fleet.stands("Pending", "ClusterMissing", fleet.east)
    assert (await fleet.hub.client.list(FLEETCLUSTERS)).items == []


async def test_a_token_that_rotates_is_followed(fleet: Fleet, pod: Path) -> None:
    """The old token is refused from one moment to the next, the new one lies in the file."""
    await join(fleet, fleet.east)
    await run_as_pod(fleet, pod)
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east)
    await fleet.delivered(ONE, fleet.east)
    path = SERVICE_ACCOUNTS.path(namespace=SYSTEM_NAMESPACE, name=POD)
    fleet.may_be_denied = True
    await asyncio.to_thread(fleet.hub.plane.api.must, "DELETE", path)
    await issue(fleet, pod)
    await fleet.set_data(fleet.hub, "src", TWO)
    await fleet.delivered(TWO, fleet.east, timeout_s=60)
    await fleet.in_sync(fleet.east)
    assert fleet.running is not None
    assert not fleet.running.done()


@pytest.mark.parametrize("pod", ["narrow"], indirect=True)
async def test_a_hub_whose_controller_reaches_few_namespaces_serves_these(
    fleet: Fleet, pod: Path
) -> None:
    """Sources there are read from time to time; a source elsewhere looks absent."""
    fleet.may_be_denied = True
    await join(fleet, fleet.east)
    await run_as_pod(fleet, pod)
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east)
    await fleet.delivered(ONE, fleet.east)
    await fleet.set_data(fleet.hub, "src", TWO)
    await fleet.delivered(TWO, fleet.east, timeout_s=90)
    other = await fleet.add_namespace("other")
    everywhere = {"clusters": {"names": ["*"]}, "namespaces": {"names": [other]}}
    await fleet.grant("other", sources=everywhere)
    await fleet.write_secret(fleet.hub, "src", ONE, namespace=other)
    source = {"secretRef": {"namespace": other, "name": "src"}}
    await fleet.edit({"source": source})
    await fleet.stands("Pending", "SourceMissing", fleet.east)
    assert await fleet.data(fleet.east) == TWO
