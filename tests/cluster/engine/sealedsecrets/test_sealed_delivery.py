# SPDX-License-Identifier: Apache-2.0
"""FleetSecrets that are delivered as SealedSecrets, and values that stand sealed in one."""

import asyncio
from typing import Any

import pytest
from tests.cluster.engine.sealedsecrets.conftest import key_secret
from tests.cluster.engine.sealedsecrets.seals import PREFIX, Seals
from tests.cluster.engine.sides import Data, eventually, places

from keyfleet.base.clock import SystemClock
from keyfleet.base.errors import DeniedError
from keyfleet.base.sealing import Keyset, Scope, load_key, make_key
from keyfleet.engine import passes
from keyfleet.engine.sealing.keysecrets import DEFAULT_NAMESPACE
from keyfleet.kube.resources import SEALEDSECRETS, SECRETS
from keyfleet.model.ownership import HUB_LABEL, OWNER_ANNOTATION
from keyfleet.model.sealed import STAMP
from keyfleet.testing.canary import canary

ONE, TWO = {"password": canary("one")}, {"password": canary("two"), "user": canary("user")}
SEALED = {"kind": "SealedSecret"}


async def start(seals: Seals, data: Data = ONE, **spec: Any) -> None:
    await seals.run()
    await seals.fleet.write_secret(seals.fleet.hub, "src", data)
    await seals.fleet.ask(seals.east, **{"delivery": SEALED, **spec})


def opened(seals: Seals, manifest: dict[str, Any], context: str = "east") -> Data:
    """Return what is in a SealedSecret, by the key of a cluster."""
    keys = Keyset([load_key(seals.pairs[context].key)])
    label = f"{seals.namespace}/{manifest['metadata']['name']}".encode()
    items = manifest["spec"]["encryptedData"]
    return {key: keys.open(text, label).value.reveal() for key, text in items.items()}


async def settled(seals: Seals, data: Data) -> dict[str, Any]:
    """Wait until these values are delivered and unsealed; return the SealedSecret."""
    await seals.fleet.in_sync(seals.east)
    await seals.delivered(data)
    await seals.fleet.quiet()
    return await seals.manifest()


async def is_gone(seals: Seals) -> bool:
    found = await seals.east.client.find(SEALEDSECRETS, "db", namespace=seals.namespace)
    return found is None


async def test_the_member_gets_only_what_its_own_key_opens(seals: Seals) -> None:
    template = {"metadata": {"labels": {"team": "shop"}}, "type": "example.com/login"}
    await start(seals, template=template)
    found = await settled(seals, ONE)
    assert opened(seals, found) == ONE
    with pytest.raises(DeniedError):
        opened(seals, found, context="hub")
    assert HUB_LABEL in found["metadata"]["labels"]
    assert "team" not in found["metadata"]["labels"]
    secret = await seals.secret()
    assert secret["metadata"]["labels"]["team"] == "shop"
    assert secret["type"] == "example.com/login"
    # It is of the SealedSecret, and no target of the FleetSecret.
    owners = [each["kind"] for each in secret["metadata"]["ownerReferences"]]
    assert owners == ["SealedSecret"]
    assert STAMP not in secret["metadata"].get("annotations", {})


async def test_another_value_is_sealed_anew_and_the_same_is_left_alone(seals: Seals) -> None:
    await start(seals)
    before = await settled(seals, ONE)
    await seals.fleet.set_data(seals.fleet.hub, "src", TWO)
    await seals.delivered(TWO)
    after = await settled(seals, TWO)
    assert opened(seals, after) == TWO
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    await seals.fleet.end()
    seals.fleet.forget_requests()
    await seals.again()
    await seals.fleet.in_sync(seals.east)
    await seals.fleet.quiet()
    assert (await seals.manifest())["metadata"]["resourceVersion"] == after["metadata"][
        "resourceVersion"
    ]
    assert places(seals.east.writes()) == []


async def test_ciphertext_of_others_is_replaced_though_it_opens(seals: Seals) -> None:
    await start(seals)
    before = await settled(seals, ONE)
    forged = seals.sealed(TWO)
    body = [{"op": "replace", "path": "/spec/encryptedData", "value": forged}]
    await seals.east.client.json_patch(SEALEDSECRETS, "db", body, namespace=seals.namespace)

    async def repaired() -> bool:
        spec = (await seals.manifest())["spec"]
        return spec["encryptedData"].keys() == ONE.keys() and bool(spec != before["spec"])

    await eventually(repaired)
    assert opened(seals, await settled(seals, ONE)) == ONE


async def test_a_template_of_others_is_replaced(seals: Seals) -> None:
    await start(seals)
    await settled(seals, ONE)
    await seals.edit({"template": {"data": {"password": "theirs"}}})

    async def repaired() -> bool:
        return "data" not in (await seals.manifest())["spec"]["template"]

    await eventually(repaired)
    assert opened(seals, await settled(seals, ONE)) == ONE


async def test_a_deleted_one_comes_back_and_goes_with_its_fleetsecret(seals: Seals) -> None:
    await start(seals)
    await settled(seals, ONE)
    await seals.remove()

    async def is_back() -> bool:
        return not await is_gone(seals)

    await eventually(is_back)
    await settled(seals, ONE)
    await seals.fleet.withdraw()
    await eventually(lambda: is_gone(seals))


