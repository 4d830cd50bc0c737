# SPDX-License-Identifier: Apache-2.0
"""Tell where an exception came from without telling what was in it.

Frames are shown by file, line, function and source line, never with locals; of the exceptions
themselves only what `describe_exception` allows.
"""

import sys
import traceback
from collections.abc import Iterator, MutableMapping
from types import TracebackType
from typing import Any

from keyfleet.base.redaction import describe_exception

CHAIN_MAX = 8
"""Causes, contexts and members of groups that are shown."""

_BECAUSE = "The above exception was the direct cause of the following:"
_DURING = "While handling the above exception, another occurred:"


def format_exception(error: BaseException) -> str:
    """Return the exception with its causes, oldest first, as Python prints it."""
    return "\n".join(_lines(error, [CHAIN_MAX]))


def render_exc_info(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Any:
    """Replace `exc_info` of a log event by the text of the exception."""
    error = _exception(event.pop("exc_info", None))
    if error is not None:
        event["exception"] = format_exception(error)
    return event


def _exception(exc_info: Any) -> BaseException | None:
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        return exc_info[1] if isinstance(exc_info[1], BaseException) else None
    return sys.exc_info()[1] if exc_info else None


def _lines(error: BaseException, left: list[int]) -> Iterator[str]:
    left[0] -= 1
    if left[0] < 0:
        yield "(further exceptions are not shown)"
        return
    if error.__cause__ is not None:
        yield from (*_lines(error.__cause__, left), "", _BECAUSE, "")
    elif error.__context__ is not None and not error.__suppress_context__:
        yield from (*_lines(error.__context__, left), "", _DURING, "")
    yield from _frames(error.__traceback__)
    yield describe_exception(error)
    if isinstance(error, BaseExceptionGroup):
        for member in error.exceptions:
            yield from (f"  | {line}" for line in _lines(member, left))


def _frames(trace: TracebackType | None) -> Iterator[str]:
    if trace is None:
        return
    yield "Traceback (most recent call last):"
    for entry in traceback.format_tb(trace):
        yield entry.rstrip("\n")
