# SPDX-License-Identifier: Apache-2.0
"""What comes back from a backup, is rebuilt or gets another key is taken up and nothing is lost."""

import asyncio
import base64
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.cluster.engine import identities
from tests.cluster.engine.conftest import install
from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.sides import Side, eventually
from tests.e2e.harness import Program, Result, isolated

from keyfleet.base.codec import encode_json
from keyfleet.base.secret import SecretValue
from keyfleet.engine.installation import KEY_SECRET
from keyfleet.kube.resources import CRDS, FLEETCLUSTERS, NAMESPACES, SECRETS
from keyfleet.localplane import ControlPlane, FaultProxy, kubeconfigs, servers
from keyfleet.localplane.api import Api
from keyfleet.localplane.masks import mask
from keyfleet.manifests import crds
from keyfleet.model.ownership import SYSTEM_NAMESPACE, Marker, read_marker
from keyfleet.testing.canary import canary

ONE = {"password": canary("one")}
TWO = {"password": canary("two")}
LATER_KEY, LAST_KEY = "29990101", "29990202"


async def marker(fleet: Fleet, side: Side, name: str = "db") -> Marker:
    """Return what a target says of itself."""
    found = read_marker((await fleet.meta(side, name)).annotations or {})
    assert found is not None
    return found


def key_of(mac: str) -> str:
    """Return the id of the key that a marker was signed with."""
    return mac.split(":")[1]


async def delivered(fleet: Fleet, *sides: Side) -> None:
    """Declare these clusters and one secret in them, and wait until it is there."""
    await fleet.declare(*sides)
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(*sides)
    await fleet.in_sync(*sides)
    await fleet.quiet()


# Keys.


async def set_keys(fleet: Fleet, change: dict[str, bytes | None]) -> None:
    """Add keys to the installation's, or (None) take some away."""
    data = {name: SecretValue(key) if key else None for name, key in change.items()}
    await fleet.hub.client.merge_patch(
        SECRETS, KEY_SECRET, {"data": data}, namespace=SYSTEM_NAMESPACE
    )


async def signed_with(fleet: Fleet, key: str, *sides: Side) -> None:
    async def all_signed() -> bool:
        return {key_of((await marker(fleet, side)).mac) for side in sides} == {key}

    await eventually(all_signed, what=f"not signed with {key}")


async def test_a_rotated_key_signs_at_once_and_changes_no_data(fleet: Fleet) -> None:
    """The earlier key verifies until nothing is signed with it any more, and may go then."""
    await delivered(fleet, fleet.east, fleet.west)
    first = await marker(fleet, fleet.east)
    fleet.forget_requests()
    try:
        await set_keys(fleet, {LATER_KEY: b"k" * 32})
        await signed_with(fleet, LATER_KEY, fleet.east, fleet.west)
        await fleet.quiet()
        assert [len(side.writes()) for side in (fleet.east, fleet.west)] == [1, 1]
        after = await marker(fleet, fleet.east)
        assert (after.revision, after.intent_uid) == (first.revision, first.intent_uid)
        assert key_of(after.fingerprint) == LATER_KEY
        assert await fleet.data(fleet.east) == ONE
        fleet.forget_requests()
        await set_keys(fleet, {key_of(first.mac): None})
        await fleet.quiet()
        await fleet.in_sync(fleet.east, fleet.west)
        assert [side.writes() for side in (fleet.east, fleet.west)] == [[], []]
        await fleet.set_data(fleet.hub, "src", TWO)
        await fleet.delivered(TWO, fleet.east, fleet.west)
        await fleet.withdraw()
        await fleet.gone(fleet.east, fleet.west)
    finally:
        await forget_keys(fleet)


async def forget_keys(fleet: Fleet) -> None:
    """Let the next test make a key of its own."""
    await fleet.end()
    await fleet.hub.client.delete(SECRETS, KEY_SECRET, namespace=SYSTEM_NAMESPACE)


