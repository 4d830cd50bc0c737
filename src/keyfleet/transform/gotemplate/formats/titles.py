# SPDX-License-Identifier: Apache-2.0
"""Title case by words as Unicode sees them: `it's` is one, `a-b` are two."""

from typing import Final

from keyfleet.transform.gotemplate.formats.letters import whole_characters
from keyfleet.transform.gotemplate.run import Run

_INSIDE_WORDS: Final = frozenset("'.:\u00b7\u2019")
"""What may stand between two letters of a word."""
_SLOW: Final = 8
"""How much more than other loops this costs for each character."""


def titled(run: Run, text: str, *, lowers_rest: bool) -> str:
    """Return the text with the first letter of every word in title case.

    Args:
        run: Pays.
        text: Any text.
        lowers_rest: All other letters become lower case; else they stay.
    """
    run.walk(_SLOW * len(text))
    run.will_make(3 * len(text))
    whole = whole_characters(text)
    pieces, start = [], 0
    for end in range(1, len(whole) + 1):
        if end == len(whole) or _is_in_word(whole, end) != _is_in_word(whole, end - 1):
            pieces.append(_titled(whole[start:end], lowers_rest=lowers_rest))
            start = end
    return "".join(pieces)


def _is_in_word(text: str, index: int) -> bool:
    character = text[index]
    if character in _INSIDE_WORDS:
        return 0 < index < len(text) - 1 and text[index - 1].isalnum() and text[index + 1].isalnum()
    return character.isalnum() or character == "_"


def _titled(word: str, *, lowers_rest: bool) -> str:
    for index, character in enumerate(word):
        if character.isalpha():
            rest = word[index + 1 :]
            if lowers_rest:
                # Together: what a final sigma becomes depends on what is before it.
                rest = (character + rest).lower()[len(character.lower()) :]
            return word[:index] + character.title() + rest
    return word
