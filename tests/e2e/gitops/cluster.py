# SPDX-License-Identifier: Apache-2.0
"""One cluster that follows a folder of a repository, and what people see in it."""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.e2e.gitops.repository import Repository
from tests.e2e.harness import Program, Result, eventually

from keyfleet.base.sealing import make_key
from keyfleet.engine.sealing.keysecrets import DEFAULT_NAMESPACE, new_key_secret
from keyfleet.kube.resources import EVENTS, SEALEDSECRETS, SECRETS, Resource
from keyfleet.localplane import ControlPlane
from keyfleet.testing.canary import CANARY_PREFIX

PRUNED = "--prune-allowlist=bitnami.com/v1alpha1/SealedSecret"


@dataclass(frozen=True)
class Cluster:
    """A cluster, and the agent that applies what was pushed."""

    plane: ControlPlane
    agent: Program
    kubectl: str

    @property
    def name(self) -> str:
        return self.plane.name

    # What its agent does.

    def sync(self, repository: Repository, *modules: str, prune: bool = False) -> None:
        """Pull, and apply the folders of modules, as Flux' kustomize-controller would."""
        pulled = repository.checked_out(self.agent.folder / repository.origin.parent.name)
        for module in modules:
            folder = str(pulled / "clusters" / self.name / module)
            pruned = ("--prune", "--all", PRUNED, "--namespace", module) if prune else ()
            done = self.apply("-k", folder, *pruned)
            assert done.code == 0, done.err

    def apply(self, *words: str) -> Result:
        return self.agent.run([self.kubectl, "--context", self.name, "apply", *words])

    def renews(self) -> None:
        """Make a new sealing key, as its controller does every 30 days."""
        pair = make_key(datetime.now(UTC), bits=2048)
        body = new_key_secret(pair)
        body["data"] = {
            "tls.crt": base64.b64encode(pair.certificate).decode(),
            "tls.key": base64.b64encode(pair.key.reveal()).decode(),
        }
        self.plane.api.must("POST", SECRETS.path(namespace=DEFAULT_NAMESPACE), body)

    # What people see.

    def values(self, namespace: str, name: str) -> dict[str, str] | None:
        """Return the values of a Secret without their canary; None: absent."""
        found = self._find(SECRETS, namespace, name)
        if found is None:
            return None
        data = found.get("data") or {}
        return {
            key: base64.b64decode(value).decode().removeprefix(CANARY_PREFIX)
            for key, value in data.items()
        }

    def secret(self, namespace: str, name: str) -> dict[str, Any]:
        found = self._find(SECRETS, namespace, name)
        assert found is not None
        return found

    def sealed(self, namespace: str, name: str) -> dict[str, Any]:
        found = self._find(SEALEDSECRETS, namespace, name)
        assert found is not None
        return found

    def synced(self, namespace: str, name: str) -> tuple[str, str, str]:
        """Return status, reason and message of Synced."""
        found = self._find(SEALEDSECRETS, namespace, name) or {}
        for one in (found.get("status") or {}).get("conditions", []):
            if one["type"] == "Synced":
                return one["status"], one.get("reason", ""), one.get("message", "")
        return "", "", ""

    def says(self, status: str, namespace: str, name: str, *words: str) -> str:
        """Wait until Synced has a status, of the newest generation; return its message."""
        found = ("", "", "")

        def equal() -> bool:
            nonlocal found
            sealed = self._find(SEALEDSECRETS, namespace, name) or {}
            seen = (sealed.get("status") or {}).get("observedGeneration")
            found = self.synced(namespace, name)
            is_new = bool(sealed) and seen == sealed["metadata"]["generation"]
            return is_new and found[0] == status and all(word in found[2] for word in words)

        try:
            eventually(equal)
        except AssertionError:
            message = f"{namespace}/{name} of {self.name} says {found}, not {status} {words}"
            raise AssertionError(message) from None
        return found[2]

    def has(self, namespace: str, name: str, values: dict[str, str]) -> None:
        """Wait until a Secret holds exactly these values."""
        try:
            eventually(lambda: self.values(namespace, name) == values)
        except AssertionError:
            found = self.values(namespace, name)
            said = self.synced(namespace, name)
            message = f"{namespace}/{name} of {self.name} has {found}, not {values}; {said}"
            raise AssertionError(message) from None

    def events(self, namespace: str, name: str) -> list[tuple[str, str, str]]:
        """Return type, reason and note of what was told about an object."""
        found = self.plane.api.must("GET", EVENTS.path(namespace=namespace))["items"]
        return [
            (one["type"], one["reason"], one.get("note", ""))
            for one in found
            if one["regarding"]["name"] == name
        ]

    def _find(self, kind: Resource, namespace: str, name: str) -> dict[str, Any] | None:
        answer = self.plane.api.call("GET", kind.path(namespace=namespace, name=name))
        if answer.status == 404:
            return None
        found: dict[str, Any] = answer.json()
        return found