async def test_a_cluster_that_was_away_during_a_rotation_is_signed_when_it_is_back(
    fleet: Fleet,
) -> None:
    await delivered(fleet, fleet.east, fleet.west)
    try:
        await fleet.west.proxy.stop()
        await set_keys(fleet, {LATER_KEY: b"k" * 32})
        await signed_with(fleet, LATER_KEY, fleet.east)
        await fleet.west.proxy.start()
        await signed_with(fleet, LATER_KEY, fleet.west)
        await fleet.in_sync(fleet.east, fleet.west)
    finally:
        await forget_keys(fleet)


async def test_a_deleted_key_is_not_made_up_by_a_running_controller(fleet: Fleet) -> None:
    await delivered(fleet, fleet.east)
    before = await marker(fleet, fleet.east)
    await fleet.hub.client.delete(SECRETS, KEY_SECRET, namespace=SYSTEM_NAMESPACE)
    try:
        await fleet.set_data(fleet.hub, "src", TWO)
        await fleet.delivered(TWO, fleet.east)
        after = await marker(fleet, fleet.east)
        assert key_of(after.mac) == key_of(before.mac)
        found = await fleet.hub.client.find_metadata(
            SECRETS, KEY_SECRET, namespace=SYSTEM_NAMESPACE
        )
        assert found is None
    finally:
        await fleet.end()


async def test_under_a_lost_key_nothing_is_written_and_nothing_deleted(fleet: Fleet) -> None:
    """A controller that starts without its key finds every target signed by a stranger."""
    await delivered(fleet, fleet.east)
    await forget_keys(fleet)
    fleet.forget_requests()
    await fleet.run()
    await fleet.stands("Conflict", "OwnedUnverified", fleet.east)
    await fleet.set_data(fleet.hub, "src", TWO)
    await fleet.withdraw()
    await fleet.quiet()
    assert fleet.east.writes() == []
    assert await fleet.data(fleet.east) == ONE


# Identities.


WEAK_RULES: list[dict[str, Any]] = [
    {"apiGroups": [""], "resources": ["secrets"], "verbs": ["*"]},
    {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["list", "watch"]},
]
READ_KUBE_SYSTEM = {
    "apiGroups": [""],
    "resources": ["namespaces"],
    "resourceNames": ["kube-system"],
    "verbs": ["get"],
}


def weak_role(name: str, rules: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": name},
        "rules": rules,
    }


def weak_binding(name: str, namespace: str) -> dict[str, Any]:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": namespace}],
    }


async def test_a_cluster_pinned_by_ca_and_address_goes_on_when_its_uid_can_be_read(
    fleet: Fleet,
) -> None:
    """The pin and every marker are carried over; no value is written again."""
    fleet.may_be_denied = True
    east, name = fleet.east, fleet.east.name
    token = await asyncio.to_thread(
        east.plane.service_account_token, fleet.namespace, name, seconds=3600
    )
    objects = [weak_role(name, WEAK_RULES), weak_binding(name, fleet.namespace)]
    await asyncio.to_thread(identities.apply, east.plane, objects)
    east.token = token
    try:
        await eventually(lambda: can_list(fleet, token), what="the role is not in force")
        await delivered(fleet, east)
        assert (await marker(fleet, east)).cluster.startswith("ca-")
        assert (await fleet.cluster_status(east))["identity"]["uid"].startswith("ca-")
        await fleet.end()
        await asyncio.to_thread(
            identities.apply, east.plane, [weak_role(name, [*WEAK_RULES, READ_KUBE_SYSTEM])]
        )
        await eventually(lambda: can_read(fleet, token), what="the role is not in force")
        fleet.forget_requests()
        await fleet.run()
        system = await east.client.find_metadata(NAMESPACES, "kube-system")
        assert system is not None

        async def known() -> bool:
            return bool((await marker(fleet, east)).cluster == system.uid)

        await eventually(known, what="the marker was not carried over")
        await fleet.in_sync(east)
        await fleet.quiet()
        assert [one.method for one in east.writes()] == ["PATCH"]
        assert (await fleet.cluster_status(east))["identity"]["uid"] == system.uid
        assert await fleet.data(east) == ONE
        await fleet.set_data(fleet.hub, "src", TWO)
        await fleet.delivered(TWO, east)
        await fleet.withdraw()
        await fleet.gone(east)
    finally:
        await fleet.end()
        await asyncio.to_thread(identities.remove, east.plane, objects)


