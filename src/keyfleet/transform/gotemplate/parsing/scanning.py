# SPDX-License-Identifier: Apache-2.0
"""Where a word, a number or a quoted constant ends: the rules of characters.

Every function takes the source and where to begin in it, and gives the index after what it found.
Source: docs/compat/go-templates.md 4.
"""

from typing import Final

SPACES: Final = " \t\r\n"
_DIGITS: Final = "0123456789_"
_BASES: Final = {
    "x": "0123456789abcdefABCDEF_",
    "o": "01234567_",
    "b": "01_",
}


def is_letter_or_digit(character: str) -> bool:
    """Tell whether it may stand in an identifier; no character at all may not."""
    return character == "_" or character.isalpha() or character.isdecimal()


def end_of_spaces(source: str, start: int) -> int:
    """Skip what Go's templates take for white space."""
    return _end_of_run(source, start, SPACES)


def end_of_word(source: str, start: int) -> int:
    """Skip letters, digits and underscores."""
    end = start
    while is_letter_or_digit(source[end : end + 1]):
        end += 1
    return end


def end_of_quoted(source: str, start: int) -> int | None:
    """Skip a constant in the quotes that stand at `start`; None where it does not end."""
    quote = source[start]
    if quote == "`":
        return source.find(quote, start + 1) + 1 or None
    end = start + 1
    while (character := source[end : end + 1]) not in ("", "\n", quote):
        if character == "\\":
            end += 1
            if source[end : end + 1] in ("", "\n"):
                return None
        end += 1
    return end + 1 if character == quote else None


def end_of_number(source: str, start: int) -> tuple[int, bool]:
    """Skip a number, with its sign and the `i` of an imaginary one.

    Returns:
        The index after it, and whether it ends there: a letter or digit behind it is wrong, and is
        skipped too so that the message shows it.
    """
    end = _end_of_one(source, start, "+-")
    digits = _DIGITS
    if source.startswith("0", end):
        end += 1
        base = _BASES.get(source[end : end + 1].lower())
        if base:
            digits = base
            end += 1
    end = _end_of_run(source, end, digits)
    end = _end_of_run(source, end + 1, digits) if source.startswith(".", end) else end
    marks = {_DIGITS: "eE", _BASES["x"]: "pP"}.get(digits, "")
    if _end_of_one(source, end, marks) > end:
        end = _end_of_run(source, _end_of_one(source, end + 1, "+-"), _DIGITS)
    end = _end_of_one(source, end, "i")
    is_whole = not is_letter_or_digit(source[end : end + 1])
    return (end if is_whole else end + 1), is_whole


def _end_of_run(source: str, start: int, allowed: str) -> int:
    end = start
    while (character := source[end : end + 1]) and character in allowed:
        end += 1
    return end


def _end_of_one(source: str, start: int, allowed: str) -> int:
    character = source[start : start + 1]
    return start + 1 if character and character in allowed else start
