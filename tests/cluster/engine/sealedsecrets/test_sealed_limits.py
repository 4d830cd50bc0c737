# SPDX-License-Identifier: Apache-2.0
"""What holds for Secrets holds for what is delivered sealed; and others open it, too."""

import asyncio
import os
import subprocess
import sys
from base64 import b64encode
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.cluster.engine.holding import approve, held
from tests.cluster.engine.sealedsecrets.conftest import key_secret
from tests.cluster.engine.sealedsecrets.seals import Seals
from tests.cluster.engine.sides import Side, always, eventually
from tests.cluster.engine.test_flows import NOT_TO_STAGING, label, rule

from keyfleet.base.clock import SystemClock
from keyfleet.base.sealing import make_key
from keyfleet.engine.declarations.claims import Claims
from keyfleet.engine.sealing.settings import SealingSettings
from keyfleet.kube.resources import (
    CONFIGMAPS,
    CRDS,
    EVENTS,
    FLEETCLUSTERS,
    FLEETSECRETS,
    SEALEDSECRETS,
    SECRETS,
)
from keyfleet.localplane import kubeconfigs
from keyfleet.model.ownership import HUB_LABEL, MANAGED_BY_LABEL, OWNER_ANNOTATION
from keyfleet.testing.canary import canary

ONE, TWO = {"password": canary("one")}, {"password": canary("two")}
DELIVERY: dict[str, Any] = {"delivery": {"kind": "SealedSecret"}}
MANY = 11
"""More than may go without a person."""
SEEN = (SEALEDSECRETS, EVENTS, CONFIGMAPS)
"""Kinds that may tell of a value, in the namespace of a target."""


async def start(seals: Seals, **options: Any) -> None:
    await seals.run(**options)
    await seals.fleet.write_secret(seals.fleet.hub, "src", ONE)


async def sealed_targets(seals: Seals) -> list[dict[str, Any]]:
    """Return the SealedSecrets in the test's namespaces that are marked."""
    found = (await seals.east.client.list(SEALEDSECRETS, labels=HUB_LABEL)).items
    places = {seals.namespace, *seals.fleet.namespaces}
    return [each for each in found if each["metadata"]["namespace"] in places]


async def count_is(seals: Seals, count: int) -> None:
    async def are_there() -> bool:
        return len(await sealed_targets(seals)) == count

    await eventually(are_there, timeout_s=30, what=f"there are not {count} sealed targets")


async def test_a_flow_that_becomes_forbidden_freezes_it_and_a_new_one_is_not_made(
    seals: Seals,
) -> None:
    fleet = seals.fleet
    await rule(fleet, NOT_TO_STAGING)
    await fleet.declare(fleet.hub, fleet.east, labels={"env": "production"})
    await seals.again()
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(seals.east, **DELIVERY)
    await fleet.in_sync(seals.east)
    await seals.delivered(ONE)
    before = (await seals.manifest())["spec"]
    await label(fleet, seals.east, "staging")
    await fleet.stands("Refused", "FlowDenied", seals.east)
    await fleet.set_data(fleet.hub, "src", TWO)
    await fleet.ask(seals.east, name="new", **DELIVERY)
    await fleet.stands("Refused", "FlowDenied", seals.east, name="new")

    async def is_frozen() -> bool:
        return bool((await seals.manifest())["spec"] == before)

    await always(is_frozen, what="a frozen target was sealed anew")
    names = [each["metadata"]["name"] for each in await sealed_targets(seals)]
    assert names == ["db"]


async def test_a_certificate_that_has_expired_is_not_sealed_with(seals: Seals) -> None:
    past = SystemClock().now() - timedelta(days=2)
    pair = await asyncio.to_thread(make_key, past, bits=2048, validity=timedelta(days=1))
    declared = {"spec": {"sealing": {"certificate": pair.certificate.decode()}}}
    # Before the start: watches of two kinds are not ordered, and the key of the cluster is good.
    await seals.fleet.declare(seals.east)
    await seals.fleet.edit_cluster(seals.east, declared)
    await seals.again()
    await seals.fleet.write_secret(seals.fleet.hub, "src", ONE)
    await seals.fleet.ask(seals.east, **DELIVERY)
    await seals.fleet.stands("Held", "SealingCertificateExpired", seals.east)
    assert await sealed_targets(seals) == []
    # Without it, the cluster's own key is used at once.
    await seals.fleet.edit_cluster(seals.east, {"spec": {"sealing": None}})
    await seals.delivered(ONE)


