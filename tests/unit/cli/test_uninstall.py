# SPDX-License-Identifier: Apache-2.0
"""What goes, in which order, and how that is told."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from tests.unit.engine.fakecluster import FakeCluster
from tests.unit.engine.fakes import HUB_UID

from keyfleet.base.errors import DeniedError
from keyfleet.base.tasks import spawn
from keyfleet.cli.removing import UNINSTALLER, Removed, remove_owners, take_lead
from keyfleet.cli.uninstall import uninstall_answer
from keyfleet.cli.uninstalling import Installed, Part, find_installed
from keyfleet.kube.lease_record import held, new_lease
from keyfleet.kube.objects import Metadata, metadata_of
from keyfleet.kube.resources import (
    CONFIGMAPS,
    CRDS,
    EXTERNALSECRETS,
    FLEETSECRETS,
    LEASES,
    NAMESPACES,
    SECRETS,
    Resource,
)
from keyfleet.manifests import SYSTEM_NAMESPACE, everything
from keyfleet.manifests.eso import eso_crds
from keyfleet.manifests.roles import ROLE_BINDINGS, ROLES
from keyfleet.testing.clock import FakeClock

OURS = {
    "apiVersion": "keyfleet.io/v1alpha1",
    "kind": "FleetSecret",
    "name": "db",
    "uid": "uid-db",
}
THEIRS = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "app", "uid": "uid-app"}


class Hub(FakeCluster):
    """A hub that also takes whole objects."""

    async def replace(
        self, resource: Resource, body: Mapping[str, Any], *, subresource: str = ""
    ) -> Metadata:
        metadata = body["metadata"]
        rest = {key: part for key, part in body.items() if key != "metadata"}
        place = metadata.get("namespace", "")
        return metadata_of(self.put(resource, metadata["name"], namespace=place, **rest))

    async def serves(self, resource: Resource) -> bool:
        return (CRDS.label, "", resource.label) in self.objects


@pytest.fixture
def hub() -> Hub:
    found = Hub("hub", HUB_UID)
    for document in everything():
        resource = {"Namespace": NAMESPACES, "CustomResourceDefinition": CRDS}.get(document["kind"])
        if resource is not None:
            found.put(resource, document["metadata"]["name"])
    return found


async def test_what_asks_goes_before_what_forbids(hub: FakeCluster) -> None:
    """A FleetPolicy that is gone while a FleetSecret still asks would let through a flow."""
    found = await find_installed(hub)
    kinds = [part.name.partition(".")[0] for part in found.parts if part.resource is CRDS]
    assert kinds == ["fleetsecrets", "fleetclusters", "fleetpolicies"]
    assert found.parts[-1].resource is NAMESPACES


async def test_a_namespace_that_holds_more_stays(hub: FakeCluster) -> None:
    hub.put(CONFIGMAPS, "theirs", namespace=SYSTEM_NAMESPACE)
    found = await find_installed(hub)
    assert found.strangers == ("ConfigMap/theirs",)
    assert NAMESPACES not in {part.resource for part in found.parts}


async def test_only_references_to_our_kinds_are_removed(hub: FakeCluster) -> None:
    metadata = {"ownerReferences": [OURS, THEIRS, {**OURS, "name": "other"}]}
    hub.put_secret("owned", metadata=metadata)
    hub.put_secret("free")
    found = await find_installed(hub)
    (owned,) = found.owned
    await remove_owners(hub, owned, found.kinds)
    document = hub.secret("owned") or {}
    assert document["metadata"]["ownerReferences"] == [THEIRS]
    assert (await find_installed(hub)).owned == ()


def put_kinds(cluster: FakeCluster, *, is_ours: bool = True) -> None:
    """Install the kinds of External Secrets."""
    labels = {"app.kubernetes.io/managed-by": "keyfleet"} if is_ours else {}
    for crd in eso_crds():
        cluster.put(CRDS, crd["metadata"]["name"], metadata={"labels": labels})


FOREIGN_OWNER = {
    "apiVersion": "external-secrets.io/v1",
    "kind": "ExternalSecret",
    "name": "db",
    "uid": "uid-es",
    "controller": True,
}


async def test_kinds_of_other_tools_that_we_installed_go_first(hub: FakeCluster) -> None:
    put_kinds(hub)
    hub.put_secret("made", metadata={"ownerReferences": [FOREIGN_OWNER]})
    hub.put(EXTERNALSECRETS, "db", namespace="shop")
    found = await find_installed(hub)
    kinds = [part.name.partition(".")[0] for part in found.parts if part.resource is CRDS]
    assert kinds[:2] == ["clusterexternalsecrets", "externalsecrets"]
    assert kinds[-3:] == ["fleetsecrets", "fleetclusters", "fleetpolicies"]
    assert [each.name for each in found.owned] == ["made"]
    assert found.declared["ExternalSecret"] == 1


async def test_kinds_that_others_installed_stay_with_what_they_own(hub: FakeCluster) -> None:
    put_kinds(hub, is_ours=False)
    hub.put_secret("made", metadata={"ownerReferences": [FOREIGN_OWNER]})
    found = await find_installed(hub)
    assert len([part for part in found.parts if part.resource is CRDS]) == 3
    assert (found.owned, "ExternalSecret" in found.declared) == ((), False)


async def test_a_member_loses_the_kinds_that_we_installed_there(hub: FakeCluster) -> None:
    member = Hub("east", "uid-east")
    put_kinds(member)
    member.put_secret("made", metadata={"ownerReferences": [FOREIGN_OWNER, THEIRS]})
    found = await find_installed(member, is_member_only=True)
    assert len([part for part in found.parts if part.resource is CRDS]) == len(eso_crds())
    (owned,) = found.owned
    await remove_owners(member, owned, found.kinds)
    document = member.secret("made") or {}
    assert document["metadata"]["ownerReferences"] == [THEIRS]


async def test_a_hub_keeps_its_kinds_when_it_is_no_member_any_more(hub: FakeCluster) -> None:
    put_kinds(hub)
    found = await find_installed(hub, is_member_only=True)
    assert CRDS not in {part.resource for part in found.parts}


@pytest.mark.parametrize("is_member_only", [False, True])
async def test_the_right_to_sealing_keys_goes_wherever_they_are(
    hub: FakeCluster, *, is_member_only: bool
) -> None:
    ours = {"labels": {"app.kubernetes.io/managed-by": "keyfleet"}}
    for resource in (ROLES, ROLE_BINDINGS):
        hub.put(resource, "keyfleet-member-sealed-keys", namespace="sealing", metadata=dict(ours))
        hub.put(resource, "keyfleet-member-theirs", namespace="sealing")
    found = await find_installed(hub, is_member_only=is_member_only)
    there = {(part.resource, part.name) for part in found.parts if part.namespace == "sealing"}
    assert there == {(one, "keyfleet-member-sealed-keys") for one in (ROLES, ROLE_BINDINGS)}


async def test_the_lead_is_taken_from_who_leads(hub: FakeCluster) -> None:
    clock = FakeClock()
    lease = held(
        new_lease(SYSTEM_NAMESPACE, "keyfleet"),
        identity="a-pod",
        duration_s=15,
        transitions=0,
        now=clock.now(),
    )
    hub.put(
        LEASES,
        "keyfleet",
        namespace=SYSTEM_NAMESPACE,
        **{key: part for key, part in lease.items() if key != "metadata"},
    )
    said: list[str] = []
    taking = spawn(take_lead(hub, clock, tell=said.append), name="take")
    await clock.settle()
    assert not taking.done(), "who led needs a moment to stop"
    await clock.advance(20)
    assert taking.done()
    assert (await hub.get(LEASES, "keyfleet", namespace=SYSTEM_NAMESPACE))["spec"][
        "holderIdentity"
    ] == UNINSTALLER
    assert "a-pod" in said[0]


async def test_where_nobody_leads_nobody_is_waited_for(hub: FakeCluster) -> None:
    await take_lead(hub, FakeClock(), tell=pytest.fail)


def test_golden_of_uninstall(golden_answer: Callable[..., None]) -> None:
    parts = (Part(2, FLEETSECRETS.label), Part(11, "keyfleet-fingerprint", SYSTEM_NAMESPACE))
    assert [part.resource for part in parts] == [CRDS, SECRETS]
    installed = Installed(parts, strangers=("ConfigMap/theirs",))
    denied = DeniedError("api.forbidden", "forbidden")
    removed = [Removed(parts[0]), Removed(parts[1], denied)]
    golden_answer("uninstall", uninstall_answer(removed, installed, {"east": 3, "west": None}))
