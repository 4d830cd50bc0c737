# SPDX-License-Identifier: Apache-2.0
"""Change a source on the hub and see when the change is where."""

import base64
import secrets
import time
from functools import partial

from bench import objects
from bench.looking import Items, View, last
from bench.stage import Stage
from keyfleet.base.secret import SecretValue
from keyfleet.kube.client import Client
from keyfleet.kube.resources import FLEETSECRETS, NAMESPACES, SECRETS

BETWEEN_S = 0.15
"""Rest after each change, so that statuses and events of one do not fall into the next."""


async def change(stage: Stage, namespace: str, name: str) -> str:
    """Give a source a new value; return it as an API server shows it."""
    text = secrets.token_hex(16)
    data = {"value": SecretValue(text.encode())}
    operations = [{"op": "add", "path": "/data", "value": data}]
    await stage.hub.json_patch(SECRETS, name, operations, namespace=namespace)
    return base64.b64encode(text.encode()).decode()


async def propagated_ms(stage: Stage, namespace: str, name: str, views: list[View]) -> float:
    """Change a source; return how long its new value took to the last of the views."""
    began = time.perf_counter()
    value = await change(stage, namespace, name)
    took_s = await last(views, partial(has, (namespace, name), value)) - began
    await stage.clock.sleep(BETWEEN_S)
    return took_s * 1000


def has(key: tuple[str, str], value: str, items: Items) -> bool:
    """Tell whether a Secret holds a value."""
    found = items.get(key) or {}
    return bool((found.get("data") or {}).get("value") == value)


async def declare(stage: Stage, namespace: str, name: str, clusters: list[str]) -> None:
    """Create a source and its FleetSecret."""
    hub = stage.hub
    await hub.create(SECRETS, objects.secret(namespace, name), namespace=namespace)
    body = objects.fleet_secret(namespace, name, clusters)
    await hub.create(FLEETSECRETS, body, namespace=namespace)


async def create_namespace(name: str, client: Client) -> None:
    """Create a namespace."""
    await client.create(NAMESPACES, objects.namespace(name))