async def can_list(fleet: Fleet, token: str) -> bool:
    return await _asks(fleet, token, "/api/v1/secrets?limit=1")


async def can_read(fleet: Fleet, token: str) -> bool:
    return await _asks(fleet, token, "/api/v1/namespaces/kube-system")


async def _asks(fleet: Fleet, token: str, path: str) -> bool:
    plane = fleet.east.plane
    api = Api(plane.url, plane.ca_pem, token)
    return (await asyncio.to_thread(api.call, "GET", path)).status == 200


# A hub that is rebuilt.


class Laptop:
    """The installed program of a person who may do everything, past the proxies."""

    def __init__(self, fleet: Fleet, folder: Path, hub: Side) -> None:
        config = [side.plane.kubeconfig(context=side.context) for side in fleet.sides]
        path = kubeconfigs.write(folder / "laptop.yaml", kubeconfigs.merged(config))
        environ = isolated(folder, KUBECONFIG=str(path), KEYFLEET_CONTEXT=hub.context)
        self._program = Program(environ, folder)

    async def __call__(self, *words: str) -> Result:
        return await asyncio.to_thread(self._program, *words)


@pytest.fixture
async def rebuilt(fleet: Fleet) -> AsyncIterator[Fleet]:
    """The same fleet under a new hub, which knows nothing: the plane that was west."""
    await install(fleet.west.client)
    new = replace(fleet, hub=fleet.west, west=fleet.hub)
    try:
        yield new
    finally:
        await new.end()
        client = new.hub.client
        for crd in crds():
            await client.delete(CRDS, crd["metadata"]["name"])
        for name in (KEY_SECRET,):
            await client.delete(SECRETS, name, namespace=SYSTEM_NAMESPACE)


async def uid_of(side: Side) -> str:
    found = await side.client.find_metadata(NAMESPACES, "kube-system")
    assert found is not None
    return found.uid


async def declare_anew(new: Fleet) -> None:
    """Write on the new hub what the old one had, and start its controller."""
    await new.declare(new.east)
    await new.write_secret(new.hub, "src", ONE)
    await new.ask(new.east)
    await new.run(as_admin=True, context=new.hub.context)


async def test_a_rebuilt_hub_takes_over_what_the_lost_one_delivered(
    fleet: Fleet, rebuilt: Fleet, tmp_path: Path
) -> None:
    """Nothing is taken while the old hub lives; then only marks are written, and all is served."""
    new, east = rebuilt, fleet.east
    laptop, lost = Laptop(fleet, tmp_path, new.hub), await uid_of(fleet.hub)
    await delivered(fleet, east)
    await fleet.ask(east, name="old-only")
    await fleet.in_sync(east, name="old-only")
    await declare_anew(new)
    await new.stands("Conflict", "OwnedByOtherHub", east)

    survey = await laptop("adopt", "-c", east.name, "-o", "json")
    assert {"cluster": east.name, "hub": lost, "claim": "OwnedByOtherHub", "targets": 2} in (
        survey.json()["items"]
    )
    refused = await laptop("adopt", "--from-hub", lost, "--yes")
    assert (refused.code, "cli.hub_lives" in refused.err) == (7, True)
    assert (await marker(fleet, east)).hub == lost

    await fleet.end()
    shown = await laptop("adopt", "--from-hub", lost, "--dry-run", "-o", "json")
    assert shown.code == 0, shown.err + shown.out
    assert (await marker(fleet, east)).hub == lost
    results = {one["name"]: one["result"] for one in shown.json()["targets"]}
    assert results == {"db": "adopt", "old-only": "Pending"}
    await new.quiet()
    new.forget_requests()
    taken = await laptop("adopt", "--from-hub", lost, "--yes", "-o", "json")
    assert (taken.code, taken.json()["summary"]) == (0, {"Pending": 1, "adopted": 1})
    await new.in_sync(east)
    await new.quiet()
    assert east.writes() == []
    after = await marker(fleet, east)
    assert (after.hub, after.revision) == (await uid_of(new.hub), 1)
    assert (await marker(fleet, east, "old-only")).hub == lost
    await new.set_data(new.hub, "src", TWO)
    await new.delivered(TWO, east)
    assert await fleet.data(east, "old-only") == ONE
    await new.withdraw()
    await new.gone(east)
    assert (await laptop("adopt", "--from-hub", lost, "--yes")).code == 0


