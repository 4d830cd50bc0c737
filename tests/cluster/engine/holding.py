# SPDX-License-Identifier: Apache-2.0
"""What the breaker's tests share: many targets at once, and the plans that wait."""

from collections.abc import Iterable
from datetime import UTC
from typing import Any

from tests.cluster.engine.harness import Fleet
from tests.cluster.engine.sides import Side, eventually

from keyfleet.base.clock import SystemClock, timestamp
from keyfleet.engine.deletion import heldstore
from keyfleet.kube.resources import SECRETS
from keyfleet.model.held import Approval, HeldPlan
from keyfleet.model.ownership import HUB_LABEL
from keyfleet.testing.canary import canary

ONE = {"password": canary("one")}


async def plans(fleet: Fleet) -> list[HeldPlan]:
    """Return the plans that wait for a person."""
    stored = await heldstore.load(fleet.hub.client)
    return [plan for plan in stored.plans.values() if not plan.begun]


async def held(fleet: Fleet, *totals: int) -> list[HeldPlan]:
    """Wait until plans of exactly so many targets wait."""
    found: list[HeldPlan] = []

    async def are_held() -> bool:
        found[:] = await plans(fleet)
        return sorted(plan.total for plan in found) == sorted(totals)

    try:
        await eventually(are_held, timeout_s=20)
    except AssertionError:
        message = f"held are {[(str(plan.scope), plan.total) for plan in found]}, not {totals}"
        raise AssertionError(message) from None
    return found


async def approve(fleet: Fleet, plan: HeldPlan) -> None:
    """Approve a plan as `keyfleet approve` does."""
    now = timestamp(SystemClock().now().astimezone(UTC))
    await heldstore.approve(fleet.hub.client, plan, Approval("ann", now, plan.hash))


async def targets(fleet: Fleet, *sides: Side) -> int:
    """Return how many marked Secrets of this test's namespaces are there."""
    found = 0
    for side in sides:
        listed = await side.client.list_metadata(SECRETS, labels=HUB_LABEL)
        found += sum(one.namespace in fleet.namespaces for one in listed)
    return found


async def spread(fleet: Fleet, count: int, *sides: Side, name: str = "db", **spec: Any) -> None:
    """Deliver one FleetSecret to `count` labelled namespaces of each side."""
    labels = {"spread": fleet.namespace}
    for number in range(count):
        await fleet.add_namespace(f"{name}-{number}", *sides, labels=labels)
    selector = {"matchLabels": labels}
    every = {"clusters": {"names": ["*"]}, "namespaces": {"selector": selector}}
    await fleet.grant(f"spread-{name}", targets=every)
    await fleet.ask(*sides, name=name, placement={"namespaces": {"selector": selector}}, **spec)
    await there(fleet, count * len(sides), *sides)


async def many(fleet: Fleet, count: int, *sides: Side) -> list[str]:
    """Deliver `count` FleetSecrets with one target in each side; return their names."""
    names = [f"many-{number:02}" for number in range(count)]
    for name in names:
        await fleet.ask(*sides, name=name)
    await there(fleet, count * len(sides), *sides)
    return names


async def there(fleet: Fleet, count: int, *sides: Side) -> None:
    """Wait until exactly so many targets are there."""

    async def are_there() -> bool:
        return await targets(fleet, *sides) == count

    await eventually(are_there, timeout_s=30, what=f"there are not {count} targets")


async def stay(fleet: Fleet, count: int, *sides: Side) -> None:
    """Wait until the controller writes nothing more, and see that all targets are there."""
    await fleet.quiet()
    assert await targets(fleet, *sides) == count


async def withdraw(fleet: Fleet, names: Iterable[str]) -> None:
    """Delete FleetSecrets one after the other, as `kubectl delete` does."""
    for name in names:
        await fleet.withdraw(name)
