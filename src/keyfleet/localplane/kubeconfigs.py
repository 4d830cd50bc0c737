# SPDX-License-Identifier: Apache-2.0
"""Kubeconfigs as plain dicts, everything inline: one context, and several merged into one."""

import base64
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from keyfleet.base import codec
from keyfleet.localplane import pki
from keyfleet.localplane.servers import write_private


def token_user(token: str) -> dict[str, Any]:
    """Return the `user` entry of a bearer token."""
    return {"token": token}


def certificate_user(pair: pki.KeyPair) -> dict[str, Any]:
    """Return the `user` entry of an inline client certificate."""
    return {
        "client-certificate-data": _base64(pair.certificate_pem),
        "client-key-data": _base64(pair.key_pem),
    }


def single(
    name: str, url: str, ca_pem: bytes, *, user: str, login: dict[str, Any]
) -> dict[str, Any]:
    """Return a kubeconfig whose one cluster and context are called `name`, its user `name-user`."""
    login_name = f"{name}-{user}"
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": name,
                "cluster": {"server": url, "certificate-authority-data": _base64(ca_pem)},
            }
        ],
        "users": [{"name": login_name, "user": login}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": login_name}}],
        "current-context": name,
    }


def merged(configs: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return all contexts in one kubeconfig; the current one is the first's."""
    parts = list(configs)
    result: dict[str, Any] = {"apiVersion": "v1", "kind": "Config"}
    for section in ("clusters", "users", "contexts"):
        result[section] = [entry for part in parts for entry in part[section]]
    result["current-context"] = parts[0]["current-context"]
    return result


def write(path: Path, config: dict[str, Any]) -> Path:
    """Write a kubeconfig that only its owner can read; return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_private(path, codec.encode_yaml(config).encode())
    return path


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
