# SPDX-License-Identifier: Apache-2.0
"""The `keyfleet` command, also usable as `kubectl keyfleet`.

One file per command, imported when the command is called. What they share: `options` (global flags
before or after the command), `running` (errors to exit codes), `exits` (the codes), `output` and
`tables` (data on standard output), `terminal` (what the terminal can show, notes on standard
error), `hub` (the connection).
"""


def main() -> int:
    """Run the command line of this process; return the exit code."""
    import sys

    from keyfleet.cli.running import run

    return run(sys.argv[1:])
