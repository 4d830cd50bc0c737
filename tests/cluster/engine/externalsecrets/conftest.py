# SPDX-License-Identifier: Apache-2.0
"""Fleets that serve External Secrets' kinds everywhere; served once for all tests of a module."""

from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http import HTTPStatus

import pytest
from tests.cluster.engine import identities
from tests.cluster.engine.externalsecrets.shop import Calls, Shop
from tests.cluster.engine.harness import Fleet

from keyfleet.kube.resources import CRDS
from keyfleet.localplane import ControlPlane
from keyfleet.manifests.eso import eso_crds
from keyfleet.manifests.rights import Part, rights
from keyfleet.manifests.roles import ACCOUNTS, bindings, roles

FURTHER = {Part.HUB: Part.HUB_ESO, Part.MEMBER: Part.MEMBER_ESO}
"""The rights that come with the dialect."""


@pytest.fixture(scope="module")
def kinds(
    fleet_hub: ControlPlane,
    east: ControlPlane,
    west: ControlPlane,
    controller_tokens: dict[str, str],
) -> Iterator[None]:
    """All kinds of the dialect on all planes, and the rights to serve them."""
    del controller_tokens
    planes = ((fleet_hub, Part.HUB), (east, Part.MEMBER), (west, Part.MEMBER))
    with ThreadPoolExecutor(len(planes)) as pool:
        list(pool.map(_serve, planes))
        yield
        list(pool.map(_end, planes))


@pytest.fixture
async def shop(kinds: None, fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shop]:
    """A fleet that serves the kinds; no value shows in what they say."""
    del kinds
    calls = Calls()
    calls.listen(monkeypatch)
    shop = Shop(fleet, calls)
    try:
        yield shop
        leaks = await shop.leaks()
    finally:
        await fleet.end()
        await shop.clean_up()
    assert leaks == [], "a secret value shows"


def _serve(served: tuple[ControlPlane, Part]) -> None:
    plane, part = served
    further = FURTHER[part]
    for crd in eso_crds():
        plane.api.must("POST", CRDS.path(), crd)
    identities.apply(plane, [*roles(further), *bindings(further)])
    token = identities.token_of(plane, ACCOUNTS[part])
    identities.until_held(plane, token, rights(further))
    for crd in eso_crds():
        spec = crd["spec"]
        for version in spec["versions"]:
            path = f"/apis/{spec['group']}/{version['name']}/{spec['names']['plural']}"
            identities.until(partial(_is_served, plane, path), what=f"{path} is not served")


def _is_served(plane: ControlPlane, path: str) -> bool:
    return plane.api.call("GET", path).status == HTTPStatus.OK


def _end(served: tuple[ControlPlane, Part]) -> None:
    plane, part = served
    further = FURTHER[part]
    identities.remove(plane, [*roles(further), *bindings(further)])
    paths = [CRDS.path(name=crd["metadata"]["name"]) for crd in eso_crds()]
    for path in paths:
        plane.api.call("DELETE", path)
    for path in paths:
        identities.until(partial(_is_gone, plane, path), what=f"{path} stays")


def _is_gone(plane: ControlPlane, path: str) -> bool:
    return plane.api.call("GET", path).status == HTTPStatus.NOT_FOUND
