# SPDX-License-Identifier: Apache-2.0
"""Everything that a controller says, searched for values: what no test may show."""

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from tests.cluster.engine.harness import Fleet

from keyfleet import app
from keyfleet.base import codec
from keyfleet.base.clock import Clock
from keyfleet.base.errors import KeyfleetError
from keyfleet.kube.client import Client
from keyfleet.kube.resources import (
    CONFIGMAPS,
    EVENTS,
    FLEETCLUSTERS,
    FLEETPOLICIES,
    FLEETSECRETS,
    LEASES,
    NAMESPACES,
    SECRETS,
    Resource,
)
from keyfleet.model.ownership import HUB_LABEL, SYSTEM_NAMESPACE
from keyfleet.observe.metrics import Metrics
from keyfleet.testing.canary import find_canary

_WHOLE = (EVENTS, CONFIGMAPS, LEASES)


class Outputs:
    """What the controllers of one test put out; logs, stdout and stderr are tests/conftest.py's."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Listen to every controller that is started from now on."""
        self.metrics: list[Metrics] = []
        known = self.metrics

        class Recorded(Metrics):
            """Metrics whose page can be read after the controller has ended."""

            def __init__(self, clock: Clock) -> None:
                super().__init__(clock)
                known.append(self)

        monkeypatch.setattr(app, "Metrics", Recorded)

    async def leaks(self, fleet: Fleet) -> list[str]:
        """Return where a value shows: in metrics, statuses, events, records and marks."""
        found = [
            f"metrics page {number}"
            for number, metrics in enumerate(self.metrics)
            if find_canary(metrics.render()[0])
        ]
        async for name, text in _texts(fleet):
            if find_canary(text):
                found.append(name)
        return found


async def _texts(fleet: Fleet) -> AsyncIterator[tuple[str, bytes]]:
    for resource in (FLEETSECRETS, FLEETCLUSTERS, FLEETPOLICIES):
        async for found in _whole(fleet.hub.client, resource, ""):
            yield found
    for side in fleet.sides:
        for namespace in (*fleet.namespaces, SYSTEM_NAMESPACE, "default"):
            for resource in _WHOLE:
                async for name, text in _whole(side.client, resource, namespace):
                    yield f"{side.context}: {name}", text
        marked = await side.client.list_metadata(SECRETS, labels=HUB_LABEL)
        for metadata in [*marked, *await side.client.list_metadata(NAMESPACES)]:
            name = f"{side.context}: metadata of {metadata.namespace}/{metadata.name}"
            yield name, codec.encode_json(codec.builtins(metadata))


async def _whole(
    client: Client, resource: Resource, namespace: str
) -> AsyncIterator[tuple[str, bytes]]:
    items: list[dict[str, Any]] = []
    with suppress(KeyfleetError):
        # A kind that a test took away says nothing.
        items = (await client.list(resource, namespace=namespace)).items
    for item in items:
        metadata = item["metadata"]
        name = f"{resource.kind} {metadata.get('namespace', '')}/{metadata['name']}"
        yield name, codec.encode_json(item)
