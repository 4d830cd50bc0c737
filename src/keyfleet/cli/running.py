# SPDX-License-Identifier: Apache-2.0
"""Run one command line: whatever happens becomes an exit code and a clear text."""

import inspect
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from cyclopts import CycloptsError

from keyfleet.base.errors import InvalidInputError, KeyfleetError
from keyfleet.cli.exits import Exit, exit_of_error
from keyfleet.cli.options import Common, normalised, verbosity
from keyfleet.cli.program import COMMANDS, program, program_name
from keyfleet.cli.terminal import note, silence

TRACEBACKS = 2
"""How often -v must be given for tracebacks."""


def run(tokens: Sequence[str]) -> int:
    """Run a command line and return the exit code; nothing is raised."""
    try:
        return int(_run(tokens))
    except KeyboardInterrupt:
        note("interrupted")
        return Exit.INTERRUPTED
    except BrokenPipeError:
        silence(sys.stdout)
        return Exit.DONE
    except Exception as error:  # noqa: BLE001 - the last line of defence: a text, not a traceback
        return _told(error, verbosity(tokens))


def _run(tokens: Sequence[str]) -> int:
    app = program(called=tokens, path=sys.argv[0])
    try:
        command, bound, _ = app.parse_args(
            normalised(tokens, os.environ), exit_on_error=False, print_error=False
        )
    except CycloptsError as error:
        raise _usage(error, tokens) from None
    _prepare(bound.arguments.get("common"))
    result = command(*bound.args, **bound.kwargs)
    if inspect.iscoroutine(result):
        import asyncio

        result = asyncio.run(result)
    return result if isinstance(result, int) else Exit.DONE


def _prepare(common: Any) -> None:
    if isinstance(common, Common) and (common.verbose or "structlog" in sys.modules):
        from keyfleet.observe.logs import LogFormat, configure_logging

        configure_logging(common.verbose, log_format=LogFormat(common.log_format.value))


def _usage(error: CycloptsError, tokens: Sequence[str]) -> InvalidInputError:
    known = {name for name, _, _ in COMMANDS}
    command = next((f" {token}" for token in tokens if token in known), "")
    text = " ".join(str(error).split()).rstrip(".")
    hint = f"{program_name(sys.argv[0])}{command} --help"
    return InvalidInputError("cli.usage", text, hint=hint)


def _told(error: Exception, verbose: int) -> Exit:
    if verbose >= TRACEBACKS:
        _show_traceback(error)
    found = list(_leaves(error))
    known = [leaf for leaf in found if isinstance(leaf, KeyfleetError)]
    for text in dict.fromkeys(leaf.diagnostics() for leaf in known):
        note(text)
    for leaf in found:
        if not isinstance(leaf, KeyfleetError):
            _tell_bug(leaf)
    codes = {exit_of_error(leaf) for leaf in known}
    is_clear = len(codes) == 1 and len(known) == len(found)
    return codes.pop() if is_clear else Exit.FAILED


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def _tell_bug(error: BaseException) -> None:
    from keyfleet.base.redaction import describe_exception

    note(f"Error: Keyfleet failed in a way it should not: {describe_exception(error)}")
    note("Hint: run it again with -vv for the traceback, and report it")


def _show_traceback(error: Exception) -> None:
    from keyfleet.observe.tracebacks import format_exception

    note(format_exception(error))
