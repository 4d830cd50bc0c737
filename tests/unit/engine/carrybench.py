# SPDX-License-Identifier: Apache-2.0
"""A cluster that takes its own from the hub, and the passes that lay it out there, for tests."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial, partialmethod
from typing import Any

import pytest
from tests.unit.engine.fakecluster import FakeCluster
from tests.unit.engine.fakefleet import FakeMember, entry_of
from tests.unit.engine.fakes import EAST, HUB_UID, intent_of
from tests.unit.engine.passbench import Bench

from keyfleet.base.errors import KeyfleetError
from keyfleet.base.sealing import Scope
from keyfleet.engine.members.memory import Spot
from keyfleet.engine.members.watchmaker import WatchMaker
from keyfleet.kube.objects import Metadata, metadata_of
from keyfleet.kube.resources import NAMESPACES, SEALEDSECRETS, Resource
from keyfleet.model.intent import Intent
from keyfleet.testing.sealing import key_pair


class Mirror:
    """A watch that shows what is there, from the moment it is made."""

    def __init__(
        self,
        maker: WatchMaker,
        resource: Resource,
        on_change: Callable[..., None],
        *,
        namespace: str = "",
        labels: str = "",
        **rest: Any,
    ) -> None:
        del rest
        assert isinstance(maker.client, FakeCluster)
        self.synced, self.heard_at = True, 0.0
        self.error: KeyfleetError | None = None
        self._show = partial(maker.client.select, resource, namespace, labels)
        for key, metadata in self.items.items() if resource is SEALEDSECRETS else ():
            on_change(key, None, metadata)

    @property
    def items(self) -> dict[Spot, Metadata]:
        found = map(metadata_of, self._show())
        return {metadata.key: metadata for metadata in found}

    async def run(self) -> None:
        return None

    def nudge(self) -> None:
        """Nothing has to be tried again."""


def sealed_intent(*, is_carried: bool) -> Intent:
    """Return an intent that is delivered as a SealedSecret, over the hub or not."""
    wanted = intent_of()
    targets = replace(wanted.targets, sealed_as=Scope.STRICT, is_carried=is_carried)
    return replace(wanted, targets=targets)


class CarryBench(Bench):
    """East, whose certificate is declared, and the hub."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(WatchMaker, "watch", partialmethod(Mirror))
        super().__init__(sealed_intent(is_carried=True))
        self.hub = FakeCluster("hub", HUB_UID)
        self.hub.served = self.cluster.served = frozenset({SEALEDSECRETS})

    async def engage(self, home: str = "") -> None:
        """Engage east anew, which takes its own from this namespace of the hub."""
        certificate = key_pair("one").certificate.decode()
        facts = replace(EAST, hub_namespace=home, sealing_certificate=certificate)
        self.member = FakeMember(self.cluster, facts=facts, hub=self.hub)
        await self.member.sealed.open()
        await self.member.carriers.open()
        self.entry = entry_of(self.member)

    def want(self, intent: Intent) -> None:
        """Change what is wanted."""
        self.intent = intent
        self.intents.put(intent)

    def add_home(self, *homes: str) -> None:
        """Create namespaces on the hub."""
        for home in homes:
            self.hub.put(NAMESPACES, home)

    @property
    def carriers(self) -> list[str]:
        """Where carriers lie."""
        label = SEALEDSECRETS.label
        return [f"{at[1]}/{at[2]}" for at in sorted(self.hub.objects) if at[0] == label]
