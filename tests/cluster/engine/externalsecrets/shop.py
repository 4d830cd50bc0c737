# SPDX-License-Identifier: Apache-2.0
"""A fleet whose people write manifests of the External Secrets Operator, and what they see."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.sides import PATIENCE_S, Side, eventually, unique

from keyfleet.base import codec
from keyfleet.dialects.eso.hashes import field_manager
from keyfleet.engine.declarations.claims import Claims
from keyfleet.kube.resources import (
    CLUSTEREXTERNALSECRETS,
    CLUSTERGENERATORS,
    CLUSTERSECRETSTORES,
    CONFIGMAPS,
    ESO_GROUP,
    EVENTS,
    EXTERNALSECRETS,
    GENERATORS,
    SECRETS,
    SECRETSTORES,
    Resource,
)
from keyfleet.localplane.exchange import Seen
from keyfleet.sources.fake.provider import FakeSession
from keyfleet.testing.canary import find_canary

OLD_EXTERNALSECRETS: Final = Resource(ESO_GROUP, "v1beta1", "externalsecrets", "ExternalSecret")
OLD_SECRETSTORES: Final = Resource(ESO_GROUP, "v1beta1", "secretstores", "SecretStore")
CLUSTER_WIDE: Final = (CLUSTEREXTERNALSECRETS, CLUSTERSECRETSTORES, CLUSTERGENERATORS)
NAMESPACED: Final = (EXTERNALSECRETS, SECRETSTORES, *GENERATORS)
MANAGED: Final = "reconcile.external-secrets.io/managed"
CREATED_BY: Final = "reconcile.external-secrets.io/created-by"
DATA_HASH: Final = "reconcile.external-secrets.io/data-hash"
CLAIMS: Final = Claims(dialects=frozenset({"eso"}))

Entries = Mapping[str, bytes | Mapping[str, bytes]]
"""What a store holds: a value, or the members of a JSON object."""


@dataclass
class Calls:
    """What fake stores were asked."""

    keys: list[str] = field(default_factory=list)

    def listen(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Note each question from now on."""
        fetch, keys = FakeSession.fetch, self.keys

        async def noted(session: FakeSession, request: Any) -> Any:
            keys.append(request.key)
            return await fetch(session, request)

        monkeypatch.setattr(FakeSession, "fetch", noted)

    @property
    def count(self) -> int:
        """How many there were."""
        return len(self.keys)


