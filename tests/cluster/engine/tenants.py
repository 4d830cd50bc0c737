# SPDX-License-Identifier: Apache-2.0
"""What hostile tenants and members write, and what must be as it was afterwards."""

import asyncio
from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.sides import Side, eventually, wrapped

from keyfleet.base.codec import encode_json
from keyfleet.kube.resources import EVENTS, FLEETSECRETS, SECRETS
from keyfleet.model.ownership import HUB_LABEL, OWNER_ANNOTATION, Marker, read_marker
from keyfleet.testing.canary import canary

Spec = dict[str, Any]
Seen = dict[tuple[str, str, str], tuple[str, str]]
"""(side, namespace, name) -> (uid, resourceVersion)."""


class Tenant:
    """Somebody who may write FleetSecrets and Secrets in namespaces of one name, everywhere."""

    def __init__(self, fleet: Fleet, namespace: str) -> None:
        self.fleet = fleet
        self.namespace = namespace

    async def ask(self, name: str, spec: Spec, labels: Mapping[str, str] | None = None) -> None:
        """Write a FleetSecret."""
        body = {
            "apiVersion": FLEETSECRETS.api_version,
            "kind": FLEETSECRETS.kind,
            "metadata": {
                "name": name,
                "namespace": self.namespace,
                "labels": dict(labels or {}),
            },
            "spec": spec,
        }
        await self.fleet.hub.client.create(FLEETSECRETS, body, namespace=self.namespace)

    async def write(
        self,
        side: Side,
        name: str,
        annotations: Mapping[str, str],
        labels: Mapping[str, str] | None = None,
    ) -> None:
        """Write a Secret whose annotations and labels say whatever the tenant likes."""
        metadata = {
            "name": name,
            "namespace": self.namespace,
            "annotations": dict(annotations),
            "labels": dict(labels or {}),
        }
        body = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata}
        data = wrapped({"k": canary("planted")})
        await side.client.create(SECRETS, {**body, "data": data}, namespace=self.namespace)

    async def forge(self, side: Side, name: str, owner: str, label: str) -> None:
        """Write a Secret that says to be a target of Keyfleet."""
        await self.write(side, name, {OWNER_ANNOTATION: owner}, {HUB_LABEL: label})

    async def answered(self, names: list[str]) -> dict[str, tuple[str, str]]:
        """Wait until each FleetSecret is answered; return reason and message of its Ready."""

        async def are_all() -> bool:
            return all([bool(await self._ready(name)) for name in names])

        await eventually(are_all, what="an attack was not answered", timeout_s=30)
        return {name: self._told(await self._ready(name)) for name in names}

    async def _ready(self, name: str) -> dict[str, Any]:
        found = await self.fleet.hub.client.get(FLEETSECRETS, name, namespace=self.namespace)
        conditions = (found.get("status") or {}).get("conditions", [])
        settled = [one for one in conditions if one["reason"] not in ("Connecting", "Waiting")]
        return settled[0] if settled else {}

    @staticmethod
    def _told(condition: dict[str, Any]) -> tuple[str, str]:
        return condition["reason"], condition.get("message", "")

    async def withdraw(self, names: list[str]) -> None:
        """Delete the FleetSecrets."""
        for name in names:
            await self.fleet.hub.client.delete(FLEETSECRETS, name, namespace=self.namespace)

    async def told(self) -> str:
        """Return everything that the tenant's statuses and events on the hub say."""
        found = [
            *(await self.fleet.hub.client.list(FLEETSECRETS, namespace=self.namespace)).items,
            *(await self.fleet.hub.client.list(EVENTS, namespace=self.namespace)).items,
        ]
        said = [
            [item.get("status"), item.get("message"), item.get("note"), item.get("reason")]
            for item in found
        ]
        return encode_json(said).decode()


def altered(owner: str, **changes: Any) -> str:
    """Return a marker's text with some fields changed and everything else, its MAC too, kept."""
    marker = read_marker({OWNER_ANNOTATION: owner})
    assert isinstance(marker, Marker)
    return msgspec.json.encode(msgspec.structs.replace(marker, **changes)).decode()


async def secrets_of(side: Side, namespace: str) -> list[dict[str, Any]]:
    """Return the Secrets of a namespace as the API server has them."""
    path = SECRETS.path(namespace=namespace)
    found = await asyncio.to_thread(side.plane.api.must, "GET", path)
    items: list[dict[str, Any]] = found["items"]
    return items


async def seen(sides: tuple[Side, ...], *namespaces: str) -> Seen:
    """Return which Secrets are there and in which version, so that any write shows."""
    return {
        (side.context, namespace, item["metadata"]["name"]): (
            item["metadata"]["uid"],
            item["metadata"]["resourceVersion"],
        )
        for side in sides
        for namespace in namespaces
        for item in await secrets_of(side, namespace)
    }


async def values_in(side: Side, *namespaces: str) -> bytes:
    """Return all values of all Secrets of some namespaces, one after the other."""
    found = [item for namespace in namespaces for item in await secrets_of(side, namespace)]
    return b"\n".join(value for item in found for value in _values(item))


def _values(item: dict[str, Any]) -> Iterator[bytes]:
    return (b64decode(value) for value in (item.get("data") or {}).values())
