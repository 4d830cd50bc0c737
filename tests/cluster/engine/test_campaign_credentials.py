# SPDX-License-Identifier: Apache-2.0
"""Credentials expire, are revoked and come again; what they opened goes on as soon as they do."""

import asyncio
import sys
from pathlib import Path

from tests.cluster.engine.campaign import ONE, THREE, TWO, goes_on, in_step, run_with
from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.sides import Side

from keyfleet.base import codec
from keyfleet.kube.resources import FLEETCLUSTERS
from keyfleet.localplane import faults, hostile, kubeconfigs, pki

PLUGIN = """
import json, pathlib
token = pathlib.Path({path!r}).read_text().strip()
print(json.dumps({{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
    "status": {{"token": token}}}}))
"""


async def ask_for_west(fleet: Fleet) -> None:
    await fleet.declare(fleet.east, fleet.west)
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east, fleet.west)


async def test_a_login_that_is_refused_is_named_and_harms_no_other(fleet: Fleet) -> None:
    await in_step(fleet)
    fault = fleet.west.proxy.inject(faults.unauthorized())
    await goes_on(fleet, fleet.east)
    await fleet.stands("Unreachable", "AuthenticationFailed", fleet.west)
    assert await fleet.data(fleet.west) == ONE
    await fleet.west.proxy.heal(fault)
    await fleet.delivered(TWO, fleet.west)
    await fleet.in_sync(fleet.west)


async def test_watches_that_end_because_a_login_expired_lose_nothing(fleet: Fleet) -> None:
    await in_step(fleet)
    for side in fleet.sides:
        side.proxy.inject(faults.unauthorized(when=faults.watches, times=4))
    await fleet.set_data(fleet.hub, "src", TWO)
    await fleet.delete_secret(fleet.west, "db")
    await fleet.delivered(TWO, fleet.east, fleet.west, timeout_s=30)


async def test_a_login_of_the_hub_that_expires_deletes_nothing(fleet: Fleet) -> None:
    await in_step(fleet)
    fault = fleet.hub.proxy.inject(faults.unauthorized())
    await fleet.set_data(fleet.hub, "src", TWO)
    await fleet.delete_secret(fleet.west, "db")
    await asyncio.sleep(1.0)
    assert await fleet.data(fleet.east) == ONE
    await fleet.hub.proxy.heal(fault)
    await fleet.delivered(TWO, fleet.east, fleet.west, timeout_s=30)


async def test_a_token_file_that_is_written_anew_is_read_anew(fleet: Fleet, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("long-expired", encoding="utf-8")
    await ask_for_west(fleet)
    await run_with(fleet, {"west": {"tokenFile": str(path)}})
    await fleet.delivered(ONE, fleet.east)
    await fleet.stands("Unreachable", "AuthenticationFailed", fleet.west)
    path.write_text(fleet.west.token, encoding="utf-8")
    await fleet.delivered(ONE, fleet.west, timeout_s=30)
    await fleet.in_sync(fleet.west)


async def test_a_plugin_is_asked_again_when_its_token_is_refused(
    fleet: Fleet, tmp_path: Path
) -> None:
    path, program = tmp_path / "token", tmp_path / "plugin.py"
    path.write_text("long-expired", encoding="utf-8")
    program.write_text(PLUGIN.format(path=str(path)), encoding="utf-8")
    login = {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": sys.executable,
            "args": [str(program)],
            "interactiveMode": "Never",
        }
    }
    await ask_for_west(fleet)
    await run_with(fleet, {"west": login})
    await fleet.stands("Unreachable", "AuthenticationFailed", fleet.west)
    await fleet.delivered(ONE, fleet.east)
    path.write_text(fleet.west.token, encoding="utf-8")
    await fleet.delivered(ONE, fleet.west, timeout_s=30)
    fleet.west.proxy.inject(faults.unauthorized(times=1))
    await goes_on(fleet, fleet.east, fleet.west)


async def test_a_client_certificate_that_is_replaced_is_taken_up(
    fleet: Fleet, tmp_path: Path
) -> None:
    certificate, key = tmp_path / "tls.crt", tmp_path / "tls.key"

    def issue(authority: pki.Authority) -> None:
        pair = authority.client("keyfleet", ["system:masters"])
        key.write_bytes(pair.key_pem)
        certificate.write_bytes(pair.certificate_pem)

    issue(pki.Authority("nobody"))
    login = {"client-certificate": str(certificate), "client-key": str(key)}
    await ask_for_west(fleet)
    await run_with(fleet, {"west": login}, past_proxy=["west"])
    await fleet.stands("Unreachable", "AuthenticationFailed", fleet.west)
    await fleet.delivered(ONE, fleet.east)
    issue(fleet.west.plane.authority)
    await fleet.delivered(ONE, fleet.west, timeout_s=60)


def stored(side: Side, token: str) -> dict[str, bytes]:
    config = side.kubeconfig()
    config["users"][0]["user"] = kubeconfigs.token_user(token)
    return {"value": codec.encode_yaml(config).encode()}


async def test_a_stored_kubeconfig_that_expired_is_replaced_while_running(fleet: Fleet) -> None:
    await fleet.declare(fleet.east)
    await fleet.write_secret(fleet.hub, "login", stored(fleet.west, "long-expired"))
    document = {
        "apiVersion": FLEETCLUSTERS.api_version,
        "kind": "FleetCluster",
        "metadata": {"name": fleet.west.name},
        "spec": {"kubeconfigRef": {"namespace": fleet.namespace, "name": "login"}},
    }
    await fleet.hub.client.create(FLEETCLUSTERS, document)
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east, fleet.west)
    await fleet.run()
    await fleet.delivered(ONE, fleet.east)
    await fleet.stands("Unreachable", "AuthenticationFailed", fleet.west)
    await fleet.set_data(fleet.hub, "login", stored(fleet.west, fleet.west.token))
    await fleet.delivered(ONE, fleet.west)
    # The status says so a moment later: else the next wait would take the old word for the new.
    await fleet.in_sync(fleet.west)
    await fleet.set_data(fleet.hub, "login", stored(fleet.west, "revoked"))
    await fleet.stands("Unreachable", "AuthenticationFailed", fleet.west)
    await goes_on(fleet, fleet.east)
    assert await fleet.data(fleet.west) == ONE
    await fleet.set_data(fleet.hub, "login", stored(fleet.west, fleet.west.token))
    await fleet.delivered(TWO, fleet.west)


async def test_clocks_that_differ_are_known_per_cluster_and_harm_nothing(fleet: Fleet) -> None:
    fleet.west.proxy.inject(hostile.dated(-3600))
    fleet.hub.proxy.inject(hostile.dated(7200))
    await in_step(fleet)
    await goes_on(fleet, fleet.east, fleet.west, data=THREE)
