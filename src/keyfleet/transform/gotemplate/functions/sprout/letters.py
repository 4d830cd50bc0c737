# SPDX-License-Identifier: Apache-2.0
"""Sprout's changes of single letters. Source: docs/compat/go-templates.md 18."""

from collections.abc import Callable
from typing import Final

from keyfleet.transform.gotemplate.formats.letters import (
    lower,
    mapped,
    upper,
)
from keyfleet.transform.gotemplate.formats.titles import titled
from keyfleet.transform.gotemplate.functions.table import STRING, Table
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import encoded

LETTERS: Final = Table()


@LETTERS.function("swapCase", params=(STRING,), run=True)
def swap_case(run: Run, text: str) -> str:
    """Return the text with upper case for lower case and the reverse."""

    def change(character: str) -> str:
        return upper(character) if character.islower() else lower(character)

    return mapped(run, change, text)


@LETTERS.function("capitalize", params=(STRING,), run=True)
def capitalize(run: Run, text: str) -> str:
    """Return the text with its first letter in upper case."""
    return _first_letter(run, text, upper)


@LETTERS.function("uncapitalize", params=(STRING,), run=True)
def uncapitalize(run: Run, text: str) -> str:
    """Return the text with its first letter in lower case."""
    return _first_letter(run, text, lower)


def _first_letter(run: Run, text: str, change: Callable[[str], str]) -> str:
    run.walk(len(text))
    for index, character in enumerate(text):
        if character.isalpha():
            return text[:index] + change(character) + text[index + 1 :]
    return text


@LETTERS.function("initials", params=(STRING,), run=True)
def initials(run: Run, text: str) -> str:
    """Return the first byte of every word as a character, NUL for a later one that is no letter.

    Only spaces divide words.
    """
    run.walk(len(text))
    found: list[str] = []
    for word in text.split(" "):
        if word:
            first = chr(encoded(word[0])[0])
            found.append(first if first.isalpha() or not found else "\0")
    return "".join(found)


@LETTERS.function("toTitleCase", params=(STRING,), run=True)
def to_title_case(run: Run, text: str) -> str:
    """Return the text with every word in lower case but for its first letter."""
    return titled(run, text, lowers_rest=True)
