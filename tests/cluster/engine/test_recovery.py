# SPDX-License-Identifier: Apache-2.0
"""What comes back from a backup, is rebuilt or gets another key is taken up and nothing is lost."""

import asyncio
from typing import Any

from tests.cluster.engine import identities
from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.sides import Side, eventually

from keyfleet.base.secret import SecretValue
from keyfleet.engine.installation import KEY_SECRET
from keyfleet.kube.resources import NAMESPACES, SECRETS
from keyfleet.localplane.api import Api
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
