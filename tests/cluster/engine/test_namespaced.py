# SPDX-License-Identifier: Apache-2.0
"""A member whose login reaches the Secrets of some namespaces only."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import pytest
from tests.cluster.engine import identities
from tests.cluster.engine.asked import Asked
from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.sides import eventually

from keyfleet.localplane.api import Api
from keyfleet.manifests.rights import Part, rights
from keyfleet.manifests.roles import bindings
from keyfleet.testing.canary import canary

ONE = {"password": canary("one")}
TWO = {"password": canary("two")}


@pytest.fixture
async def narrow(fleet: Fleet) -> AsyncIterator[Fleet]:
    """East is reached by an account that is bound in this test's first namespace alone."""
    plane, account = fleet.east.plane, f"narrow-{fleet.namespace}"
    bound = bindings(Part.MEMBER, (fleet.namespace,), holder=account)
    await asyncio.to_thread(identities.apply, plane, bound)
    fleet.east.token = await asyncio.to_thread(identities.token_of, plane, account)
    api = Api(plane.url, plane.ca_pem, fleet.east.token)
    await asyncio.to_thread(until_bound, api, fleet.namespace)
    yield fleet
    await fleet.end()
    await asyncio.to_thread(identities.remove, plane, bound)


def until_bound(api: Api, namespace: str) -> None:
    for right in rights(Part.MEMBER):
        place = namespace if right.resource == "secrets" else ""
        identities.until(partial(identities.is_held, api, right, at=place))


def secrets_asked_everywhere(fleet: Fleet) -> list[Asked]:
    fleet.note_requests()
    found = fleet.allowed["east"] | fleet.denied["east"]
    return [one for one in found if one.resource == "secrets" and not one.namespace]


async def test_is_watched_and_served_where_its_login_may(narrow: Fleet) -> None:
    """Without one request for the Secrets of the whole cluster."""
    fleet = narrow
    await fleet.declare(fleet.east, namespaces=[fleet.namespace])
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)
    await fleet.ask(fleet.east)
    await fleet.delivered(ONE, fleet.east)
    await fleet.in_sync(fleet.east)
    await fleet.set_data(fleet.east, "db", {"password": canary("edited")})
    await fleet.delivered(ONE, fleet.east)
    await fleet.delete_secret(fleet.east, "db")
    await fleet.delivered(ONE, fleet.east)
    await fleet.end()
    await fleet.set_data(fleet.hub, "src", TWO)
    await fleet.run()
    await fleet.delivered(TWO, fleet.east)
    await fleet.withdraw()
    await fleet.gone(fleet.east)
    assert secrets_asked_everywhere(fleet) == []


async def test_a_namespace_that_is_denied_keeps_the_others_from_nothing(narrow: Fleet) -> None:
    """It is served as soon as the right to it is granted."""
    fleet = narrow
    fleet.may_be_denied = True
    other = await fleet.add_namespace("other")
    await fleet.grant(
        "other",
        targets={"clusters": {"names": ["*"]}, "namespaces": {"names": [other, fleet.namespace]}},
    )
    await fleet.declare(fleet.east, namespaces=[fleet.namespace, other])
    await fleet.run()
    await fleet.write_secret(fleet.hub, "src", ONE)
    both = {"namespaces": {"names": [fleet.namespace, other]}}
    await fleet.ask(fleet.east, placement=both)
    await fleet.delivered(ONE, fleet.east)
    await fleet.stands("Failed", "Forbidden", fleet.east)
    assert await fleet.data(fleet.east, namespace=other) is None
    account = f"narrow-{fleet.namespace}"
    more = bindings(Part.MEMBER, (other,), holder=account)
    await asyncio.to_thread(identities.apply, fleet.east.plane, more)

    async def served() -> bool:
        return await fleet.data(fleet.east, namespace=other) == ONE

    await eventually(served, timeout_s=60, what="the granted namespace is not served")
    assert secrets_asked_everywhere(fleet) == []


async def test_without_the_list_of_namespaces_it_says_which_right_is_missing(
    narrow: Fleet,
) -> None:
    fleet = narrow
    fleet.may_be_denied = True
    await fleet.declare(fleet.east)
    await fleet.run()

    async def told() -> bool:
        error = (await fleet.cluster_status(fleet.east)).get("lastError", "")
        return "secrets" in error

    await eventually(told, what="the status does not name the right")
