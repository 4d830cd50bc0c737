# SPDX-License-Identifier: Apache-2.0
"""The last words: what was seen, or what to try next."""

import shlex
import shutil

from keyfleet.base.clock import parse_timestamp
from keyfleet.cli.demo.documents import NAMESPACE, TREASURY
from keyfleet.cli.demo.guards import BANK_KEY
from keyfleet.cli.demo.narrator import Narrator, program
from keyfleet.cli.demo.props import NAME
from keyfleet.cli.demo.stage import Stage
from keyfleet.cli.demo.story import declare_again
from keyfleet.localplane.supervise import read_state


async def leave_running(stage: Stage, narrator: Narrator) -> None:
    """Make the fleet worth playing with, and say how."""
    await narrator.scene("It is yours now")
    await declare_again(stage, narrator)
    state = read_state()
    until = parse_timestamp(state.deadline).astimezone() if state else None
    stops = f" until {until:%H:%M}" if until else ""
    narrator.line()
    narrator.line(f"Control planes and controller keep running{stops}. Next, try:")
    narrator.line()
    for command in next_commands(stage):
        narrator.line(f"  {command}")


def next_commands(stage: Stage) -> list[str]:
    """Return commands that work as they stand, in this order."""
    own, last = program(), stage.names[-1]
    commands = [
        f"export KUBECONFIG={shlex.quote(str(stage.kubeconfig))}",
        f"{own} clusters",
        f"{own} status -o wide",
        f"{own} why {NAMESPACE}/{NAME} -c {last}",
        f"{own} why {TREASURY}/{BANK_KEY} -c {last}",
    ]
    if shutil.which("kubectl"):
        commands += [
            "kubectl get fleetsecrets --all-namespaces",
            f"kubectl --context {last} -n {NAMESPACE} delete secret {NAME}",
            f"kubectl --context {last} -n {NAMESPACE} get secret {NAME}",
        ]
    return [*commands, f"{own} sync {NAMESPACE}/{NAME}", f"{own} demo --stop"]


def farewell(narrator: Narrator) -> None:
    """Say what to do after everything was removed."""
    narrator.line()
    narrator.line("That is the main job. Control planes and secrets are gone again.")
    narrator.line(f"Play with it yourself: {program()} demo --keep")
    narrator.line(f"Your own clusters: {program()} --help")
