# SPDX-License-Identifier: Apache-2.0
"""The Service by which kubeseal finds the sealing API, and who may go through it.

Everybody who is logged in, as upstream grants it: the certificate is public, and the other answers
are made so that they tell nothing more than whether something opens.
Source: compat/sealed-secrets.md 3.7, 4.3.
"""

from typing import Any

from keyfleet.kube.resources import Resource
from keyfleet.manifests.deployment import NAME as CONTROLLER
from keyfleet.manifests.deployment import SEALING_PORT_NAME, SELECTOR
from keyfleet.manifests.roles import ROLE_BINDINGS, ROLES
from keyfleet.model.ownership import MANAGED_BY, MANAGED_BY_LABEL, SYSTEM_NAMESPACE

Manifest = dict[str, Any]

SERVICES = Resource("", "v1", "services", "Service")

SEALED_SECRETS = "sealed-secrets"
"""The dialect that the API belongs to."""
SERVICE = "sealed-secrets-controller"
"""What kubeseal looks for; its namespace is not."""
PORT = 8080
PORT_NAME = "http"
"""Upstream's charts name the port so, and kubeseal repeats the name."""

_ROLE = f"{CONTROLLER}-sealed-secrets-user"
_EVERYBODY = {
    "apiGroup": "rbac.authorization.k8s.io",
    "kind": "Group",
    "name": "system:authenticated",
}


def sealing_service() -> list[Manifest]:
    """Return the Service, a Role that lets through it, and a binding for whoever is logged in."""
    port = {"name": PORT_NAME, "port": PORT, "targetPort": SEALING_PORT_NAME, "protocol": "TCP"}
    return [
        {
            "apiVersion": SERVICES.api_version,
            "kind": SERVICES.kind,
            "metadata": _metadata(SERVICE),
            "spec": {"selector": dict(SELECTOR), "ports": [port]},
        },
        {
            "apiVersion": ROLES.api_version,
            "kind": ROLES.kind,
            "metadata": _metadata(_ROLE),
            "rules": [
                _rule("services", ["get"], SERVICE),
                _rule(
                    "services/proxy",
                    ["create", "get"],
                    *(f"http:{SERVICE}:{PORT_NAME}", f"http:{SERVICE}:", SERVICE),
                ),
            ],
        },
        {
            "apiVersion": ROLE_BINDINGS.api_version,
            "kind": ROLE_BINDINGS.kind,
            "metadata": _metadata(_ROLE),
            "roleRef": {"apiGroup": ROLES.group, "kind": ROLES.kind, "name": _ROLE},
            "subjects": [dict(_EVERYBODY)],
        },
    ]


def _rule(resource: str, verbs: list[str], *names: str) -> Manifest:
    return {
        "apiGroups": [""],
        "resources": [resource],
        "resourceNames": list(names),
        "verbs": verbs,
    }


def _metadata(name: str) -> Manifest:
    labels = {MANAGED_BY_LABEL: MANAGED_BY}
    return {"name": name, "namespace": SYSTEM_NAMESPACE, "labels": labels}
