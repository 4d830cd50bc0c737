# SPDX-License-Identifier: Apache-2.0
"""External Secrets' kinds on planes: their CRDs, bare, and manifests as users write them."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from tests.cluster.engine.sides import Side, eventually

from keyfleet.kube.resources import (
    CLUSTERSECRETSTORES,
    CRDS,
    EXTERNALSECRETS,
    GENERATORS,
    SECRETSTORES,
    Resource,
)
from keyfleet.model.ownership import MANAGED_BY, MANAGED_BY_LABEL

KINDS = (EXTERNALSECRETS, SECRETSTORES, CLUSTERSECRETSTORES, GENERATORS[0])


def crd(resource: Resource) -> dict[str, Any]:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {
        "apiVersion": CRDS.api_version,
        "kind": CRDS.kind,
        "metadata": {"name": resource.label, "labels": {MANAGED_BY_LABEL: MANAGED_BY}},
        "spec": {
            "group": resource.group,
            "scope": "Namespaced" if resource.namespaced else "Cluster",
            "names": {
                "plural": resource.plural,
                "singular": resource.kind.lower(),
                "kind": resource.kind,
            },
            "versions": [
                {
                    "name": resource.version,
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": schema},
                    "subresources": {"status": {}},
                }
            ],
        },
    }


async def install(*sides: Side, kinds: tuple[Resource, ...] = KINDS) -> None:
    """Serve the kinds in these clusters."""
    for side in sides:
        for kind in kinds:
            await side.client.create(CRDS, crd(kind))
            await eventually(partial(side.client.serves, kind))


async def uninstall(*sides: Side, kinds: tuple[Resource, ...] = KINDS) -> None:
    """Serve none of them any more."""
    for side in sides:
        for kind in kinds:
            await side.client.delete(CRDS, kind.label)

        async def absent(side: Side = side) -> bool:
            found = [await side.client.find_metadata(CRDS, one.label) for one in kinds]
            return not any(found)

        await eventually(absent, what="a CRD stays")


async def put(
    side: Side, kind: Resource, name: str, spec: Mapping[str, Any], *, namespace: str = ""
) -> None:
    """Create a manifest."""
    body = {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {"name": name} | ({"namespace": namespace} if namespace else {}),
        "spec": dict(spec),
    }
    await side.client.create(kind, body, namespace=namespace)


async def store(
    side: Side, namespace: str, provider: Mapping[str, Any], name: str = "store", **spec: Any
) -> None:
    """Create a SecretStore."""
    await put(side, SECRETSTORES, name, {"provider": provider, **spec}, namespace=namespace)


async def wants(
    side: Side,
    namespace: str,
    keys: Mapping[str, str],
    name: str = "db",
    *,
    store: str = "store",
    kind: str = "SecretStore",
    **spec: Any,
) -> None:
    """Create an ExternalSecret: key of the target to key in the store."""
    data = [{"secretKey": own, "remoteRef": {"key": key}} for own, key in keys.items()]
    wanted = {"secretStoreRef": {"name": store, "kind": kind}, "data": data, **spec}
    await put(side, EXTERNALSECRETS, name, wanted, namespace=namespace)


async def ready(
    side: Side, namespace: str, name: str = "db", kind: Resource = EXTERNALSECRETS
) -> tuple[str, str, str]:
    """Return status, reason and message of the Ready condition; empty without one."""
    found = await side.client.get(kind, name, namespace=namespace)
    for condition in (found.get("status") or {}).get("conditions", []):
        if condition["type"] == "Ready":
            return condition["status"], condition["reason"], condition["message"]
    return "", "", ""


async def says(
    side: Side, namespace: str, *words: str, name: str = "db", kind: Resource = EXTERNALSECRETS
) -> None:
    """Wait until the Ready condition has these words in its status, reason or message."""
    found: tuple[str, ...] = ()

    async def equal() -> bool:
        nonlocal found
        found = await ready(side, namespace, name, kind)
        return all(any(word in part for part in found) for word in words)

    try:
        await eventually(equal)
    except AssertionError:
        message = f"{side.name} says {found}, not {words}"
        raise AssertionError(message) from None
