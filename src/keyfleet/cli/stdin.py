# SPDX-License-Identifier: Apache-2.0
"""Standard input: manifests, values, and what a person types."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from keyfleet.base.errors import InvalidInputError

NAME = "standard input"


def is_terminal() -> bool:
    """Tell whether a person may type there."""
    return sys.stdin is not None and sys.stdin.isatty()


def read_bytes(size_max: int) -> bytes:
    """Return what there is up to its end, at most so many bytes.

    Raises:
        InvalidInputError: It is closed, or cannot be read.
    """
    if sys.stdin is None:
        raise _unreadable("closed")
    with _interruptible():
        try:
            return sys.stdin.buffer.read(size_max)
        except OSError as error:
            reason = error.strerror or type(error).__name__
    raise _unreadable(reason.lower())


def read_line() -> str:
    """Return the line that a person types."""
    with _interruptible():
        return sys.stdin.readline()


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C end a read at once.

    While a loop runs, asyncio's handler only cancels the command, which a read does not notice.
    """
    before = signal.getsignal(signal.SIGINT)
    if not callable(before):
        # Whoever started this in the background wants no interrupts.
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _unreadable(reason: str) -> InvalidInputError:
    return InvalidInputError("input.unreadable", "cannot be read", f"{NAME}: {reason}")