@dataclass
class Shop:
    """The fleet, and what its people write and see of External Secrets."""

    fleet: Fleet
    calls: Calls
    wide: list[tuple[Side, Resource, str]] = field(default_factory=list)
    """Objects of whole clusters, which this test made."""

    @property
    def east(self) -> Side:
        """The member that most tests use."""
        return self.fleet.east

    @property
    def namespace(self) -> str:
        """The test's own."""
        return self.fleet.namespace

    # The controller.

    async def run(self, *members: Side, **options: Any) -> None:
        """Declare members (east, unless some are named) and start the controller."""
        await self.fleet.declare(*(members or (self.east,)))
        await self.again(**options)

    async def again(self, **options: Any) -> None:
        """Start the controller, with the rights that Keyfleet ships."""
        await self.fleet.run(**{"claims": CLAIMS, **options})
        await self.fleet.leads()

    async def restart(self) -> None:
        """Stop the controller, count anew, and start it again."""
        await self.fleet.quiet()
        await self.fleet.end()
        self.fleet.forget_requests()
        self.calls.keys.clear()
        await self.again()

    # What people write.

    async def put(
        self, side: Side, kind: Resource, name: str, *, namespace: str = "", **document: Any
    ) -> None:
        """Create any object; of a namespace unless it is of the whole cluster."""
        metadata = {"name": name, **document.pop("metadata", {})}
        place = (namespace or self.namespace) if kind.namespaced else ""
        if place:
            metadata["namespace"] = place
        else:
            self.wide.append((side, kind, name))
        body = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, **document}
        await side.client.create(kind, body, namespace=place)

    async def store(
        self,
        side: Side,
        entries: Entries,
        name: str = "store",
        *,
        kind: Resource = SECRETSTORES,
        namespace: str = "",
        labels: Mapping[str, str] | None = None,
        **spec: Any,
    ) -> None:
        """Create a store that holds these values."""
        await self.put(
            side,
            kind,
            name,
            namespace=namespace,
            metadata={"labels": dict(labels or {})},
            spec={"provider": {"fake": {"data": _entries(entries)}}, **spec},
        )

    async def wide_store(self, side: Side, entries: Entries, **spec: Any) -> str:
        """Create a ClusterSecretStore; return its name."""
        name = unique("store")
        await self.store(side, entries, name, kind=CLUSTERSECRETSTORES, **spec)
        return name

    async def fill(self, side: Side, entries: Entries, name: str = "store") -> None:
        """Replace what a store holds."""
        spec = {"provider": {"fake": {"data": _entries(entries)}}}
        await self.edit(side, spec, name, kind=SECRETSTORES)

    async def want(
        self,
        side: Side,
        keys: Mapping[str, str] | None = None,
        name: str = "db",
        *,
        store: str | None = "store",
        store_kind: str = "SecretStore",
        kind: Resource = EXTERNALSECRETS,
        metadata: Mapping[str, Any] | None = None,
        namespace: str = "",
        **spec: Any,
    ) -> None:
        """Create an ExternalSecret: key of the target -> `key` or `key#property` of the store."""
        wanted: dict[str, Any] = {}
        if store is not None:
            wanted["secretStoreRef"] = {"name": store, "kind": store_kind}
        if keys is not None:
            wanted["data"] = data_of(keys)
        await self.put(
            side,
            kind,
            name,
            namespace=namespace,
            metadata=dict(metadata or {}),
            spec={**wanted, **spec},
        )

    async def edit(
        self,
        side: Side,
        spec: Mapping[str, Any],
        name: str = "db",
        kind: Resource = EXTERNALSECRETS,
    ) -> None:
        """Merge into a spec."""
        await self.merge(side, {"spec": spec}, name, kind)

    async def merge(
        self,
        side: Side,
        body: Mapping[str, Any],
        name: str = "db",
        kind: Resource = EXTERNALSECRETS,
    ) -> None:
        """Merge into an object."""
        place = self.namespace if kind.namespaced else ""
        await side.client.merge_patch(kind, name, body, namespace=place)

    async def annotate(self, side: Side, name: str = "db", **annotations: str | None) -> None:
        """Write annotations, as `kubectl annotate --overwrite` does."""
        found = {key.replace("_", "-"): value for key, value in annotations.items()}
        await self.merge(side, {"metadata": {"annotations": found}}, name)

    async def remove(self, side: Side, name: str = "db", kind: Resource = EXTERNALSECRETS) -> None:
        """Delete an object."""
        place = self.namespace if kind.namespaced else ""
        await side.client.delete(kind, name, namespace=place)

    async def config_map(self, side: Side, name: str, data: Mapping[str, str]) -> None:
        """Create a ConfigMap."""
        await self.put(side, CONFIGMAPS, name, data=dict(data))

    # What people see.

    async def get(
        self, side: Side, name: str = "db", kind: Resource = EXTERNALSECRETS
    ) -> dict[str, Any]:
        """Return an object."""
        place = self.namespace if kind.namespaced else ""
        return await side.client.get(kind, name, namespace=place)

    async def status(
        self, side: Side, name: str = "db", kind: Resource = EXTERNALSECRETS
    ) -> dict[str, Any]:
        """Return the status."""
        return (await self.get(side, name, kind)).get("status") or {}

    async def ready(
        self, side: Side, name: str = "db", kind: Resource = EXTERNALSECRETS
    ) -> tuple[str, str, str]:
        """Return status, reason and message of the Ready condition; empty without one."""
        for condition in (await self.status(side, name, kind)).get("conditions", []):
            if condition["type"] == "Ready":
                return tuple(condition.get(part, "") for part in ("status", "reason", "message"))
        return "", "", ""

    async def says(
        self,
        side: Side,
        *words: str,
        name: str = "db",
        kind: Resource = EXTERNALSECRETS,
        timeout_s: float = PATIENCE_S,
    ) -> None:
        """Wait until status and reason equal the first words and the message has the others."""
        found: tuple[str, ...] = ()

        async def equal() -> bool:
            nonlocal found
            found = await self.ready(side, name, kind)
            return found[:2] == words[:2] and all(word in found[2] for word in words[2:])

        try:
            await eventually(equal, timeout_s=timeout_s)
        except AssertionError:
            message = f"{kind.kind} {name} of {side.context} says {found}, not {words}"
            raise AssertionError(message) from None

    async def synced(self, *sides: Side, name: str = "db") -> None:
        """Wait until an ExternalSecret says that it is synced."""
        for side in sides:
            await self.says(side, "True", "SecretSynced", name=name)

    async def delivered(
        self,
        data: Mapping[str, bytes],
        *sides: Side,
        name: str = "db",
        timeout_s: float = PATIENCE_S,
    ) -> None:
        """Wait until a Secret holds exactly these values."""
        found: object = None

        async def equal() -> bool:
            nonlocal found
            found = [await self.fleet.data(side, name) for side in sides]
            return all(one == data for one in found)

        try:
            await eventually(equal, timeout_s=timeout_s)
        except AssertionError:
            why = [await self._why(side, name) for side in sides]
            message = f"{name} is {found}, not {dict(data)}; {why}"
            raise AssertionError(message) from None

    async def _why(self, side: Side, name: str) -> object:
        kind = EXTERNALSECRETS
        if await side.client.find_metadata(kind, name, namespace=self.namespace) is None:
            return "no ExternalSecret of that name"
        return await self.ready(side, name)

    async def secret(self, side: Side, name: str = "db") -> dict[str, Any]:
        """Return a Secret as the API server has it."""
        path = SECRETS.path(namespace=self.namespace, name=name)
        return await asyncio.to_thread(side.plane.api.must, "GET", path)

    async def events(self, side: Side, name: str = "db") -> list[tuple[str, str, str]]:
        """Return type, reason and note of what was told about an object."""
        found = await side.client.list(EVENTS, namespace=self.namespace)
        return [
            (one["type"], one["reason"], one.get("note", ""))
            for one in found.items
            if one["regarding"]["name"] == name
        ]

    async def heard(
        self, side: Side, type_: str, reason: str, *words: str, name: str = "db"
    ) -> None:
        """Wait until this was told about an object."""
        found: list[tuple[str, str, str]] = []

        async def told() -> bool:
            nonlocal found
            found = await self.events(side, name)
            return any(
                one[:2] == (type_, reason) and all(word in one[2] for word in words)
                for one in found
            )

        try:
            await eventually(told)
        except AssertionError:
            message = f"told was {found}, not {(type_, reason, *words)}"
            raise AssertionError(message) from None

    async def managers(self, side: Side, name: str = "db") -> set[str]:
        """Return who wrote a Secret."""
        found = (await self.secret(side, name))["metadata"].get("managedFields", [])
        return {entry["manager"] for entry in found}

    def writes(self, side: Side) -> list[Seen]:
        """Return all that the controller asked to change there, but what it says of itself."""
        return [seen for seen in side.proxy.writes() if seen.resource != "leases"]

    # What is left behind.

    async def leaks(self) -> list[str]:
        """Return where a value shows in a status."""
        return [
            f"{side.context}: {kind.kind} {item['metadata']['name']}"
            for side in self.fleet.sides
            for kind in (*NAMESPACED, *CLUSTER_WIDE)
            for item in (await side.client.list(kind)).items
            if find_canary(codec.encode_json(item.get("status") or {}))
        ]

    async def clean_up(self) -> None:
        """Delete what goes with no namespace."""
        for side, kind, name in self.wide:
            await side.client.delete(kind, name)
            if await side.client.find_metadata(kind, name) is not None:
                await side.client.merge_patch(kind, name, {"metadata": {"finalizers": []}})
        for side in self.fleet.sides:
            for namespace in self.fleet.namespaces:
                await asyncio.to_thread(_empty, side, namespace)


def _empty(side: Side, namespace: str) -> None:
    for kind in (CONFIGMAPS, *NAMESPACED):
        side.plane.api.call("DELETE", kind.path(namespace=namespace))


def _entries(entries: Entries) -> list[dict[str, Any]]:
    return [{"key": key, "value": _text(value)} for key, value in entries.items()]


def _text(value: bytes | Mapping[str, bytes]) -> str:
    if isinstance(value, bytes):
        return value.decode()
    return codec.encode_json({key: one.decode() for key, one in value.items()}).decode()


def data_of(keys: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return `spec.data`: key of the target -> `key` or `key#property` of the store."""
    found = []
    for own, text in keys.items():
        key, _, part = text.partition("#")
        found.append(
            {"secretKey": own, "remoteRef": {"key": key} | ({"property": part} if part else {})}
        )
    return found


def manager_of(name: str = "db") -> str:
    """Return under which name a target is written."""
    return field_manager(name)
