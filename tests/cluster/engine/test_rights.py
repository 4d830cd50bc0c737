# SPDX-License-Identifier: Apache-2.0
"""Every right that the shipped roles grant is used, and nothing is asked that they do not grant.

Every test of the engine runs under these roles and fails when an API server refuses a request, so
a right that is missing shows there. Here the other way round is held: one life of a fleet, recorded
in front of the API servers, uses each right at least once; a right that it does not use is
superfluous, and has to go from `keyfleet.manifests.rights`.
"""

from dataclasses import replace

import pytest
from tests.cluster.engine import asked
from tests.cluster.engine.asked import Asked, uncovered, unused
from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.sides import eventually

from keyfleet.engine.installation import KEY_SECRET
from keyfleet.kube.resources import CONFIGMAPS, FLEETCLUSTERS, FLEETPOLICIES, LEASES, SECRETS
from keyfleet.localplane import faults
from keyfleet.localplane.exchange import Seen
from keyfleet.manifests.rights import Part, Reach, Right, rights
from keyfleet.model.ownership import SYSTEM_NAMESPACE
from keyfleet.testing.canary import canary

ONE = {"password": canary("one")}
TWO = {"password": canary("two")}

TEMPLATE = {"templateFrom": [{"configMapRef": {"name": "templates", "items": [{"key": "k"}]}}]}

WHO = {Part.HUB: "hub", Part.MEMBER: "east"}


async def live(fleet: Fleet) -> None:
    """Let a fleet do once whatever needs a right."""
    await forget_installation(fleet)
    await fleet.declare(fleet.east)
    await fleet.declare(fleet.west, onRemoved="Delete")
    everywhere = {"names": ["*"]}
    policy = await fleet.grant("any", sources={"clusters": everywhere, "namespaces": everywhere})
    await fleet.write_secret(fleet.hub, "src", ONE)
    await write_templates(fleet)
    await fleet.run()
    await fleet.ask(fleet.east, fleet.west)
    await fleet.delivered(ONE, fleet.east, fleet.west)
    await fleet.ask(fleet.east, name="rendered", template=TEMPLATE)
    await fleet.delivered({"k": b"made"}, fleet.east, name="rendered")
    await fleet.withdraw("rendered")
    await fleet.gone(fleet.east, name="rendered")
    for data in (TWO, ONE, TWO):
        await fleet.set_data(fleet.hub, "src", data)
        await fleet.delivered(data, fleet.east)
        await fleet.in_sync(fleet.east, fleet.west)
    await repeats_an_event(fleet)
    wanted = await fleet.data(fleet.hub, "src")
    assert wanted is not None
    await fleet.set_data(fleet.east, "db", {"password": canary("edited")})
    await fleet.delivered(wanted, fleet.east)
    await fleet.hub.client.delete(FLEETCLUSTERS, fleet.west.name)
    await fleet.gone(fleet.west)
    await fleet.withdraw()
    await fleet.gone(fleet.east)
    await fleet.end()
    await fleet.hub.client.delete(FLEETPOLICIES, policy)
    await fleet.hub.client.delete(FLEETCLUSTERS, fleet.east.name)
    await fleet.delete_secret(fleet.hub, "src")
    await fleet.hub.client.delete(CONFIGMAPS, "templates", namespace=fleet.namespace)


async def write_templates(fleet: Fleet) -> None:
    """Write a ConfigMap that holds a template."""
    place = {"name": "templates", "namespace": fleet.namespace}
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": place, "data": {"k": "made"}}
    await fleet.hub.client.create(CONFIGMAPS, body, namespace=fleet.namespace)


async def forget_installation(fleet: Fleet) -> None:
    """Make the hub one on which no controller has run yet."""
    client = fleet.hub.client
    await client.delete(SECRETS, KEY_SECRET, namespace=SYSTEM_NAMESPACE)
    await client.delete(LEASES, "keyfleet", namespace=SYSTEM_NAMESPACE)


