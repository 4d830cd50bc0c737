# SPDX-License-Identifier: Apache-2.0
"""A cluster as passes see it, answered from memory instead of watches; and an entry around it."""

from collections.abc import Mapping
from typing import Any

from tests.unit.engine.fakecluster import FakeCluster
from tests.unit.engine.fakes import EAST, HUB, INSTALLATION, jitter

from keyfleet.base.log import NoHooks
from keyfleet.engine.circuit import Circuit
from keyfleet.engine.entry import Entry
from keyfleet.engine.lane import Again, Busy, Lane
from keyfleet.engine.members.member import Member, MemberEvents
from keyfleet.engine.members.memory import Spot
from keyfleet.engine.views import GLANCE, Look, actual_from_secret, namespace_facts
from keyfleet.kube.access import Access
from keyfleet.kube.client import Client
from keyfleet.kube.objects import Metadata, metadata_of
from keyfleet.kube.resources import NAMESPACES, SECRETS
from keyfleet.model.desired import Actual
from keyfleet.model.intent import Intent
from keyfleet.model.ownership import Installation, read_marker
from keyfleet.model.places import ClusterFacts, ClusterName, IntentKey, NamespaceFacts
from keyfleet.plugin import ClusterSnapshot
from keyfleet.testing.clock import FakeClock


class FakeMember(Member):
    """An engaged cluster that always knows what is there; follows `views.ClusterView`."""

    def __init__(
        self,
        cluster: FakeCluster,
        *,
        is_hub: bool = False,
        facts: ClusterFacts | None = None,
        hub: FakeCluster | None = None,
    ) -> None:
        super().__init__(
            facts or (HUB if is_hub else EAST),
            cluster,
            INSTALLATION,
            events=MemberEvents(),
            clock=FakeClock(),
            random=jitter(),
            hooks=NoHooks(),
            hub=hub,
        )
        self.cluster = cluster

    async def namespaces(self, intent: Intent) -> Mapping[str, NamespaceFacts]:
        del intent
        found = await self.cluster.list_metadata(NAMESPACES)
        return {metadata.name: namespace_facts(metadata) for metadata in found}

    async def namespace(self, name: str) -> NamespaceFacts | None:
        found = await self.cluster.find_metadata(NAMESPACES, name)
        return namespace_facts(found) if found else None

    async def actual(
        self, namespace: str, name: str, intent: IntentKey, look: Look = GLANCE
    ) -> Actual | None:
        secret = await self.cluster.find_secret(namespace, name)
        inheritance = look.inheritance
        return actual_from_secret(secret, INSTALLATION, intent, inheritance) if secret else None

    async def owned(self, intent: IntentKey) -> list[Spot]:
        return [spot for spot, owner in self._marked().items() if owner == intent]

    def spots_of(self, intent: IntentKey) -> list[Spot]:
        return [spot for spot, owner in self._marked().items() if owner == intent]

    def owners(self) -> set[IntentKey]:
        return set(self._marked().values())

    def target(self, spot: Spot) -> Metadata | None:
        found = self.cluster.objects.get((SECRETS.label, *spot))
        return metadata_of(found) if found else None

    def _marked(self) -> dict[Spot, IntentKey]:
        found: dict[Spot, IntentKey] = {}
        for (label, namespace, name), document in self.cluster.objects.items():
            marker = read_marker(document["metadata"].get("annotations") or {})
            if label == SECRETS.label and marker is not None:
                found[namespace, name] = marker.intent
        return found


async def no_access() -> Access:
    """Fail: these tests open no session."""
    raise AssertionError


def snapshot_of(name: str = "east", **fields: Any) -> ClusterSnapshot:
    """Return what an inventory says of a cluster."""
    return ClusterSnapshot(ClusterName(name), no_access, **fields)


class ReadyMember(FakeMember):
    """A member whose watches are there at once."""

    def __init__(
        self, facts: ClusterFacts, client: Client, installation: Installation, **means: Any
    ) -> None:
        del installation, means
        assert isinstance(client, FakeCluster)
        super().__init__(client, facts=facts)

    async def start(self) -> None:
        self.is_ready = True

    async def stop(self) -> None:
        self.is_ready = False


class Queued(Lane):
    """A lane that works on nothing and notes what it is given."""

    def __init__(self, name: ClusterName) -> None:
        super().__init__(
            name, _nothing, busy=Busy(lambda _: None), hooks=NoHooks(), random=jitter()
        )
        self.keys: list[IntentKey] = []

    def add(self, key: IntentKey, *, delay_s: float = 0.0) -> None:
        del delay_s
        self.keys.append(key)


def entry_of(member: FakeMember, *, snapshot: ClusterSnapshot | None = None) -> Entry:
    """Return the entry of an engaged cluster without problems."""
    snapshot = snapshot or snapshot_of(member.facts.name)
    entry = Entry(snapshot, Queued(snapshot.name))
    entry.member = member
    entry.problem = None
    return entry


class NotedCircuit(Circuit):
    """Notes what failed and probes nothing."""

    def __init__(self) -> None:
        super().__init__(
            _answered,
            on_doubt=lambda: None,
            on_open=lambda _: None,
            on_close=lambda _: None,
            clock=FakeClock(),
            random=jitter(),
        )
        self.codes: list[str] = []

    def failed(self, error: Any) -> None:
        self.codes.append(error.code)


async def _answered() -> None:
    return None


async def _nothing(_: IntentKey) -> Again | None:
    return None
