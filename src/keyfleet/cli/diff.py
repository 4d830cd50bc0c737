# SPDX-License-Identifier: Apache-2.0
"""`keyfleet diff`."""

from keyfleet.cli.exits import Exit
from keyfleet.cli.files import Files
from keyfleet.cli.notes import tell_findings
from keyfleet.cli.options import NO_OPTIONS, Common
from keyfleet.cli.output import show
from keyfleet.cli.planned import exit_of_plan, is_different, plan_answer
from keyfleet.cli.planning import open_look
from keyfleet.cli.refs import scope_of
from keyfleet.cli.sealing.certificates.service import KUBE_SYSTEM, KeyNamespace


async def diff(
    *secrets: str,
    filename: Files = (),
    key_namespace: KeyNamespace = KUBE_SYSTEM,
    common: Common = NO_OPTIONS,
) -> Exit:
    """Compare the fleet with what is declared; only differences are shown.

    Per key: `+` is declared and missing, `-` is there and not declared, `~` is another value. Exit
    code 0: no difference; 1: differences; above: an error.

    Args:
        secrets: Only these, as NAMESPACE/NAME.
        filename: Compare with files instead of the hub; may be repeated.
        key_namespace: Where the clusters keep their sealing keys; default kube-system.
    """
    scope = scope_of(secrets, common.namespace)
    async with open_look(common, filename, key_namespace=key_namespace) as look:
        found = (await look.narrowed(scope).plan(prune=not filename)).of(scope)
    steps = [one.step for one in found.planned if is_different(one.step)]
    show(plan_answer(steps, wide=common.is_wide), common)
    tell_findings([(step.place, step.finding) for step in steps], common)
    return exit_of_plan(steps)