async def test_a_hub_with_a_lost_key_takes_over_what_that_signed(
    fleet: Fleet, tmp_path: Path
) -> None:
    east, laptop = fleet.east, Laptop(fleet, tmp_path, fleet.hub)
    await delivered(fleet, east)
    await forget_keys(fleet)
    await fleet.run()
    await fleet.stands("Conflict", "OwnedUnverified", east)
    await fleet.quiet()
    fleet.forget_requests()
    taken = await laptop("adopt", "--unverified", "--yes", "-o", "json")
    assert (taken.code, taken.json()["summary"]["adopted"]) == (0, 1)
    await fleet.in_sync(east)
    await fleet.quiet()
    assert east.writes() == []
    assert await fleet.data(east) == ONE
    await fleet.withdraw()
    await fleet.gone(east)


# A member that comes back from a backup.


async def log_in_by_secret(fleet: Fleet, name: str, config: dict[str, Any]) -> None:
    """Declare a cluster that is reached by a kubeconfig in a Secret of the hub."""
    await fleet.write_secret(fleet.hub, f"{name}-login", {"value": encode_json(config)})
    reference = {"namespace": fleet.namespace, "name": f"{name}-login"}
    body = {
        "apiVersion": FLEETCLUSTERS.api_version,
        "kind": FLEETCLUSTERS.kind,
        "metadata": {"name": name},
        "spec": {"kubeconfigRef": reference},
    }
    await fleet.hub.client.create(FLEETCLUSTERS, body)


def config_of(side: Side, url: str, ca_pem: bytes) -> dict[str, Any]:
    login = kubeconfigs.token_user(side.token)
    return kubeconfigs.single(side.context, url, ca_pem, user="keyfleet", login=login)


async def test_a_member_restored_as_another_cluster_is_trusted_with_its_copies(
    fleet: Fleet, tmp_path: Path
) -> None:
    """Its Secrets came back with markers of the former identity: they are signed anew, by trust."""
    east, laptop = fleet.east, Laptop(fleet, tmp_path, fleet.hub)
    await log_in_by_secret(fleet, east.name, config_of(east, east.proxy.url, east.plane.ca_pem))
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(east)
    await fleet.in_sync(east)
    before = await marker(fleet, east)

    async def pinned() -> bool:
        return bool((await fleet.cluster_status(east)).get("identity", {}).get("uid"))

    await eventually(pinned)
    shown = mask(f"restored-{fleet.namespace}")
    async with FaultProxy(east.plane, mask=shown) as restored:
        config = config_of(east, restored.url, shown.authority.ca_pem)
        await fleet.set_data(fleet.hub, f"{east.name}-login", {"value": encode_json(config)})
        await fleet.stands("Held", "IdentityChanged", east)
        trusted = await laptop("clusters", "trust", east.name, "--yes", "-o", "json")
        assert trusted.code == 0, trusted.err
        assert trusted.json()["copies"] == 1
        await fleet.in_sync(east)
        await fleet.quiet()
        writes = [one.method for one in restored.writes() if one.resource == "secrets"]
        assert writes == ["PATCH"], "the marker, and nothing else"
        after = await marker(fleet, east)
        assert (after.cluster, before.revision) == (shown.uid, after.revision)
        assert await fleet.data(east) == ONE
        await fleet.set_data(fleet.hub, "src", TWO)
        await fleet.delivered(TWO, east)
        await fleet.withdraw()
        await fleet.gone(east)
        await fleet.end()


