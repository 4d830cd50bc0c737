# SPDX-License-Identifier: Apache-2.0
"""A fleet whose people write SealedSecrets, and what they see."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.sides import Data, Side, eventually

from keyfleet.base.sealing import KeyPair, Scope, load_certificate
from keyfleet.base.secret import SecretValue
from keyfleet.engine.declarations.claims import Claims
from keyfleet.kube.resources import EVENTS, SEALEDSECRETS, SECRETS

CLAIMS: Final = Claims(dialects=frozenset({"sealed-secrets"}))
PREFIX: Final = "sealedsecrets.bitnami.com/"
MANAGED, PATCH = f"{PREFIX}managed", f"{PREFIX}patch"
SKIP_OWNER: Final = f"{PREFIX}skip-set-owner-references"
NAMESPACE_WIDE, CLUSTER_WIDE = f"{PREFIX}namespace-wide", f"{PREFIX}cluster-wide"
ON: Final = "true"
DONE: Final = "SealedSecret unsealed successfully"


@dataclass
class Seals:
    """The fleet, the keys of its clusters, and what its people write and see."""

    fleet: Fleet
    pairs: Mapping[str, KeyPair]
    """Context -> the only sealing key of that cluster."""

    @property
    def east(self) -> Side:
        """The member that most tests use."""
        return self.fleet.east

    @property
    def namespace(self) -> str:
        """The test's own."""
        return self.fleet.namespace

    async def run(self, *members: Side, **options: Any) -> None:
        """Declare members (east, unless some are named) and start the controller."""
        await self.fleet.declare(*(members or (self.east,)))
        await self.again(**options)

    async def again(self, **options: Any) -> None:
        """Start the controller, with the rights that Keyfleet ships."""
        await self.fleet.run(**{"claims": CLAIMS, **options})
        await self.fleet.leads()

    # What people write.

    def sealed(
        self,
        values: Data,
        name: str = "db",
        *,
        scope: Scope = Scope.STRICT,
        namespace: str = "",
        context: str = "east",
    ) -> dict[str, str]:
        """Return values as kubeseal seals them for a cluster."""
        certificate = load_certificate(self.pairs[context].certificate)
        label = scope.label(namespace or self.namespace, name)
        return {key: certificate.seal(SecretValue(value), label) for key, value in values.items()}

    async def put(
        self,
        items: Any,
        name: str = "db",
        *,
        side: Side | None = None,
        annotations: Mapping[str, str] | None = None,
        template: Mapping[str, Any] | None = None,
        namespace: str = "",
        **spec: Any,
    ) -> None:
        """Create a SealedSecret."""
        place = namespace or self.namespace
        wanted = {"encryptedData": items, **spec}
        if template is not None:
            wanted["template"] = dict(template)
        metadata = {"name": name, "namespace": place}
        body = {
            "apiVersion": SEALEDSECRETS.api_version,
            "kind": SEALEDSECRETS.kind,
            "metadata": {**metadata, "annotations": dict(annotations or {})},
            "spec": wanted,
        }
        client = (side or self.east).client
        await client.create(SEALEDSECRETS, body, namespace=place)

    async def want(self, values: Data, name: str = "db", **rest: Any) -> None:
        """Seal values for east, strictly, and create their SealedSecret there."""
        await self.put(self.sealed(values, name), name, **rest)

    async def merge(self, body: Mapping[str, Any], name: str = "db") -> None:
        """Merge into a SealedSecret."""
        await self.east.client.merge_patch(SEALEDSECRETS, name, body, namespace=self.namespace)

    async def edit(self, spec: Mapping[str, Any], name: str = "db") -> None:
        """Merge into a spec."""
        await self.merge({"spec": spec}, name)

    async def remove(self, name: str = "db", *, namespace: str = "") -> None:
        """Delete a SealedSecret."""
        place = namespace or self.namespace
        await self.east.client.delete(SEALEDSECRETS, name, namespace=place)

    # What people see.

    async def manifest(self, name: str = "db", side: Side | None = None) -> dict[str, Any]:
        """Return a SealedSecret."""
        client = (side or self.east).client
        return await client.get(SEALEDSECRETS, name, namespace=self.namespace)

    async def synced(self, name: str = "db", side: Side | None = None) -> dict[str, Any]:
        """Return the Synced condition; empty without one."""
        status = (await self.manifest(name, side)).get("status") or {}
        found = (each for each in status.get("conditions", []) if each["type"] == "Synced")
        return next(found, {})

    async def says(self, *words: str | None, name: str = "db", side: Side | None = None) -> None:
        """Wait until the condition's status, reason and message are these; None is any."""
        found: tuple[str, ...] = ()

        async def equal() -> bool:
            nonlocal found
            condition = await self.synced(name, side)
            found = tuple(condition.get(part, "") for part in ("status", "reason", "message"))
            told = zip(words, found, strict=False)
            return all(word in (None, said) for word, said in told)

        try:
            await eventually(equal)
        except AssertionError:
            message = f"{name} says {found}, not {words}"
            raise AssertionError(message) from None

    async def delivered(self, data: Data, name: str = "db", side: Side | None = None) -> None:
        """Wait until a Secret holds exactly these values, and its SealedSecret says so."""
        side = side or self.east
        found: Data | None = None

        async def equal() -> bool:
            nonlocal found
            found = await self.fleet.data(side, name)
            return found == data

        try:
            await eventually(equal)
        except AssertionError:
            message = f"{name} is {found}, not {data}; {await self.synced(name, side)}"
            raise AssertionError(message) from None
        await self.says("True", "Unsealed", "", name=name, side=side)

    async def secret(self, name: str = "db") -> dict[str, Any]:
        """Return a Secret as the API server has it."""
        path = SECRETS.path(namespace=self.namespace, name=name)
        return await asyncio.to_thread(self.east.plane.api.must, "GET", path)

    async def notes(self, name: str = "db") -> list[tuple[str, str, str]]:
        """Return type, reason and note of what was told about an object."""
        found = await self.east.client.list(EVENTS, namespace=self.namespace)
        return [
            (one["type"], one["reason"], one.get("note", ""))
            for one in found.items
            if one["regarding"]["name"] == name and one["regarding"]["kind"] == SEALEDSECRETS.kind
        ]

    async def heard(self, type_: str, reason: str, text: str, name: str = "db") -> None:
        """Wait until this was told, at the beginning of a note."""
        found: list[tuple[str, str, str]] = []

        async def told() -> bool:
            nonlocal found
            found = await self.notes(name)
            return any(one[:2] == (type_, reason) and one[2].startswith(text) for one in found)

        try:
            await eventually(told)
        except AssertionError:
            message = f"told was {found}, not {(type_, reason, text)}"
            raise AssertionError(message) from None

    async def owner(self, name: str = "db") -> dict[str, Any]:
        """Return the reference by which upstream's controller ties a Secret to its SealedSecret."""
        return {
            "apiVersion": SEALEDSECRETS.api_version,
            "kind": SEALEDSECRETS.kind,
            "name": name,
            "uid": (await self.manifest(name))["metadata"]["uid"],
            "controller": True,
        }
