# SPDX-License-Identifier: Apache-2.0
"""Sprig's line wrapping; widths are bytes. Source: docs/compat/go-templates.md 16.1."""

from typing import Final

from keyfleet.transform.gotemplate.functions.table import INT, STRING, Table
from keyfleet.transform.gotemplate.run import Run, Text
from keyfleet.transform.gotemplate.values import decoded, encoded

WRAPPING: Final = Table()
_SPACE: Final = ord(" ")


@WRAPPING.function("wrap", params=(INT, STRING), run=True)
def wrap(run: Run, width: int, text: str) -> str:
    """Return the text in lines of so many bytes; a longer word is not cut."""
    return _wrapped(run, text, width, "\n", cuts_words=False)


@WRAPPING.function("wrapWith", params=(INT, STRING, STRING), run=True)
def wrap_with(run: Run, width: int, separator: str, text: str) -> str:
    """Return the text in pieces of so many bytes with the separator between; cuts longer words.

    An empty separator means a new line.
    """
    return _wrapped(run, text, width, separator or "\n", cuts_words=True)


def _wrapped(run: Run, text: str, width: int, separator: str, *, cuts_words: bool) -> str:
    raw, width, offset = encoded(text), max(width, 1), 0
    lines = Text(run)
    while len(raw) - offset > width:
        run.step()
        if raw[offset] == _SPACE:
            offset += 1
            continue
        end, gap = _break(raw, offset, width, cuts_words=cuts_words)
        if end == len(raw):
            break
        lines.add(decoded(raw[offset:end]))
        lines.add(separator)
        offset = end + gap
    lines.add(decoded(raw[offset:]))
    return lines.whole()


def _break(raw: bytes, start: int, width: int, *, cuts_words: bool) -> tuple[int, int]:
    """Return where the line that begins at `start` ends, and how many bytes are dropped there."""
    space = raw.rfind(b" ", start, start + width + 1)
    if space >= 0:
        return space, 1
    if cuts_words:
        return start + width, 0
    space = raw.find(b" ", start + width)
    return (space, 1) if space >= 0 else (len(raw), 0)