async def test_no_value_is_anywhere_but_in_secrets_and_upstream_opens_what_was_sealed(
    seals: Seals, kubeseal: Path, tmp_path: Path
) -> None:
    await start(seals)
    await seals.fleet.ask(seals.east, **DELIVERY, template={"metadata": {"labels": {"a": "b"}}})
    await seals.fleet.in_sync(seals.east)
    await seals.delivered(ONE)
    found = [
        *(await seals.fleet.hub.client.list(FLEETSECRETS, namespace=seals.namespace)).items,
        *(await seals.fleet.hub.client.list(FLEETCLUSTERS)).items,
    ]
    for side in (seals.fleet.hub, seals.east):
        for kind in SEEN:
            found += (await side.client.list(kind, namespace=seals.namespace)).items
    assert SEALEDSECRETS.kind in {each.get("kind") for each in found}
    text = msgspec.json.encode(found)
    for value in ONE.values():
        assert value not in text
        assert b64encode(value) not in text
    key, manifest = tmp_path / "key.pem", await seals.manifest()
    key.write_bytes(seals.pairs["east"].key.reveal())
    done = await asyncio.to_thread(
        subprocess.run,
        [str(kubeseal), "--recovery-unseal", "--recovery-private-key", str(key)],
        input=msgspec.json.encode(manifest),
        capture_output=True,
        check=True,
    )
    secret = msgspec.json.decode(done.stdout)
    wanted = {name: b64encode(value).decode() for name, value in ONE.items()}
    assert secret["data"] == wanted
    assert secret["metadata"]["labels"] == {"a": "b"}


async def test_of_two_intents_for_one_place_one_waits(seals: Seals) -> None:
    await start(seals)
    await seals.fleet.write_secret(seals.fleet.hub, "other", TWO)
    await seals.fleet.ask(seals.east, **DELIVERY)
    await seals.fleet.in_sync(seals.east)
    second: dict[str, Any] = {"placement": {"name": "db"}, "source": "other", "name": "second"}
    await seals.fleet.ask(seals.east, **second, **DELIVERY)
    await seals.fleet.stands("Conflict", "ClaimedByOlderIntent", seals.east, name="second")
    await seals.delivered(ONE)
    await seals.fleet.withdraw()
    await seals.fleet.in_sync(seals.east, name="second")
    await seals.delivered(TWO)


async def back_to_a_secret(seals: Seals, uid: str) -> None:
    """Deliver a Secret from now on, and see that it is the one that was there."""
    await seals.fleet.edit({"delivery": None})
    await count_is(seals, 0)
    await seals.fleet.in_sync(seals.east)
    await seals.fleet.quiet()
    secret = (await seals.secret())["metadata"]
    assert (secret["uid"], "ownerReferences" in secret) == (uid, False)
    assert '"FleetSecret"' in secret["annotations"][OWNER_ANNOTATION]


async def test_back_to_a_secret_it_is_taken_over_before_the_sealedsecret_goes(
    seals: Seals,
) -> None:
    await start(seals)
    await seals.fleet.ask(seals.east, **DELIVERY)
    await seals.delivered(ONE)
    await back_to_a_secret(seals, (await seals.secret())["metadata"]["uid"])
    assert await seals.fleet.data(seals.east) == ONE


async def owned_by_a_sealedsecret(seals: Seals, uid: str) -> None:
    """Wait until the Secret that was there belongs to a SealedSecret."""

    async def is_tied() -> bool:
        found = (await seals.secret())["metadata"]
        owners = [each["kind"] for each in found.get("ownerReferences", [])]
        return (found["uid"], owners) == (uid, [SEALEDSECRETS.kind])

    await eventually(is_tied, what="nobody took the Secret over")


async def test_many_of_them_go_only_once_a_person_approved(seals: Seals) -> None:
    fleet = seals.fleet
    await start(seals)
    wide: dict[str, Any] = {"delivery": {"kind": "SealedSecret", "scope": "cluster-wide"}}
    for number in range(MANY):
        await fleet.ask(seals.east, name=f"many-{number:02}", **wide)
    await count_is(seals, MANY)
    # A busy machine would make a trickle of it, of which the first ten may go.
    await fleet.end()
    for number in range(MANY):
        await fleet.edit({"placement": {"clusters": {"names": ["west"]}}}, name=f"many-{number:02}")
    await seals.again()
    (plan,) = await held(fleet, MANY)
    await fleet.quiet()
    assert len(await sealed_targets(seals)) == MANY
    await approve(fleet, plan)
    await count_is(seals, 0)


