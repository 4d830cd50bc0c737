# SPDX-License-Identifier: Apache-2.0
"""Set up logging: one chain for our own events and for those of libraries, redaction last.

Events go to standard error, as JSON lines or as text for a person. structlog writes ours directly;
the standard library's records (aiohttp, asyncio, warnings) pass the same processors. Only the
redacted event reaches the renderer.
"""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from enum import StrEnum
from typing import Any, TextIO

import structlog

from keyfleet.base.codec import encode_json
from keyfleet.base.redaction import redact
from keyfleet.observe.tracebacks import render_exc_info


class LogFormat(StrEnum):
    """How an event is written."""

    TEXT = "text"
    JSON = "json"


EVENT_WIDTH = 24
"""Fields of most lines begin in one column."""

_LEVELS = {-1: logging.ERROR, 0: logging.WARNING, 1: logging.INFO, 2: logging.DEBUG}
_CONTROLS = re.compile(r"[^\x20-\x7e\xa0-\uffff\U00010000-\U0010ffff]|[\u2028\u2029\u202a-\u202e]")


def level_of(verbosity: int) -> int:
    """Return the lowest level that is logged.

    Args:
        verbosity: How often `-v` was given, negative for `-q`; a controller adds one, so that
            changes show without asking.
    """
    return _LEVELS[max(-1, min(verbosity, 2))]


def configure_logging(
    verbosity: int = 0, *, log_format: LogFormat = LogFormat.TEXT, stream: TextIO | None = None
) -> None:
    """Send every event of this process through the one chain.

    Args:
        verbosity: As `level_of`; libraries are one step quieter.
        log_format: Text for people, JSON for machines.
        stream: Standard error when absent.
    """
    out = sys.stderr if stream is None else stream
    finish = [render_exc_info, redact, *_renderers(log_format, has_colours=out.isatty())]
    structlog.configure(
        processors=[*_SHARED, *finish],
        wrapper_class=structlog.make_filtering_bound_logger(level_of(verbosity)),
        logger_factory=structlog.WriteLoggerFactory(file=out),
        cache_logger_on_first_use=False,
    )
    _configure_libraries(level_of(verbosity - 1), finish, out)


def _configure_libraries(level: int, finish: list[Any], out: TextIO) -> None:
    handler = _LibraryHandler(out)
    remove_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*_SHARED, _name_library],
            processors=[remove_meta, *finish],
        )
    )
    root = logging.getLogger()  # noqa: TID251 - this is where the others are caught
    for old in [old for old in root.handlers if isinstance(old, _LibraryHandler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    logging.captureWarnings(capture=True)
    # A record that cannot be formatted would be printed with its arguments.
    logging.raiseExceptions = False


class _LibraryHandler(logging.StreamHandler[TextIO]):
    """Ours, so that setting up twice replaces it and leaves the handlers of others alone."""


def _name_library(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    record = event.get("_record")
    if isinstance(record, logging.LogRecord):
        event["stage"] = "library"
        event["library"] = record.name
    return event


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def _renderers(log_format: LogFormat, *, has_colours: bool) -> list[Any]:
    if log_format is LogFormat.JSON:
        return [structlog.processors.JSONRenderer(serializer=_encode)]
    return [_escape_controls, _console() if has_colours else _plain]


def _console() -> structlog.dev.ConsoleRenderer:
    return structlog.dev.ConsoleRenderer(
        pad_event_to=EVENT_WIDTH, exception_formatter=structlog.dev.plain_traceback
    )


def _plain(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    """Return the line that the console shows, without colours and in a third of the time.

    A controller writes one for each delivery.
    """
    head = f"{event.pop('timestamp', '')} [{event.pop('level', ''):<9}] "
    exception = event.pop("exception", "")
    line = head + f"{event.pop('event', ''):<{EVENT_WIDTH}} " + _fields(event)
    return f"{line}\n{exception}" if exception else line


def _fields(event: Mapping[str, Any]) -> str:
    return " ".join(f"{key}={event[key]}" for key in sorted(event))


def _encode(event: Mapping[str, Any], **_: Any) -> str:
    return encode_json(event).decode()


def _escape_controls(_logger: Any, _method: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """Keep names from outside from moving the cursor or forging a line."""
    return {
        key: value if key == "exception" or not isinstance(value, str) else _printable(value)
        for key, value in event.items()
    }


def _printable(text: str) -> str:
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