async def repeats_an_event(fleet: Fleet) -> None:
    """Wait until an event that came again was counted, instead of written anew."""

    async def patched() -> bool:
        fleet.note_requests()
        return any((one.verb, one.resource) == ("patch", "events") for one in fleet.allowed["hub"])

    for data in (ONE, TWO) * 4:
        if await patched():
            return
        await fleet.set_data(fleet.hub, "src", data)
        await fleet.delivered(data, fleet.east)
        await fleet.in_sync(fleet.east, fleet.west)
    await eventually(patched, what="no event was counted")


def is_streamed_list(seen: Seen) -> bool:
    return "sendInitialEvents" in seen.query


@pytest.fixture
async def life(fleet: Fleet) -> Fleet:
    """A fleet that has lived, on servers of today and on those that do not stream lists."""
    await live(fleet)
    for side in fleet.sides:
        side.proxy.inject(faults.error(422, "Invalid", when=is_streamed_list))
    await live(fleet)
    fleet.note_requests()
    return fleet


async def test_every_right_is_used_and_nothing_else_is_asked(life: Fleet) -> None:
    for part, context in WHO.items():
        found = life.allowed[context]
        assert unused(rights(part), found) == []
        superfluous = replace(SUPERFLUOUS, part=part)
        assert unused([*rights(part), superfluous], found) == [superfluous]
        assert uncovered(rights(part), found) == []


SUPERFLUOUS = Right(Part.MEMBER, Reach.CHOSEN, "update", "", "secrets", "", "", "for nothing")


def test_a_right_that_nothing_uses_is_found() -> None:
    used = {Asked("patch", "", "secrets", "", "shop", "db")}
    assert unused([SUPERFLUOUS, replace(SUPERFLUOUS, verb="patch")], used) == [SUPERFLUOUS]
    other = replace(SUPERFLUOUS, verb="patch", name="other")
    assert unused([other], used) == [other]


def test_a_request_that_no_right_allows_is_found() -> None:
    wanted = Asked("update", "", "secrets", "", "shop", "db")
    assert uncovered([replace(SUPERFLUOUS, verb="patch")], {wanted}) == [wanted]
    in_system = replace(SUPERFLUOUS, reach=Reach.SYSTEM)
    assert uncovered([in_system], {wanted}) == [wanted]
    assert uncovered([SUPERFLUOUS], {wanted}) == []


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (
            Seen("GET", "/api/v1/secrets", {"watch": "true"}, 0.0),
            Asked("watch", "", "secrets", "", "", ""),
        ),
        (
            Seen("GET", "/api/v1/namespaces/kube-system", {}, 0.0),
            Asked("get", "", "namespaces", "", "", "kube-system"),
        ),
        (
            Seen("GET", "/api/v1/namespaces/a/secrets", {"fieldSelector": "metadata.name=b"}, 0.0),
            Asked("list", "", "secrets", "", "a", "b"),
        ),
        (
            Seen("PATCH", "/apis/keyfleet.io/v1alpha1/namespaces/a/fleetsecrets/b/status", {}, 0.0),
            Asked("patch", "keyfleet.io", "fleetsecrets", "status", "a", "b"),
        ),
        (
            Seen("PATCH", "/apis/keyfleet.io/v1alpha1/fleetclusters/b/status", {}, 0.0),
            Asked("patch", "keyfleet.io", "fleetclusters", "status", "", "b"),
        ),
        (
            Seen("POST", "/apis/events.k8s.io/v1/namespaces/a/events", {}, 0.0),
            Asked("create", "events.k8s.io", "events", "", "a", ""),
        ),
    ],
)
def test_a_request_is_read_as_an_authorizer_reads_it(seen: Seen, expected: Asked) -> None:
    assert asked.attributes(seen) == [expected]


def test_paths_that_are_no_objects_need_no_right() -> None:
    assert asked.attributes(Seen("GET", "/version", {}, 0.0)) == []
    review = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    assert asked.attributes(Seen("POST", review, {}, 0.0)) == []