async def test_retain_leaves_it_in_place(seals: Seals) -> None:
    await start(seals, deletionPolicy="Retain")
    before = await settled(seals, ONE)
    await seals.fleet.withdraw()

    async def released() -> bool:
        found = await seals.manifest()
        return '"released":true' in found["metadata"]["annotations"][OWNER_ANNOTATION]

    await eventually(released)
    assert (await seals.manifest())["spec"] == before["spec"]


async def test_a_new_key_of_the_member_seals_from_then_on(seals: Seals) -> None:
    await start(seals)
    await settled(seals, ONE)
    pair = make_key(SystemClock().now(), bits=2048)
    path = SECRETS.path(namespace=DEFAULT_NAMESPACE)
    made = await asyncio.to_thread(seals.east.plane.api.must, "POST", path, key_secret(pair))
    keys = Keyset([load_key(pair.key)])
    label = f"{seals.namespace}/db".encode()

    async def resealed() -> bool:
        text = (await seals.manifest())["spec"]["encryptedData"]["password"]
        try:
            return keys.open(text, label).value.reveal() == ONE["password"]
        except DeniedError:
            return False

    try:
        await eventually(resealed)
        await settled(seals, ONE)
    finally:
        name = made["metadata"]["name"]
        path = SECRETS.path(namespace=DEFAULT_NAMESPACE, name=name)
        await asyncio.to_thread(seals.east.plane.api.must, "DELETE", path)


async def test_a_declared_certificate_comes_first(seals: Seals) -> None:
    """As for a cluster whose keys nobody but itself may read."""
    await start(seals)
    await settled(seals, ONE)
    certificate = seals.pairs["stranger"].certificate.decode()
    sealing = {"spec": {"sealing": {"certificate": certificate}}}
    await seals.fleet.edit_cluster(seals.east, sealing)

    async def resealed() -> bool:
        try:
            return opened(seals, await seals.manifest(), context="stranger") == ONE
        except DeniedError:
            return False

    await eventually(resealed)


async def test_where_nothing_is_served_it_waits(
    seals: Seals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passes, "RECHECK_S", 0.3)
    fleet = seals.fleet
    fleet.may_be_denied = True  # west has no rights for the dialect
    await seals.run(seals.east, fleet.west)
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(seals.east, fleet.west, delivery=SEALED)
    await fleet.in_sync(seals.east)
    await fleet.stands("Pending", "SealedSecretsNotServed", fleet.west)
    assert await fleet.data(fleet.west) is None


async def test_a_flow_that_is_denied_seals_nothing(seals: Seals) -> None:
    await seals.fleet.declare(seals.fleet.hub, labels={"env": "test"})
    await seals.run()
    await seals.fleet.write_secret(seals.fleet.hub, "src", ONE)
    await seals.fleet.ask(seals.east, delivery=SEALED, placement={"namespaces": {"names": ["x"]}})
    await seals.fleet.stands("Refused", "TargetNotGranted", seals.east)
    assert await is_gone(seals)


async def test_another_kind_of_delivery_moves_it(seals: Seals) -> None:
    await start(seals, delivery={"kind": "Secret"})
    await seals.fleet.delivered(ONE, seals.east)
    await seals.fleet.in_sync(seals.east)
    await seals.fleet.edit({"delivery": SEALED})

    async def is_there() -> bool:
        return not await is_gone(seals)

    await eventually(is_there)
    found = await settled(seals, ONE)
    assert opened(seals, found) == ONE
    secret = await seals.secret()
    assert [each["kind"] for each in secret["metadata"]["ownerReferences"]] == ["SealedSecret"]


@pytest.mark.parametrize("scope", [Scope.NAMESPACE_WIDE, Scope.CLUSTER_WIDE])
async def test_a_wider_scope_is_said_by_the_annotation(seals: Seals, scope: Scope) -> None:
    await start(seals, delivery=SEALED | {"scope": scope.value})
    found = await settled(seals, ONE)
    assert found["metadata"]["annotations"][f"{PREFIX}{scope}"] == "true"
    await seals.fleet.edit({"delivery": {"scope": "strict"}})

    async def is_strict() -> bool:
        return f"{PREFIX}{scope}" not in (await seals.manifest())["metadata"]["annotations"]

    await eventually(is_strict)
    assert opened(seals, await settled(seals, ONE)) == ONE


async def test_values_that_stand_sealed_in_a_fleetsecret_are_delivered(seals: Seals) -> None:
    await seals.run()
    items = seals.sealed(ONE, context="hub")
    sources = [{"name": "own", "sealed": {"encryptedData": items}}]
    await seals.fleet.ask(seals.east, sources=sources)
    await seals.fleet.delivered(ONE, seals.east)
    await seals.fleet.in_sync(seals.east)
    foreign = seals.sealed(TWO, name="other", context="hub")
    sources = [{"name": "own", "sealed": {"encryptedData": foreign}}]
    await seals.fleet.edit({"sources": sources})

    async def is_told() -> bool:
        return (await seals.fleet.state(seals.east))[0] in ("Failed", "Pending")

    await eventually(is_told)
    assert await seals.fleet.data(seals.east) == ONE
