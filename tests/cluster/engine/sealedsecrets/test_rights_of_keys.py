# SPDX-License-Identifier: Apache-2.0
"""Every right that comes with SealedSecrets is used, and nothing is asked that it does not grant.

As test_rights_of_dialects.py; each cluster has no sealing key at first, so that one is made.
"""

import asyncio
from dataclasses import replace

from tests.cluster.engine.asked import uncovered, unused
from tests.cluster.engine.sealedsecrets.conftest import BITS, FURTHER
from tests.cluster.engine.sealedsecrets.seals import Seals
from tests.cluster.engine.sides import Side, eventually
from tests.cluster.engine.test_rights import is_streamed_list
from tests.cluster.engine.test_rights_of_dialects import repeats

from keyfleet.base.sealing import load_certificate
from keyfleet.base.secret import SecretValue
from keyfleet.engine.sealing.keylisting import list_key_secrets
from keyfleet.engine.sealing.keysecrets import DEFAULT_NAMESPACE, KEY_LABEL
from keyfleet.engine.sealing.settings import SealingSettings
from keyfleet.kube.resources import SEALEDSECRETS, SECRETS
from keyfleet.localplane import faults
from keyfleet.manifests.rights import Part, rights
from keyfleet.testing.canary import canary

SETTINGS = SealingSettings(bits=BITS)
VALUES = {"k": canary("one")}


async def drop_keys(side: Side) -> None:
    """Take every sealing key out of a cluster."""
    path = f"{SECRETS.path(namespace=DEFAULT_NAMESPACE)}?labelSelector={KEY_LABEL}"
    await asyncio.to_thread(side.plane.api.must, "DELETE", path)


async def live(seals: Seals, side: Side) -> None:
    """Let one SealedSecret of a cluster come, change and go."""
    found = None

    async def made() -> bool:
        nonlocal found
        found = await list_key_secrets(side.client, DEFAULT_NAMESPACE)
        return bool(found.found)

    await eventually(made, what="no key was made")
    assert found is not None
    certificate = load_certificate(found.found[0].certificate.pem)
    label = f"{seals.namespace}/db".encode()
    items = {key: certificate.seal(SecretValue(value), label) for key, value in VALUES.items()}
    await seals.put(items, side=side)
    await seals.delivered(VALUES, side=side)

    async def edit(number: int) -> None:
        await seals.fleet.set_data(side, "db", {"k": canary(f"edited-{number}")})
        await seals.delivered(VALUES, side=side)

    await repeats(side, seals.fleet, edit)
    await side.client.delete(SEALEDSECRETS, "db", namespace=seals.namespace)
    await seals.fleet.gone(side)


async def laid_out(seals: Seals, home: str, *, than: str = "") -> str:
    """Wait until another carrier than this version lies on the hub; return its version."""
    version = than

    async def is_there() -> bool:
        nonlocal version
        name = f"{seals.namespace}.laid"
        found = await seals.fleet.hub.client.find(SEALEDSECRETS, name, namespace=home)
        version = found["metadata"]["resourceVersion"] if found else ""
        return version != than

    await eventually(is_there, what="nothing else is laid out")
    return version


async def live_sealed(seals: Seals, home: str) -> None:
    """Let FleetSecrets be delivered sealed to east, and over the hub, change and go."""
    fleet = seals.fleet
    await fleet.write_secret(fleet.hub, "src", VALUES)
    await fleet.ask(seals.east, name="sent", delivery={"kind": "SealedSecret"})
    await fleet.ask(seals.east, name="laid", delivery={"kind": "SealedSecret", "via": "Hub"})
    await seals.delivered(VALUES, "sent")
    first = await laid_out(seals, home)
    other = {"k": canary("two")}
    await fleet.set_data(fleet.hub, "src", other)
    await seals.delivered(other, "sent")
    second = await laid_out(seals, home, than=first)
    for name in ("sent", "laid"):
        await fleet.withdraw(name)
    await fleet.gone(seals.east, name="sent")
    assert not await laid_out(seals, home, than=second)
    await fleet.delete_secret(fleet.hub, "src")


async def test_every_right_is_used_and_nothing_else_is_asked(seals: Seals) -> None:
    fleet = seals.fleet
    sides = (fleet.hub, fleet.east)
    home = await fleet.add_namespace("for-east", fleet.hub)
    await fleet.declare(fleet.hub)
    await fleet.declare(fleet.east, sealing={"hubNamespace": home})
    for _ in range(2):
        for side in sides:
            await drop_keys(side)
        await seals.again(sealing=SETTINGS)
        for side in sides:
            await live(seals, side)
        await live_sealed(seals, home)
        await fleet.end()
        for side in fleet.sides:
            side.proxy.inject(faults.error(422, "Invalid", when=is_streamed_list))
    fleet.note_requests()
    for part, context in ((Part.HUB, "hub"), (Part.MEMBER, "east")):
        granted, found = rights(FURTHER[part]), fleet.allowed[context]
        assert unused(granted, found) == []
        superfluous = replace(granted[0], verb="deletecollection")
        assert unused([*granted, superfluous], found) == [superfluous]
        others = rights(Part.MEMBER) if part is Part.HUB else ()
        assert uncovered([*granted, *rights(part), *others], found) == []
