# SPDX-License-Identifier: Apache-2.0
"""Fleets that serve SealedSecrets on the hub and in one member, each with a sealing key."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http import HTTPStatus

import pytest
from tests.cluster.engine import identities
from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.sealedsecrets.seals import Seals

from keyfleet.base.clock import SystemClock
from keyfleet.base.sealing import KeyPair, make_key
from keyfleet.engine.sealing.keysecrets import DEFAULT_NAMESPACE, KEY_LABEL
from keyfleet.kube.resources import CRDS, SEALEDSECRETS, SECRETS
from keyfleet.localplane import ControlPlane
from keyfleet.manifests.rights import Part, rights
from keyfleet.manifests.roles import ACCOUNTS, bindings, roles
from keyfleet.manifests.sealedsecrets import sealedsecrets_crds

FURTHER = {Part.HUB: Part.HUB_SEALED, Part.MEMBER: Part.MEMBER_SEALED}
"""The rights that come with the dialect."""
BITS = 2048


@pytest.fixture(scope="session")
def pairs() -> dict[str, KeyPair]:
    """Context -> the only sealing key of that cluster."""
    return {
        context: make_key(SystemClock().now(), bits=BITS) for context in ("hub", "east", "stranger")
    }


@pytest.fixture(scope="module")
def kind(
    fleet_hub: ControlPlane,
    east: ControlPlane,
    controller_tokens: dict[str, str],
    pairs: dict[str, KeyPair],
) -> Iterator[None]:
    """The kind on hub and east, the rights to serve it, and a sealing key for each."""
    del controller_tokens
    planes = ((fleet_hub, Part.HUB, pairs["hub"]), (east, Part.MEMBER, pairs["east"]))
    with ThreadPoolExecutor(len(planes)) as pool:
        list(pool.map(_serve, planes))
        yield
        list(pool.map(_end, planes))


@pytest.fixture
async def seals(kind: None, fleet: Fleet, pairs: dict[str, KeyPair]) -> AsyncIterator[Seals]:
    """A fleet that serves SealedSecrets."""
    del kind
    try:
        yield Seals(fleet, pairs)
    finally:
        await fleet.end()
        # The namespace is ended without a controller that would empty it.
        for side in (fleet.hub, fleet.east):
            path = SEALEDSECRETS.path(namespace=fleet.namespace)
            await asyncio.to_thread(side.plane.api.call, "DELETE", path)


def _serve(served: tuple[ControlPlane, Part, KeyPair]) -> None:
    plane, part, pair = served
    further = FURTHER[part]
    for crd in sealedsecrets_crds():
        plane.api.must("POST", f"{CRDS.path()}?fieldValidation=Strict", crd)
    identities.apply(plane, [*roles(further), *bindings(further)])
    identities.until_held(plane, identities.token_of(plane, ACCOUNTS[part]), rights(further))
    plane.api.must("POST", SECRETS.path(namespace=DEFAULT_NAMESPACE), key_secret(pair))
    path = SEALEDSECRETS.path()
    identities.until(partial(_is_served, plane, path), what=f"{path} is not served")


def key_secret(pair: KeyPair) -> dict[str, object]:
    """Return the key Secret of a pair as upstream's controller keeps it."""
    values = {"tls.key": pair.key.reveal(), "tls.crt": pair.certificate}
    return {
        "apiVersion": "v1",
        "kind": SECRETS.kind,
        "metadata": {"generateName": "sealed-secrets-key", "labels": {KEY_LABEL: "active"}},
        "type": "kubernetes.io/tls",
        "data": {name: b64encode(value).decode() for name, value in values.items()},
    }


def _is_served(plane: ControlPlane, path: str) -> bool:
    return plane.api.call("GET", path).status == HTTPStatus.OK


def _end(served: tuple[ControlPlane, Part, KeyPair]) -> None:
    plane, part, _ = served
    further = FURTHER[part]
    identities.remove(plane, [*roles(further), *bindings(further)])
    keys = f"{SECRETS.path(namespace=DEFAULT_NAMESPACE)}?labelSelector={KEY_LABEL}"
    plane.api.call("DELETE", keys)
    path = CRDS.path(name=SEALEDSECRETS.label)
    plane.api.call("DELETE", path)
    identities.until(partial(_is_gone, plane, path), what=f"{path} stays")


def _is_gone(plane: ControlPlane, path: str) -> bool:
    return plane.api.call("GET", path).status == HTTPStatus.NOT_FOUND
