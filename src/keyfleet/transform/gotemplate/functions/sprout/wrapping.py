# SPDX-License-Identifier: Apache-2.0
"""Sprout's lines of a bounded length: words by white space of any kind, widths in characters.

Source: docs/compat/go-templates.md 18.
"""

from collections.abc import Iterator
from typing import Final

from keyfleet.transform.gotemplate.formats.letters import SPACE, whole_characters
from keyfleet.transform.gotemplate.functions.table import INT, STRING, Table
from keyfleet.transform.gotemplate.run import Run, Text

WRAPPING: Final = Table()
_WIDEST: Final = 1 << 30
_TO_BLANK: Final = str.maketrans(dict.fromkeys(SPACE, " "))


@WRAPPING.function("wrap", params=(INT, STRING), run=True)
def wrap(run: Run, width: int, text: str) -> str:
    """Return the words in lines of so many characters; a longer word is not cut."""
    return _wrapped(run, _words(run, text, _WIDEST), max(width, 1), "\n")


@WRAPPING.function("wrapWith", params=(INT, STRING, STRING), run=True)
def wrap_with(run: Run, width: int, separator: str, text: str) -> str:
    """Return the words in pieces of so many characters, with the separator between them.

    Longer words are cut; an empty separator means a new line.
    """
    width = max(width, 1)
    return _wrapped(run, _words(run, text, width), width, separator or "\n")


def _words(run: Run, text: str, longest: int) -> Iterator[str]:
    run.walk(len(text))
    for word in whole_characters(text).translate(_TO_BLANK).split(" "):
        for start in range(0, len(word), longest):
            run.step()
            yield word[start : start + longest]


def _wrapped(run: Run, words: Iterator[str], width: int, separator: str) -> str:
    lines, room = Text(run), 0
    for number, word in enumerate(words):
        fits = len(word) < room
        if number:
            lines.add(" " if fits else separator)
        lines.add(word)
        room = (room - 1 if fits else width) - len(word)
    return lines.whole()
