# SPDX-License-Identifier: Apache-2.0
"""The controller as a Deployment: two replicas, of which the Lease lets one lead.

The second is a warm standby: it takes over within the life of a Lease, where a pod that has to be
made anew on another node takes minutes. Both are ready, so a rolling update never waits for itself.
No PodDisruptionBudget: an eviction hands over. No Service, but for the sealing API
(`manifests.sealedsecrets.service`): nothing else calls the controller.
"""

from collections.abc import Mapping
from typing import Any

from keyfleet.kube.resources import Resource
from keyfleet.manifests.rights import Part
from keyfleet.manifests.roles import ACCOUNTS
from keyfleet.model.ownership import MANAGED_BY, MANAGED_BY_LABEL, SYSTEM_NAMESPACE

Manifest = dict[str, Any]

DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment")

NAME = "keyfleet"
PORT = 8080
SEALING_PORT = 8081
SEALING_PORT_NAME = "sealing"
"""Of the sealing API; apart from the metrics, which are not for everybody."""
USER = 65532
"""A user id without a name; the image is built with the same."""
GRACE_S = 30
"""More than an orderly end takes: the work, its last statuses, and the release of the Lease."""
REPLICAS = 2

SELECTOR = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/component": "controller"}
_LABELS = {**SELECTOR, MANAGED_BY_LABEL: MANAGED_BY}


def deployment(
    image: str, *, serves_sealing: bool = False, flags: Mapping[str, str] | None = None
) -> Manifest:
    """Return the Deployment of the controller.

    Args:
        image: As a container runtime takes it; best with a digest.
        serves_sealing: The sealing API is served, too.
        flags: Of `run`, besides those that each pod needs: name -> value.
    """
    return {
        "apiVersion": DEPLOYMENTS.api_version,
        "kind": DEPLOYMENTS.kind,
        "metadata": {"name": NAME, "namespace": SYSTEM_NAMESPACE, "labels": dict(_LABELS)},
        "spec": {
            "replicas": REPLICAS,
            "selector": {"matchLabels": dict(SELECTOR)},
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 1},
            },
            "template": {
                "metadata": {"labels": dict(_LABELS)},
                "spec": _pod(image, serves_sealing, flags or {}),
            },
        },
    }


def _pod(image: str, serves_sealing: bool, flags: Mapping[str, str]) -> Manifest:
    return {
        "serviceAccountName": ACCOUNTS[Part.HUB],
        # The account itself gives its token to no pod; this one is the exception.
        "automountServiceAccountToken": True,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": GRACE_S,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": dict(SELECTOR)},
            }
        ],
        "containers": [_container(image, serves_sealing, flags)],
    }


def _container(image: str, serves_sealing: bool, flags: Mapping[str, str]) -> Manifest:
    # Brackets serve both families; only the pod's own address is listened on.
    listen = {"listen": PORT, **({"sealed-secrets-listen": SEALING_PORT} if serves_sealing else {})}
    addresses = [f"--{flag}=[$(POD_IP)]:{port}" for flag, port in listen.items()]
    further = [f"--{name}={value}" for name, value in flags.items()]
    ports = {"metrics": PORT, **({SEALING_PORT_NAME: SEALING_PORT} if serves_sealing else {})}
    return {
        "name": "controller",
        "image": image,
        "args": ["run", *addresses, *further, "--log-format=json"],
        "env": [{"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}],
        "ports": [
            {"name": name, "containerPort": port, "protocol": "TCP"} for name, port in ports.items()
        ],
        # A hub that cannot be asked is no reason to start anew: only a loop that hangs is.
        "livenessProbe": _probe("/healthz", failures=6),
        "readinessProbe": _probe("/readyz", failures=3),
        "resources": {
            "requests": {"cpu": "50m", "memory": "128Mi"},
            # No limit on CPU: throttled renewals would lose the Lease.
            "limits": {"memory": "1Gi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "privileged": False,
            "readOnlyRootFilesystem": True,
        },
    }


def _probe(path: str, *, failures: int) -> Manifest:
    return {
        "httpGet": {"path": path, "port": "metrics"},
        "periodSeconds": 10,
        "timeoutSeconds": 5,
        "failureThreshold": failures,
    }
