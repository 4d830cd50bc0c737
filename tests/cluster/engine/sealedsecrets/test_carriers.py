# SPDX-License-Identifier: Apache-2.0
"""FleetSecrets that are laid out sealed on the hub, where each cluster takes its own."""

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.cluster.engine.sealedsecrets.seals import Seals
from tests.cluster.engine.sides import Data, Side, always, eventually

from keyfleet.base.errors import DeniedError
from keyfleet.base.sealing import Keyset, load_key
from keyfleet.engine import passes
from keyfleet.kube.resources import FLEETCLUSTERS, FLEETPOLICIES, NAMESPACES, SEALEDSECRETS
from keyfleet.model.carriers import CARRIER_LABEL, SEALED_FOR, SEALED_INTO
from keyfleet.testing.canary import canary

ONE, TWO = {"password": canary("one")}, {"password": canary("two"), "user": canary("user")}
CARRIED = {"kind": "SealedSecret", "via": "Hub"}


class Laid:
    """What the hub lays out for one cluster, as an agent of that cluster sees it."""

    def __init__(self, seals: Seals, side: Side, home: str) -> None:
        self.seals = seals
        self.side = side
        self.home = home
        self.name = f"{seals.namespace}.db"

    async def declare(self, **spec: Any) -> None:
        """Declare the cluster with this namespace on the hub."""
        certificate = self.seals.pairs["east"].certificate.decode()
        sealing = {"hubNamespace": self.home, "certificate": certificate}
        body = {
            "apiVersion": FLEETCLUSTERS.api_version,
            "kind": FLEETCLUSTERS.kind,
            "metadata": {"name": self.side.name},
            "spec": {"sealing": sealing, **(spec or {"agent": True})},
        }
        await self.seals.fleet.hub.client.create(FLEETCLUSTERS, body)

    async def carrier(self) -> dict[str, Any] | None:
        """Return what lies there."""
        hub = self.seals.fleet.hub.client
        return await hub.find(SEALEDSECRETS, self.name, namespace=self.home)

    def opened(self, carrier: dict[str, Any]) -> Data:
        """Return what is in it, by the key of the cluster and for the place in it."""
        keys = Keyset([load_key(self.seals.pairs["east"].key)])
        label = f"{self.seals.namespace}/db".encode()
        items = carrier["spec"]["encryptedData"]
        return {key: keys.open(text, label).value.reveal() for key, text in items.items()}

    async def holds(self, data: Data) -> dict[str, Any]:
        """Wait until these values lie there."""

        async def equal() -> bool:
            found = await self.carrier()
            return found is not None and self.opened(found) == data

        await eventually(equal, what="they are not laid out")
        await self.seals.fleet.in_sync(self.side)
        await self.seals.fleet.quiet()
        found = await self.carrier()
        assert found is not None
        return found

    async def is_gone(self) -> bool:
        """Tell whether nothing lies there."""
        return await self.carrier() is None

    async def start(self, data: Data = ONE, **spec: Any) -> None:
        """Start the controller, and want values in the cluster."""
        await self.seals.again()
        await self.seals.fleet.write_secret(self.seals.fleet.hub, "src", data)
        await self.seals.fleet.ask(self.side, **{"delivery": CARRIED, **spec})

    def writes(self) -> list[tuple[str, str]]:
        """Return what the controller asked to change in SealedSecrets on the hub."""
        hub = self.seals.fleet.hub
        return [
            (one.method, one.name) for one in hub.proxy.writes() if one.resource == "sealedsecrets"
        ]


@pytest.fixture
async def laid(seals: Seals) -> Laid:
    """A cluster whose name is that of east, and that nobody can log in to."""
    home = await seals.fleet.add_namespace("for-east", seals.fleet.hub)
    return Laid(seals, replace(seals.east, name=f"edge-{seals.namespace}"), home)


