# SPDX-License-Identifier: Apache-2.0
"""`keyfleet apply`."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from keyfleet.base.errors import InvalidInputError
from keyfleet.cli.applied import applied_answer
from keyfleet.cli.exits import Exit, exit_of_states
from keyfleet.cli.files import Files
from keyfleet.cli.notes import tell_findings
from keyfleet.cli.options import NO_OPTIONS, Common
from keyfleet.cli.output import show
from keyfleet.cli.planned import exit_of_plan, plan_answer
from keyfleet.cli.planning import open_look
from keyfleet.cli.sealing.certificates.service import KUBE_SYSTEM, KeyNamespace
from keyfleet.cli.sealing.delivering import deliver_into
from keyfleet.cli.sealing.options.flags import Fleet
from keyfleet.engine.deletion.pruning import held_back

_Flag = Annotated[bool, Parameter(negative="")]


async def apply(  # noqa: PLR0913 - one parameter for each flag
    *,
    filename: Files = (),
    prune: _Flag = False,
    approve: Annotated[
        tuple[str, ...], Parameter(consume_multiple=False, negative="", metavar="ID")
    ] = (),
    dry_run: _Flag = False,
    into: Annotated[Path | None, Parameter(metavar="DIR")] = None,
    force: _Flag = False,
    keep: _Flag = False,
    key_namespace: KeyNamespace = KUBE_SYSTEM,
    common: Common = NO_OPTIONS,
) -> Exit:
    """Deliver once, from files; nothing needs to be installed anywhere.

    Reads the sources, writes the targets and stores nothing else. A FleetSecret that the hub
    declares is left to its controller (exit code 7). What would delete or empty too much at once
    waits under an ID (exit code 6).

    Args:
        filename: A file, a folder, or - for standard input; may be repeated.
        prune: Also delete copies of these FleetSecrets that the files no longer want.
        approve: Delete or empty exactly the set that was held under this ID; may be repeated.
        dry_run: Show the plan and write nothing.
        into: Write no cluster but DIR/clusters/CLUSTER/NAMESPACE/NAME.yml, sealed for each, and
            list it in its kustomization.
        force: With --into: seal files anew that exist.
        keep: With --into: leave files that exist, whatever they hold.
        key_namespace: Where the clusters keep their sealing keys; default kube-system.
    """
    if not filename:
        raise InvalidInputError("cli.usage", "which files?", hint="keyfleet apply -f FILE")
    if into is None and (force or keep):
        raise InvalidInputError("cli.usage", "--force and --keep are for --into")
    if into is not None and (prune or approve or dry_run):
        raise InvalidInputError("cli.usage", "--into deletes nothing and plans nothing")
    async with open_look(common, filename, key_namespace=key_namespace) as look:
        if into is not None:
            return await deliver_into(look, Fleet(into=into, force=force, keep=keep), common)
        found = await look.plan(prune=prune)
        planned = held_back(
            found.planned, found.shot.limits, approved=approve, now=look.hub.clock.now()
        )
        steps = [one.step for one in planned]
        if dry_run:
            show(plan_answer(steps, wide=common.is_wide), common)
            tell_findings([(step.place, step.finding) for step in steps], common)
            return exit_of_plan(steps)
        deliveries = await found.shot.apply(planned)
    show(applied_answer(deliveries), common)
    tell_findings([(each.step.place, each.finding) for each in deliveries], common)
    return exit_of_states(each.finding.state for each in deliveries if each.finding)
