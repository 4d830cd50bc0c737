# SPDX-License-Identifier: Apache-2.0
"""Stores of one look at the fleet: asked for once, of files first."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.unit.engine.fakecluster import FakeCluster
from tests.unit.engine.fakes import HUB, intent_of
from tests.unit.engine.stores.bench import (
    STORE,
    VALUE,
    WIDE,
    CountingProvider,
    manifest_of,
    read_of,
)

from keyfleet.base.errors import NotFoundError
from keyfleet.engine.stores.looking import StoreLook
from keyfleet.engine.stores.objects import Document
from keyfleet.engine.stores.reading import Unread
from keyfleet.kube.client import Client
from keyfleet.kube.resources import CLUSTERSECRETSTORES, NAMESPACES, SECRETSTORES
from keyfleet.model.intent import Read
from keyfleet.model.places import ClusterFacts, ClusterName
from keyfleet.model.stores import StoreRef
from keyfleet.plugin.stores import Answer, ProviderMeans
from keyfleet.testing.clock import FakeClock


class Bench:
    """A hub and one look at it."""

    def __init__(self, files: dict[StoreRef, Document] | None = None) -> None:
        self.hub = FakeCluster("hub")
        self.provider = CountingProvider()
        means = ProviderMeans(FakeClock(), lambda count: b"x" * count, lambda *_: None)
        self.look = StoreLook({"counting": self.provider}, {}, means, manifests=files)

    def resolved(self, name: ClusterName) -> tuple[ClusterFacts, Client] | None:
        return None if name else (HUB, self.hub)

    async def read(self, read: Read) -> Answer | Unread:
        intent = intent_of(reads=(read,))
        await self.look.find(intent, self.resolved)
        reading = self.look.stores.begin(intent.key)
        namespace = self.look.namespace_of(intent.key)
        return await self.look.stores.read(reading, read, namespace)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    yield bench
    await bench.look.close()
    assert bench.provider.closed == len(bench.provider.sessions)


async def test_a_store_of_the_cluster_is_asked_for_once(bench: Bench) -> None:
    bench.hub.put(SECRETSTORES, "vault", namespace="payments", **_parts())
    for _ in range(2):
        assert await bench.read(read_of()) == VALUE
    asked = [one for one in bench.hub.asked if one.kind == "SecretStore"]
    assert len(asked) == 1


async def test_a_store_that_is_absent_is_named(bench: Bench) -> None:
    found = await bench.read(read_of())
    assert isinstance(found, Unread)
    assert found.finding.reason == "StoreMissing"
    assert "it does not exist" in found.finding.message


async def test_a_kind_that_is_not_served_is_no_absence(bench: Bench) -> None:
    gone = NotFoundError("api.not_served", "not served")
    bench.hub.errors["get SecretStore"] = [gone, gone]
    found = await bench.read(read_of())
    assert isinstance(found, Unread)
    assert "not served" in found.finding.message


async def test_conditions_see_the_namespace_as_it_is(bench: Bench) -> None:
    conditions = [{"namespaceSelector": {"matchLabels": {"team": "pay"}}}]
    bench.hub.put(CLUSTERSECRETSTORES, "vault", **_parts(conditions=conditions))
    bench.hub.put(NAMESPACES, "payments", metadata={"labels": {"team": "pay"}})
    assert await bench.read(read_of(store=WIDE)) == VALUE


async def test_a_store_of_a_file_comes_first() -> None:
    bench = Bench({STORE: manifest_of()})
    assert await bench.read(read_of()) == VALUE
    assert not [one for one in bench.hub.asked if one.kind == "SecretStore"]
    await bench.look.close()


def _parts(**spec: Any) -> Document:
    return {"spec": manifest_of(**spec)["spec"]}