async def test_a_cluster_that_nobody_connects_to_takes_what_is_laid_out_for_it(laid: Laid) -> None:
    seals, fleet = laid.seals, laid.seals.fleet
    await laid.declare()
    fleet.forget_requests()
    await laid.start(template={"metadata": {"labels": {"team": "shop"}}})
    found = await laid.holds(ONE)
    metadata = found["metadata"]
    assert metadata["annotations"][SEALED_FOR] == laid.side.name
    assert metadata["annotations"][SEALED_INTO] == f"{seals.namespace}/db"
    # The agent needs nothing but this one object.
    inner = found["spec"]["template"]["metadata"]
    taken = {
        "apiVersion": found["apiVersion"],
        "kind": found["kind"],
        "metadata": {"name": inner["name"], "namespace": inner["namespace"]},
        "spec": found["spec"],
    }
    assert canary("one").decode() not in json.dumps(found)
    await seals.east.client.create(SEALEDSECRETS, taken, namespace=inner["namespace"])
    await fleet.end()
    await fleet.hub.client.delete(FLEETCLUSTERS, laid.side.name)
    # Whoever opens SealedSecrets in that cluster makes the Secret of it: here Keyfleet itself.
    await seals.run()
    await seals.delivered(ONE)
    assert (await seals.secret())["metadata"]["labels"]["team"] == "shop"


async def test_it_is_never_connected_to_and_says_so(laid: Laid) -> None:
    fleet = laid.seals.fleet
    await laid.declare()
    fleet.forget_requests()
    await laid.start(delivery={"kind": "Secret"})
    await fleet.stands("Pending", "AgentOnly", laid.side)
    status = await fleet.cluster_status(laid.side)
    (ready,) = status["conditions"]
    assert (ready["status"], ready["reason"]) == ("True", "AgentOnly")
    assert "reachable" not in status
    assert "identity" not in status
    assert await laid.is_gone()
    await fleet.edit({"delivery": CARRIED})
    await laid.holds(ONE)


async def test_a_restart_writes_nothing_and_another_value_is_sealed_anew(laid: Laid) -> None:
    fleet = laid.seals.fleet
    await laid.declare()
    await laid.start()
    before = await laid.holds(ONE)
    await fleet.end()
    fleet.forget_requests()
    await laid.seals.again()
    await fleet.in_sync(laid.side)
    await fleet.quiet()
    assert await laid.carrier() == before
    assert laid.writes() == []
    await fleet.set_data(fleet.hub, "src", TWO)
    after = await laid.holds(TWO)
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert laid.writes() == [("PATCH", laid.name)]


async def test_what_others_change_is_put_right(laid: Laid) -> None:
    await laid.declare()
    await laid.start()
    before = await laid.holds(ONE)
    hub = laid.seals.fleet.hub.client
    theirs: list[dict[str, Any]] = [
        {"spec": {"encryptedData": {"password": "AgBtaGVpcnM="}}},
        {"metadata": {"annotations": {SEALED_INTO: "elsewhere/db"}}},
        {"metadata": {"labels": {CARRIER_LABEL: None}}},
    ]

    async def is_right() -> bool:
        found = await laid.carrier()
        if found is None or found["metadata"]["resourceVersion"] == version:
            return False
        metadata, items = found["metadata"], found["spec"]["encryptedData"]
        return (
            metadata["annotations"][SEALED_INTO] == f"{laid.seals.namespace}/db"
            and CARRIER_LABEL in metadata["labels"]
            and items != theirs[0]["spec"]["encryptedData"]
        )

    for body in theirs:
        version = before["metadata"]["resourceVersion"]
        await hub.merge_patch(SEALEDSECRETS, laid.name, body, namespace=laid.home)
        await eventually(is_right, what=f"{body} stays")
        before = await laid.holds(ONE)


async def test_it_goes_with_its_fleetsecret_also_when_that_went_unheard(laid: Laid) -> None:
    fleet = laid.seals.fleet
    await laid.declare()
    await laid.start()
    await laid.holds(ONE)
    await fleet.end()
    await fleet.withdraw()
    await laid.seals.again()
    await eventually(laid.is_gone)


