# SPDX-License-Identifier: Apache-2.0
"""Durations on the command line: `90s`, `5m`, `1h30m`, or plain seconds."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

from cyclopts import Parameter, Token

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
_WHOLE = re.compile(rf"(?:{_PART.pattern})+|\d+(?:\.\d+)?")
_LONGEST_S = 365 * 86_400.0


def parse_duration(text: str) -> timedelta:
    """Return the duration a text names.

    >>> parse_duration("1m30s").total_seconds(), parse_duration("20").total_seconds()
    (90.0, 20.0)

    Raises:
        ValueError: It names none, or more than a year.
    """
    if not _WHOLE.fullmatch(text):
        message = "a duration is written like 90s, 5m or 1h30m"
        raise ValueError(message)
    parts = _PART.findall(text)
    seconds = sum(float(number) * _UNITS[unit] for number, unit in parts) if parts else float(text)
    if seconds > _LONGEST_S:
        message = "a duration is at most a year"
        raise ValueError(message)
    return timedelta(seconds=seconds)


def _convert(_kind: object, tokens: Sequence[Token]) -> timedelta:
    return parse_duration(tokens[0].value)


Duration = Annotated[timedelta, Parameter(converter=_convert, metavar="DURATION")]
"""A flag that takes a duration."""
