# SPDX-License-Identifier: Apache-2.0
"""What the engine's unit tests share: makers of intents and facts, and time for the loop too."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from random import Random
from typing import Any, TypeVar

from keyfleet.base.keyring import Keyring
from keyfleet.base.secret import SecretValue
from keyfleet.model.desired import Actual
from keyfleet.model.intent import ClusterTargets, Guard, Intent, Origin, Read, SecretRef, Shape
from keyfleet.model.matchers import ChosenClusters, ChosenNamespaces
from keyfleet.model.ownership import Installation
from keyfleet.model.places import ClusterFacts, ClusterName, ClusterUid, IntentKey
from keyfleet.model.plan import Finding, State
from keyfleet.testing.canary import canary
from keyfleet.testing.clock import FakeClock

T = TypeVar("T")

HUB_UID = "3f2a91c0-0000-4000-8000-000000000001"
RING = Keyring({"20260101": b"k" * 32})
INSTALLATION = Installation(HUB_UID, RING)
EAST = ClusterFacts(ClusterName("east"), ClusterUid("uid-east"), {"env": "prod"})
WEST = ClusterFacts(ClusterName("west"), ClusterUid("uid-west"), {"env": "test"})
HUB = ClusterFacts(ClusterName("hub"), ClusterUid(HUB_UID), is_hub=True)
VALUE = SecretValue(canary("one"))
OTHER_VALUE = SecretValue(canary("two"))


def jitter() -> Random:
    """Return the same chance in every run."""
    return Random(0)


def key_of(name: str = "db", namespace: str = "payments", kind: str = "FleetSecret") -> IntentKey:
    """Return the key of an intent on the hub."""
    return IntentKey(kind, namespace, name)


def intent_of(
    key: IntentKey | None = None,
    *,
    clusters: ChosenClusters | None = None,
    namespaces: ChosenNamespaces | None = None,
    target: str = "db",
    ref: SecretRef | None = None,
    created: str = "2026-01-01T00:00:00Z",
    guard: Guard | None = None,
    **fields: Any,
) -> Intent:
    """Return an intent that copies payments/src of the hub to payments/db of east."""
    key = key or key_of()
    origin = Origin("native", key.kind, key.namespace, key.name, f"uid-{key.name}", 3, created)
    intent = Intent(
        key=key,
        origins=(origin,),
        reads=(Read("kubernetes", ref or SecretRef("payments", "src")),),
        shape=Shape(),
        targets=ClusterTargets(
            clusters or ChosenClusters(("east",)),
            namespaces or ChosenNamespaces(("payments",)),
            target,
        ),
        guard=guard or Guard(),
    )
    return replace(intent, **fields)


def actual_of(version: str = "7", uid: str = "u1", **fields: Any) -> Actual:
    """Return a live object."""
    return replace(Actual(uid, version, "Opaque", fingerprint="v1:a:0"), **fields)


def finding_of(reason: str = "Unreachable", state: State = State.UNREACHABLE) -> Finding:
    """Return a finding."""
    return Finding(state, reason, "no answer")


class LoopClock(FakeClock):
    """Virtual time that the running event loop follows too, so that its timers obey `advance`."""

    def __init__(self) -> None:
        """Take over the running loop's clock; the loop must not outlive the test."""
        super().__init__()
        loop = asyncio.get_running_loop()
        began = loop.time()
        loop.time = lambda: began + self.monotonic()  # type: ignore[method-assign]

    async def pass_time(self, seconds: float, *, step_s: float = 0.01) -> None:
        """Advance in small steps, since timers of the loop are no sleepers of this clock."""
        for _ in range(round(seconds / step_s)):
            await self.advance(step_s)
        await self.settle()


async def eventually(is_true: Callable[[], bool]) -> None:
    """Let tasks run, for at most 200 ms, until it is true."""
    for _ in range(200):
        if is_true():
            return
        await asyncio.sleep(0.001)
    assert is_true(), "it did not become true in time"


async def turns(count: int = 20) -> None:
    """Let every task run until it waits."""
    for _ in range(count):
        await asyncio.sleep(0)


async def given_up(coroutine: Coroutine[Any, Any, T]) -> T:
    """Wait for it, for at most a second."""
    async with asyncio.timeout(1):
        return await coroutine
