# SPDX-License-Identifier: Apache-2.0
"""`keyfleet status`."""

from typing import Annotated

from cyclopts import Parameter

from keyfleet.cli.exits import Exit
from keyfleet.cli.held import waiting_plans
from keyfleet.cli.hub import open_hub, require_installed
from keyfleet.cli.options import NO_OPTIONS, Common
from keyfleet.cli.output import show
from keyfleet.cli.refs import scope_of
from keyfleet.cli.standings import standings_answer
from keyfleet.cli.surveying import survey
from keyfleet.cli.terminal import note


async def status(
    *secrets: str,
    check: Annotated[bool, Parameter(negative="")] = False,
    common: Common = NO_OPTIONS,
) -> Exit:
    """Show every secret in every cluster; `-o wide` gives a line per cluster.

    FleetSecrets are shown as the controller last recorded them; annotated Secrets have no status
    and are looked at now.

    Args:
        secrets: Only these, as NAMESPACE/NAME.
        check: Exit code 1 when one is neither in sync nor paused.
    """
    scope = scope_of(secrets, common.namespace)
    async with open_hub(common) as hub:
        await require_installed(hub)
        found = await survey(hub, common, scope)
        now = hub.clock.now()
        plans = await waiting_plans(hub)
    show(standings_answer(found, now=now, wide=common.is_wide), common)
    if plans and not common.is_machine_readable:
        many = "1 plan waits" if len(plans) == 1 else f"{len(plans)} plans wait"
        note(f"{many} for a person: `keyfleet approve` lists what is held.")
    is_bad = check and not all(each.is_well for each in found)
    return Exit.FINDINGS if is_bad else Exit.DONE
