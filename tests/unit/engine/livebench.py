# SPDX-License-Identifier: Apache-2.0
"""A fleet in memory for one-shot commands: `LiveFleet` logs in to it instead of to servers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from tests.unit.engine.fakecluster import FakeCluster
from tests.unit.engine.fakes import HUB_UID, INSTALLATION, VALUE

from keyfleet.base.errors import KeyfleetError
from keyfleet.base.secret import SecretValue
from keyfleet.engine.livefleet import LiveFleet
from keyfleet.engine.oneshot import OneShot, Planned, Request
from keyfleet.kube.access import Access, Endpoint
from keyfleet.kube.auth.static_token import StaticToken
from keyfleet.model.intent import Intent
from keyfleet.model.ownership import Installation
from keyfleet.model.places import ClusterName
from keyfleet.model.policy import Policies
from keyfleet.plugin import ClusterSnapshot
from keyfleet.sources.kubernetes import SOURCE
from keyfleet.testing.canary import canary
from keyfleet.testing.clock import FakeClock

OPERATOR = Policies(is_operator=True)


@dataclass
class LiveBench:
    """Hub, east and west; each is contacted through the `Client` that a test may break."""

    monkeypatch: pytest.MonkeyPatch
    hub: FakeCluster = field(default_factory=lambda: FakeCluster("hub", HUB_UID))
    east: FakeCluster = field(default_factory=FakeCluster)
    west: FakeCluster = field(default_factory=lambda: FakeCluster("west", "uid-west"))
    opened: list[str] = field(default_factory=list)
    refusals: dict[str, KeyfleetError] = field(default_factory=dict)
    """Why a login cannot be resolved, by cluster."""

    def __post_init__(self) -> None:
        self.clusters = {"hub": self.hub, "east": self.east, "west": self.west}
        self.hub.put_secret("src", k=VALUE)
        self.snapshots = [self.snapshot("east"), self.snapshot("west", labels={"env": "test"})]
        new: Callable[..., FakeCluster] = lambda name, *_, **__: self.clusters[name]  # noqa: E731
        self.monkeypatch.setattr("keyfleet.engine.livefleet.Client", new)

    def snapshot(self, name: str, **fields: Any) -> ClusterSnapshot:
        return ClusterSnapshot(ClusterName(name), partial(self.open, name), **fields)

    async def open(self, name: str) -> Access:
        self.opened.append(name)
        if name in self.refusals:
            raise self.refusals[name]
        token = StaticToken(SecretValue(canary("token")))
        return Access(Endpoint(f"https://{name}", b"a bundle"), token)

    def fleet(self, installation: Installation = INSTALLATION) -> LiveFleet:
        return LiveFleet(self.snapshots, self.hub, installation, clock=FakeClock())

    def one_shot(
        self, *intents: Intent, installation: Installation = INSTALLATION, **request: Any
    ) -> OneShot:
        asked = Request(
            **{
                "intents": intents,
                "policies": OPERATOR,
                "sources": {"kubernetes": SOURCE},
                "crd_uids": {"FleetSecret": "crd-1"},
                **request,
            }
        )
        return OneShot(self.fleet(installation), asked)

    async def apply(self, *intents: Intent, **request: Any) -> None:
        one_shot = self.one_shot(*intents, **request)
        await one_shot.apply(await one_shot.plan())


def told(planned: tuple[Planned, ...]) -> list[tuple[str, str, str]]:
    """Return cluster, verb and reason of each step."""
    return [
        (
            one.step.place.cluster,
            one.step.verb.value,
            one.step.finding.reason if one.step.finding else "",
        )
        for one in planned
    ]
