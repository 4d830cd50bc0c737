# SPDX-License-Identifier: Apache-2.0
"""Seed 001, approach 3: the SealedSecret as it is printed, and with what its author left out."""

from pathlib import Path
from typing import Any

from tests.cluster.engine.sealedsecrets.seals import Seals

from keyfleet.base import codec
from keyfleet.kube.resources import SEALEDSECRETS
from keyfleet.testing.canary import canary

FILE = Path(__file__).parents[3] / "compat" / "sealedsecrets" / "seed001" / "sealedsecret.yaml"
VALUES = {"stripe-key": canary("stripe"), "sendgrid-key": canary("sendgrid")}
NAME = "api-keys"


def printed() -> dict[str, Any]:
    """Return the manifest as it is printed."""
    (document,) = codec.decode_yaml(FILE.read_bytes(), subject=FILE.name)
    found: dict[str, Any] = document.content
    return found


async def test_as_printed_it_says_which_items_are_no_sealed_values(seals: Seals) -> None:
    spec = printed()["spec"]
    await seals.put(spec["encryptedData"], NAME, template=spec["template"])
    await seals.run()
    await seals.says("False", "UnsealFailed", name=NAME)
    message = (await seals.synced(NAME))["message"]
    assert message == "illegal base64 data at input byte 8 (sendgrid-key, stripe-key)"


async def test_with_its_values_it_becomes_the_secret(seals: Seals) -> None:
    document = printed()
    items = seals.sealed(VALUES, NAME, namespace="default")
    document["spec"]["encryptedData"] = items
    client = seals.east.client
    await client.create(SEALEDSECRETS, document, namespace="default")
    try:
        await seals.run()
        await seals.fleet.delivered(VALUES, seals.east, name=NAME, namespace="default")
    finally:
        await seals.remove(NAME, namespace="default")
        await seals.fleet.gone(seals.east, name=NAME, namespace="default")
