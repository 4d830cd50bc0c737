# SPDX-License-Identifier: Apache-2.0
"""`keyfleet demo`: the main job, played on real control planes on this machine.

`stage` starts the planes and the controller, `props` are the objects on them, `story` plays,
`narrator` tells, `closing` says what to try next; `kept` is the controller that stays.
"""

from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from keyfleet.base.clock import SystemClock
from keyfleet.cli.demo.closing import farewell, leave_running
from keyfleet.cli.demo.kept import stop_all
from keyfleet.cli.demo.narrator import Narrator
from keyfleet.cli.demo.stage import CLUSTERS_MAX, open_stage
from keyfleet.cli.demo.story import play
from keyfleet.cli.options import NO_OPTIONS, Common
from keyfleet.cli.terminal import note
from keyfleet.observe.logs import LogFormat, configure_logging
from keyfleet.observe.process import harden_process

_Flag = Annotated[bool, Parameter(negative="")]


async def demo(
    *,
    clusters: Annotated[int, Parameter(validator=Number(gte=2, lte=CLUSTERS_MAX))] = 3,
    keep: _Flag = False,
    stop: _Flag = False,
    common: Common = NO_OPTIONS,
) -> None:
    """Watch Keyfleet work on real control planes on this machine.

    Starts real API servers (no containers, about 310 MB each), makes them a fleet and plays the
    main job. Your own clusters and kubeconfig are not touched.

    Args:
        clusters: How many control planes, the hub included; 2 to 10, default 3.
        keep: Leave planes and controller running afterwards; they stop by themselves after 2 hours.
        stop: Stop what --keep left running.
    """
    if stop:
        was_running = await stop_all(SystemClock())
        note("The demo is stopped." if was_running else "No demo is running.")
        return
    harden_process()
    # The story says what happens; the log would say it again.
    configure_logging(common.verbose - 1, log_format=LogFormat(common.log_format.value))
    narrator = Narrator.of_this_process(common.color)
    narrator.line("Keyfleet: one declaration, the same Secret everywhere.")
    narrator.line()
    narrator.line(f"{clusters} real Kubernetes control planes start on this machine.")
    async with open_stage(clusters, narrator, keep=keep) as stage:
        await play(stage, narrator)
        if keep:
            await leave_running(stage, narrator)
    if not keep:
        farewell(narrator)
