# SPDX-License-Identifier: Apache-2.0
"""The held plans of the hub, for commands that only mention them."""

from collections.abc import Iterable

from keyfleet.base.errors import DeniedError, InvalidInputError
from keyfleet.cli.hub import Hub
from keyfleet.engine.deletion import heldstore
from keyfleet.model.held import HeldPlan


def in_order(plans: Iterable[HeldPlan]) -> list[HeldPlan]:
    """Return the plans that wait for a person, the oldest first."""
    waiting = [plan for plan in plans if not plan.begun]
    return sorted(waiting, key=lambda plan: (plan.created, plan.id))


async def waiting_plans(hub: Hub) -> list[HeldPlan]:
    """Return what waits for a person; nothing where that may not be seen or cannot be read."""
    try:
        return in_order((await heldstore.load(hub.client)).plans.values())
    except (DeniedError, InvalidInputError):
        return []
