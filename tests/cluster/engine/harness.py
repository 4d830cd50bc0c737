# SPDX-License-Identifier: Apache-2.0
"""A fleet of real planes with the controller in front of it, as a test of the engine sees it.

The controller reaches every plane through its own `FaultProxy`, so that a test can break and count
what it does; the test itself asks the planes directly.
"""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.cluster.engine import asked, identities
from tests.cluster.engine.sides import (
    PATIENCE_S,
    QUIET_ROUNDS,
    SETTLED_S,
    Data,
    Side,
    eventually,
    wrapped,
)

from keyfleet.app import Settings, run_controller
from keyfleet.base.tasks import spawn, stop
from keyfleet.kube.objects import Metadata
from keyfleet.kube.resources import (
    EVENTS,
    FLEETCLUSTERS,
    FLEETPOLICIES,
    FLEETSECRETS,
    NAMESPACES,
    SECRETS,
    Resource,
)
from keyfleet.localplane import kubeconfigs
from keyfleet.manifests.memberpolicy import member_policy
from keyfleet.manifests.rights import Part, rights
from keyfleet.manifests.roles import ACCOUNTS, bindings, roles

HUB_ACCOUNT = ACCOUNTS[Part.HUB]


@dataclass
class Fleet:
    """The planes, the namespace of this test, and the controller."""

    hub: Side
    east: Side
    west: Side
    namespace: str
    directory: Path
    running: asyncio.Task[None] | None = None
    settings: Settings = field(default_factory=Settings)
    namespaces: list[str] = field(default_factory=list)
    """All namespaces of this test."""
    allowed: dict[str, set[asked.Asked]] = field(default_factory=dict)
    """By context: what the controller asked and was allowed, up to the last `note_requests`."""
    denied: dict[str, set[asked.Asked]] = field(default_factory=dict)
    """By context: what the API server refused; a test must fail for it, or expect it."""
    may_be_denied: bool = False
    """This test is about rights that are missing."""
    _granted_on_hub: list[dict[str, Any]] = field(default_factory=list)

    @property
    def sides(self) -> tuple[Side, ...]:
        """Hub and members."""
        return (self.hub, self.east, self.west)

    # The controller.

    def configure(self, *, as_admin: bool = False, **options: Any) -> None:
        """Set what the controller is told, besides where the planes are.

        Args:
            as_admin: As a person runs it with their own kubeconfig, instead of with the rights
                that Keyfleet ships.
            options: Of `Settings`.
        """
        config = kubeconfigs.merged(
            [self.admin_kubeconfig(side) if as_admin else side.kubeconfig() for side in self.sides]
        )
        path = kubeconfigs.write(self.directory / "kubeconfig.yaml", config)
        self.settings = replace(
            Settings((path,), "hub", "127.0.0.1:0", members_declared=True, environ=os.environ),
            **options,
        )

    def admin_kubeconfig(self, side: Side) -> dict[str, Any]:
        """Return a login of a person who may do everything, through the same proxy."""
        return side.proxy.kubeconfig(context=side.context)

    async def run(self, *, as_admin: bool = False, **options: Any) -> None:
        """Start the controller, with the rights that Keyfleet ships unless told otherwise."""
        self.configure(as_admin=as_admin, **options)
        self.running = spawn(run_controller(self.settings), name="controller")

    async def end(self) -> None:
        """Stop the controller in order; what it raised is raised."""
        running, self.running = self.running, None
        if running is not None and running.done():
            running.result()
        await stop(running)

    async def leads(self) -> None:
        """Wait until the controller has engaged every declared cluster."""

        async def engaged() -> bool:
            if self.running is not None and self.running.done():
                self.running.result()
            found = await self.hub.client.list(FLEETCLUSTERS)
            return all((item.get("status") or {}).get("conditions") for item in found.items)

        await eventually(engaged, what="the clusters were not engaged")

    async def make_member_of_hub(self) -> None:
        """Give the hub's ServiceAccount the rights of a member there, until this test ends."""
        self._granted_on_hub = [
            *roles(Part.MEMBER),
            *bindings(Part.MEMBER, holder=HUB_ACCOUNT),
            *member_policy(),
        ]
        await asyncio.to_thread(identities.apply, self.hub.plane, self._granted_on_hub)
        await asyncio.to_thread(
            identities.until_held, self.hub.plane, self.hub.token, rights(Part.MEMBER)
        )

    async def dismiss(self) -> None:
        """Take away what only this test granted."""
        granted, self._granted_on_hub = self._granted_on_hub, []
        await asyncio.to_thread(identities.remove, self.hub.plane, granted)

    # What people write.

    async def declare(
        self, *sides: Side, labels: Mapping[str, str] | None = None, **spec: Any
    ) -> None:
        """Create the FleetClusters of these sides."""
        for side in sides:
            if side is self.hub:
                await self.make_member_of_hub()
            metadata = {"name": side.name, "labels": dict(labels or {})}
            await self.hub.client.create(
                FLEETCLUSTERS,
                _document(FLEETCLUSTERS, metadata, spec={"context": side.context, **spec}),
            )

    async def write_secret(
        self,
        side: Side,
        name: str,
        data: Data,
        *,
        namespace: str = "",
        type_: str = "Opaque",
        **metadata: Any,
    ) -> None:
        """Create a Secret."""
        place = {"name": name, "namespace": namespace or self.namespace, **metadata}
        body = {**_document(SECRETS, place), "type": type_, "data": wrapped(data)}
        await side.client.create(SECRETS, body, namespace=place["namespace"])

    async def set_data(self, side: Side, name: str, data: Data, *, namespace: str = "") -> None:
        """Replace all data of a Secret."""
        operations = [{"op": "add", "path": "/data", "value": wrapped(data)}]
        place = namespace or self.namespace
        await side.client.json_patch(SECRETS, name, operations, namespace=place)

    async def patch_secret(
        self, side: Side, name: str, body: Mapping[str, Any], *, namespace: str = ""
    ) -> None:
        """Merge into a Secret."""
        place = namespace or self.namespace
        await side.client.merge_patch(SECRETS, name, body, namespace=place)

    async def delete_secret(self, side: Side, name: str, *, namespace: str = "") -> None:
        """Delete a Secret."""
        await side.client.delete(SECRETS, name, namespace=namespace or self.namespace)

    async def ask(
        self,
        *sides: Side,
        name: str = "db",
        source: str = "src",
        namespace: str = "",
        placement: Mapping[str, Any] | None = None,
        **spec: Any,
    ) -> None:
        """Create a FleetSecret that wants `source` in these clusters."""
        wanted = {
            **({} if "sources" in spec else {"source": {"secretRef": {"name": source}}}),
            "placement": {
                "clusters": {"names": [side.name for side in sides]},
                **(placement or {}),
            },
            **spec,
        }
        metadata = {"name": name, "namespace": namespace or self.namespace}
        document = _document(FLEETSECRETS, metadata, spec=wanted)
        await self.hub.client.create(FLEETSECRETS, document, namespace=metadata["namespace"])

    async def edit(self, spec: Mapping[str, Any], *, name: str = "db") -> None:
        """Merge into a FleetSecret's spec."""
        await self.hub.client.merge_patch(
            FLEETSECRETS, name, {"spec": spec}, namespace=self.namespace
        )

    async def withdraw(self, name: str = "db", *, namespace: str = "") -> None:
        """Delete a FleetSecret."""
        await self.hub.client.delete(FLEETSECRETS, name, namespace=namespace or self.namespace)

    async def edit_cluster(self, side: Side, body: Mapping[str, Any]) -> None:
        """Merge into a FleetCluster."""
        await self.hub.client.merge_patch(FLEETCLUSTERS, side.name, body)

    async def grant(self, name: str, **grant: Any) -> str:
        """Create a FleetPolicy with one grant to this test's namespace; return its name."""
        unique = f"{name}-{self.namespace}"
        entry = {"hub": [self.namespace], **grant}
        document = _document(FLEETPOLICIES, {"name": unique}, spec={"namespaces": [entry]})
        await self.hub.client.create(FLEETPOLICIES, document)
        return unique

    async def add_namespace(
        self, suffix: str, *sides: Side, labels: Mapping[str, str] | None = None
    ) -> str:
        """Create a further namespace, on every side unless some are named; return its name."""
        name = f"{self.namespace}-{suffix}"
        self.namespaces.append(name)
        for side in sides or self.sides:
            metadata = {"name": name, "labels": dict(labels or {})}
            await side.client.create(NAMESPACES, _document(NAMESPACES, metadata))
        return name

    # What people see.

    async def data(self, side: Side, name: str = "db", *, namespace: str = "") -> Data | None:
        """Return the values of a Secret; None when it is absent."""
        found = await side.client.find_secret(namespace or self.namespace, name)
        if found is None:
            return None
        return {key: value.reveal() for key, value in found.data.items()}

    async def meta(self, side: Side, name: str = "db", *, namespace: str = "") -> Metadata:
        """Return the metadata of a Secret that is there."""
        found = await side.client.find_metadata(
            SECRETS, name, namespace=namespace or self.namespace
        )
        assert found is not None
        return found

    async def status(self, name: str = "db") -> dict[str, Any]:
        """Return a FleetSecret's status."""
        found = await self.hub.client.get(FLEETSECRETS, name, namespace=self.namespace)
        return found.get("status") or {}

    async def state(self, side: Side, name: str = "db") -> tuple[str, str]:
        """Return state and reason of one cluster in a FleetSecret's status."""
        clusters = (await self.status(name)).get("clusters", [])
        found: dict[str, str] = next(
            (entry for entry in clusters if entry["name"] == side.name), {}
        )
        return found.get("state", ""), found.get("reason", "")

    async def ready(self, name: str = "db") -> tuple[str, str]:
        """Return status and reason of a FleetSecret's Ready condition."""
        conditions = (await self.status(name)).get("conditions", [])
        found: dict[str, str] = next(
            (entry for entry in conditions if entry["type"] == "Ready"), {}
        )
        return found.get("status", ""), found.get("reason", "")

    async def cluster_status(self, side: Side) -> dict[str, Any]:
        """Return a FleetCluster's status."""
        return (await self.hub.client.get(FLEETCLUSTERS, side.name)).get("status") or {}

    async def events(self) -> list[dict[str, Any]]:
        """Return the Kubernetes Events in this test's namespace."""
        return (await self.hub.client.list(EVENTS, namespace=self.namespace)).items

    # What is waited for.

    async def delivered(
        self,
        data: Data,
        *sides: Side,
        name: str = "db",
        namespace: str = "",
        timeout_s: float = PATIENCE_S,
    ) -> None:
        """Wait until a Secret holds exactly these values in each of these clusters."""

        async def equal() -> bool:
            found = [await self.data(side, name, namespace=namespace) for side in sides]
            return all(one == data for one in found)

        await eventually(equal, timeout_s=timeout_s, what=f"{name} was not delivered")

    async def gone(self, *sides: Side, name: str = "db", namespace: str = "") -> None:
        """Wait until a Secret is absent in each of these clusters."""

        async def absent() -> bool:
            found = [await self.data(side, name, namespace=namespace) for side in sides]
            return all(one is None for one in found)

        await eventually(absent, what=f"{name} was not deleted")

    async def stands(self, state: str, reason: str, side: Side, *, name: str = "db") -> None:
        """Wait until a FleetSecret's status says this of a cluster."""

        async def equal() -> bool:
            return await self.state(side, name) == (state, reason)

        try:
            await eventually(equal)
        except AssertionError:
            found = await self.state(side, name)
            message = f"{side.name} is {found}, not {(state, reason)}"
            raise AssertionError(message) from None

    async def revised(self, revision: int, *, name: str = "db") -> None:
        """Wait until a FleetSecret's status says InSync everywhere at this revision."""

        async def equal() -> bool:
            status = await self.status(name)
            clusters = status.get("clusters", [])
            at = [(one["state"], one.get("revision")) for one in clusters]
            return status.get("revision") == revision and set(at) == {("InSync", revision)}

        await eventually(equal, what=f"{name} is not in sync at revision {revision}")

    async def in_sync(self, *sides: Side, name: str = "db") -> None:
        """Wait until a FleetSecret's status says InSync of these clusters."""
        for side in sides:
            await self.stands("InSync", "", side, name=name)

    async def quiet(self) -> None:
        """Wait until the controller has written nothing for a while."""

        def count() -> int:
            return sum(len(side.proxy.writes()) for side in self.sides)

        before, rounds = -1, 0
        while before != count():
            before, rounds = count(), rounds + 1
            assert rounds <= QUIET_ROUNDS, "the controller does not stop writing"
            await asyncio.sleep(SETTLED_S)

    def forget_requests(self) -> None:
        """Count requests anew."""
        self.note_requests()
        for side in self.sides:
            side.proxy.forget()

    def note_requests(self) -> None:
        """Remember what was allowed and what the API servers refused, for the whole test."""
        for side in self.sides:
            found = self.allowed.setdefault(side.context, set())
            found |= asked.granted(side.proxy.requests)
            denied = self.denied.setdefault(side.context, set())
            denied |= asked.refused(side.proxy.requests)


def _document(resource: Resource, metadata: Mapping[str, Any], **rest: Any) -> dict[str, Any]:
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": dict(metadata),
        **rest,
    }
