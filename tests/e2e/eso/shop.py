# SPDX-License-Identifier: Apache-2.0
"""Manifests of External Secrets in a fleet, written and looked at past Keyfleet."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from tests.e2e.harness import Objects, eventually

from keyfleet.kube.resources import EVENTS, EXTERNALSECRETS, SECRETSTORES, Resource
from keyfleet.localplane import ControlPlane
from keyfleet.localplane.fleet import LocalFleet

PRINTED = Path(__file__).parents[2] / "compat" / "eso" / "seed001"
MERGE = "application/merge-patch+json"
ACCOUNT = "external-secrets-sa"
ROLE_ANNOTATION = "eks.amazonaws.com/role-arn"
KINDS = {kind.kind: kind for kind in (EXTERNALSECRETS, SECRETSTORES)}


def printed(name: str) -> Any:
    """Return a manifest of the users' guide, as printed there."""
    return yaml.safe_load((PRINTED / f"{name}.yaml").read_text())


@dataclass(frozen=True)
class Shop:
    """One namespace of every cluster."""

    fleet: LocalFleet
    namespace: str

    @property
    def objects(self) -> Objects:
        return Objects(self.fleet, self.namespace)

    # What people write.

    def put(self, cluster: str, manifest: Mapping[str, Any]) -> None:
        """Create a manifest under the version that it names; its namespace is this one."""
        group, version = manifest["apiVersion"].split("/")
        kind = KINDS[manifest["kind"]]
        path = f"/apis/{group}/{version}/namespaces/{self.namespace}/{kind.plural}"
        body = {**manifest, "metadata": {**manifest["metadata"], "namespace": self.namespace}}
        self._api(cluster).must("POST", path, body)

    def account(self, cluster: str, role: str, name: str = ACCOUNT) -> None:
        """Create the ServiceAccount that stores log in with, for this role."""
        body = {"metadata": {"name": name, "annotations": {ROLE_ANNOTATION: role}}}
        path = f"/api/v1/namespaces/{self.namespace}/serviceaccounts"
        self._api(cluster).must("POST", path, body)

    def store(self, cluster: str, provider: Mapping[str, Any], name: str = "store") -> None:
        self.put(cluster, _manifest(SECRETSTORES, name, {"provider": dict(provider)}))

    def want(self, cluster: str, keys: Mapping[str, str], name: str = "db", **spec: Any) -> None:
        """Create an ExternalSecret: key of the target -> `key` or `key#property` in the store."""
        data = [_entry(own, text) for own, text in keys.items()]
        wanted = {"secretStoreRef": {"name": "store"}, "data": data, **spec}
        self.put(cluster, _manifest(EXTERNALSECRETS, name, wanted))

    def merge(
        self, cluster: str, name: str, body: Mapping[str, Any], kind: Resource = EXTERNALSECRETS
    ) -> None:
        """Merge into a manifest."""
        path = kind.path(namespace=self.namespace, name=name)
        answer = self._api(cluster).call("PATCH", path, body, content_type=MERGE)
        assert answer.status == 200

    def force_sync(self, *clusters: str, name: str = "db") -> None:
        """Ask for a sync as upstream's users do."""
        note = {"metadata": {"annotations": {"force-sync": str(time.monotonic_ns())}}}
        for cluster in clusters:
            self.merge(cluster, name, note)

    # What people see.

    def get(
        self, cluster: str, name: str = "db", kind: Resource = EXTERNALSECRETS
    ) -> dict[str, Any]:
        path = kind.path(namespace=self.namespace, name=name)
        found: dict[str, Any] = self._api(cluster).must("GET", path)
        return found

    def ready(
        self, cluster: str, name: str = "db", kind: Resource = EXTERNALSECRETS
    ) -> tuple[str, str, str]:
        """Return status, reason and message of Ready."""
        status = self.get(cluster, name, kind).get("status") or {}
        for one in status.get("conditions", []):
            if one["type"] == "Ready":
                return one["status"], one["reason"], one["message"]
        return "", "", ""

    def says(
        self, cluster: str, *words: str, name: str = "db", kind: Resource = EXTERNALSECRETS
    ) -> str:
        """Wait until Ready has this status and reason, and the other words; return its message."""
        found = ("", "", "")

        def equal() -> bool:
            nonlocal found
            found = self.ready(cluster, name, kind)
            return found[:2] == words[:2] and all(word in found[2] for word in words[2:])

        try:
            eventually(equal)
        except AssertionError:
            message = f"{kind.kind} {name} of {cluster} says {found}, not {words}"
            raise AssertionError(message) from None
        return found[2]

    def synced(self, *clusters: str, name: str = "db") -> None:
        for cluster in clusters:
            self.says(cluster, "True", "SecretSynced", name=name)

    def delivered(self, data: Mapping[str, str], *clusters: str, name: str = "db") -> None:
        """Wait until the Secret holds exactly these values."""
        for cluster in clusters:
            found: object = None

            def equal(cluster: str = cluster) -> bool:
                nonlocal found
                found = self.objects.read(cluster, name)
                return found == data

            try:
                eventually(equal)
            except AssertionError:
                message = f"{cluster} has {found}, not {data}; {self.ready(cluster, name)}"
                raise AssertionError(message) from None

    def events(self, cluster: str, name: str = "db") -> list[tuple[str, str, str]]:
        """Return type, reason and note of what was told about an object."""
        found = self._api(cluster).must("GET", EVENTS.path(namespace=self.namespace))["items"]
        return [
            (one["type"], one["reason"], one.get("note", ""))
            for one in found
            if one["regarding"]["name"] == name
        ]

    def _api(self, cluster: str) -> Any:
        plane: ControlPlane = self.fleet.planes[cluster]
        return plane.api


def _manifest(kind: Resource, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {"name": name},
        "spec": dict(spec),
    }


def _entry(own: str, text: str) -> dict[str, Any]:
    key, _, part = text.partition("#")
    return {"secretKey": own, "remoteRef": {"key": key, **({"property": part} if part else {})}}
