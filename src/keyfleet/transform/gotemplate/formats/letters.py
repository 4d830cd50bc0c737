# SPDX-License-Identifier: Apache-2.0
"""Upper, lower and title case of one character as Go knows them, and what Go calls white space.

Go maps every character to one character and never looks at its neighbours: the German sharp s has
no upper case, a final sigma is an ordinary one. Bytes that are no UTF-8 become U+FFFD in a text
that is not ASCII.
"""

from collections.abc import Callable
from typing import Final

from keyfleet.transform.gotemplate.run import Run

SPACE: Final = (
    "\t\n\v\f\r \x85\xa0\u1680"
    + "".join(map(chr, range(0x2000, 0x200B)))
    + ("\u2028\u2029\u202f\u205f\u3000")
)
"""The white space of Go's `unicode.IsSpace`; Python's own has the separators U+001C to U+001F."""

REPLACEMENT: Final = "\ufffd"
_PART: Final = 4096
"""Characters that are changed together: each is an object of 76 bytes meanwhile."""
_STRAY_BYTES: Final = dict.fromkeys(range(0xDC80, 0xDD00), REPLACEMENT)
_DOTTED_CAPITAL_I: Final = "\u0130"


def upper(character: str) -> str:
    """Return one character in upper case."""
    changed = character.upper()
    return changed if len(changed) == 1 else title(character)


def lower(character: str) -> str:
    """Return one character in lower case."""
    return "i" if character == _DOTTED_CAPITAL_I else character.lower()


def title(character: str) -> str:
    """Return one character in title case, which most characters share with upper case."""
    changed = character.title()
    return changed if len(changed) == 1 else character


def to_upper(run: Run, text: str) -> str:
    """Return the text in upper case."""
    return text.upper() if text.isascii() else mapped(run, upper, text)


def to_lower(run: Run, text: str) -> str:
    """Return the text in lower case."""
    return text.lower() if text.isascii() else mapped(run, lower, text)


def mapped(run: Run, change: Callable[[str], str], text: str) -> str:
    """Return the text with every character changed."""
    run.walk(len(text))
    whole = whole_characters(text)
    parts = (whole[start : start + _PART] for start in range(0, len(whole), _PART))
    return "".join(["".join(map(change, part)) for part in parts])


def whole_characters(text: str) -> str:
    """Return the text with U+FFFD in place of every byte that is no UTF-8."""
    try:
        text.encode()  # much faster than to look for such bytes one by one
    except UnicodeEncodeError:
        return text.translate(_STRAY_BYTES)
    return text
