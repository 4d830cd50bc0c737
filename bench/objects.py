# SPDX-License-Identifier: Apache-2.0
"""The objects that benchmarks write: the same three keys of 100 bytes for every contestant."""

import secrets
from typing import Any

from keyfleet.base.secret import SecretValue

KEYS = 3
VALUE_BYTES = 100


def data() -> dict[str, SecretValue]:
    """Return fresh values: an update that changes nothing would not be written."""
    return {f"key-{n}": SecretValue(secrets.token_bytes(VALUE_BYTES)) for n in range(KEYS)}


def name_of(number: int) -> str:
    """Return the name of one of many objects."""
    return f"secret-{number:05}"


def secret(namespace: str, name: str, **metadata: Any) -> dict[str, Any]:
    """Return a Secret with fresh values."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace, **metadata},
        "type": "Opaque",
        "data": data(),
    }


def fleet_secret(namespace: str, name: str, clusters: list[str]) -> dict[str, Any]:
    """Return a FleetSecret that copies the Secret of its own name to clusters."""
    return {
        "apiVersion": "keyfleet.io/v1alpha1",
        "kind": "FleetSecret",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "source": {"secretRef": {"name": name}},
            "placement": {"clusters": {"names": clusters}},
        },
    }


def namespace(name: str) -> dict[str, Any]:
    """Return a namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