async def not_ours(side: Side, *, is_ours: bool) -> None:
    """Say by the label of its CRD whose kind this is."""
    body = {"metadata": {"labels": {MANAGED_BY_LABEL: "keyfleet" if is_ours else None}}}
    await side.client.merge_patch(CRDS, SEALEDSECRETS.label, body)


async def test_where_upstreams_controller_serves_the_kind_it_opens_what_is_delivered(
    seals: Seals, sealed_secrets_controller: Path, tmp_path: Path
) -> None:
    """Its keys are not where ours are; no right is refused, the fixture sees to that."""
    fleet = seals.fleet
    await not_ours(seals.east, is_ours=False)
    # The hub's kind stays ours: without a key, one would be made where only this test looks.
    keys = SECRETS.path(namespace=seals.namespace)
    await asyncio.to_thread(fleet.hub.plane.api.must, "POST", keys, key_secret(seals.pairs["hub"]))
    kubeconfig = seals.east.plane.write_kubeconfig(tmp_path / "kubeconfig")
    command = [str(sealed_secrets_controller), str(kubeconfig), seals.namespace, "2048"]
    with (tmp_path / "log").open("wb") as log:
        upstream = await asyncio.to_thread(subprocess.Popen, command, stdout=log, stderr=log)
    try:
        await start(seals, claims=Claims(), sealing=SealingSettings(namespace=seals.namespace))
        await fleet.ask(seals.east, **DELIVERY)
        await fleet.in_sync(seals.east)
        await fleet.delivered(ONE, seals.east)
        await fleet.set_data(fleet.hub, "src", TWO)
        await fleet.delivered(TWO, seals.east)
        # Its status is upstream's, which says no reason.
        assert not (await seals.synced()).get("reason")
        await fleet.quiet()
        assert (await seals.manifest())["spec"]["encryptedData"]
        # It takes over what was a Secret, and gives it back.
        uid = (await seals.secret())["metadata"]["uid"]
        await back_to_a_secret(seals, uid)
        await fleet.edit(DELIVERY)
        await owned_by_a_sealedsecret(seals, uid)
        await fleet.withdraw()
        await count_is(seals, 0)
    finally:
        upstream.kill()
        upstream.wait()
        await fleet.end()
        await not_ours(seals.east, is_ours=True)


@pytest.fixture
def laptop(seals: Seals, tmp_path: Path) -> Any:
    """The program on a laptop: runs a command and returns its exit code and what it wrote."""
    sides = (seals.fleet.hub, seals.east)
    config = kubeconfigs.merged([seals.fleet.admin_kubeconfig(side) for side in sides])
    path = kubeconfigs.write(tmp_path / "kubeconfig.yaml", config)

    async def run(*arguments: str) -> tuple[int, str]:
        done = await asyncio.to_thread(
            subprocess.run,
            [str(Path(sys.executable).with_name("keyfleet")), *arguments],
            env={**os.environ, "KUBECONFIG": str(path), "KEYFLEET_CONTEXT": "hub"},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    return run


async def test_one_shot_commands_seal_too(seals: Seals, laptop: Any, tmp_path: Path) -> None:
    fleet = seals.fleet
    await fleet.write_secret(fleet.hub, "src", ONE)
    document = {
        "apiVersion": FLEETSECRETS.api_version,
        "kind": FLEETSECRETS.kind,
        "metadata": {"name": "db", "namespace": seals.namespace},
        "spec": {
            "source": {"secretRef": {"name": "src"}},
            "placement": {"clusters": {"names": ["east"]}},
            **DELIVERY,
        },
    }
    file = tmp_path / "db.json"
    file.write_bytes(msgspec.json.encode(document))
    code, told = await laptop("plan", "-f", str(file))
    assert "create" in told, told
    assert await sealed_targets(seals) == []
    code, told = await laptop("diff", "-f", str(file))
    assert (code, ONE["password"].decode() in told) == (1, False), told
    code, told = await laptop("apply", "-f", str(file))
    assert code == 0, told
    (found,) = await sealed_targets(seals)
    assert found["spec"]["encryptedData"].keys() == ONE.keys()
    code, told = await laptop("apply", "-f", str(file))
    assert code == 0, told
