# SPDX-License-Identifier: Apache-2.0
"""The reference page of the command line, made from the help pages themselves."""

import io
from collections.abc import Iterator

from keyfleet.cli.exits import MEANINGS
from keyfleet.cli.options import ENVIRONMENT
from keyfleet.cli.program import COMMANDS, program

WIDTH = 88
GLOBAL = "Global flags:"
FURTHER = ("clusters trust", "keys backup", "keys list", "keys restore", "keys verify")
"""Commands of commands."""

_HEAD = """\
# Command line

Written by `make docs` from the help pages; `keyfleet` and `kubectl keyfleet` are the same program.
Data go to standard output, notes and progress to standard error. No value of a secret is taken as
an argument, and none is ever printed but by `unseal`, and `seal --recovery-unseal`, which are
there for that.
"""


def cli_page() -> str:
    """Return docs/reference/cli.md."""
    names = [*(name for name, _, _ in COMMANDS), *FURTHER]
    sections = (_section(name) for name in sorted(names))
    return "\n".join([_HEAD, _globals(), *sections, _environment(), _exits()])


def help_text(command: str) -> str:
    """Return the help page of a command, as plain text."""
    from rich.console import Console

    words = command.split()
    console = Console(file=io.StringIO(), width=WIDTH, force_terminal=False, highlight=False)
    with console.capture() as capture:
        program(called=words).help_print(words, console=console)
    return capture.get()


def _section(name: str) -> str:
    own = help_text(name).partition(GLOBAL)[0].rstrip()
    return f"## {name}\n\n```text\n{own}\n```\n"


def _globals() -> str:
    flags = help_text("status").partition(GLOBAL)[2].strip("\n").partition("\n\n")[0]
    return f"## Global flags\n\nBefore or after the command.\n\n```text\n{flags}\n```\n"


def _environment() -> str:
    rows = [f"| `{variable}` | `{flag}` |" for flag, variable in ENVIRONMENT.items()]
    rows += [
        "| `KUBECONFIG` | `--kubeconfig`, with files separated by `:` |",
        "| `NO_COLOR`, `TERM=dumb`, `LANG=C` | pure ASCII without colours |",
        "| `XDG_STATE_HOME` | where pinned contexts and the kept demo are remembered |",
    ]
    return "\n".join(["## Environment", "", "| variable | like |", "|---|---|", *rows, ""])


def _exits() -> str:
    return "\n".join(["## Exit codes", "", "| code | means |", "|---|---|", *_exit_rows(), ""])


def _exit_rows() -> Iterator[str]:
    for code, meaning in MEANINGS.items():
        yield f"| {code.value} | {meaning} |"