@pytest.mark.timeout(600)
async def test_a_member_restored_from_an_older_backup_gets_what_it_missed(fleet: Fleet) -> None:
    """A real backup of etcd: older values, older versions, and a watch from the future."""
    plane = ControlPlane("restored")
    name, side = f"restored-{fleet.namespace}", fleet.west
    try:
        await asyncio.to_thread(plane.open)
        await asyncio.to_thread(plane.create_namespace, fleet.namespace)
        await log_in_by_secret(fleet, name, plane.kubeconfig())
        await fleet.run()
        await fleet.write_secret(fleet.hub, "src", ONE)
        await fleet.ask(replace(side, name=name))
        await eventually(lambda: holds(plane, fleet, "one"), timeout_s=30)
        await asyncio.to_thread(back_up, plane)
        for value in ("two", "three"):
            await fleet.set_data(fleet.hub, "src", {"password": canary(value)})
            await eventually(partial(holds, plane, fleet, value), timeout_s=120)
        await asyncio.to_thread(restore, plane)
        await eventually(lambda: holds(plane, fleet, "three"), timeout_s=120)
        await fleet.stands("InSync", "", replace(side, name=name))
    finally:
        await fleet.end()
        await asyncio.to_thread(plane.close)


async def holds(plane: ControlPlane, fleet: Fleet, value: str) -> bool:
    path = f"/api/v1/namespaces/{fleet.namespace}/secrets/db"
    try:
        answer = await asyncio.to_thread(plane.api.call, "GET", path)
    except OSError:
        return False
    wanted = base64.b64encode(canary(value)).decode()
    return answer.status == 200 and answer.json()["data"] == {"password": wanted}


def back_up(plane: ControlPlane) -> None:
    """Copy the store while nobody writes."""
    stop_plane(plane)
    shutil.copytree(plane.directory / "etcd", plane.directory / "backup")
    start_plane(plane)


def restore(plane: ControlPlane) -> None:
    """Bring the copy back: what was written since is gone, and so are the versions it had."""
    pass_time(plane)
    stop_plane(plane)
    shutil.rmtree(plane.directory / "etcd")
    shutil.move(plane.directory / "backup", plane.directory / "etcd")
    start_plane(plane)


def pass_time(plane: ControlPlane) -> None:
    """Write as much as a cluster does in some minutes.

    A server that starts writes a few dozen objects: a backup younger than that is older by nothing
    that a version could tell.
    """
    path = "/api/v1/namespaces/default/configmaps"
    clock = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "clock"}}
    plane.api.call("POST", path, clock)
    for tick in range(300):
        data = {"data": {"tick": str(tick)}}
        kind = "application/merge-patch+json"
        answer = plane.api.call("PATCH", f"{path}/clock", data, content_type=kind)
        assert answer.status == 200


def stop_plane(plane: ControlPlane) -> None:
    plane.kill_api()
    plane._servers.end("etcd")


def start_plane(plane: ControlPlane) -> None:
    plane._run("etcd", servers.etcd_command(plane._binaries / "etcd"))
    plane.restart_api()


@pytest.mark.timeout(600)
async def test_a_hub_restored_from_an_older_backup_is_heard_again(fleet: Fleet) -> None:
    """What the hub says now counts, and the watches that wait for its lost future are replaced."""
    await delivered(fleet, fleet.east)
    # A server that has just started refuses everybody until it has read its roles.
    fleet.may_be_denied = True
    plane = fleet.hub.plane
    await asyncio.to_thread(back_up, plane)
    for value in ("two", "three"):
        await fleet.set_data(fleet.hub, "src", {"password": canary(value)})
        await fleet.delivered({"password": canary(value)}, fleet.east, timeout_s=120)
    await asyncio.to_thread(restore, plane)
    await fleet.delivered(ONE, fleet.east, timeout_s=120)
    await fleet.set_data(fleet.hub, "src", TWO)
    await fleet.delivered(TWO, fleet.east, timeout_s=120)
    assert (await marker(fleet, fleet.east)).revision > 3
