# SPDX-License-Identifier: Apache-2.0
"""Sprig's changes of single letters: case, first letters of words, white space.

Source: docs/compat/go-templates.md 16.1.
"""

from keyfleet.transform.gotemplate.formats.letters import (
    SPACE,
    lower,
    mapped,
    title,
    to_lower,
    to_upper,
    upper,
)
from keyfleet.transform.gotemplate.functions.table import STRING, Table
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import encoded

LETTERS = Table()

LETTERS.function("upper", params=(STRING,), run=True)(to_upper)
LETTERS.function("lower", params=(STRING,), run=True)(to_lower)


@LETTERS.function("title", params=(STRING,), run=True)
def title_words(run: Run, text: str) -> str:
    """Return the text with the first letter of every word in title case."""
    previous = " "

    def change(character: str) -> str:
        nonlocal previous
        starts_word = _separates(previous)
        previous = character
        return title(character) if starts_word else character

    return mapped(run, change, text)


def _separates(character: str) -> bool:
    if character.isascii():
        return not (character.isalnum() or character == "_")
    return character in SPACE


@LETTERS.function("untitle", params=(STRING,), run=True)
def untitle(run: Run, text: str) -> str:
    """Return the text with the first letter of every word in lower case."""
    previous = " "

    def change(character: str) -> str:
        nonlocal previous
        starts_word = previous in SPACE
        previous = character
        return lower(character) if starts_word else character

    return mapped(run, change, text)


@LETTERS.function("swapcase", params=(STRING,), run=True)
def swapcase(run: Run, text: str) -> str:
    """Return the text with upper case for lower case and the reverse."""
    after_space = True

    def change(character: str) -> str:
        nonlocal after_space
        if character.isupper() or character.istitle():
            after_space = False
            return lower(character)
        if character.islower():
            starts_word, after_space = after_space, False
            return title(character) if starts_word else upper(character)
        after_space = character in SPACE
        return character

    return mapped(run, change, text)


@LETTERS.function("initials", params=(STRING,), run=True)
def initials(run: Run, text: str) -> str:
    """Return the first byte of every word, as the character of that number: so does Go."""
    run.walk(len(text))
    found, before = [], " "
    for character in encoded(text).decode("latin-1"):
        if before in SPACE and character not in SPACE:
            found.append(character)
        before = character
    return "".join(found)


_WITHOUT_SPACE = dict.fromkeys(map(ord, SPACE))


@LETTERS.function("nospace", params=(STRING,), run=True)
def nospace(run: Run, text: str) -> str:
    """Return the text without white space; unlike Go's it leaves other characters intact."""
    run.walk(len(text))
    return text.translate(_WITHOUT_SPACE)
