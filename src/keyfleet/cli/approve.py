# SPDX-License-Identifier: Apache-2.0
"""`keyfleet approve`."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from keyfleet.base.clock import timestamp
from keyfleet.base.errors import DeniedError, KeyfleetError, NotFoundError, NotReadyError
from keyfleet.cli.approving import plan_answer, plan_lines, successor, waiting_answer
from keyfleet.cli.confirming import Yes, confirm
from keyfleet.cli.controller import leader
from keyfleet.cli.duration import Duration
from keyfleet.cli.exits import TIMED_OUT, Exit
from keyfleet.cli.held import in_order
from keyfleet.cli.hub import Hub, open_hub, require_installed
from keyfleet.cli.options import NO_OPTIONS, Common
from keyfleet.cli.output import show
from keyfleet.cli.terminal import note
from keyfleet.engine.deletion import heldstore
from keyfleet.model.held import Approval, HeldPlan

LOOK_EVERY_S = 0.2


async def approve(
    *ids: str,
    yes: Yes = False,
    timeout: Duration = timedelta(seconds=30),  # noqa: ASYNC109 - a flag
    common: Common = NO_OPTIONS,
) -> Exit:
    """Let held deletions go: exactly the targets that are shown, and no others.

    Without an ID: list what waits. A plan whose targets changed since it was shown stays held and
    has another ID. An approval is good for an hour. Exit code 5: the controller did not take it up
    in time; 6: held anew, since the targets changed.

    Args:
        ids: Plans to let go; `keyfleet approve` lists them.
        yes: Do not ask.
        timeout: How long to wait for the controller to begin; default 30s.
    """
    async with open_hub(common) as hub:
        await require_installed(hub)
        waiting = in_order((await heldstore.load(hub.client)).plans.values())
        if not ids:
            show(waiting_answer(waiting, hub.clock.now()), common)
            return Exit.DONE
        chosen = [_chosen(id_, waiting) for id_ in dict.fromkeys(ids)]
        for plan in chosen:
            for line in plan_lines(plan):
                note(line)
        total = sum(plan.total for plan in chosen)
        noun = "target" if total == 1 else "targets"
        confirm(f"{total} {noun} go.", chosen[0].id, is_yes=yes)
        by = await _person(hub)
        for plan in chosen:
            now = timestamp(heldstore.hub_now(hub.client, hub.clock))
            approval = Approval(by, now, plan.hash)
            await heldstore.approve(hub.client, plan, approval)
        if not await _is_controller_running(hub):
            note("Warning: no controller runs; the approval is good for an hour.")
            results, is_held = ["approved"] * len(chosen), False
        else:
            results, is_held = await _begun(hub, chosen, timeout)
    show(plan_answer(chosen, results), common)
    return Exit.HELD if is_held else Exit.DONE


def _chosen(id_: str, waiting: Sequence[HeldPlan]) -> HeldPlan:
    found = next((plan for plan in waiting if plan.id == id_), None)
    if found is not None:
        return found
    known = ", ".join(plan.id for plan in waiting) or "none"
    raise NotFoundError("held.gone", "this plan is not held any more", id_, hint=f"held: {known}")


async def _is_controller_running(hub: Hub) -> bool:
    try:
        return (await leader(hub.client, hub.clock)).is_fresh
    except DeniedError:
        # Not for everybody to see: whether it takes the approval up will show.
        return True


async def _person(hub: Hub) -> str:
    try:
        return await hub.client.username()
    except KeyfleetError:
        return "somebody whose name the hub does not tell"


async def _begun(hub: Hub, chosen: Sequence[HeldPlan], within: timedelta) -> tuple[list[str], bool]:
    """Wait until the controller has taken up every approval, or found that it reaches nothing."""
    until = hub.clock.monotonic() + within.total_seconds()
    while True:
        plans = (await heldstore.load(hub.client)).plans
        open_ = [plan for plan in chosen if plan.id in plans and not plans[plan.id].begun]
        if not open_:
            results = [_result(plan, plans.values()) for plan in chosen]
            return results, any(not _is_begun(plan, plans.values()) for plan in chosen)
        if hub.clock.monotonic() > until:
            raise NotReadyError(
                TIMED_OUT,
                "the controller did not take the approval up in time",
                open_[0].id,
                hint="it stays good for an hour; `keyfleet doctor` looks at the controller",
            )
        await hub.clock.sleep(LOOK_EVERY_S)


def _is_begun(plan: HeldPlan, plans: Iterable[HeldPlan]) -> bool:
    return any(one.id == plan.id and one.begun for one in plans)


def _result(plan: HeldPlan, plans: Iterable[HeldPlan]) -> str:
    every = list(plans)
    if _is_begun(plan, every):
        return f"approved, {plan.total} going"
    after = successor(plan, every)
    if after is None:
        return "not carried out: its targets changed, and nothing of it waits any more"
    return f"not carried out: its targets changed; held anew as plan {after.id}"