async def test_a_namespace_that_is_missing_is_not_made(
    laid: Laid, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passes, "RECHECK_S", 0.3)
    fleet = laid.seals.fleet
    laid.home = f"{fleet.namespace}-later"
    await laid.declare()
    await laid.start()
    await fleet.stands("Pending", "HubNamespaceMissing", laid.side)
    assert await fleet.hub.client.find(NAMESPACES, laid.home) is None
    await fleet.add_namespace("later", fleet.hub)
    await laid.holds(ONE)


async def test_another_namespace_on_the_hub_moves_what_lies_there(laid: Laid) -> None:
    fleet, hub = laid.seals.fleet, laid.seals.fleet.hub.client
    await laid.declare()
    await laid.start()
    await laid.holds(ONE)
    before, laid.home = laid.home, await fleet.add_namespace("moved", fleet.hub)
    await fleet.edit_cluster(laid.side, {"spec": {"sealing": {"hubNamespace": laid.home}}})
    await laid.holds(ONE)

    async def is_empty() -> bool:
        return not (await hub.list(SEALEDSECRETS, namespace=before)).items

    await eventually(is_empty, what=f"it lies in {before} still")


async def test_a_paused_cluster_gets_nothing_laid_out(laid: Laid) -> None:
    fleet = laid.seals.fleet
    await laid.declare(agent=True, paused=True)
    await laid.start()
    await fleet.stands("Paused", "ClusterPaused", laid.side)
    await always(laid.is_gone, during_s=0.3)


async def test_rules_see_the_cluster_that_it_is_for_and_not_the_hub(laid: Laid) -> None:
    fleet = laid.seals.fleet
    await fleet.declare(fleet.hub, labels={"env": "production"})
    await laid.declare()
    production = {"matchLabels": {"env": "production"}}
    elsewhere = {"matchExpressions": [{"key": "env", "operator": "DoesNotExist"}]}
    rule = {"name": "stays", "from": production, "to": elsewhere, "action": "Deny"}
    policy = {
        "apiVersion": FLEETPOLICIES.api_version,
        "kind": FLEETPOLICIES.kind,
        "metadata": {"name": f"stays-{fleet.namespace}"},
        "spec": {"flows": [rule]},
    }
    await fleet.hub.client.create(FLEETPOLICIES, policy)
    await laid.start()
    await fleet.stands("Refused", "FlowDenied", laid.side)
    assert await laid.is_gone()
    labels = {"metadata": {"labels": {"env": "production"}}}
    await fleet.edit_cluster(laid.side, labels)
    await laid.holds(ONE)


async def test_the_namespace_of_a_cluster_is_open_to_nobody_by_name(laid: Laid) -> None:
    """What counts is whether the final place is granted."""
    fleet = laid.seals.fleet
    await laid.declare()
    await laid.start(placement={"namespaces": {"names": [laid.home]}})
    await fleet.stands("Refused", "TargetNotGranted", laid.side)
    listed = await fleet.hub.client.list(SEALEDSECRETS, namespace=laid.home)
    assert listed.items == []


async def test_a_cluster_that_is_connected_to_may_take_from_the_hub_too(laid: Laid) -> None:
    """And the hub, which is a member itself and serves the kind, leaves that alone."""
    seals, fleet = laid.seals, laid.seals.fleet
    await fleet.declare(fleet.hub)
    laid.side = seals.east
    await laid.declare(context=seals.east.context)
    await laid.start()
    found = await laid.holds(ONE)
    assert "status" not in found
    assert await fleet.data(fleet.hub, laid.name, namespace=laid.home) is None
    assert await seals.east.client.find(SEALEDSECRETS, "db", namespace=seals.namespace) is None
    with pytest.raises(DeniedError):
        Keyset([load_key(seals.pairs["hub"].key)]).open(
            found["spec"]["encryptedData"]["password"], f"{seals.namespace}/db".encode()
        )
