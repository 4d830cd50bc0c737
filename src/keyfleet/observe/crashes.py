# SPDX-License-Identifier: Apache-2.0
"""Log what nobody caught through the same chain, since Python's own report quotes everything."""

import asyncio
import sys
import threading
from collections.abc import Mapping
from typing import Any

from keyfleet.base.log import get_logger

_log = get_logger("process")


def log_uncaught() -> None:
    """Send uncaught and ignored exceptions of every thread to the log."""
    sys.excepthook = lambda _, error, __: _crashed(error)
    threading.excepthook = lambda args: _crashed(args.exc_value)
    sys.unraisablehook = lambda args: _crashed(args.exc_value)


def log_loop_exception(_loop: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
    """Log a failure that only the event loop noticed; for `loop.set_exception_handler`."""
    error = context.get("exception")
    _log.error("process.task_failed", what=context.get("message", ""), exc_info=error)


def _crashed(error: BaseException | None) -> None:
    if isinstance(error, KeyboardInterrupt | SystemExit):
        return
    _log.critical("process.crashed", exc_info=error)
