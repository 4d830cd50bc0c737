# SPDX-License-Identifier: Apache-2.0
"""Ask a person before something that is not easily undone."""

import sys
from typing import Annotated

from cyclopts import Parameter

from keyfleet.base.errors import InvalidInputError
from keyfleet.cli import stdin

Yes = Annotated[bool, Parameter(name=["--yes", "-y"], negative="")]


def confirm(question: str, word: str, *, is_yes: bool) -> None:
    """Return when the person typed the word, or said beforehand that they need not be asked.

    Raises:
        InvalidInputError: Nobody is there to ask, or something else was typed; nothing has changed.
    """
    if is_yes:
        return
    if not stdin.is_terminal():
        raise InvalidInputError(
            "cli.unconfirmed", "nobody is there to ask", word, hint="--yes accepts it"
        )
    sys.stderr.write(f"{question} Type {word} to go on: ")
    sys.stderr.flush()
    if stdin.read_line().strip() != word:
        raise InvalidInputError("cli.unconfirmed", "not accepted, nothing changed", word)
