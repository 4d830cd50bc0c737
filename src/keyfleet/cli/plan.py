# SPDX-License-Identifier: Apache-2.0
"""`keyfleet plan`."""

from keyfleet.cli.exits import Exit
from keyfleet.cli.files import Files
from keyfleet.cli.notes import tell_findings
from keyfleet.cli.options import NO_OPTIONS, Common
from keyfleet.cli.output import show
from keyfleet.cli.planned import exit_of_plan, plan_answer
from keyfleet.cli.planning import open_look
from keyfleet.cli.refs import scope_of
from keyfleet.cli.sealing.certificates.service import KUBE_SYSTEM, KeyNamespace


async def plan(
    *secrets: str,
    filename: Files = (),
    key_namespace: KeyNamespace = KUBE_SYSTEM,
    common: Common = NO_OPTIONS,
) -> Exit:
    """Show what would change where; nothing is written.

    With -f for what the files declare, without for what the hub declares. Per key: `=` same, `~`
    changed, `+` new, `-` removed, with eight digits of keyed fingerprints, never values. Exit code
    0: no difference; 1: differences or findings; 3: a cluster could not be asked.

    Args:
        secrets: Only these, as NAMESPACE/NAME.
        filename: A file, a folder, or - for standard input; may be repeated.
        key_namespace: Where the clusters keep their sealing keys; default kube-system.
    """
    scope = scope_of(secrets, common.namespace)
    async with open_look(common, filename, key_namespace=key_namespace) as look:
        found = (await look.narrowed(scope).plan(prune=not filename)).of(scope)
    steps = [one.step for one in found.planned]
    show(plan_answer(steps, wide=common.is_wide), common)
    tell_findings([(step.place, step.finding) for step in steps], common)
    return exit_of_plan(steps)
