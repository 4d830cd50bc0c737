# SPDX-License-Identifier: Apache-2.0
"""`keyfleet completion`."""

import sys
from typing import Literal

from keyfleet.cli.options import NO_OPTIONS, Common
from keyfleet.cli.terminal import write_data


def completion(shell: Literal["bash", "zsh", "fish"], /, *, common: Common = NO_OPTIONS) -> None:
    """Print the completion script of a shell.

    For example `source <(keyfleet completion bash)`.

    Args:
        shell: Which one.
    """
    from keyfleet.cli.program import COMMANDS, program

    del common
    app = program(called=[name for name, _, _ in COMMANDS], path=sys.argv[0])
    write_data(app.generate_completion(prog_name="keyfleet", shell=shell))
