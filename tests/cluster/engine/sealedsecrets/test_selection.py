# SPDX-License-Identifier: Apache-2.0
"""Which SealedSecrets are served, and whether anything is written on them.

Source: compat/sealed-secrets.md 2.3, 3.3.
"""

from dataclasses import replace

from tests.cluster.engine.sealedsecrets.seals import CLAIMS, DONE, Seals

from keyfleet.model.selectors import parse_selector
from keyfleet.testing.canary import canary

ONE, TWO, THREE = canary("one"), canary("two"), canary("three")
CHOSEN = replace(CLAIMS, labels={"sealed-secrets": parse_selector("tool=keyfleet")})
NO_KEY = "no key could decrypt secret"


async def test_labels_hand_manifests_over_and_back_and_their_secrets_stay(seals: Seals) -> None:
    async def label(name: str, tool: str | None) -> None:
        await seals.merge({"metadata": {"labels": {"tool": tool}}}, name)

    for name in ("db", "other"):
        await seals.want({"k": ONE}, name)
    await label("db", "keyfleet")
    await seals.run(claims=CHOSEN)
    await seals.delivered({"k": ONE})
    assert await seals.fleet.data(seals.east, "other") is None
    await label("other", "keyfleet")
    await seals.delivered({"k": ONE}, "other")
    assert "status" in await seals.manifest("db")
    await label("db", None)
    await seals.edit({"encryptedData": seals.sealed({"k": TWO})})
    # What comes later is done, so what came before has been passed by.
    await seals.edit({"encryptedData": seals.sealed({"k": TWO}, "other")}, "other")
    await seals.delivered({"k": TWO}, "other")
    assert await seals.fleet.data(seals.east) == {"k": ONE}
    await seals.fleet.set_data(seals.east, "db", {"k": THREE})
    await seals.fleet.quiet()
    assert await seals.fleet.data(seals.east) == {"k": THREE}
    await seals.fleet.end()
    await seals.again(claims=CHOSEN)
    await seals.edit({"encryptedData": seals.sealed({"k": ONE}, "other")}, "other")
    await seals.delivered({"k": ONE}, "other")
    assert await seals.fleet.data(seals.east) == {"k": THREE}
    await label("db", "keyfleet")
    await seals.delivered({"k": TWO})


async def test_without_statuses_events_tell_everything(seals: Seals) -> None:
    await seals.want({"k": ONE})
    await seals.put(seals.sealed({"k": ONE}, "another"), "wrong")
    await seals.run(writes_sealed_status=False)
    await seals.heard("Normal", "Unsealed", DONE)
    await seals.heard("Warning", "ErrUnsealFailed", f"Failed to unseal: {NO_KEY} (k)", "wrong")
    assert await seals.fleet.data(seals.east) == {"k": ONE}
    await seals.fleet.set_data(seals.east, "db", {"k": TWO})
    await seals.fleet.delivered({"k": ONE}, seals.east)
    for name in ("db", "wrong"):
        assert "status" not in await seals.manifest(name)
