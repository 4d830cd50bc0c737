# SPDX-License-Identifier: Apache-2.0
"""One answer in every format: a table for people, documents and names for programs."""

import os
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from keyfleet.base import codec
from keyfleet.base.clock import parse_timestamp
from keyfleet.base.errors import KeyfleetError, one_line
from keyfleet.cli.options import Common, Format
from keyfleet.cli.tables import Column, Row, table
from keyfleet.cli.terminal import Look, look_of, write_data

_NON_ASCII = re.compile(r"[^\x00-\x7f]")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command found."""

    columns: Sequence[Column]
    rows: Sequence[Row]
    document: Any
    """What `-o json` and `-o yaml` print: plain data."""
    names: Sequence[str] = ()
    """What `-o name` prints, one a line."""
    summary: str = ""
    """A last line below the table."""
    text: Sequence[str] | None = None
    """Lines for people that stand in the table's place."""


def show(answer: Answer, common: Common) -> None:
    """Print the answer to standard output as the flags ask."""
    look = look_of(sys.stdout, os.environ, common.color)
    write_data(rendered(answer, common.output or Format.TABLE, look))


def rendered(answer: Answer, output: Format, look: Look) -> str:
    """Return the answer as text."""
    match output:
        case Format.JSON:
            return _json(answer.document, look)
        case Format.YAML:
            return codec.encode_yaml(answer.document)
        case Format.NAME:
            return _lines(map(one_line, answer.names), look)
    parts = [_body(answer, look, wide=output is Format.WIDE), _lines([answer.summary], look)]
    return "\n".join(part for part in parts if part.strip())


def _body(answer: Answer, look: Look, *, wide: bool) -> str:
    if answer.text is not None:
        return _lines(answer.text, look)
    return table(answer.columns, answer.rows, look, wide=wide) if answer.rows else ""


def _json(document: Any, look: Look) -> str:
    text = msgspec.json.format(codec.encode_json(document), indent=2).decode() + "\n"
    # JSON holds other letters only inside texts, where an escape means the same.
    return _NON_ASCII.sub(_json_escape, text) if look.is_ascii else text


def _json_escape(found: "re.Match[str]") -> str:
    units = found[0].encode("utf-16-be").hex()
    return "".join(rf"\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def _lines(texts: Iterable[str], look: Look) -> str:
    return "".join(f"{look.clean(text)}\n" for text in texts)


def counted(number: int, noun: str) -> str:
    """Return how many there are of something.

    >>> counted(1, "file"), counted(2, "file")
    ('1 file', '2 files')
    """
    return f"{number} {noun}{'s' if number != 1 else ''}"


def age(created: str | None, now: datetime) -> str:
    """Return how long ago that was, as kubectl says it; empty when not known.

    >>> from datetime import UTC
    >>> age("2026-11-20T10:00:00Z", datetime(2026, 11, 20, 13, 5, tzinfo=UTC))
    '3h'
    """
    if not created:
        return ""
    try:
        seconds = int((now - parse_timestamp(created)).total_seconds())
    except (KeyfleetError, ValueError):
        return ""
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length}{unit}"
    return f"{max(seconds, 0)}s"
